// What is open and what is under way: the page's whole state. A failed or cancelled step leaves what was there before.
import { open, type BuildOptions, type Checkpoint, type Device, type DeviceChoice, type InputSpec, type Model, type NetworkSource, type Proposal, type SavedFile, type SummaryRow } from "torchtab";
import { opened, titleOf, type Given as Opened } from "./open/opened.js";
import { sessions } from "./keep/sessions.svelte.js";
import type { Kept } from "./keep/store.js";
import { apply, type Setup } from "./give/link.js";
import type { Given } from "./open/given.js";
import { naming } from "./naming.svelte.js";
import { problem, type Problem } from "./problem.js";
import { file, kit, type Sample, type SampleKit, type Vocabulary } from "./samples.js";
import { Task } from "./task.svelte.js";
import { headed } from "./train/head.js";
import { Trainer } from "./train/trainer.svelte.js";
import { summarise } from "./summarise.js";

/** What came with a checkpoint. */
export interface Beside {
  readonly source?: string | undefined;
  readonly kit?: SampleKit | undefined;
}

/** Networks larger than this are not held twice to compare them. */
const MAX_TWICE = 512 * 1024 * 1024;

class Workbench {
  checkpoint: Checkpoint | undefined = $state.raw();
  model: Model | undefined = $state.raw();
  inputs: readonly InputSpec[] = $state.raw([]);
  summary: readonly SummaryRow[] = $state.raw([]);
  kit: SampleKit | undefined = $state.raw();
  /** The tensor whose panel is open. */
  selected: string | undefined = $state();
  /** The handle of the file that is open, where the browser gave one. */
  handle: FileSystemFileHandle | undefined = $state.raw();
  /** The file that was last saved where it was. */
  savedBack: string | undefined = $state();
  /** Counts what was opened, so that panels start afresh. */
  opened = $state(0);
  /** The build that follows by itself when a file has been opened is not over. */
  fresh = $state(false);
  /** Counts models, for the same reason; on another device a model is the same one. */
  built = $state(0);
  /** Where the model is. */
  runsOn: Device | undefined = $state.raw();

  opening: Task | undefined = $state.raw();
  openProblem: Problem | undefined = $state.raw();
  /** What the problem is of. */
  notOpened = $state("");
  building: Task | undefined = $state.raw();
  buildProblem: Problem | undefined = $state.raw();
  /** Why the file alone makes no network, if so. */
  needsSource: Problem | undefined = $state.raw();
  /** Source to edit that fits such a file's keys. */
  proposal: Proposal | undefined = $state.raw();

  source = $state("");
  construct = $state("");
  /** Empty for the first. */
  stateDict = $state("");
  device: DeviceChoice = $state("auto");
  strict = $state(true);
  /** What screen readers hear of. */
  said = $state("");
  /** Words and numbers, from a sample or a file. */
  vocabulary: Vocabulary | undefined = $state.raw();
  /** Takes files that were dropped or pasted somewhere, where they are an input rather than a checkpoint: set by the panel that runs. */
  takes: ((files: readonly Given[]) => boolean) | undefined;
  /** Counts changes of the weights. */
  weights = $state(0);
  /** Where training was when the file to go on from was kept. */
  keptAt: string | undefined = $state();
  readonly trainer = new Trainer({
    changed: () => {
      this.weights += 1;
      this.savedBack = undefined;
    },
    say: (text) => (this.said = text),
    keep: (file, at) => {
      this.#kept = file;
      this.keptAt = file === undefined ? undefined : at;
      if (file === undefined) void sessions.drop();
      else this.#keepSession(file, at);
    },
  });

  /** What a link says of the checkpoint that is opened next. */
  shared: Setup | undefined;
  /** Tries again what was last to be opened. */
  retry: (() => Promise<void>) | undefined;
  /** How what is open was opened. */
  #again: (() => Promise<void>) | undefined;
  /** What is kept over a reopening; `among` what is shown already, so that panels go on. */
  #stays: { source: string; construct: string; stateDict: string; kit: SampleKit | undefined; among?: boolean } | undefined;
  /** A file of what was trained, made outside of the worker's memory. */
  #kept: File | undefined;
  /** The network with the file's weights, to compare with. */
  #original: { of: Model; model: Promise<Model> } | undefined;

