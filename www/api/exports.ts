// What both doors export beside their functions: `index.ts`, whose work runs in a worker, and `core.ts`, whose work runs where it is called.
export { Checkpoint } from "./checkpoint.js";
export { Model } from "./model.js";
export {
  AbortError,
  DeviceError,
  MalformedError,
  MismatchError,
  TooLargeError,
  TorchtabError,
  UnsupportedError,
} from "./errors.js";
export type { ErrorKind, PlainError } from "./errors.js";
export { newHead } from "./head.js";
export type { NewHead, NewHeadOptions } from "./head.js";
export { shardName } from "./shards.js";
export type { ShardName } from "./shards.js";
export { numbers } from "./tensor.js";
export type { Argument, Inputs, Nested, Tensor, TensorInput, TensorLike, TypedArray } from "./tensor.js";
export type { GraphNode, GraphOutput, GraphValue, NetworkGraph, TracedGraph } from "./graph.js";
export type {
  Batch,
  BatchStream,
  ClassReport,
  Difference,
  EvaluateOptions,
  Evaluation,
  FitData,
  FitEnd,
  FitEpoch,
  FitEvent,
  FitOptions,
  FitStart,
  FitState,
  FitStep,
  GroupOptions,
  LossInput,
  LossOptions,
  OptimizerOptions,
  OptimizerState,
  ParamGroup,
  PlainValue,
  Prepared,
  SampleData,
  SchedulerOptions,
  StepReport,
  TrainingMemory,
  TrainingSample,
  TrainOptions,
} from "./lessons.js";
export type {
  CarriedCode,
  BuildOptions,
  CallOptions,
  Change,
  Compared,
  ComparedTensor,
  Description,
  Device,
  DeviceChoice,
  Entry,
  GlobalEntry,
  Construct,
  ConstructArgument,
  Index,
  InputSpec,
  LoadOptions,
  NetworkChoice,
  NetworkSource,
  OpenOptions,
  Output,
  Progress,
  Proposal,
  Recognised,
  RunTime,
  SavedFile,
  SaveOptions,
  Source,
  StateDictEntry,
  Stats,
  SummaryRow,
  ValueEntry,
  Warning,
} from "./types.js";
