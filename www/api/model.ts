/**
 * A network built from a checkpoint: run it, look at it, save it.
 * @module
 */
import type { Checkpoint } from "./checkpoint.js";
import { dataBuffers, isStream, toRawData } from "./data.js";
import { aborted, MismatchError } from "./errors.js";
import { fitSamples, fitStream } from "./fit.js";
import type { Trains } from "./fit.js";
import type { Backend, Built, CallName, Calls } from "./protocol.js";
import type { Structure } from "./rim.js";
import { assemble } from "./source.js";
import { fromRaw, toRaw, toRawInputs, transferable } from "./tensor.js";
import type { Inputs, Tensor, TensorLike } from "./tensor.js";
import { toRawLoss, toRawTrain } from "./training.js";
import type { NetworkGraph } from "./graph.js";
import type {
  Batch,
  Difference,
  EvaluateOptions,
  Evaluation,
  FitData,
  FitEvent,
  FitOptions,
  OptimizerState,
  SampleData,
  StepReport,
  TrainingMemory,
  TrainOptions,
} from "./lessons.js";
import type {
  CallOptions,
  Construct,
  Device,
  DeviceChoice,
  InputSpec,
  Output,
  Recognised,
  RunTime,
  SavedFile,
  SaveOptions,
  SummaryRow,
} from "./types.js";

/** `Symbol.asyncDispose`, where the browser has it already. */
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** Samples of a batch, where the caller does not say. */
const BATCH_SIZE = 32;

/** A network on a device. Made by {@link Checkpoint.build} or {@link load}. */
export class Model {
  /** The checkpoint it was built from. */
  readonly checkpoint: Checkpoint;
  /** What the network is, where it was found without source: by a name of the zoo, or from the file's keys and shapes. */
  readonly recognised: Recognised | undefined;
  /** Keys that the network wants and the state_dict lacks; empty unless `strict` was false. */
  readonly missingKeys: readonly string[];
  /** Keys that the state_dict has and the network does not know. */
  readonly unexpectedKeys: readonly string[];
  /** The Python expression that constructed the network, and what its arguments were deduced from; undefined for a file's own module. */
  readonly construct: Construct | undefined;
  #backend: Backend;
  #handle: number;
  #owns: boolean;
  #device: Device;
  #training: boolean;
  #lastRun: RunTime | undefined;
  #disposed: Promise<void> | undefined;
  #optimizer: OptimizerState | undefined;
  /** The loop that goes on. */
  #loop: symbol | undefined;
  /** The options that training was prepared with, as JSON. */
  #prepared: string | undefined;
  #loss: string | undefined;

  /** @internal */
  constructor(backend: Backend, checkpoint: Checkpoint, built: Built, owns: boolean) {
    this.checkpoint = checkpoint;
    this.recognised = built.recognised;
    this.missingKeys = built.missingKeys;
    this.unexpectedKeys = built.unexpectedKeys;
    this.construct = built.construct;
    this.#backend = backend;
    this.#handle = built.handle;
    this.#device = built.device;
    this.#training = built.training;
    this.#owns = owns;
    this.#optimizer = built.optimizer ?? undefined;
  }

  /**
   * Where it runs, and why there.
   *
   * @example
   * ```ts
   * console.log(model.device.kind, model.device.name, model.device.reason); // "cpu", "CPU", why not WebGPU
   * ```
   */
  get device(): Device {
    return this.#device;
  }

  /**
   * Whether Dropout drops and BatchNorm takes the batch's statistics. A built model starts in eval mode.
   *
   * @example
   * ```ts
   * console.log(model.training); // false
   * ```
   */
  get training(): boolean {
    return this.#training;
  }

  /**
   * How long the last run took.
   *
   * @example
   * ```ts
   * await model.run(x);
   * const { milliseconds, warmup } = model.lastRun ?? { milliseconds: 0, warmup: false };
   * console.log(warmup ? "with kernels compiled" : "steady", milliseconds);
   * ```
   */
  get lastRun(): RunTime | undefined {
    return this.#lastRun;
  }

