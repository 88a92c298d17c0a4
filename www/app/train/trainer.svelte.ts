// Training in the page: data, one loop that can be paused, stepped and stopped, what it showed, and a saved file to go on from when the
// worker dies. A loop belongs to one model; data and settings stay when the model is built again.
import type { Checkpoint, Difference, Evaluation, FitEvent, FitStart, Model, OptimizerState, SavedFile, TrainingMemory } from "torchtab";
import type { Curve } from "../keep/store.js";
import { problem, type Problem } from "../problem.js";
import { Awake } from "./awake.js";
import { Copies } from "./copies.js";
import { DataError, firstTensor, lesson, pick, place, sampleData, split, type Lesson, type TrainingSet } from "./set.js";
import { Settings } from "./settings.svelte.js";

/** A network's answers to some samples say how it is taught: so many are not all between 0 and 1 by chance. */
const PROBE = 64;
/** How often the page is drawn anew, in milliseconds. */
const REDRAW = 120;
/** Training that takes more than this asks first. */
const ASK_ABOVE = 1.5 * 2 ** 30;
/** How long a stop waits for the step that is under way, in milliseconds. */
const PATIENCE = 1500;

export interface EpochRow {
  readonly epoch: number;
  readonly step: number;
  readonly loss: number | undefined;
  readonly valLoss: number | undefined;
  readonly valAccuracy: number | undefined;
  readonly lr: number | undefined;
  readonly best: boolean;
}

/** What the page does around training. */
export interface Around {
  /** The weights are others now. */
  changed(): void;
  /** Says to screen readers. */
  say(text: string): void;
  /** A file to open again after the worker's death. */
  keep(file: SavedFile | undefined, at: string): void;
}

export type Phase = "idle" | "starting" | "asking" | "running" | "paused" | "ended";

/** Training, as the page sees it. */
export class Trainer {
  readonly settings = new Settings();
  phase: Phase = $state("idle");
  set: TrainingSet | undefined = $state.raw();
  /** Samples that the data itself holds out. */
  held: TrainingSet | undefined = $state.raw();
  /** What is wrong with the data or the loop. */
  wrong: Problem | undefined = $state.raw();
  lesson: Lesson | undefined = $state.raw();
  /** How many scores the network gives for a sample. */
  outputs: number | undefined = $state();
  /** Before the first start. */
  estimate: TrainingMemory | undefined = $state.raw();
  start: FitStart | undefined = $state.raw();
  now: FitEvent | undefined = $state.raw();
  before: Evaluation | undefined = $state.raw();
  after: Evaluation | undefined = $state.raw();
  optimizer: OptimizerState | undefined = $state.raw();
  differences: readonly Difference[] | undefined = $state.raw();
  /** A sentence on how the last loop ended. */
  ended: string | undefined = $state();
  epochs: readonly EpochRow[] = $state.raw([]);
  /** Counts redraws of the curve; its points are `steps` and `losses`. */
  drawn = $state(0);
  steps: number[] = [];
  losses: number[] = [];
  /** Whether the weights differ from the file's. */
  trained = $state(false);
  /** Epochs that were finished in all loops. */
  finished = $state(0);

  #model: Model | undefined;
  #around: Around;
  #loop: AsyncGenerator<FitEvent, void, undefined> | undefined;
  #controller: AbortController | undefined;
  #validation: TrainingSet | undefined;
  #wanted: "run" | "pause" | "stop" = "pause";
  #driving: Promise<void> | undefined;
  #shown = 0;
  #copies = new Copies();
  #awake = new Awake();

  constructor(around: Around) {
    this.#around = around;
  }

