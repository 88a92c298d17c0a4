/**
 * The plain data that the package hands out and takes. Sizes are in bytes, times in milliseconds, shapes in elements.
 * @module
 */
import type { NetworkGraph } from "./graph.js";
import type { Inputs, Tensor, TensorLike } from "./tensor.js";

/** Where a checkpoint comes from; a string is a URL, relative to the page. */
export type Source = File | Blob | ArrayBuffer | Uint8Array | URL | string;

/** Where networks run. `"auto"` and `"webgpu"` take WebGPU where it works, else the CPU: the model's `device` says which, and why. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/**
 * A step of long work. `total` is 0 while unknown; both count bytes, except for `upload` (tensors) and `warm-up` (kernels).
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
  /** Class source that legacy whole-model files carry. */
  readonly embeddedSource?: readonly string[];
  /** The optimizer's class as far as its state tells. */
  readonly optimizer?: string;
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

/** What torch's constructors take: numbers, booleans, text, null for None, arrays for tuples and lists. */
export type PlainValue = number | boolean | string | null | readonly PlainValue[];

/** One leaf of what forward returns, for a loss. */
export interface LossInput {
  /** Indices into tuples and lists, keys of dicts. */
  readonly path?: readonly (number | string)[];
  /** `reshape` before the loss; one size may be -1. */
  readonly reshape?: readonly number[];
}

/**
 * A loss: a class of torch.nn, `"source:name"` for a class or function of the network's source, or a Python expression in its namespace
 * (`nn.CrossEntropyLoss(label_smoothing=0.1)`). Keyword arguments have torch's names. An empty name says that forward returns the loss itself.
 */
export interface LossOptions {
  readonly name: string;
  /** Which tensors of forward's result it is applied to. Default: forward's result itself. */
  readonly on?: readonly LossInput[] | undefined;
  readonly [argument: string]: PlainValue | readonly LossInput[] | undefined;
}

/** A param_group: names or patterns (`fc.*`), and torch's keyword arguments where they differ from the optimizer's own. */
export interface GroupOptions {
  readonly params: readonly string[];
  readonly [argument: string]: PlainValue | undefined;
}

/** An optimizer of torch.optim by its class, with torch's keyword arguments: `{ class: "AdamW", lr: 1e-3, betas: [0.9, 0.99] }`. */
export interface OptimizerOptions {
  readonly class: string;
  readonly groups?: readonly GroupOptions[] | undefined;
  readonly [argument: string]: PlainValue | readonly GroupOptions[] | undefined;
}

/** A scheduler of torch.optim.lr_scheduler; functions are Python text: `{ class: "LambdaLR", lr_lambda: "lambda epoch: 0.95 ** epoch" }`. */
export interface SchedulerOptions {
  readonly class: string;
  /** Those of a `SequentialLR` or `ChainedScheduler`. */
  readonly schedulers?: readonly SchedulerOptions[] | undefined;
  readonly [argument: string]: PlainValue | readonly SchedulerOptions[] | undefined;
}

/** How a step of training is made. */
export interface TrainOptions {
  /** A name, or a name with arguments. */
  readonly loss: string | LossOptions;
  /** Default: the one in the file goes on, with its state; without one there, `optimizer` must be said. */
  readonly optimizer?: string | OptimizerOptions | undefined;
  /** The optimizer's state comes from the file, and `optimizer` says its class and groups, as the script did that saved it. */
  readonly resume?: boolean | undefined;
  /** Default: the one in the file goes on, where the optimizer does. */
  readonly scheduler?: SchedulerOptions | undefined;
  /** When the scheduler is stepped. Default: `"step"` for those made for it (OneCycleLR, CyclicLR), else `"epoch"`. */
  readonly schedulerEvery?: "step" | "epoch" | undefined;
  /** What does not train: names, module paths (`layer1`) or patterns (`*.bias`). */
  readonly freeze?: readonly string[] | undefined;
  /** All that trains, likewise. Default: everything. */
  readonly only?: readonly string[] | undefined;
  /** Only the last module that has parameters trains. */
  readonly lastLayerOnly?: boolean | undefined;
  /** Batch norm whose parameters are frozen uses and keeps its running statistics. */
  readonly freezeBatchNorm?: boolean | undefined;
  /** `clip_grad_norm_` */
  readonly clipGradNorm?: number | undefined;
  /** Its `norm_type`. Default 2. */
  readonly clipNormType?: number | undefined;
  /** `clip_grad_value_` */
  readonly clipGradValue?: number | undefined;
  /** Batches whose mean gradient makes one step of the optimizer. Default 1. */
  readonly accumulate?: number | undefined;
  /** Where orders and dropout start: equal seeds, equal training. Default 0 for orders; dropout goes on from where it is. */
  readonly seed?: number | undefined;
  /** Steps between reads of the loss, so that a GPU is not waited for. Default 1 on the CPU, 8 on WebGPU. */
  readonly lossEvery?: number | undefined;
}

/** How a loop over data goes. */
export interface FitOptions extends TrainOptions, Pick<CallOptions, "signal"> {
  /** Times through the data. Default 1. */
  readonly epochs?: number | undefined;
  /** Samples of a batch. Default 32. */
  readonly batchSize?: number | undefined;
  /** Whether each epoch has an order of its own. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Drop a last batch that is not full. Default false. */
  readonly dropLast?: boolean | undefined;
  /** The share of samples to hold out, of each class. Default 0. */
  readonly validationSplit?: number | undefined;
  /** Samples to measure with after each epoch, instead of a share of the data. */
  readonly validation?: SampleData | undefined;
  /** End with the weights of the best epoch. Default false. */
  readonly restoreBest?: boolean | undefined;
}

