/**
 * Options of training, as callers write them (arguments beside the class's name) and as the rim wants them; and events with what they
 * share.
 * @module
 */
import { MismatchError } from "./errors.js";
import type { Keywords, RawFit, RawLoss, RawOptimizer, RawScheduler, RawTrain } from "./rim.js";
import type {
  FitOptions,
  LossInput,
  LossOptions,
  OptimizerOptions,
  PlainValue,
  SchedulerOptions,
  TrainOptions,
} from "./lessons.js";

function argument(message: string, location: string): MismatchError {
  return new MismatchError({ kind: "mismatch", code: "argument", message, location });
}

/** All that is there: a key that is undefined is as good as absent. */
function given<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The loss, split into name and arguments. */
export function toRawLoss(loss: string | LossOptions): RawLoss {
  if (typeof loss === "string") return { name: loss, kwargs: {}, on: [] };
  if (typeof loss !== "object" || loss === null || typeof loss.name !== "string") {
    throw argument('A loss is a name ("CrossEntropyLoss") or { name, …arguments }', "loss");
  }
  const { name, on = [], ...kwargs } = loss;
  return { name, kwargs: given(kwargs) as Keywords, on: on as readonly LossInput[] };
}

function toRawOptimizer(optimizer: string | OptimizerOptions): RawOptimizer {
  if (typeof optimizer === "string") return { class: optimizer, hyper: {}, groups: [] };
  const { class: name, groups = [], ...hyper } = optimizer;
  if (typeof name !== "string") throw argument('An optimizer is a class ("AdamW") or { class, …arguments }', "optimizer");
  return { class: name, hyper: given(hyper) as Keywords, groups: groups.map((group) => given(group) as { [argument: string]: PlainValue }) };
}

function toRawScheduler(scheduler: SchedulerOptions): RawScheduler {
  const { class: name, schedulers = [], ...rest } = scheduler;
  if (typeof name !== "string") throw argument("A scheduler is { class, …arguments }", "scheduler");
  return { class: name, arguments: given(rest) as Keywords, schedulers: schedulers.map(toRawScheduler) };
}

/** How steps are made. */
export function toRawTrain(options: TrainOptions): RawTrain {
  const { freeze, only, lastLayerOnly, freezeBatchNorm, clipGradNorm, clipNormType, clipGradValue, accumulate, seed, lossEvery } = options;
  return {
    loss: toRawLoss(options.loss),
    ...(options.optimizer === undefined ? {} : { optimizer: toRawOptimizer(options.optimizer) }),
    ...(options.scheduler === undefined ? {} : { scheduler: toRawScheduler(options.scheduler) }),
    ...given({ resume: options.resume, schedulerEvery: options.schedulerEvery }),
    ...given({ freeze, only, lastLayerOnly, freezeBatchNorm, clipGradNorm, clipNormType, clipGradValue, accumulate, seed, lossEvery }),
  };
}

/** How the loop goes. */
export function toRawFit({ epochs, batchSize, shuffle, dropLast, validationSplit, seed, restoreBest }: FitOptions): RawFit {
  return given({ epochs, batchSize, shuffle, dropLast, validationSplit, seed, restoreBest });
}

/** Options that speak of samples in memory: batches that come one by one are the caller's own. */
export function refuseForStreams(options: FitOptions): void {
  for (const name of ["batchSize", "shuffle", "dropLast", "validationSplit", "restoreBest"] as const) {
    if (options[name] !== undefined) throw argument(`${name} is for samples in memory: these batches come one by one`, name);
  }
}

/** Samples a second over the last second or so. */
export class Rate {
  #seconds = 0;
  #samples = 0;

  /** Counts what was done; older work fades. */
  add(samples: number, milliseconds: number): void {
    const fade = Math.exp(-milliseconds / 1000);
    this.#samples = this.#samples * fade + samples;
    this.#seconds = this.#seconds * fade + milliseconds / 1000;
  }

  /** Nothing before the first step. */
  get value(): number | undefined {
    return this.#seconds > 0 ? this.#samples / this.#seconds : undefined;
  }
}
