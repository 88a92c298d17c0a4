/**
 * The plain data of files and networks that the package hands out and takes; that of training is in `lessons.ts`. Sizes are in bytes, times in
 * milliseconds, shapes in elements.
 * @module
 */
import type { NetworkGraph } from "./graph.js";
import type { Tensor } from "./tensor.js";

/** Where a checkpoint comes from; a string is a URL, relative to the page. */
export type Source = File | Blob | ArrayBuffer | Uint8Array | URL | string;

/** Where networks run. `"auto"` and `"webgpu"` take WebGPU where it works, else the CPU: the model's `device` says which, and why. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/**
 * A step of long work. `total` is 0 while unknown; both count bytes, except for `warm-up` (kernels).
 */
export interface Progress {
  readonly phase: "directory" | "pickle" | "tensors" | "upload" | "warm-up" | "save";
  readonly done: number;
  readonly total: number;
  /** What is at hand, e.g. a tensor's name. */
  readonly detail?: string;
}

/** What every long call takes. */
export interface CallOptions {
  /** Ends the call with an {@link AbortError}; what is open stays usable. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of progress. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A tensor of the file, without its values. */
export interface Entry {
  /** Its dotted path: plain keys inside the state_dict (`fc.weight`), from the root elsewhere. */
  readonly name: string;
  readonly shape: readonly number[];
  /** torch's name without the prefix: `float32`, `bfloat16`. */
  readonly dtype: string;
  readonly stride: readonly number[];
  /** Tensors with the same number share memory. */
  readonly storage: number;
  /** The first element's place in the storage, in elements. */
  readonly offset: number;
  readonly bytes: number;
  readonly role: "parameter" | "buffer" | "optimizer" | "other";
  readonly requiresGrad: boolean;
  /** Why its values cannot be read, where they cannot. */
  readonly unloadable?: string;
}

/** A value of the file that is no tensor. */
export interface ValueEntry {
  readonly path: string;
  /** Python's type: `int`, `str`, `dict`, or a class by its qualified name. */
  readonly kind: string;
  /** As Python's `repr` would show it, shortened. */
  readonly text: string;
  /** The value, where JSON has one. */
  readonly value?: unknown;
}

/** What is odd in the file and was read all the same. */
export interface Warning {
  readonly message: string;
  readonly location?: string;
}

/** A global that the pickle names, and what it means here. Nothing is ever executed. */
export interface GlobalEntry {
  readonly name: string;
  readonly verdict: string;
  readonly count?: number;
}

/** A state_dict found in the file. */
export interface StateDictEntry {
  /** The place to name in `build`'s `stateDict`; empty for the root. */
  readonly path: string;
  /** The prefix that wrappers left on every key (`module.`). */
  readonly prefix: string;
  /** How many keys. */
  readonly keys: number;
}

/** What is known of a checkpoint as soon as it is open. */
export interface Description {
  readonly format: "zip" | "legacy" | "tar" | "safetensors" | "pickle" | "pt2" | "torchscript";
  readonly kind: "state_dict" | "module" | "checkpoint" | "optimizer" | "other";
  readonly name?: string;
  readonly bytes: number;
  readonly entries: readonly Entry[];
  readonly values: readonly ValueEntry[];
  readonly warnings: readonly Warning[];
  readonly globals: readonly GlobalEntry[];
  readonly stateDicts: readonly StateDictEntry[];
  /** Whether the file holds a whole module, which runs without source. */
  readonly hasModule: boolean;
  readonly moduleClass?: string;
  /** The classes whose source a legacy whole-model file carries. */
  readonly embeddedSource?: readonly string[];
  /** The optimizer's class as far as its state tells. */
  readonly optimizer?: string;
}

/** Code that a file carries. */
export interface CarriedCode {
  /** One text; the files of a TorchScript archive follow each other, each under its path. */
  readonly text: string;
  /** `"python"` builds when it is given to {@link Checkpoint.build}, as it stands or edited; `"torchscript"` is to read. */
  readonly dialect: "python" | "torchscript";
}

/** A tensor's statistics; NaN and infinities are counted apart and left out of the rest. */
export interface Stats {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation, as `torch.std` has it. */
  readonly std: number;
  readonly zeros: number;
  readonly nan: number;
  readonly inf: number;
  /** Equal bins from `low` to `high`. */
  readonly histogram: { readonly low: number; readonly high: number; readonly counts: readonly number[] };
}

/** A place of Python's basic indexing: `i`, or `[start, stop]` for `start:stop`. Negative ones count from the end. */
export type Index = number | readonly [start: number, stop: number];

/** How far values are from others of the same shape. A NaN in both places is no change. */
export interface Change {
  /** The 2-norm of the first values. */
  readonly norm: number;
  /** The 2-norm of the change. */
  readonly change: number;
  /** The largest change of an element. */
  readonly largest: number;
  /** Of the angle between both; 1 for equal directions. */
  readonly cosine: number;
  /** The share of elements that changed. */
  readonly changed: number;
}

/** A tensor of one of two files. */
export interface ComparedTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A name in either of two checkpoints. The measures of {@link Change} are there where shapes are equal and values can be read. */
export interface Compared extends Partial<Change> {
  /** Without the prefix that DataParallel or torch.compile left. */
  readonly name: string;
  /** `"dtype"`: equal shapes, another dtype; the values are compared as numbers. `"unreadable"`: quantised, sparse or without bytes. */
  readonly status: "same" | "changed" | "only_here" | "only_there" | "shape" | "dtype" | "unreadable";
  readonly here?: ComparedTensor;
  readonly there?: ComparedTensor;
}

/** A network in PyTorch source. */
export interface NetworkSource {
  /** Python that defines the `nn.Module` classes. */
  readonly source: string;
  /**
   * A Python expression that makes the network, e.g. `Net(3, hidden=[16, 32])`. Without it the class and its arguments are deduced from the
   * state_dict's keys and shapes; needed where those cannot tell.
   */
  readonly construct?: string | undefined;
}

/**
 * What `build` takes for a network: PyTorch source; a name of the zoo, with a constructor's arguments or without
 * (`"resnet18"`, `"resnet18(num_classes=10)"`); or a graph that {@link Model.graph} made.
 */
export type NetworkChoice = NetworkSource | NetworkGraph | string;

/** A network that was found without the user's source. */
export interface Recognised {
  /** `resnet18`; for a whole module its class. */
  readonly name: string;
  /** The Python expression that constructs it. A whole module has none: its attributes are in the file. */
  readonly construct?: string;
  /** `"certain"` when keys, shapes and the modules that the file names admit only this one; else `notes` say what was taken as usual. */
  readonly confidence: "certain" | "likely";
  /** What the file does not tell. */
  readonly notes: readonly string[];
}

/** Source to edit, for a state_dict whose network is not known. */
export interface Proposal {
  /** Python that defines `Net`. Lines that say "guess" are told by nothing in the file. */
  readonly source: string;
  /** The expression that constructs it. */
  readonly construct: string;
  /** What is a guess, in sentences. */
  readonly notes: readonly string[];
}

/** How a network was constructed. */
export interface Construct {
  /** The Python expression: the caller's own, or the one that was deduced. */
  readonly expression: string;
  /** Where it was deduced: each argument of the constructor. Empty where the caller gave the expression. */
  readonly arguments: readonly ConstructArgument[];
}

/** An argument of a constructor that was deduced. */
export interface ConstructArgument {
  /** The parameter, e.g. `hidden` or `config.n_layer`. */
  readonly name: string;
  /** Its value as Python writes it. */
  readonly value: string;
  /** What told it: `embedding.weight dim 0`, `default`, `model.py:30`. */
  readonly from: string;
  /** False where nothing in the file tells the value: a default that was kept, or one without effect in eval mode. */
  readonly told: boolean;
}

/** How a network is built. */
export interface BuildOptions extends CallOptions {
  /** Default `"auto"`. */
  readonly device?: DeviceChoice | undefined;
  /** Which state_dict fills it: a `path` of {@link Checkpoint.stateDicts}. Default: the first. */
  readonly stateDict?: string | undefined;
  /** Whether missing and unexpected keys are errors, as in `load_state_dict`. Default true. */
  readonly strict?: boolean | undefined;
}

/** How `load` opens and builds. */
export interface LoadOptions extends BuildOptions, OpenOptions {
  readonly network?: NetworkChoice | undefined;
}

/** How a checkpoint is opened. */
export interface OpenOptions extends CallOptions {
  /** A name to show; default: the file's. */
  readonly name?: string | undefined;
  /** The address of `torchtab_bg.wasm`, where it is not beside the package. Counts until the module runs. */
  readonly wasmUrl?: string | URL | undefined;
  /**
   * The worker to open in: the address of `torchtab/worker` where bundlers lose it, or a `Worker` of yours that runs it, which you end
   * yourself. Another site's address works too. Default: the package's own.
   */
  readonly worker?: string | URL | Worker | undefined;
}

/** The device a model runs on. */
export interface Device {
  readonly kind: "webgpu" | "cpu";
  readonly name: string;
  /** Why the CPU was taken, where `"auto"` took it. */
  readonly reason?: string;
}

/** A parameter of `forward`, as far as the first layers tell. */
export interface InputSpec {
  readonly name: string;
  /** Whether forward has a default for it. */
  readonly optional?: boolean;
  /** -1 stands for any size. */
  readonly shape?: readonly number[];
  readonly dtype?: string;
  readonly kind?: "image" | "tokens" | "features";
  readonly note?: string;
}

/** A module in the summary table; torchinfo's columns. */
export interface SummaryRow {
  readonly name: string;
  readonly class: string;
  readonly depth: number;
  readonly outputShape?: readonly number[];
  readonly parameters: number;
  readonly trainable: number;
  readonly bytes: number;
  readonly multAdds?: number;
}

/** What `forward` returned: its tensors in its own tuples (arrays), lists (arrays) and dicts (objects). */
export type Output = Tensor | null | number | boolean | string | readonly Output[] | { readonly [key: string]: Output };

/** How a model is saved. */
export interface SaveOptions extends CallOptions {
  /** `"pth"` for `torch.load`, or `"safetensors"`. Default `"pth"`. */
  readonly format?: "pth" | "safetensors" | undefined;
  /** The file with its changed tensors, only the state_dict, or a fresh checkpoint. Default `"same"` for pth, `"state_dict"` for safetensors. */
  readonly as?: "same" | "state_dict" | "checkpoint" | undefined;
}

/** A saved checkpoint: a `File` with a name, and what was converted on the way. */
export type SavedFile = File & { readonly notes: readonly string[] };

/** How long a run took, in milliseconds. `warmup` says that it compiled kernels first. */
export interface RunTime {
  readonly milliseconds: number;
  readonly warmup: boolean;
}
