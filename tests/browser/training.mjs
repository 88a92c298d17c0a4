// The `train` part of a network case in the page: fine-tunes as the case says, and compares losses, learning rates, parameters, buffers,
// outputs and, in the file that is saved afterwards, weights and the optimizer's state. `tests/harness/train.rs` is the same natively.

import { TorchtabError, numbers, open } from "/pkg/dist/index.js";
import { apart, argumentsOf, compare, failed, input, inputsOf, load, passed, tensor, told } from "./case.mjs";

/** Trains and compares. */
export async function training(expected, device) {
  const checked = new Checked(expected.train, device);
  try {
    await train(expected, device, checked);
    return passed(`largest errors: ${checked}`);
  } catch (error) {
    return failed(error instanceof TorchtabError ? told(error) : (error?.message ?? String(error)));
  }
}

async function train(expected, device, checked) {
  const { train } = expected;
  const how = train.resume ? { content: "checkpoint", ...train.resume } : expected;
  const [checkpoint, model] = await load(how, expected, device);
  try {
    const inputs = await inputsOf(expected);
    const batch = async () => ({
      inputs: argumentsOf(expected.call, inputs),
      targets: (await Promise.all(train.targets.map(input))).map(tensor),
    });
    const options = optionsOf(train);
    const [losses, lrs] = [[], []];
    for (let step = 0; step < train.steps; step++) {
      const report = await model.step(await batch(), options);
      losses.push(...report.losses);
      lrs.push(report.lrs);
    }
    const saved = await open(await model.save({ format: "pth", as: "checkpoint" }));
    try {
      checked.losses(losses);
      checked.rates(lrs, saved);
      const state = await model.stateDict();
      checked.state(state);
      await checked.saved(saved, state, model.optimizer.groups.flatMap(({ params }) => params));
    } finally {
      await saved.dispose();
    }
    if (train.eval_after) checked.outputs(await model.eval().run(argumentsOf(expected.call, inputs)));
  } finally {
    await model.dispose();
    await checkpoint.dispose();
  }
}

/** The case's words as the API's. */
function optionsOf(train) {
  const given = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null && value !== undefined));
  const groups = (train.param_groups ?? []).map(group);
  return given({
    loss: { name: train.loss, on: train.loss_on ?? [], ...train.loss_kwargs },
    optimizer: { class: train.optimizer, ...train.hyper, ...(groups.length > 0 ? { groups } : {}) },
    // Prefixes without regard to dots, as str.startswith has them.
    freeze: (train.freeze ?? []).map((prefix) => `${prefix}*`),
    freezeBatchNorm: train.freeze_batch_norm,
    clipGradNorm: train.clip_grad_norm,
    clipGradValue: train.clip_grad_value,
    accumulate: train.accumulate,
    resume: typeof train.resume?.optimizer_key === "string",
    // The functions of a LambdaLR are in no file.
    scheduler: train.scheduler && (!train.resume?.scheduler_key || train.scheduler.name === "warmup") ? scheduler(train.scheduler) : undefined,
    schedulerEvery: "step",
    lossEvery: 1,
  });
}

/** `{"params": [...], "lr": ...}`, whatever the list is called. */
function group(fields) {
  const made = {};
  for (const [key, value] of Object.entries(fields)) {
    const names = Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string");
    if (names) made.params = value;
    else if (value !== null && typeof value === "object" && !Array.isArray(value)) Object.assign(made, value);
    else made[key] = value;
  }
  return made;
}

/** `{"name": "StepLR", "step_size": 2}` as the API has it. */
function scheduler({ name, schedulers, ...rest }) {
  if (name === "warmup") return { class: "LambdaLR", lr_lambda: `lambda s: min((s + 1) ** -0.5, (s + 1) * ${rest.warmup_steps} ** -1.5)` };
  return { class: name, ...rest, ...(schedulers ? { schedulers: schedulers.map(scheduler) } : {}) };
}

/** What was compared, and how far off it was. */
class Checked {
  #train;
  #scale;
  #worst = {};

  constructor(train, device) {
    this.#train = train;
    this.#scale = device === "webgpu" ? 10 : 1;
  }

  #tolerance(kind) {
    const { atol, rtol = 1e-4 } = this.#train;
    const absolute = typeof atol === "number" ? atol : (atol?.[kind] ?? 1e-5);
    return [absolute * this.#scale, rtol * this.#scale];
  }