/** How a measurement is made. */
export interface EvaluateOptions extends Pick<CallOptions, "signal"> {
  /** Default: the loss that training was prepared with. */
  readonly loss?: string | LossOptions | undefined;
  /** Samples of a batch. Default 32. */
  readonly batchSize?: number | undefined;
}

/** Inputs of forward and what the loss takes besides; the first dimension of every tensor counts samples. */
export interface Batch {
  readonly inputs: Inputs;
  readonly targets: TensorLike | readonly TensorLike[];
}

/**
 * One sample, without the dimension that counts samples. A whole number as target is a class (int64), a number with a fraction in any
 * sample makes all of them float32.
 */
export interface TrainingSample {
  readonly input: TensorLike;
  readonly target: number | TensorLike;
}

/** Samples in memory. */
export type SampleData = Batch | readonly TrainingSample[];

/** Batches that come one by one. Only a function can give them anew for a second epoch. */
export type BatchStream = AsyncIterable<Batch> | (() => AsyncIterable<Batch>);

/** What `fit` trains on. */
export type FitData = SampleData | BatchStream;

/** What is about to train. */
export interface Prepared {
  /** torch.optim's class. */
  readonly optimizer: string;
  /** Whether its state comes from the file. */
  readonly resumed: boolean;
  readonly scheduler?: string;
  /** The criterion's class or function. */
  readonly loss: string;
  /** Elements of the parameters that train, and of those that do not. */
  readonly trained: number;
  readonly frozen: number;
  /** The parameters that train. */
  readonly names: readonly string[];
  /** What is odd and not wrong. */
  readonly warnings: readonly string[];
}

/** Bytes that training takes on the device, about. */
export interface TrainingMemory {
  /** Parameters and buffers, and the copy that is kept of the last good ones. */
  readonly weights: number;
  readonly gradients: number;
  /** Moments and the like. */
  readonly optimizer: number;
  /** Results of operators that the way back needs, of one batch. */
  readonly activations: number;
  readonly total: number;
}

/** After one step. */
export interface StepReport {
  /** Steps so far, this one included. */
  readonly step: number;
  /** The losses that were read now, this step's last; empty between reads. */
  readonly losses: readonly number[];
  /** Each param_group's learning rate in this step. */
  readonly lrs: readonly number[];
  /** Whether the optimizer was stepped, which it is not while gradients accumulate. */
  readonly updated: boolean;
  /** The loss was not a number: the weights are the last good ones, of this many steps ago. */
  readonly undone?: number;
}

/** A class in a measurement. */
export interface ClassReport {
  readonly class: number;
  /** Samples of this class. */
  readonly targets: number;
  /** Times it was predicted, and rightly. */
  readonly predicted: number;
  readonly right: number;
}

/** A measurement on data. */
export interface Evaluation {
  readonly samples: number;
  /** The mean loss. */
  readonly loss: number;
  /** The share of right answers, where the targets are classes. */
  readonly accuracy?: number;
  /** By class, where the targets are classes. */
  readonly classes?: readonly ClassReport[];
  /** Rows are the targets' classes, columns the predicted ones; up to 200 classes. */
  readonly confusion?: readonly (readonly number[])[];
}

/** What every event of `fit` tells. */
export interface FitState {
  /** Steps so far. */
  readonly step: number;
  /** From 0. */
  readonly epoch: number;
  /** The last loss that was read; of an epoch its mean. */
  readonly loss: number | undefined;
  /** The first param_group's learning rate. */
  readonly lr: number | undefined;
  readonly lrs: readonly number[];
  /** On the held-out samples, after the last epoch that measured them. */
  readonly valLoss: number | undefined;
  readonly valAccuracy: number | undefined;
  /** Over the last second or so of training, without measurements and pauses. */
  readonly samplesPerSecond: number | undefined;
}

/** Before the first step: all that can be told has been checked. */
export interface FitStart extends FitState {
  readonly event: "start";
  readonly prepared: Prepared;
  /** 0 where batches come one by one, as nobody knows. */
  readonly trainingSamples: number;
  readonly validationSamples: number;
  readonly stepsPerEpoch: number;
  readonly memory: TrainingMemory | undefined;
}

/** A step was made. */
export interface FitStep extends FitState {
  readonly event: "step";
  /** The step within its epoch, from 1. */
  readonly stepOfEpoch: number;
  readonly samples: number;
  /** The losses that were read now. */
  readonly losses: readonly number[];
  readonly updated: boolean;
}

/** An epoch is done. */
export interface FitEpoch extends FitState {
  readonly event: "epoch";
  readonly validation: Evaluation | undefined;
  /** Whether it is the best so far. */
  readonly best: boolean;
}

/** The loop is over. */
export interface FitEnd extends FitState {
  readonly event: "end";
  /** `"not_a_number"`: the loss was NaN or infinite, and the weights are the last good ones. */
  readonly reason: "finished" | "not_a_number";
  readonly bestEpoch: number | undefined;
  /** Whether the weights are the best epoch's. */
  readonly restored: boolean;
  /** Steps that were undone. */
  readonly undone: number;
}

/** What `fit` yields. */
export type FitEvent = FitStart | FitStep | FitEpoch | FitEnd;

/** How far a tensor is from the file's. */
export interface Difference extends Change {
  readonly name: string;
}

/** The optimizer at work, or the one that training would resume. */
export interface OptimizerState {
  /** torch.optim's class. */
  readonly class: string;
  /** Whether its state comes from the file. */
  readonly resumed: boolean;
  /** Where the file has it: `optimizer_state_dict`. */
  readonly path?: string;
  readonly groups: readonly ParamGroup[];
}

/** A param_group, with torch's names. */
export interface ParamGroup {
  /** Names of its parameters. */
  readonly params: readonly string[];
  readonly [argument: string]: unknown;
}