  /** A model to train; what was shown of another goes, data and settings stay. */
  attach(model: Model | undefined, checkpoint: Checkpoint | undefined, keep: boolean): void {
    if (this.#model === model) return;
    this.#abandon();
    this.#model = model;
    this.optimizer = model?.optimizer;
    this.lesson = undefined;
    this.outputs = undefined;
    this.trained = false;
    if (keep) {
      if (model !== undefined) this.wrong = undefined;
      this.phase = this.steps.length > 0 ? "ended" : "idle";
      this.trained = this.steps.length > 0;
      if (model?.optimizer !== undefined) this.settings.optimizer = "resume";
      else if (this.settings.optimizer === "resume") this.settings.optimizer = "AdamW";
      return;
    }
    this.#forgetShown();
    this.finished = 0;
    this.settings.optimizer = checkpoint?.optimizer !== undefined && model?.optimizer !== undefined ? "resume" : "AdamW";
  }

  /** The classes of the data, where the network has another number of them. */
  get otherClasses(): readonly string[] | undefined {
    const { outputs, set } = this;
    if (outputs === undefined || outputs < 2 || set?.targets.kind !== "classes") return undefined;
    const { names } = set.targets;
    return names.length < 2 || names.length === outputs ? undefined : names;
  }

  /** What a session of before had shown, for the model that is attached next. */
  restore({ steps, losses, epochs, finished }: Curve): void {
    this.#forgetShown();
    [this.steps, this.losses, this.epochs, this.finished] = [[...steps], [...losses], epochs, finished];
  }

  /** Data to train on; nothing where it was not readable. */
  async take(set: TrainingSet | undefined, held?: TrainingSet, propose = true): Promise<void> {
    this.set = set;
    this.held = held;
    this.lesson = undefined;
    this.wrong = undefined;
    this.estimate = undefined;
    if (set !== undefined && propose) await this.propose();
  }

  /** Runs a few samples to see which loss fits, and how much memory training takes. */
  async propose(): Promise<void> {
    const { set } = this;
    const model = this.#model;
    if (set === undefined || model === undefined || this.lesson !== undefined) return;
    try {
      const few = pick(set, Array.from({ length: Math.min(PROBE, set.count) }, (_, i) => i));
      const output = await model.run(few.inputs);
      if (this.set !== set) return;
      this.outputs = firstTensor(output)?.tensor.shape[1];
      const taught = lesson(set, output, few.count);
      this.lesson = taught;
      // An estimate makes the optimizer ready. One that takes the place of another, of the file or of the training so far, waits for the start.
      const replaces = model.checkpoint.optimizer !== undefined && this.settings.optimizer !== "resume";
      if (this.trained || this.phase !== "idle" || replaces) return;
      const batch = pick(set, Array.from({ length: Math.min(this.settings.batch(), set.count) }, (_, i) => i));
      const estimate = await model.trainingMemory(sampleData(batch, taught), this.settings.stepOptions(taught));
      if (this.set === set) this.estimate = estimate;
    } catch (thrown) {
      if (this.set === set) this.fail(thrown);
    }
  }

  /** Shows what was thrown; a sample is called by its file or line. */
  fail(thrown: unknown): void {
    const found = thrown instanceof DataError ? { code: "data", message: thrown.message, hint: thrown.hint } : problem(thrown);
    const row = /^sample (\d+)$/.exec(found?.location ?? "")?.[1];
    this.wrong = found === undefined || row === undefined || this.set === undefined ? found : { ...found, location: place(this.set, Number(row)) };
    if (this.wrong !== undefined) this.#around.say(`Training: ${this.wrong.message}`);
  }

  /** Whether there is a curve to show. */
  get plotted(): boolean {
    return this.drawn > 0 && this.steps.length > 0;
  }

  get busy(): boolean {
    return this.phase === "running" || this.phase === "starting";
  }

  /** Begins a loop and runs it, or goes on with the one that is paused. */
  async run(): Promise<void> {
    if (this.phase === "paused") return this.#drive("run");
    if (this.phase === "idle" || this.phase === "ended") await this.#begin("run");
  }

  /** One step, then a pause; begins a loop where none is. */
  async step(): Promise<void> {
    if (this.phase === "paused") return this.#drive("step");
    if (this.phase === "idle" || this.phase === "ended") await this.#begin("step");
  }

  pause(): void {
    this.#wanted = "pause";
  }

  /** Goes on in spite of the memory that it takes, or does not. */
  async answer(go: boolean): Promise<void> {
    if (this.phase !== "asking") return;
    if (go) {
      await this.#measureBefore();
      await this.#drive("run");
    } else await this.stop();
  }

  /** Ends the loop; the model stays as the last step left it. */
  async stop(): Promise<void> {
    this.#wanted = "stop";
    if (this.phase === "starting") this.#controller?.abort();
    // A step or measurement that takes long is given up: the model is as it was before it.
    const late = setTimeout(() => this.#controller?.abort(), PATIENCE);
    await this.#driving;
    clearTimeout(late);
    if (this.#loop === undefined) return;
    await this.#loop.return();
    await this.#close(this.#stopped());
  }

  #stopped(): string | undefined {
    return this.now === undefined || this.now.step === 0 ? undefined : `Stopped after ${this.now.step} steps.`;
  }

  /** The file's weights again. */
  async revert(): Promise<void> {
    await this.stop();
    const model = this.#model;
    if (model === undefined) return;
    try {
      await model.revert();
      this.trained = false;
      this.finished = 0;
      this.#forgetShown();
      this.phase = "idle";
      this.optimizer = model.optimizer;
      this.#around.keep(undefined, "");
      this.#around.changed();
      this.#around.say("The weights are the file's again");
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  async #begin(then: "run" | "step"): Promise<void> {
    const model = this.#model;
    if (model === undefined || this.set === undefined) return;
    this.phase = "starting";
    this.wrong = undefined;
    this.ended = undefined;
    try {
      await this.propose();
      const taught = this.lesson;
      if (taught === undefined) {
        // What is wrong has been said.
        this.phase = this.trained ? "ended" : "idle";
        return;
      }
      const options = this.settings.options(taught);
      const share = (this.settings.share ?? 0) / 100;
      const [train, held] = this.held === undefined ? split(this.set, share, options.seed ?? 0) : [this.set, this.held];
      this.#validation = held;
      this.#controller = new AbortController();
      const validation = held === undefined ? {} : { validation: sampleData(held, taught) };
      this.#loop = model.fit(sampleData(train, taught), { ...options, ...validation, signal: this.#controller.signal });
      const { value } = await this.#loop.next();
      if (value?.event !== "start") throw new DataError("The loop did not start");
      if (!this.trained) this.#forgetShown();
      this.start = this.now = value;
      this.optimizer = model.optimizer;
      if ((value.memory?.total ?? 0) > ASK_ABOVE) {
        this.phase = "asking";
        return;
      }
      await this.#measureBefore();
    } catch (thrown) {
      this.#loop = undefined;
      this.phase = this.trained ? "ended" : "idle";
      this.fail(thrown);
      return;
    }
    await this.#drive(then);
  }

  /** Held-out samples with the weights as they are: the file's, the first time. */
  async #measureBefore(): Promise<void> {
    if (this.before !== undefined) return;
    this.before = await this.#measure();
    this.after = this.before;
  }

  async #measure(): Promise<Evaluation | undefined> {
    if (this.#validation === undefined || this.lesson === undefined) return undefined;
    return this.#model?.evaluate(sampleData(this.#validation, this.lesson), { batchSize: this.settings.batch() });
  }

  #drive(how: "run" | "step"): Promise<void> {
    this.#wanted = how === "run" ? "run" : "pause";
    this.phase = "running";
    this.#driving = this.#go();
    return this.#driving;
  }

  async #go(): Promise<void> {
    const loop = this.#loop;
    const model = this.#model;
    if (loop === undefined) return;
    await this.#awake.begin();
    this.#around.say("Training");
    try {
      do {
        const { value, done } = await loop.next();
        if (done === true || value === undefined) break;
        this.#hear(value);
        if (value.event === "epoch" || value.event === "step") await this.#keep(false);
        if (value.event === "end") {
          this.#loop = undefined;
          await this.#close(this.#ending(value));
          return;
        }
      } while (this.#wanted === "run");
      if (this.#wanted === "pause") {
        this.phase = "paused";
        this.#show();
        await this.#settled();
        this.#around.say(`Paused at step ${this.now?.step ?? 0}`);
      }
    } catch (thrown) {
      if (this.#model !== model) return;
      this.#loop = undefined;
      this.fail(thrown);
      await this.#close(this.#wanted === "stop" && this.wrong === undefined ? this.#stopped() : undefined);
    } finally {
      this.#awake.end();
    }
  }

  #ending(event: FitEvent): string | undefined {
    if (event.event !== "end") return undefined;
    if (event.reason === "not_a_number") {
      this.wrong = {
        code: "not_a_number",
        message: `The loss was not a number at step ${event.step}`,
        hint: `${event.undone === 1 ? "One step was" : `${event.undone} steps were`} undone: the weights are the last good ones. A smaller learning rate, or clipping, may help.`,
      };
      return undefined;
    }
    const best = event.bestEpoch === undefined ? "" : event.restored ? ` The weights are those of the best epoch, ${event.bestEpoch + 1}.` : "";
    return `Done: ${event.step} steps.${best}`;
  }

  #hear(event: FitEvent): void {
    this.now = event;
    if (event.event === "step") {
      this.trained = true;
      for (const loss of event.losses) {
        this.steps.push((this.steps.at(-1) ?? 0) + 1);
        this.losses.push(loss);
      }
      if (performance.now() - this.#shown > REDRAW) this.#show();
    } else if (event.event === "epoch") {
      const { epoch, loss, valLoss, valAccuracy, lr, best } = event;
      this.epochs = [...this.epochs, { epoch: this.finished, step: this.steps.at(-1) ?? 0, loss, valLoss, valAccuracy, lr, best }];
      this.finished += 1;
      if (event.validation !== undefined) this.after = event.validation;
      this.#show();
      this.#around.changed();
      this.#around.say(`Epoch ${epoch + 1}: loss ${loss?.toFixed(3) ?? "unknown"}${valAccuracy === undefined ? "" : `, accuracy ${(100 * valAccuracy).toFixed(1)} %`}`);
    }
  }

  #show(): void {
    this.#shown = performance.now();
    this.drawn += 1;
  }