  /**
   * Opens the same file again, as after the worker's death, with the source that was pasted; where something was trained, the file that
   * was kept of it.
   */
  async reopen(): Promise<void> {
    const { source, construct, stateDict } = this;
    this.#stays = { source, construct, stateDict, kit: this.kit };
    const kept = this.#kept;
    const again = this.#again;
    if (kept === undefined) await again?.();
    else {
      await this.#replace(kept.name, (task) => open(kept, { name: kept.name, signal: task.signal, onProgress: task.onProgress }), () => ({}), again ?? (() => Promise.resolve()));
    }
    this.#stays = undefined;
  }

  /** Goes on with a session of before, as `reopen` does after the worker's death. */
  async resume({ file, session }: Kept): Promise<void> {
    const { source, construct, stateDict, kit } = session;
    void this.trainer.take(undefined);
    this.trainer.restore(session.curve);
    this.#stays = { source, construct, stateDict, kit };
    this.handle = undefined;
    const again = (): Promise<void> => this.resume({ file, session });
    const open_ = (task: Task): Promise<Checkpoint> => open(file, { name: session.name, signal: task.signal, onProgress: task.onProgress });
    const there = await this.#replace(session.name, open_, () => ({}), again);
    this.#stays = undefined;
    if (!there) {
      this.trainer.restore({ steps: [], losses: [], epochs: [], finished: 0 });
      return;
    }
    this.#kept = new File([file], session.name);
    this.keptAt = session.at;
    sessions.found = undefined;
    this.said = `${session.name} is open again, as trained until ${session.at}`;
  }

  /** The file on the disk is another now: it is opened in place of the one before, and everything else stays. */
  async rebase(file: File): Promise<void> {
    const { handle } = this;
    this.#kept = file;
    await this.reopen();
    this.handle = handle;
    this.savedBack = file.name;
    this.said = `${file.name} is saved where it was`;
  }

  /** Gives the network a new last layer for other classes; the data to train on stays. */
  async newHead(names: readonly string[]): Promise<void> {
    const { model, trainer, kit } = this;
    if (model === undefined) return;
    const task = new Task("Making a new last layer");
    this.building = task;
    try {
      const { file, network } = await headed(model, names.length, { network: this.#built.network, outputs: trainer.outputs, signal: task.signal });
      if (this.building !== task) return;
      this.building = undefined;
      await trainer.stop();
      trainer.restore({ steps: [], losses: [], epochs: [], finished: 0 });
      trainer.wrong = undefined;
      this.#kept = this.keptAt = undefined;
      const open_ = async (): Promise<void> => {
        this.#stays = { source: network?.source ?? "", construct: network?.construct ?? "", stateDict: "", kit, among: true };
        await this.#replace(file.name, (work) => opened(file, work), () => ({}), open_);
        this.#stays = undefined;
        // It is no file of the disk any more.
        this.handle = undefined;
      };
      await open_();
      naming.give(this.opened, names, undefined);
      Object.assign(trainer.settings, { trains: "last", freezeBatchNorm: true });
      await trainer.propose();
      this.said = `The network has a new last layer for ${names.length} classes`;
    } catch (thrown) {
      trainer.fail(thrown);
    } finally {
      if (this.building === task) this.building = undefined;
    }
  }

  #keepSession(file: SavedFile, at: string): void {
    const { source, construct, stateDict, kit, trainer } = this;
    const { steps, losses, epochs, finished } = trainer;
    const name = this.checkpoint?.name ?? file.name;
    sessions.keep(file, { name, at, when: Date.now(), bytes: file.size, source, construct, stateDict, kit, curve: { steps, losses, epochs, finished } });
  }

  /** The network as the file has it, built when it is first asked for. */
  original(): Promise<Model> | undefined {
    const { model, checkpoint } = this;
    if (model === undefined || checkpoint === undefined || (this.summary[0]?.bytes ?? 0) > MAX_TWICE) return undefined;
    if (this.#original?.of !== model) {
      this.#forgetOriginal();
      this.#original = { of: model, model: checkpoint.build(this.#built.network, { ...this.#built.options, device: model.device.kind }) };
      this.#original.model.catch(() => undefined);
    }
    return this.#original?.model;
  }

  /** How the model was built. */
  #built: { network: NetworkSource | undefined; options: BuildOptions } = { network: undefined, options: {} };

  #forgetOriginal(): void {
    void this.#original?.model.then((model) => model.dispose()).catch(() => undefined);
    this.#original = undefined;
  }

