/**
 * The loops of `fit`: over samples, which the wasm drives, and over batches that come one by one, which are stepped here. Both ask for the
 * next step only when the caller asks for the next event.
 * @module
 */
import { dataBuffers, toRawData } from "./data.js";
import { aborted, MismatchError } from "./errors.js";
import type { Backend, CallName, Calls } from "./protocol.js";
import { Rate, refuseForStreams, toRawFit, toRawTrain } from "./training.js";
import type { BatchStream, Evaluation, FitEvent, FitOptions, FitState, SampleData } from "./lessons.js";

/** A model's calls, without its handle. */
export interface Trains {
  call<K extends CallName>(
    call: K,
    takes: Omit<Calls[K]["takes"], "handle">,
    options?: Parameters<Backend["call"]>[2],
  ): Promise<Calls[K]["gives"]>;
}

/** Samples of a batch in which held-out samples are measured. */
const BATCH_SIZE = 32;

/** What every event tells, as it is now. */
class State {
  step = 0;
  epoch = 0;
  loss: number | undefined;
  lrs: readonly number[] = [];
  valLoss: number | undefined;
  valAccuracy: number | undefined;
  readonly rate = new Rate();

  event<E extends FitEvent["event"], R>(event: E, rest: R): { event: E } & R & FitState {
    const { step, epoch, loss, lrs, valLoss, valAccuracy } = this;
    return { event, step, epoch, loss, lr: lrs[0], lrs, valLoss, valAccuracy, samplesPerSecond: this.rate.value, ...rest };
  }

  measured(validation: Evaluation | undefined): void {
    this.valLoss = validation?.loss;
    this.valAccuracy = validation?.accuracy;
  }
}

/** Samples in memory: the loop is the wasm's own. */
export async function* fitSamples(model: Trains, data: SampleData, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
  const { signal } = options;
  const raw = toRawData(data);
  const validation = options.validation === undefined ? undefined : toRawData(options.validation);
  const takes = { data: raw, ...(validation === undefined ? {} : { validation }), fit: toRawFit(options), options: toRawTrain(options) };
  const state = new State();
  let over = false;
  try {
    const start = await model.call("fitBegin", takes, { signal, transfer: [...dataBuffers(raw), ...dataBuffers(validation)] });
    yield state.event("start", start);
    while (!over) {
      const asked = performance.now();
      const found = await model.call("fitNext", {}, { signal });
      if (found.event === "step") {
        const { epoch, step, stepOfEpoch, samples, losses, updated, lrs } = found;
        state.rate.add(samples, performance.now() - asked);
        Object.assign(state, { epoch, step, lrs, loss: losses.at(-1) ?? state.loss });
        yield state.event("step", { stepOfEpoch, samples, losses, updated });
      } else if (found.event === "epoch") {
        const { epoch, loss, lrs, best } = found;
        const measured = found.validation ?? undefined;
        Object.assign(state, { epoch, lrs, loss: loss ?? state.loss });
        state.measured(measured);
        yield state.event("epoch", { validation: measured, best });
      } else {
        over = true;
        const { reason, bestEpoch, restored, undone } = found;
        yield state.event("end", { reason, bestEpoch: bestEpoch ?? undefined, restored, undone });
      }
    }
  } finally {
    // A dead worker has nothing to stop.
    if (!over) await model.call("fitStop", { best: false }).catch(() => false);
  }
}

/** Batches that come one by one: their order and size are the caller's. */
export async function* fitStream(model: Trains, data: BatchStream, options: FitOptions): AsyncGenerator<FitEvent, void, undefined> {
  const { signal, epochs = 1 } = options;
  refuseForStreams(options);
  if (epochs > 1 && typeof data !== "function") {
    throw new MismatchError({
      kind: "mismatch",
      code: "data",
      message: `An async iterable goes once through its batches, and epochs is ${epochs}`,
      location: "data",
      hint: "Give a function that returns an async iterable for each epoch.",
    });
  }
  const validation = options.validation;
  const prepared = await model.call("prepare", { options: toRawTrain(options) }, { signal });
  const state = new State();
  yield state.event("start", { prepared, trainingSamples: 0, validationSamples: 0, stepsPerEpoch: 0, memory: undefined });
  const every = options.schedulerEvery ?? (/^(OneCycleLR|CyclicLR)$/.test(options.scheduler?.class ?? "") ? "step" : "epoch");
  let best: { loss: number; epoch: number } | undefined;
  for (let epoch = 0; epoch < epochs; epoch += 1) {
    state.epoch = epoch;
    let [stepOfEpoch, sum, count] = [0, 0, 0];
    for await (const batch of typeof data === "function" ? data() : data) {
      if (signal?.aborted === true) throw aborted(signal);
      const raw = toRawData(batch);
      const samples = raw.targets[0]?.shape[0] ?? 0;
      const asked = performance.now();
      const { step, losses, lrs, updated, undone } = await model.call("step", { data: raw }, { signal, transfer: dataBuffers(raw) });
      state.rate.add(samples, performance.now() - asked);
      stepOfEpoch += 1;
      Object.assign(state, { step, lrs, loss: losses.at(-1) ?? state.loss });
      for (const loss of losses.filter(Number.isFinite)) [sum, count] = [sum + loss, count + 1];
      yield state.event("step", { stepOfEpoch, samples, losses, updated });
      if (undone !== undefined) {
        yield state.event("end", { reason: "not_a_number", bestEpoch: best?.epoch, restored: false, undone });
        return;
      }
    }
    if (count > 0) state.loss = sum / count;
    const measured = validation === undefined ? undefined : await measure(model, validation, signal);
    state.measured(measured);
    const metric = state.valLoss ?? state.loss;
    const isBest = metric !== undefined && metric < (best?.loss ?? Infinity);
    if (isBest) best = { loss: metric, epoch };
    if (options.scheduler !== undefined && every === "epoch") {
      state.lrs = await model.call("schedulerStep", metric === undefined ? {} : { metric });
    }
    yield state.event("epoch", { validation: measured, best: isBest });
  }
  yield state.event("end", { reason: "finished", bestEpoch: best?.epoch, restored: false, undone: 0 });
}

function measure(model: Trains, data: SampleData, signal: AbortSignal | undefined): Promise<Evaluation> {
  const raw = toRawData(data);
  return model.call("evaluate", { data: raw, batchSize: BATCH_SIZE }, { signal, transfer: dataBuffers(raw) });
}
