/**
 * An open checkpoint: everything in it is known, nothing but the directory has been read.
 * @module
 */
import { fromPlain } from "./errors.js";
import { Model } from "./model.js";
import type { Backend } from "./protocol.js";
import type { RawBuild, RawSource } from "./rim.js";
import { fromRaw } from "./tensor.js";
import type { Tensor } from "./tensor.js";
import type { NetworkGraph } from "./graph.js";
import type {
  CarriedCode,
  BuildOptions,
  CallOptions,
  Compared,
  Description,
  Entry,
  GlobalEntry,
  Index,
  NetworkChoice,
  Proposal,
  StateDictEntry,
  Stats,
  ValueEntry,
  Warning,
} from "./types.js";

const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** A checkpoint. Made by {@link open}. */
export class Checkpoint {
  /** The container: `"zip"`, `"legacy"`, `"safetensors"`, … */
  readonly format: Description["format"];
  /** What the file is: a state_dict, a whole module, a general checkpoint, … */
  readonly kind: Description["kind"];
  /** The file's name, where it has one. */
  readonly name: string | undefined;
  /** The file's size. */
  readonly bytes: number;
  /** Every tensor, in file order. */
  readonly entries: readonly Entry[];
  /** Everything that is no tensor, by its path: `{ epoch: 3, loss: 0.12 }`. What JSON cannot hold is there as Python would print it. */
  readonly values: { readonly [path: string]: unknown };
  /** The same with Python's types, in file order. */
  readonly details: readonly ValueEntry[];
  /** What is odd and was read all the same. */
  readonly warnings: readonly Warning[];
  /** Every global the pickle names, with a verdict. None is executed. */
  readonly globals: readonly GlobalEntry[];
  /** The state_dicts found; `build` takes the first unless told. */
  readonly stateDicts: readonly StateDictEntry[];
  /** Whether a whole module is inside, which builds without source. */
  readonly hasModule: boolean;
  /** That module's class. */
  readonly moduleClass: string | undefined;
  /** The classes whose source the file carries; {@link Checkpoint.code} is its text. */
  readonly embeddedSource: readonly string[];
  /** The optimizer's class, where its state is inside. */
  readonly optimizer: string | undefined;
  /** @internal */
  readonly source: RawSource;
  #backend: Backend;
  #handle: number;
  #disposed: Promise<void> | undefined;

  /** @internal */
  constructor(backend: Backend, source: RawSource, handle: number, description: Description) {
    this.format = description.format;
    this.kind = description.kind;
    this.name = description.name;
    this.bytes = description.bytes;
    this.entries = description.entries;
    this.values = Object.fromEntries(description.values.map(({ path, text, value }) => [path, value === undefined ? text : value]));
    this.details = description.values;
    this.warnings = description.warnings;
    this.globals = description.globals;
    this.stateDicts = description.stateDicts.map((found) => ({ ...found, prefix: found.prefix ?? "" }));
    this.hasModule = description.hasModule;
    this.moduleClass = description.moduleClass;
    this.embeddedSource = description.embeddedSource ?? [];
    this.optimizer = description.optimizer;
    this.source = source;
    this.#backend = backend;
    this.#handle = handle;
  }

  /**
   * The code that the file carries: the classes of a legacy whole-model file, the graph of a torch.export program written as source, the
   * `code/` of a TorchScript archive. Undefined where it carries none.
   *
   * @example
   * ```ts
   * const code = await checkpoint.code();
   * if (code?.dialect === "python") editor.value = code.text;
   * ```
   */
  code(): Promise<CarriedCode | undefined> {
    return this.#backend.call("code", { handle: this.#handle });
  }