  /** Opens a file, its parts or an address in place of what is open, with what lay beside it. Gives whether it is open now. */
  async open(source: Opened, beside: Beside = {}): Promise<boolean> {
    const again = async (): Promise<void> => void (await this.open(source, beside));
    return this.#replace(titleOf(source), (task) => opened(source, task), () => beside, again);
  }

  /** Opens a sample with its source, labels and inputs. */
  async openSample(sample: Sample): Promise<boolean> {
    const again = async (): Promise<void> => void (await this.openSample(sample));
    let fetched: SampleKit | undefined;
    return this.#replace(
      sample.title,
      async (task) => {
        const [bytes, beside] = await Promise.all([file(sample, task.signal), kit(sample, task.signal)]);
        fetched = beside;
        return open(bytes, { signal: task.signal, onProgress: task.onProgress });
      },
      () => ({ source: fetched?.source, kit: fetched }),
      again,
    );
  }

  async #replace(
    title: string,
    start: (task: Task) => Promise<Checkpoint>,
    beside: () => Beside,
    again: () => Promise<void>,
  ): Promise<boolean> {
    this.opening?.cancel();
    const task = new Task(title);
    this.opening = task;
    this.openProblem = undefined;
    this.notOpened = title;
    this.retry = again;
    this.said = `Opening ${title}`;
    let shared: Setup | undefined;
    try {
      const checkpoint = await start(task);
      if (this.opening !== task) {
        await checkpoint.dispose();
        return false;
      }
      const before = [this.model, this.checkpoint];
      this.building?.cancel();
      this.checkpoint = checkpoint;
      const stays = this.#stays;
      if (stays === undefined) this.handle = this.savedBack = undefined;
      const given = beside();
      this.kit = stays?.kit ?? given.kit;
      this.vocabulary = this.kit?.vocabulary ?? (stays === undefined ? undefined : this.vocabulary);
      // Panels that go on keep the old model until the new one is there.
      if (stays?.among !== true) this.#forgetModel(stays !== undefined);
      this.selected = undefined;
      this.buildProblem = undefined;
      if (stays === undefined) this.trainer.settings.loss = this.kit?.sample.loss ?? "";
      this.#again = again;
      if (stays === undefined) {
        shared = this.shared;
        this.shared = undefined;
      }
      this.source = stays?.source ?? shared?.source ?? given.source ?? "";
      this.construct = stays?.construct ?? shared?.construct ?? this.kit?.sample.construct ?? "";
      this.stateDict = stays?.stateDict ?? shared?.stateDict ?? "";
      this.device = shared?.device ?? this.device;
      this.strict = true;
      if (stays?.among !== true) {
        this.opened += 1;
        this.fresh = true;
      }
      this.said = `${checkpoint.name ?? title} is open: ${checkpoint.entries.length} tensors`;
      for (const old of before) void old?.dispose().catch(() => undefined);
    } catch (thrown) {
      if (this.opening !== task) return false;
      this.openProblem = problem(thrown);
      this.said = this.openProblem === undefined ? "Cancelled" : `Not opened: ${this.openProblem.message}`;
      return false;
    } finally {
      if (this.opening === task) this.opening = undefined;
    }
    // A file that needs its class asks for it by not building; that is no error yet.
    const { opened: count } = this;
    await this.build(true);
    if (this.opened === count) this.fresh = false;
    if (this.trainer.phase === "idle") apply(this.trainer.settings, shared?.training);
    return true;
  }

  /** Builds the network on the chosen device, or moves it there; the old model stays until the new one is there. */
  async build(unasked = false): Promise<void> {
    const { checkpoint } = this;
    if (checkpoint === undefined) return;
    this.building?.cancel();
    const task = new Task("Building the network");
    this.building = task;
    this.buildProblem = undefined;
    const staying = this.#stays !== undefined;
    const written = unasked && this.isProposed ? undefined : this.#written();
    const before = this.model;
    try {
      if (before !== undefined && this.#isBuilt(before, written)) {
        await before.to(this.device, { signal: task.signal, onProgress: task.onProgress });
        if (this.building !== task) return;
        this.#goesOn(before);
        return;
      }
      const model = await checkpoint.build(written, {
        device: this.device,
        stateDict: this.stateDict || undefined,
        strict: this.strict,
        signal: task.signal,
        onProgress: task.onProgress,
      });
      const inputs = await model.inputs();
      const summary = await summarise(model, inputs, this.kit);
      if (this.building !== task) {
        await model.dispose();
        return;
      }
      this.#built = { network: written, options: { stateDict: this.stateDict || undefined, strict: this.strict } };
      this.model = model;
      this.trainer.attach(model, checkpoint, staying);
      if (!staying) {
        this.#kept = undefined;
        this.keptAt = undefined;
      }
      this.inputs = inputs;
      this.summary = summary;
      this.built += 1;
      this.#goesOn(model);
      void before?.dispose().catch(() => undefined);
    } catch (thrown) {
      if (this.building !== task) return;
      const found = problem(thrown);
      const asked = !unasked || written !== undefined || found?.code !== "needs_source";
      if (asked) this.buildProblem = found;
      else {
        this.needsSource = found;
        await this.#propose(checkpoint);
      }
      if (this.buildProblem !== undefined) this.said = `Not built: ${this.buildProblem.message}`;
    } finally {
      if (this.building === task) this.building = undefined;
    }
  }

  /** A model is there, or has come to another device. */
  #goesOn(model: Model): void {
    this.#forgetOriginal();
    this.needsSource = undefined;
    this.runsOn = model.device;
    this.said = `The network is built and runs on ${model.device.name}`;
  }

  /** Whether the network is the one that is built already, so that only the device is another. */
  #isBuilt(model: Model, network: NetworkSource | undefined): boolean {
    const { options } = this.#built;
    const written = [network, this.stateDict || undefined, this.strict];
    return model.checkpoint === this.checkpoint && JSON.stringify(written) === JSON.stringify([this.#built.network, options.stateDict, options.strict]);
  }

  /** Whether what stands in the editor is the proposal, as it was made. */
  get isProposed(): boolean {
    return this.proposal !== undefined && this.source === this.proposal.source;
  }

  #written(): NetworkSource | undefined {
    if (this.source.trim() === "") return undefined;
    return { source: this.source, construct: this.construct.trim() || (this.isProposed ? this.proposal?.construct : undefined) };
  }

  /** Fills the editor with source that fits the file's keys; what a person wrote stays. */
  async #propose(checkpoint: Checkpoint): Promise<void> {
    const untouched = this.isProposed || this.source.trim() === "";
    const proposal = await checkpoint.propose(this.stateDict || undefined).catch(() => undefined);
    if (this.checkpoint !== checkpoint) return;
    this.proposal = proposal;
    if (untouched) this.source = proposal?.source ?? "";
    if (proposal !== undefined) this.said = "Source that fits the file's keys is proposed, to edit or to build as it stands";
  }

  /** Closes what is open, back to the start. */
  close(): void {
    const before = [this.model, this.checkpoint];
    if (this.trainer.trained) void sessions.look();
    this.building?.cancel();
    this.opening?.cancel();
    this.checkpoint = undefined;
    this.handle = undefined;
    this.kit = undefined;
    this.#forgetModel();
    this.openProblem = undefined;
    this.said = "Closed";
    for (const old of before) void old?.dispose().catch(() => undefined);
  }

  #forgetModel(keepTraining = false): void {
    this.#forgetOriginal();
    this.model = undefined;
    this.runsOn = undefined;
    this.trainer.attach(undefined, undefined, keepTraining);
    if (!keepTraining) {
      void this.trainer.take(undefined);
      this.#kept = undefined;
      this.keptAt = undefined;
    }
    this.needsSource = undefined;
    this.proposal = undefined;
    this.inputs = [];
    this.summary = [];
  }
}

export const bench = new Workbench();