  #record(kind, gap) {
    this.#worst[kind] = Math.max(this.#worst[kind] ?? 0, gap);
  }

  /** A leaf of any kind against what the case says of it. */
  #leaf(kind, got, want, place) {
    try {
      this.#record(kind, compare(got, { path: [], ...want }, ...this.#tolerance(kind)));
    } catch (error) {
      throw new Error(`${place}: ${error.message}`);
    }
  }

  losses(got) {
    const want = this.#train.losses;
    if (!want) return;
    if (got.length !== want.length) throw new Error(`${got.length} losses, and ${want.length} were expected`);
    for (const [step, loss] of got.entries()) {
      const gap = apart(loss, want[step], ...this.#tolerance("losses"));
      if (gap === undefined) throw new Error(`losses of step ${step}: ${loss}, and ${want[step]} was expected`);
      this.#record("losses", gap);
    }
  }

  /** Cases list the rates of each step, or those that the scheduler left; the file that was saved says what it left last. */
  rates(got, saved) {
    if (!this.#train.lrs) return;
    const want = this.#train.lrs.map((rates) => [rates].flat());
    const equal = (a, b) => a.length === b.length && a.every((lr, i) => apart(lr, b[i], 1e-9, 1e-7) !== undefined);
    const as = (ours) => ours.length === want.length && ours.every((lrs, step) => equal(lrs, want[step]));
    const left = [...got.slice(1), groupsOf(saved).map((group) => group.lr)];
    if (!as(got) && !as(left)) throw new Error(`lrs ${JSON.stringify(got)}, and ${JSON.stringify(this.#train.lrs)} was expected`);
  }

  /** Parameters and buffers; of noisy ones only the positions that the case lists. */
  state(state) {
    for (const [after, noise, kind] of [["params_after", "noise_params", "params"], ["buffers_after", "noise_buffers", "buffers"]]) {
      for (const [name, want] of Object.entries(this.#train[after] ?? {})) {
        if (this.#train[noise]?.includes(name) && !want.index) continue;
        if (state[name] === undefined) throw new Error(`there is no ${name}`);
        this.#leaf(kind, state[name], want, `${name} after`);
      }
    }
  }

  /** The saved file: its weights are the model's, and the optimizer's state, where the case has it, is torch's. */
  async saved(saved, state, optimizer) {
    for (const [name, ours] of Object.entries(state)) {
      // Keys may have kept the prefix that they came with, and a file may hold more than one state_dict.
      const named = saved.entries.filter((entry) => entry.role !== "optimizer" && (entry.name === name || entry.name.endsWith(`.${name}`)));
      const copies = await Promise.all(named.map((entry) => saved.tensor(entry.name)));
      if (!copies.some((copy) => same(ours, copy))) throw new Error(`${name} is ${copies.length === 0 ? "not saved" : "saved as another tensor"}`);
    }
    const places = groupsOf(saved).flatMap(({ params, at }) => params.map((number) => `${at}state.${number}`));
    for (const [name, wanted] of Object.entries(this.#train.optimizer_after ?? {})) {
      const noisy = this.#train.noise_params?.includes(name);
      for (const [field, want] of Object.entries(wanted)) {
        if (noisy && !want.index && scalar(want) === undefined) continue;
        await this.#moment(saved, `${places[optimizer.indexOf(name)]}.${field}`, want, `${field} of ${name}`);
      }
    }
  }

  /** A number or a tensor that the optimizer keeps. Moments are small, so the measure is the largest element. */
  async #moment(saved, path, want, said) {
    const entry = saved.entries.find(({ name }) => name === path);
    const got = entry === undefined ? saved.values[path] : await saved.tensor(path);
    const wanted = scalar(want);
    if (wanted !== undefined) {
      const number = got?.data === undefined ? got : numbers(got)[0];
      if (apart(number, wanted, 0, 1e-6) === undefined) throw new Error(`the optimizer's ${said} is ${number}, and ${wanted} was expected`);
      return;
    }
    const largest = want.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const [, rtol] = this.#tolerance("optimizer");
    try {
      const gap = compare(got, { path: [], ...want }, rtol * largest, 0);
      this.#record("optimizer (relative)", largest === 0 ? 0 : gap / largest);
    } catch (error) {
      throw new Error(`the optimizer's ${said}: ${error.message}`);
    }
  }

  outputs(result) {
    for (const want of this.#train.eval_after) this.#leaf("eval_after", result, want, "eval_after");
  }

  toString() {
    return Object.entries(this.#worst).map(([kind, gap]) => `${kind} ${gap.toExponential(1)}`).join(", ");
  }
}

/** Whether two tensors are equal to the bit, or, where the file keeps another dtype, as near as bfloat16 can be. */
function same(ours, copy) {
  const [a, b] = [numbers(ours), numbers(copy)];
  const close = ours.dtype === copy.dtype ? Object.is : (x, y) => apart(y, x, 2 ** -24, 2 ** -8) !== undefined;
  return `${ours.shape}` === `${copy.shape}` && a.every((x, i) => close(x, b[i]));
}

/** A count or factor, which torch keeps as a number or as a tensor of no dimensions. */
const scalar = (want) => (typeof want === "number" ? want : want.shape.length === 0 ? want.data[0] : undefined);

/** The param_groups of a saved file: where its optimizer stands, and each group's rate and the numbers of its parameters. */
function groupsOf(saved) {
  const groups = [];
  for (const [path, lr] of Object.entries(saved.values)) {
    const found = /^(.*)param_groups\.(\d+)\.lr$/.exec(path);
    if (found) groups[found[2]] = { at: found[1], lr, params: saved.values[path.replace(/lr$/, "params")] };
  }
  return groups;
}
