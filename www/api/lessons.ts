/**
 * The plain data of training: losses, optimizers, schedulers, samples, and what each step, epoch and evaluation tells.
 * @module
 */
import type { Inputs, TensorLike } from "./tensor.js";
import type { CallOptions, Change } from "./types.js";

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
