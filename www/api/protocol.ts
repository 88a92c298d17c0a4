/**
 * Every message between a page and its worker. Requests are answered in the order they were sent, one at a time.
 * @module
 */
import type { PlainError } from "./errors.js";
import type {
  RawBuild,
  RawData,
  RawFit,
  RawFitEvent,
  RawFitStart,
  RawInputs,
  RawRun,
  RawSave,
  RawSource,
  RawTensor,
  RawTrain,
  SavePlan,
} from "./rim.js";
import type { Difference, Evaluation, OptimizerState, Prepared, StepReport, TrainingMemory } from "./lessons.js";
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

/** A checkpoint or model that the worker holds. */
export type Handle = number;

/** What a built model is from the start. */
export interface Built {
  readonly handle: Handle;
  readonly device: Device;
  readonly recognised?: Recognised | undefined;
  readonly training: boolean;
  readonly missingKeys: readonly string[];
  readonly unexpectedKeys: readonly string[];
  readonly construct?: Construct | undefined;
  readonly optimizer: OptimizerState | null;
}

/** Each call: what it takes and what it gives. */
export interface Calls {
  open: { takes: { source: RawSource; name?: string; wasmUrl?: string }; gives: { handle: Handle; description: Description } };
  code: { takes: { handle: Handle }; gives: CarriedCode | undefined };
  tensor: { takes: { handle: Handle; name: string }; gives: RawTensor };
  slice: { takes: { handle: Handle; name: string; indices: readonly Index[] }; gives: RawTensor };
  compare: { takes: { handle: Handle; other: Handle }; gives: Compared[] };
  stats: { takes: { handle: Handle; name: string; bins?: number }; gives: Stats };
  propose: { takes: { handle: Handle; stateDict?: string }; gives: Proposal | undefined };
  build: { takes: { handle: Handle; options: RawBuild }; gives: Built };
  inputs: { takes: { handle: Handle }; gives: InputSpec[] };
  mode: { takes: { handle: Handle; training: boolean }; gives: boolean };
  to: { takes: { handle: Handle; device: DeviceChoice }; gives: Device };
  run: { takes: { handle: Handle; inputs: RawInputs }; gives: RawRun };
  summary: { takes: { handle: Handle; inputShapes?: number[][] }; gives: SummaryRow[] };
  graph: { takes: { handle: Handle; inputShapes?: number[][] }; gives: string };
  stateDict: { takes: { handle: Handle }; gives: [string, RawTensor][] };
  set: { takes: { handle: Handle; name: string; tensor: RawTensor }; gives: null };
  prepare: { takes: { handle: Handle; options: RawTrain }; gives: Prepared };
  trainingMemory: { takes: { handle: Handle; data: RawData }; gives: TrainingMemory };
  step: { takes: { handle: Handle; data: RawData }; gives: StepReport };
  schedulerStep: { takes: { handle: Handle; metric?: number }; gives: number[] };
  fitBegin: { takes: { handle: Handle; data: RawData; validation?: RawData; fit: RawFit; options: RawTrain }; gives: RawFitStart };
  fitNext: { takes: { handle: Handle }; gives: RawFitEvent };
  fitStop: { takes: { handle: Handle; best: boolean }; gives: boolean };
  evaluate: { takes: { handle: Handle; data: RawData; batchSize: number }; gives: Evaluation };
  optimizer: { takes: { handle: Handle }; gives: OptimizerState | null };
  diff: { takes: { handle: Handle }; gives: Difference[] };
  revert: { takes: { handle: Handle }; gives: null };
  save: { takes: { handle: Handle; options: RawSave }; gives: SavePlan };
  free: { takes: { handle: Handle }; gives: null };
}

/** A call's name. */
export type CallName = keyof Calls;

/** A call under way. */
export type Call<K extends CallName = CallName> = { [N in K]: { readonly call: N; readonly takes: Calls[N]["takes"] } }[K];

/** Page to worker: a call, the wish to end one, or the first word: the name of a lock that the worker is to hold as long as it lives. */
export type Request = (Call & { readonly id: number }) | { readonly abort: number } | { readonly hello: string };

/** Worker to page. `dead` says that the module trapped and the worker is of no more use; `holds` answers the first word. */
export type Reply =
  | { readonly holds: boolean }
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly gives: unknown }
  | { readonly id: number; readonly error: PlainError; readonly dead?: true };

/** Who carries calls out: a worker, or the caller's own thread. */
export interface Backend {
  call<K extends CallName>(
    call: K,
    takes: Calls[K]["takes"],
    options?: { signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined; transfer?: Transferable[] },
  ): Promise<Calls[K]["gives"]>;
}
