/**
 * The wasm rim as TypeScript sees it: plain objects and little-endian bytes. Only `host.ts` calls it.
 * @module
 */
import type {
  Difference,
  Evaluation,
  LossInput,
  OptimizerState,
  PlainValue,
  Prepared,
  StepReport,
  TrainingMemory,
} from "./lessons.js";
import type { Span } from "./remote.js";
import type {
  CarriedCode,
  Compared,
  Construct,
  Description,
  Device,
  DeviceChoice,
  Index,
  InputSpec,
  Progress,
  Proposal,
  Recognised,
  Stats,
  SummaryRow,
} from "./types.js";

/** A tensor at the rim: contiguous little-endian bytes. */
export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** What forward returned, at the rim. */
export type Structure =
  | { tensor: RawTensor }
  | { none: true }
  | { scalar: number | boolean }
  | { str: string }
  | { tuple: Structure[] }
  | { list: Structure[] }
  | { dict: [string, Structure][] };

/** A source that a worker can hold. Spans are given to the rim as one blob. */
export type RawSource = Blob | { readonly url: string } | { readonly spans: readonly Span[] };

/** An argument of forward: tensors, plain values, tuples and dicts of them. */
export type RawArgument = RawTensor | number | boolean | string | null | RawArgument[] | { [key: string]: RawArgument };

/** Inputs in forward's order, or by name. */
export type RawInputs = RawArgument[] | { [name: string]: RawArgument };

/** A range of the source, or bytes of its own. */
export type SavePart = readonly [start: number, end: number] | Uint8Array;

/** A file to assemble. */
export interface SavePlan {
  readonly parts: readonly SavePart[];
  readonly notes: readonly string[];
  readonly name: string;
}

/** What a run gives. */
export interface RawRun {
  readonly output: Structure;
  readonly milliseconds: number;
  readonly warmup: boolean;
}

/** How a build is asked for. */
export interface RawBuild {
  source?: string;
  construct?: string;
  zoo?: string;
  /** JSON */
  graph?: string;
  device: DeviceChoice;
  stateDict?: string;
  strict?: boolean;
}

/** How a save is asked for. */
export interface RawSave {
  format: "pth" | "safetensors";
  as: "same" | "state_dict" | "checkpoint";
}

/** Python's keyword arguments. */
export type Keywords = { [argument: string]: PlainValue };

/** A loss at the rim. */
export interface RawLoss {
  name: string;
  kwargs: Keywords;
  on: readonly LossInput[];
}

/** An optimizer at the rim. */
export interface RawOptimizer {
  class: string;
  hyper: Keywords;
  groups: readonly { readonly [argument: string]: PlainValue }[];
}

/** A scheduler at the rim. */
export interface RawScheduler {
  class: string;
  arguments: Keywords;
  schedulers: RawScheduler[];
}

/** How steps are made; absent keys take Rust's defaults. */
export interface RawTrain {
  loss: RawLoss;
  optimizer?: RawOptimizer;
  resume?: boolean;
  scheduler?: RawScheduler;
  schedulerEvery?: "step" | "epoch";
  freeze?: readonly string[];
  only?: readonly string[];
  lastLayerOnly?: boolean;
  freezeBatchNorm?: boolean;
  clipGradNorm?: number;
  clipNormType?: number;
  clipGradValue?: number;
  accumulate?: number;
  seed?: number;
  lossEvery?: number;
}

/** How a loop goes; absent keys take Rust's defaults. */
export interface RawFit {
  epochs?: number;
  batchSize?: number;
  shuffle?: boolean;
  dropLast?: boolean;
  validationSplit?: number;
  seed?: number;
  restoreBest?: boolean;
}

/** Samples: the first dimension of each tensor counts them. */
export interface RawData {
  inputs: RawInputs;
  targets: RawTensor[];
}

/** Before the first step. */
export interface RawFitStart {
  readonly prepared: Prepared;
  readonly trainingSamples: number;
  readonly validationSamples: number;
  readonly stepsPerEpoch: number;
  readonly memory: TrainingMemory;
}

/** What came of one call of `fitNext`. */
export type RawFitEvent =
  | ({ readonly event: "step"; readonly epoch: number; readonly stepOfEpoch: number; readonly samples: number } & StepReport)
  | {
      readonly event: "epoch";
      readonly epoch: number;
      readonly loss: number | null;
      readonly validation: Evaluation | null;
      readonly lrs: readonly number[];
      readonly best: boolean;
    }
  | {
      readonly event: "end";
      readonly reason: "finished" | "not_a_number";
      readonly bestEpoch: number | null;
      readonly restored: boolean;
      readonly undone: number;
    };

type Report = (progress: Progress) => void;

/** wasm-bindgen's class `Checkpoint`. */
export declare class RimCheckpoint {
  static open(source: Exclude<RawSource, { spans: unknown }>, options: { name?: string }, progress: Report, signal?: AbortSignal): Promise<RimCheckpoint>;
  describe(): Description;
  tensor(name: string): Promise<RawTensor>;
  slice(name: string, indices: readonly Index[]): Promise<RawTensor>;
  compare(other: RimCheckpoint, progress: Report, signal?: AbortSignal): Promise<Compared[]>;
  stats(name: string, options: { bins?: number }, progress: Report, signal?: AbortSignal): Promise<Stats>;
  code(): CarriedCode | undefined;
  propose(stateDict?: string): Proposal | undefined;
  build(options: RawBuild, progress: Report, signal?: AbortSignal): Promise<RimModel>;
  free(): void;
}

/** wasm-bindgen's class `Model`. */
export declare class RimModel {
  readonly device: Device;
  readonly recognised: Recognised | undefined;
  readonly training: boolean;
  readonly missingKeys: string[];
  readonly unexpectedKeys: string[];
  readonly construct: Construct | undefined;
  inputs(): InputSpec[];
  eval(): void;
  train(): void;
  to(device: DeviceChoice, progress: Report, signal?: AbortSignal): Promise<Device>;
  run(inputs: RawInputs, signal?: AbortSignal): Promise<RawRun>;
  summary(inputShapes?: number[][]): SummaryRow[];
  graph(inputShapes?: number[][]): string;
  stateDict(): Promise<[string, RawTensor][]>;
  set(name: string, tensor: RawTensor): Promise<void>;
  prepare(options: RawTrain): Promise<Prepared>;
  trainingMemory(data: RawData): Promise<TrainingMemory>;
  step(data: RawData, signal?: AbortSignal): Promise<StepReport>;
  schedulerStep(metric?: number): Promise<number[]>;
  fitBegin(data: RawData, validation: RawData | undefined, fit: RawFit, options: RawTrain): Promise<RawFitStart>;
  fitNext(signal?: AbortSignal): Promise<RawFitEvent>;
  fitStop(best: boolean): Promise<boolean>;
  evaluate(data: RawData, batchSize: number, signal?: AbortSignal): Promise<Evaluation>;
  optimizer(): OptimizerState | undefined;
  diff(): Promise<Difference[]>;
  revert(): Promise<void>;
  save(options: RawSave, progress: Report, signal?: AbortSignal): Promise<SavePlan>;
  free(): void;
}