  async #close(text: string | undefined): Promise<void> {
    this.#loop = undefined;
    this.phase = this.trained ? "ended" : "idle";
    this.ended = text;
    this.#show();
    if (this.wrong?.code === "worker_died") return;
    this.optimizer = this.#model?.optimizer;
    await this.#settled();
    if (text !== undefined) this.#around.say(text);
  }

  /** After the last step for now: measures, what changed, a file to go on from. */
  async #settled(): Promise<void> {
    try {
      const measured = await this.#measure();
      if (measured !== undefined) this.after = measured;
      this.differences = await this.#model?.diff();
    } catch (thrown) {
      if (this.wrong === undefined) this.fail(thrown);
    }
    this.#around.changed();
    await this.#keep(true);
  }

  /** Keeps a file of what is trained. */
  async #keep(now: boolean): Promise<void> {
    const model = this.#model;
    if (model === undefined || !this.trained) return;
    const file = await this.#copies.make(model, now);
    // Something else may be open by now: the file before is the one to go on from.
    if (file !== undefined && this.#model === model) this.#around.keep(file, `step ${this.now?.step ?? 0}`);
  }

  #forgetShown(): void {
    this.steps = [];
    this.losses = [];
    this.epochs = [];
    this.before = this.after = undefined;
    this.differences = undefined;
    this.start = this.now = undefined;
    this.wrong = undefined;
    this.ended = undefined;
    this.drawn += 1;
  }

  #abandon(): void {
    this.#controller?.abort();
    this.#wanted = "stop";
    this.#loop = undefined;
    this.phase = "idle";
  }
}