  /**
   * Evaluation mode, for every run that follows.
   *
   * @example
   * ```ts
   * const y = await model.eval().run(x);
   * ```
   */
  eval(): this {
    return this.#mode(false);
  }

  /**
   * Training mode, for every run that follows.
   *
   * @example
   * ```ts
   * model.train();
   * const noisy = await model.run(batch.inputs); // Dropout drops
   * model.eval();
   * ```
   */
  train(): this {
    return this.#mode(true);
  }

  /**
   * Moves the model to another device, as `module.to(device)` does: weights, the optimizer's state and a loop of {@link fit} that goes on.
   * Where WebGPU does not work it is the CPU, and {@link Model.device} says why. The next run compiles its kernels.
   *
   * @throws AbortError after an abort; the model is where it was then, and goes on there.
   * @example
   * ```ts
   * await model.to("cpu");
   * console.log(model.device.kind); // "cpu"
   * ```
   */
  async to(device: DeviceChoice, options: CallOptions = {}): Promise<this> {
    this.#device = await this.#backend.call(
      "to",
      { handle: this.#handle, device },
      { signal: options.signal, onProgress: options.onProgress },
    );
    return this;
  }

  #mode(training: boolean): this {
    this.#training = training;
    // Calls keep their order, so a run after this one sees the mode; a dead worker speaks up in that run.
    this.#backend.call("mode", { handle: this.#handle, training }).catch(() => undefined);
    return this;
  }

  /**
   * forward's parameters, with shapes and kinds as far as the first layers tell.
   *
   * @example
   * ```ts
   * const [first] = await model.inputs();
   * console.log(first?.name, first?.kind, first?.shape); // "x", "image", [-1, 1, -1, -1]
   * ```
   */
  inputs(): Promise<InputSpec[]> {
    return this.#backend.call("inputs", { handle: this.#handle });
  }

  /**
   * Runs forward. Takes one tensor, an array of tensors in forward's order, or `{ name: tensor }`; returns forward's own structure:
   * a tensor, tuples and lists as arrays, dicts as objects, None as null.
   *
   * @throws MismatchError where shapes or dtypes do not fit, in torch's words.
   * @example
   * ```ts
   * const logits = await model.run({ dtype: "float32", shape: [1, 1, 8, 8], data: new Float32Array(64) });
   * logits.shape; // [1, 10]
   * ```
   */
  async run<T extends Output = Tensor>(inputs: Inputs, options: Pick<CallOptions, "signal"> = {}): Promise<T> {
    const raw = toRawInputs(inputs);
    const { output, milliseconds, warmup } = await this.#backend.call(
      "run",
      { handle: this.#handle, inputs: raw },
      { signal: options.signal, transfer: transferable(raw) },
    );
    this.#lastRun = { milliseconds, warmup };
    return unwrap(output) as T;
  }

  /**
   * A row a module, in torchinfo's columns. Output shapes and mult-adds are there when `inputShapes` is given, or when the network
   * leaves its input no choice.
   *
   * @example
   * ```ts
   * for (const row of await model.summary([[1, 1, 8, 8]])) console.log(row.name, row.class, row.outputShape, row.parameters);
   * ```
   */
  summary(inputShapes?: readonly (readonly number[])[]): Promise<SummaryRow[]> {
    return this.#backend.call("summary", {
      handle: this.#handle,
      ...(inputShapes === undefined ? {} : { inputShapes: inputShapes.map((shape) => [...shape]) }),
    });
  }

  /**
   * The network without its source and its weights, as plain JSON: shapes, operators, modules. `build` takes it in place of the source, for
   * inputs of the shapes that it was traced with, in eval and in train mode.
   *
   * @param inputShapes Default: those of the last run, else one sample, where forward leaves its shape no choice.
   * @throws MismatchError with code `"argument"` where shapes are needed.
   * @example
   * ```ts
   * const graph = await model.graph([[1, 1, 8, 8]]);
   * const same = await checkpoint.build(graph, { device: "cpu" });
   * ```
   */
  async graph(inputShapes?: readonly (readonly number[])[]): Promise<NetworkGraph> {
    const text = await this.#backend.call("graph", {
      handle: this.#handle,
      ...(inputShapes === undefined ? {} : { inputShapes: inputShapes.map((shape) => [...shape]) }),
    });
    return JSON.parse(text) as NetworkGraph;
  }

  /**
   * Every parameter and buffer by name, in torch's order, read back from the device.
   *
   * @example
   * ```ts
   * const state = await model.stateDict();
   * for (const [name, { dtype, shape }] of Object.entries(state)) console.log(name, dtype, shape);
   * ```
   */
  async stateDict(): Promise<{ [name: string]: Tensor }> {
    const entries = await this.#backend.call("stateDict", { handle: this.#handle });
    return Object.fromEntries(entries.map(([name, tensor]) => [name, fromRaw(tensor)]));
  }

  /**
   * Replaces the values of a parameter or buffer; shape and dtype class stay as they are.
   *
   * @example
   * ```ts
   * await model.set("fc2.bias", { data: new Float32Array(10) });
   * ```
   */
  async set(name: string, tensor: TensorLike): Promise<void> {
    const raw = toRaw(tensor);
    await this.#backend.call("set", { handle: this.#handle, name, tensor: raw }, { transfer: transferable([raw]) });
  }

  /**
   * The optimizer at work; before training the one that the file holds, which training resumes unless told otherwise.
   *
   * @example
   * ```ts
   * const { class: name, groups, path } = model.optimizer ?? { class: "none", groups: [], path: undefined };
   * console.log(name, groups[0]?.lr, path); // "Adam", 0.0005, "optimizer_state_dict"
   * ```
   */
  get optimizer(): OptimizerState | undefined {
    return this.#optimizer;
  }

  /**
   * Trains on data, as many epochs as asked for; yields a {@link FitEvent} at the start, after each step and each epoch, and at the end.
   * Everything that can be checked is checked before the first step. Whoever does not ask for the next event pauses the loop; `break` (or
   * the iterator's `return()`) and an aborted `signal` end it, and the model stays as the last step left it. A loss that is not a number
   * ends it with the last good weights and an end event whose `reason` is `"not_a_number"`.
   *
   * @param data `{ inputs, targets }` whose first dimensions count samples, an array of `{ input, target }`, an async iterable of batches,
   * or a function that gives one for each epoch.
   * @throws MismatchError for data, labels and arguments that do not fit, in torch's words; with code `"needs_optimizer"` where neither the
   * file nor the caller has one.
   * @example
   * ```ts
   * const data = { inputs: { shape: [200, 1, 8, 8], data: pixels }, targets: { dtype: "int64", data: labels } };
   * const options = { loss: "CrossEntropyLoss", optimizer: { class: "AdamW", lr: 1e-3 }, epochs: 5, validationSplit: 0.2, seed: 0 };
   * for await (const { event, epoch, step, loss, valAccuracy } of model.fit(data, options)) {
   *   if (event === "epoch") console.log(epoch, step, loss, valAccuracy);
   * }
   * ```
   */
  async *fit(data: FitData, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
    if (this.#loop !== undefined) {
      throw new MismatchError({ kind: "mismatch", code: "busy", message: "This model is being trained already", hint: "End the other loop first." });
    }
    const own = Symbol("loop");
    this.#loop = own;
    this.#prepared = undefined;
    const trains = this.#trains();
    try {
      for await (const event of isStream(data) ? fitStream(trains, data, options) : fitSamples(trains, data, options)) {
        if (event.event === "start") {
          this.#loss = JSON.stringify(toRawLoss(options.loss));
          await this.#refresh();
        } else if (event.event === "step") {
          this.#follow(event.lrs);
        } else if (event.event === "end") {
          // The loop is over, whether or not the caller asks for what comes after the end.
          this.#loop = undefined;
          await this.#refresh();
        }
        yield event;
      }
    } finally {
      if (this.#loop === own) {
        this.#loop = undefined;
        await this.#refresh().catch(() => undefined);
      }
    }
  }

  /**
   * One step of training on one batch, for those who own their loop. Options are needed the first time; training goes on while they stay
   * the same, and starts anew with others.
   *
   * @example
   * ```ts
   * const options = { loss: "CrossEntropyLoss", optimizer: { class: "SGD", lr: 0.01, momentum: 0.9 } };
   * for (const batch of batches) {
   *   const { step, losses } = await model.step(batch, options);
   *   console.log(step, losses.at(-1));
   * }
   * ```
   */
  async step(batch: Batch, options?: TrainOptions & Pick<CallOptions, "signal">): Promise<StepReport> {
    const raw = toRawData(batch);
    if (options !== undefined) await this.#prepare(options);
    const report = await this.#call("step", { data: raw }, { signal: options?.signal, transfer: dataBuffers(raw) });
    this.#follow(report.lrs);
    return report;
  }

  /**
   * Steps the scheduler as `scheduler.step(metric)` does after an epoch, for those who own their loop.
   *
   * @returns Each param_group's learning rate from here on.
   * @example
   * ```ts
   * const scheduler = { class: "ReduceLROnPlateau", factor: 0.5 };
   * for (const batch of batches) await model.step(batch, { loss: "CrossEntropyLoss", optimizer: "SGD", scheduler });
   * const { loss } = await model.evaluate(heldOut);
   * const [lr] = await model.schedulerStep(loss);
   * ```
   */
  async schedulerStep(metric?: number): Promise<number[]> {
    const lrs = await this.#call("schedulerStep", metric === undefined ? {} : { metric });
    this.#follow(lrs);
    return lrs;
  }

  /**
   * Measures on data in evaluation mode: the mean loss and, where the targets are classes, accuracy, each class and the confusion matrix.
   *
   * @example
   * ```ts
   * const { accuracy, confusion } = await model.evaluate({ inputs: { shape: [n, 1, 8, 8], data: pixels }, targets }, { loss: "CrossEntropyLoss" });
   * ```
   */
  async evaluate(data: SampleData, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { loss, batchSize = BATCH_SIZE, signal } = options;
    const raw = toRawData(data);
    const wanted = loss === undefined ? undefined : JSON.stringify(toRawLoss(loss));
    if (loss !== undefined && this.#loss === undefined) {
      // Measuring needs no optimizer, but what is prepared has one; training prepares its own.
      await this.#prepare({ loss, optimizer: this.#optimizer?.resumed === true ? undefined : "SGD" });
    } else if (wanted !== undefined && wanted !== this.#loss) {
      throw new MismatchError({
        kind: "mismatch",
        code: "argument",
        message: "Training was prepared with another loss",
        location: "loss",
        hint: "Leave loss out, or call revert() first.",
      });
    }
    return this.#call("evaluate", { data: raw, batchSize }, { signal, transfer: dataBuffers(raw) });
  }

  /**
   * About how much memory training takes on the device with batches like this one.
   *
   * @example
   * ```ts
   * const { total } = await model.trainingMemory(batch, { loss: "CrossEntropyLoss", optimizer: "AdamW" });
   * if (total > 2 ** 30) console.warn("Take a smaller batch, or train the last layer only");
   * ```
   */
  async trainingMemory(batch: Batch, options: TrainOptions): Promise<TrainingMemory> {
    const raw = toRawData(batch);
    await this.#prepare(options);
    return this.#call("trainingMemory", { data: raw }, { transfer: dataBuffers(raw) });
  }

  /**
   * How far each tensor that changed is from the file's.
   *
   * @example
   * ```ts
   * for (const { name, change, norm, changed } of await model.diff()) console.log(name, change / norm, changed);
   * ```
   */
  diff(): Promise<Difference[]> {
    return this.#call("diff", {});
  }

  /**
   * Puts the file's values back, reading them anew, and forgets what training kept. The optimizer is the file's again.
   *
   * @example
   * ```ts
   * await model.revert();
   * console.log((await model.diff()).length); // 0
   * ```
   */
  async revert(): Promise<void> {
    await this.#call("revert", {});
    this.#prepared = undefined;
    this.#loss = undefined;
    await this.#refresh();
  }

  async #prepare(options: TrainOptions): Promise<void> {
    const raw = toRawTrain(options);
    const key = JSON.stringify(raw);
    if (key === this.#prepared) return;
    await this.#call("prepare", { options: raw });
    this.#prepared = key;
    this.#loss = JSON.stringify(raw.loss);
    await this.#refresh();
  }

  /** Keeps the optimizer's learning rates true between readings of the whole. */
  #follow(lrs: readonly number[]): void {
    const { groups = [] } = this.#optimizer ?? {};
    if (this.#optimizer === undefined || groups.every((group, i) => group.lr === lrs[i])) return;
    this.#optimizer = { ...this.#optimizer, groups: groups.map((group, i) => ({ ...group, lr: lrs[i] ?? group.lr })) };
  }

  async #refresh(): Promise<void> {
    this.#optimizer = (await this.#call("optimizer", {})) ?? undefined;
  }

  #call<K extends CallName>(
    call: K,
    takes: Omit<Calls[K]["takes"], "handle">,
    options: Parameters<Backend["call"]>[2] = {},
  ): Promise<Calls[K]["gives"]> {
    return this.#backend.call(call, { handle: this.#handle, ...takes } as Calls[K]["takes"], options);
  }

  #trains(): Trains {
    return { call: (call, takes, options) => this.#call(call, takes, options) };
  }

  /**
   * The model as a file. What did not change stays a slice of the source, so memory stays flat whatever the file's size.
   *
   * @returns A `File` whose `notes` say what was converted on the way.
   * @example
   * ```ts
   * const file = await model.save({ format: "pth", as: "state_dict" });
   * link.href = URL.createObjectURL(file);
   * link.download = file.name;
   * ```
   */
  async save(options: SaveOptions = {}): Promise<SavedFile> {
    const { format = "pth", as = format === "pth" ? "same" : "state_dict", signal, onProgress } = options;
    const plan = await this.#backend.call("save", { handle: this.#handle, options: { format, as } }, { signal, onProgress });
    try {
      const parts = await assemble(this.checkpoint.source, plan.parts, { signal, onProgress });
      return Object.assign(new File(parts, plan.name, { type: "application/octet-stream" }), { notes: plan.notes });
    } catch (thrown) {
      throw signal?.aborted === true ? aborted(signal) : thrown;
    }
  }

  /**
   * Gives the device's memory back. A model that `load` made takes its checkpoint with it. `await using` does it at the end of a block.
   *
   * @example
   * ```ts
   * const model = await load(file, { network: { source } });
   * try {
   *   console.log(await model.run(x));
   * } finally {
   *   await model.dispose();
   * }
   * ```
   */
  dispose(): Promise<void> {
    this.#disposed ??= this.#backend.call("free", { handle: this.#handle }).then(() => (this.#owns ? this.checkpoint.dispose() : undefined));
    return this.#disposed;
  }

  /** For `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    return this.dispose();
  }
}

function unwrap(structure: Structure): Output {
  if ("tensor" in structure) return fromRaw(structure.tensor);
  if ("none" in structure) return null;
  if ("scalar" in structure) return structure.scalar;
  if ("str" in structure) return structure.str;
  if ("tuple" in structure) return structure.tuple.map(unwrap);
  if ("list" in structure) return structure.list.map(unwrap);
  return Object.fromEntries(structure.dict.map(([key, value]) => [key, unwrap(value)]));
}
