/**
 * A network built from a checkpoint: run it, look at it, save it.
 * @module
 */
import type { Checkpoint } from "./checkpoint.js";
import { aborted } from "./errors.js";
import type { Backend, Built } from "./protocol.js";
import type { Structure } from "./rim.js";
import { assemble } from "./source.js";
import { fromRaw, toRaw, toRawInputs, transferable } from "./tensor.js";
import type { Inputs, Tensor, TensorLike } from "./tensor.js";
import type { CallOptions, Construct, Device, InputSpec, Output, Recognised, RunTime, SavedFile, SaveOptions, SummaryRow } from "./types.js";

/** `Symbol.asyncDispose`, where the browser has it already. */
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** A network on a device. Made by {@link Checkpoint.build} or {@link load}. */
export class Model {
  /** The checkpoint it was built from. */
  readonly checkpoint: Checkpoint;
  /** Where it runs, and why there. */
  readonly device: Device;
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
  #training: boolean;
  #lastRun: RunTime | undefined;
  #disposed: Promise<void> | undefined;

  /** @internal */
  constructor(backend: Backend, checkpoint: Checkpoint, built: Built, owns: boolean) {
    this.checkpoint = checkpoint;
    this.device = built.device;
    this.recognised = built.recognised;
    this.missingKeys = built.missingKeys;
    this.unexpectedKeys = built.unexpectedKeys;
    this.construct = built.construct;
    this.#backend = backend;
    this.#handle = built.handle;
    this.#training = built.training;
    this.#owns = owns;
  }

  /** Whether Dropout drops and BatchNorm takes the batch's statistics. A built model starts in eval mode. */
  get training(): boolean {
    return this.#training;
  }

  /** How long the last run took. */
  get lastRun(): RunTime | undefined {
    return this.#lastRun;
  }

  /** Evaluation mode, for every run that follows. */
  eval(): this {
    return this.#mode(false);
  }

  /** Training mode, for every run that follows. */
  train(): this {
    return this.#mode(true);
  }

  #mode(training: boolean): this {
    this.#training = training;
    // Calls keep their order, so a run after this one sees the mode; a dead worker speaks up in that run.
    this.#backend.call("mode", { handle: this.#handle, training }).catch(() => undefined);
    return this;
  }

  /** forward's parameters, with shapes and kinds as far as the first layers tell. */
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
   * const logits = await model.run({ dtype: "float32", shape: [1, 64], data: new Float32Array(64) });
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
   * for (const row of await model.summary([[1, 1, 28, 28]])) console.log(row.name, row.class, row.outputShape, row.parameters);
   * ```
   */
  summary(inputShapes?: readonly (readonly number[])[]): Promise<SummaryRow[]> {
    return this.#backend.call("summary", {
      handle: this.#handle,
      ...(inputShapes === undefined ? {} : { inputShapes: inputShapes.map((shape) => [...shape]) }),
    });
  }

  /** Every parameter and buffer by name, in torch's order, read back from the device. */
  async stateDict(): Promise<{ [name: string]: Tensor }> {
    const entries = await this.#backend.call("stateDict", { handle: this.#handle });
    return Object.fromEntries(entries.map(([name, tensor]) => [name, fromRaw(tensor)]));
  }

  /** Replaces the values of a parameter or buffer; shape and dtype class stay as they are. */
  async set(name: string, tensor: TensorLike): Promise<void> {
    const raw = toRaw(tensor);
    await this.#backend.call("set", { handle: this.#handle, name, tensor: raw }, { transfer: transferable([raw]) });
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
      const parts = await assemble(this.checkpoint.source, plan.parts, signal);
      return Object.assign(new File(parts, plan.name, { type: "application/octet-stream" }), { notes: plan.notes });
    } catch (thrown) {
      throw signal?.aborted === true ? aborted(signal) : thrown;
    }
  }

  /** Gives the device's memory back. A model that `load` made takes its checkpoint with it. */
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