  /**
   * One tensor's values, contiguous whatever its strides in the file.
   *
   * @throws MismatchError for a name that is not there; UnsupportedError for quantised and sparse tensors.
   * @example
   * ```ts
   * const { dtype, shape, data } = await checkpoint.tensor("fc1.weight");
   * ```
   */
  async tensor(name: string, options: Pick<CallOptions, "signal"> = {}): Promise<Tensor> {
    return fromRaw(await this.#backend.call("tensor", { handle: this.#handle, name }, { signal: options.signal }));
  }

  /**
   * A part of a tensor, as `tensor[indices]` gives it in Python: whole numbers, and `[start, stop]` for `start:stop`. The rest is not read,
   * so the tensor may be of any size; a part has at most 64 MiB.
   *
   * @throws MismatchError with code `"index"` where the indices do not fit, in torch's words.
   * @example
   * ```ts
   * const { shape, data } = await checkpoint.slice("fc1.weight", [[0, 16], [0, 16]]);
   * ```
   */
  async slice(name: string, indices: readonly Index[], options: Pick<CallOptions, "signal"> = {}): Promise<Tensor> {
    return fromRaw(await this.#backend.call("slice", { handle: this.#handle, name, indices }, { signal: options.signal }));
  }

  /**
   * Every tensor beside the other checkpoint's of the same name: what is in one only, what has another shape or dtype, and how far values
   * differ. Read in windows, so that size does not matter.
   *
   * @param other Opened by the same package, in the same worker.
   * @example
   * ```ts
   * const other = await open("/models/finetuned.pth");
   * for (const { name, status, change, norm } of await checkpoint.compare(other)) console.log(name, status, change, norm);
   * ```
   */
  compare(other: Checkpoint, options: CallOptions = {}): Promise<Compared[]> {
    if (other.#backend !== this.#backend) {
      const message = "The two checkpoints were not opened in the same worker";
      throw fromPlain({ kind: "mismatch", code: "argument", message, location: "other", hint: "Open the older one again." });
    }
    return this.#backend.call("compare", { handle: this.#handle, other: other.#handle }, options);
  }

  /**
   * One tensor's statistics, streamed: its size does not matter.
   *
   * @example
   * ```ts
   * const { mean, std, nan, histogram } = await checkpoint.stats("fc1.weight", { bins: 32 });
   * ```
   */
  stats(name: string, options: CallOptions & { readonly bins?: number | undefined } = {}): Promise<Stats> {
    const { bins, signal, onProgress } = options;
    return this.#backend.call("stats", { handle: this.#handle, name, ...(bins === undefined ? {} : { bins }) }, { signal, onProgress });
  }

  /**
   * Source to edit for a state_dict whose network is not known (`build` throws `"needs_source"`): layers and sizes are the file's,
   * activations, pools and strides are guesses and say so. Undefined where the keys are no plain stack of layers.
   *
   * @example
   * ```ts
   * const proposal = await checkpoint.propose();
   * if (proposal) editor.value = proposal.source;
   * ```
   */
  propose(stateDict?: string): Promise<Proposal | undefined> {
    return this.#backend.call("propose", { handle: this.#handle, ...(stateDict === undefined ? {} : { stateDict }) });
  }

  /**
   * Builds the network, fills it and puts it in eval mode.
   *
   * @param network Nothing for a file that holds its module, or whose keys are a known network's; a name of the zoo; a graph that
   * {@link Model.graph} made; else PyTorch source, and a Python expression where shapes cannot tell the constructor's arguments.
   * @throws UnsupportedError with code `"needs_source"` where a state_dict comes without its class; MismatchError for missing or unexpected keys.
   * @example
   * ```ts
   * const checkpoint = await open(irisFile);
   * const source = `
   * import torch.nn as nn
   *
   * class Iris(nn.Sequential):
   *     def __init__(self, hidden):
   *         super().__init__(nn.Linear(4, hidden), nn.Tanh(), nn.Linear(hidden, 3))`;
   * const model = await checkpoint.build({ source, construct: "Iris(8)" }, { device: "cpu" });
   * ```
   */
  async build(network?: NetworkChoice, options: BuildOptions = {}): Promise<Model> {
    return build(this, network, options, false);
  }

  /** @internal */
  async buildRaw(options: RawBuild, call: CallOptions, owns: boolean): Promise<Model> {
    const built = await this.#backend.call("build", { handle: this.#handle, options }, { signal: call.signal, onProgress: call.onProgress });
    return new Model(this.#backend, this, built, owns);
  }

  /**
   * Gives the checkpoint's memory back. Models built from it go on. `await using` does it at the end of a block.
   *
   * @example
   * ```ts
   * await using checkpoint = await open(file);
   * console.log(checkpoint.kind);
   * ```
   */
  dispose(): Promise<void> {
    this.#disposed ??= this.#backend.call("free", { handle: this.#handle }).then(() => undefined);
    return this.#disposed;
  }

  /** For `await using`. */
  [ASYNC_DISPOSE](): Promise<void> {
    return this.dispose();
  }
}

/** @internal */
export async function build(checkpoint: Checkpoint, network: NetworkChoice | undefined, options: BuildOptions, owns: boolean): Promise<Model> {
  const known = network === undefined || network === null || typeof network === "string" || isGraph(network) || typeof network.source === "string";
  if (!known) {
    const message = "A network is a name of the zoo, { source, construct? }: PyTorch source and a Python expression, or what graph() gave";
    throw fromPlain({ kind: "mismatch", code: "network", message });
  }
  const { device = "auto", stateDict, strict } = options;
  return checkpoint.buildRaw(
    {
      device,
      ...chosen(network),
      ...(stateDict === undefined ? {} : { stateDict }),
      ...(strict === undefined ? {} : { strict }),
    },
    options,
    owns,
  );
}

function isGraph(network: NetworkChoice): network is NetworkGraph {
  return typeof network === "object" && "traces" in network;
}

function chosen(network: NetworkChoice | undefined): Pick<RawBuild, "source" | "construct" | "zoo" | "graph"> {
  if (network === undefined || network === null) return {};
  if (typeof network === "string") return { zoo: network };
  if (isGraph(network)) return { graph: JSON.stringify(network) };
  return { source: network.source, ...(network.construct === undefined ? {} : { construct: network.construct }) };
}
