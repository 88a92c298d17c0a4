// The JavaScript API in a page of no bundler: `/pkg/dist/index.js` as it is published.
import { expect, test } from "@playwright/test";

type Api = typeof import("../../www/api/index.js");

declare global {
  interface Window {
    api: Api;
    fetched(path: string, name?: string): Promise<File>;
    text(path: string): Promise<string>;
  }
}

test.beforeEach(async ({ page }) => {
  // Any document of the same origin does; this one has no scripts of its own.
  await page.goto("/samples/samples.json");
  await page.evaluate(async () => {
    window.api = (await import("/pkg/dist/index.js" as string)) as Api;
    window.fetched = async (path, name = "model.pth") => new File([await (await fetch(path)).blob()], name);
    window.text = async (path) => (await fetch(path)).text();
  });
});

const DIGITS = "/samples/digits/digits.pth";

test("importing starts nothing", async ({ page }) => {
  expect(page.workers()).toHaveLength(0);
  const names = await page.evaluate(() => Object.keys(window.api).sort());
  expect(names).toEqual([
    "AbortError", "Checkpoint", "DeviceError", "MalformedError", "MismatchError", "Model", "TooLargeError", "TorchtabError", "UnsupportedError",
    "load", "newHead", "numbers", "open", "openShards", "shardName",
  ]);
});

test("open takes every kind of source and tells all there is", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open } = window.api;
    const file = await window.fetched(path, "digits.pth");
    const bytes = await file.arrayBuffer();
    const out = [];
    for (const source of [file, new Blob([file]), bytes, new Uint8Array(bytes), new URL(path, location.href), path]) {
      const checkpoint = await open(source);
      const weight = await checkpoint.tensor("conv1.weight");
      out.push([checkpoint.format, checkpoint.kind, checkpoint.bytes, checkpoint.entries.length, weight.data[0], checkpoint.values["epoch"]]);
      await checkpoint.dispose();
    }
    const checkpoint = await open(file);
    const entry = checkpoint.entries.find(({ name }) => name === "conv1.weight");
    return { out, entry, name: checkpoint.name, optimizer: checkpoint.optimizer, dicts: checkpoint.stateDicts.map(({ path, keys }) => [path, keys]) };
  }, DIGITS);
  expect(new Set(found.out.map((row) => JSON.stringify(row))).size).toBe(1);
  expect(found.out[0]?.slice(0, 2)).toEqual(["zip", "checkpoint"]);
  expect(found.entry).toMatchObject({ name: "conv1.weight", shape: [16, 1, 3, 3], dtype: "float32", stride: [9, 9, 3, 1], bytes: 576, role: "parameter" });
  expect(found.name).toBe("digits.pth");
  expect(found.dicts[0]).toEqual(["model_state_dict", 16]);
});

test("tensors come as typed arrays, statistics agree with them", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const checkpoint = await window.api.open(path);
    const whole = await checkpoint.tensor("bn1.num_batches_tracked");
    const weight = await checkpoint.tensor("fc1.weight");
    const values = window.api.numbers(weight);
    const stats = await checkpoint.stats("fc1.weight", { bins: 10 });
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
    return {
      integer: [whole.data.constructor.name, whole.shape, typeof whole.data[0]],
      float: [weight.data.constructor.name, weight.shape],
      stats, mean, std, min: Math.min(...values), max: Math.max(...values),
    };
  }, DIGITS);
  expect(found.integer).toEqual(["BigInt64Array", [], "bigint"]);
  expect(found.float).toEqual(["Float32Array", [48, 128]]);
  expect(found.stats.count).toBe(48 * 128);
  expect(found.stats.min).toBe(found.min);
  expect(found.stats.max).toBe(found.max);
  expect(found.stats.mean).toBeCloseTo(found.mean, 6);
  expect(found.stats.std).toBeCloseTo(found.std, 6);
  expect(found.stats.histogram.counts).toHaveLength(10);
  expect(found.stats.histogram.counts.reduce((a, b) => a + b, 0)).toBe(48 * 128);
});

for (const device of ["cpu", "webgpu"] as const) {
  test(`a network is built, run, changed and saved: ${device}`, async ({ page }) => {
    const found = await page.evaluate(
      async ({ path, device }) => {
        const { load, open } = window.api;
        const source = await window.text("/samples/digits/model.py");
        const heard = new Set<string>();
        const model = await load(await window.fetched(path, "digits.pth"), {
          network: { source, construct: "DigitsNet()" }, device, onProgress: ({ phase }) => heard.add(phase),
        });
        const examples = JSON.parse(await window.text("/samples/digits/examples.json")) as { label: string; tensor: { dtype: string; shape: number[]; data: number[] } }[];
        let right = 0;
        for (const { label, tensor } of examples) {
          const logits = await model.run(tensor);
          const values = [...(logits.data as Float32Array)];
          if (values.indexOf(Math.max(...values)) === Number(label)) right += 1;
        }
        const first = examples[0]?.tensor ?? { dtype: "float32", shape: [], data: [] };
        const before = await model.run(first);
        const same = await model.run({ x: { dtype: "float32", shape: first.shape, data: new Float32Array(first.data) } });
        const state = await model.stateDict();
        await model.set("fc2.bias", { dtype: "float32", data: Array.from({ length: 10 }, (_, i) => i) });
        const after = await model.run(first);
        const saved = await model.save();
        const again = await open(saved);
        const bias = await again.tensor("fc2.bias");
        return {
          device: model.device.kind, training: [model.training, model.train().training, model.eval().training],
          right, examples: examples.length, shape: before.shape,
          same: before.data.every((value, i) => value === same.data[i]),
          changed: before.data.some((value, i) => value !== after.data[i]),
          keys: Object.keys(state), bias: [...bias.data].map(Number), name: saved.name, blob: saved instanceof Blob, notes: saved.notes,
          time: model.lastRun, inputs: await model.inputs(), summary: (await model.summary([[1, 1, 8, 8]])).map((row) => [row.name, row.class, row.parameters]),
          phases: [...heard],
        };
      },
      { path: DIGITS, device },
    );
    expect(found.device).toBe(device);
    expect(found.training).toEqual([false, true, false]);
    expect(found.right / found.examples).toBeGreaterThanOrEqual(0.8);
    expect(found.shape).toEqual([1, 10]);
    expect(found.same).toBe(true);
    expect(found.changed).toBe(true);
    expect(found.keys.slice(0, 2)).toEqual(["conv1.weight", "bn1.weight"]);
    expect(found.bias).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(found.name).toBe("digits.pth");
    expect(found.time?.milliseconds).toBeGreaterThan(0);
    expect(found.inputs[0]?.name).toBe("x");
    expect(found.summary).toContainEqual(["fc2", "Linear", 490]);
  });
}

test("a file opened by its address is saved from ranges of it, near ones fetched as one", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { load } = window.api;
    const source = await window.text("/samples/digits/model.py");
    const model = await load(path, { network: { source, construct: "DigitsNet()" }, device: "cpu" });
    // Biases are written anew, with what they were: the file is put together from many parts.
    const names = Object.keys(await model.stateDict()).filter((name) => name.endsWith("bias"));
    const state = await model.stateDict();
    for (const name of names) await model.set(name, state[name] as never);
    const fetches: string[] = [];
    const real = window.fetch;
    window.fetch = (input, init) => (fetches.push(String(input)), real(input, init));
    const saved = await (await model.save()).arrayBuffer();
    window.fetch = real;
    const original = await (await fetch(path)).arrayBuffer();
    await model[Symbol.asyncDispose]();
    const [a, b] = [new Uint8Array(saved), new Uint8Array(original)];
    return { same: a.length === b.length && a.every((byte, i) => byte === b[i]), changed: names.length, fetches: fetches.length };
  }, DIGITS);
  expect(found).toEqual({ same: true, changed: 4, fetches: 1 });
});

test("errors are typed, and say where and what next", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, load, TorchtabError, MalformedError, MismatchError } = window.api;
    const told = async (work: () => Promise<unknown>) => {
      try {
        await work();
        return undefined;
      } catch (thrown) {
        if (!(thrown instanceof TorchtabError)) return { kind: "none", message: String(thrown) };
        const { name, kind, code, message, location, hint } = thrown;
        return { name, kind, code, message, location, hint, malformed: thrown instanceof MalformedError, mismatch: thrown instanceof MismatchError };
      }
    };
    const file = await window.fetched(path);
    const checkpoint = await open(file);
    const closed = await open(file);
    await closed.dispose();
    return {
      cut: await told(() => open(file.slice(0, 90_000))),
      source: await told(() => load(file)),
      name: await told(() => checkpoint.tensor("nowhere")),
      url: await told(() => open("http://")),
      closed: await told(() => closed.tensor("conv1.weight")),
    };
  }, DIGITS);
  expect(found.cut).toMatchObject({ name: "MalformedError", kind: "malformed", malformed: true });
  expect(found.source).toMatchObject({ kind: "unsupported", code: "needs_source", mismatch: false });
  expect(found.name?.kind).toBe("mismatch");
  expect(found.url).toMatchObject({ code: "source" });
  expect(found.closed).toMatchObject({ code: "disposed" });
});

test("an abort ends a call and leaves the rest usable", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, AbortError } = window.api;
    const early = await open(path, { signal: AbortSignal.abort("no") }).catch((thrown: unknown) => thrown);
    const checkpoint = await open(path);
    const controller = new AbortController();
    const slow = checkpoint.stats("fc1.weight", { signal: controller.signal }).catch((thrown: unknown) => thrown);
    controller.abort(new Error("enough"));
    const late = await slow;
    const after = await checkpoint.tensor("fc2.bias");
    return {
      early: early instanceof AbortError && early.code, cause: early instanceof AbortError && early.cause,
      late: late instanceof AbortError && late.kind, usable: after.shape,
    };
  }, DIGITS);
  expect(found).toEqual({ early: "aborted", cause: "no", late: "aborted", usable: [10] });
});

test("calls at the same time answer in order", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const checkpoint = await window.api.open(path);
    const done: string[] = [];
    const names = ["fc1.weight", "conv2.weight", "fc2.bias", "bn1.weight"];
    await Promise.all(names.map((name) => checkpoint.tensor(name).then(() => done.push(name))));
    return { names, done };
  }, DIGITS);
  expect(found.done).toEqual(found.names);
});

test("a dead worker is an error with a code, and the next open starts another", async ({ page }) => {
  await page.route("**/pkg/dist/worker.js", (route) => route.abort());
  const dead = await page.evaluate(
    (path) => window.api.open(path).catch((thrown: unknown) => thrown instanceof window.api.DeviceError && [thrown.code, thrown.hint !== undefined]),
    DIGITS,
  );
  expect(dead).toEqual(["worker_died", true]);
  await page.unroute("**/pkg/dist/worker.js");
  expect(await page.evaluate(async (path) => (await window.api.open(path)).format, DIGITS)).toBe("zip");
});

test("a worker that dies at work rejects what waits", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, DeviceError } = window.api;
    const Real = Worker;
    let made: Worker | undefined;
    window.Worker = class extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        made = this;
      }
    };
    const checkpoint = await open(path);
    const waiting = checkpoint.stats("fc1.weight").catch((thrown: unknown) => thrown);
    made?.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
    const [first, second] = [await waiting, await checkpoint.tensor("fc2.bias").catch((thrown: unknown) => thrown)];
    await checkpoint.dispose();
    const again = await open(path);
    return [first, second].map((thrown) => thrown instanceof DeviceError && thrown.code).concat(again.format);
  }, DIGITS);
  expect(found).toEqual(["worker_died", "worker_died", "zip"]);
});

/** Pixels and labels as the samples keep them. */
const HELD = `
  const held = JSON.parse(await window.text("/samples/digits/held_out.json"));
  const pixels = Float32Array.from(held.pixels, (letter) => held.letters.indexOf(letter) / held.scale);
  const data = { inputs: { shape: held.shape, data: pixels }, targets: { dtype: "int64", shape: [held.labels.length], data: BigInt64Array.from(held.labels, BigInt) } };
  return { data, pixels, labels: held.labels };
`;

type Held = { data: { inputs: { shape: number[]; data: Float32Array }; targets: { dtype: string; shape: number[]; data: BigInt64Array } }; pixels: Float32Array; labels: number[] };

declare global {
  interface Window {
    digits(): Promise<Held & { model: import("../../www/api/index.js").Model }>;
  }
}

async function ready(page: import("@playwright/test").Page): Promise<void> {
  await page.evaluate((body) => {
    const read = new Function(`return (async () => {${body}})()`) as () => Promise<Held>;
    window.digits = async () => {
      const source = `${await window.text("/samples/digits/model.py")}\ndef own(x, y):\n    return F.cross_entropy(x, y) * 2\n`;
      const network = { source, construct: "DigitsNet()" };
      return { ...(await read()), model: await window.api.load(await window.fetched("/samples/digits/digits.pth", "digits.pth"), { network, device: "cpu" }) };
    };
  }, HELD);
}

test("fit goes through epochs and tells of each step; the optimizer is the file's, and goes back into it", async ({ page }) => {
  await ready(page);
  const found = await page.evaluate(async () => {
    const { data, model } = await window.digits();
    const before = model.optimizer;
    const measured = await model.evaluate(data, { loss: "CrossEntropyLoss" });
    const events = [];
    for await (const event of model.fit(data, { loss: "CrossEntropyLoss", epochs: 2, batchSize: 64, validationSplit: 0.2, seed: 1 })) events.push(event);
    const after = await model.evaluate(data);
    const diff = await model.diff();
    const again = await window.api.open(await model.save());
    const step = await again.tensor("optimizer_state_dict.state.0.step");
    await model.revert();
    const reverted = [await model.evaluate(data, { loss: "CrossEntropyLoss" }), (await model.diff()).length] as const;
    return { before, measured, events, after, diff, step: Number(step.data[0]), epoch: again.values["epoch"], reverted, optimizer: model.optimizer, training: model.training };
  });
  expect(found.before).toMatchObject({ class: "Adam", resumed: true, path: "optimizer_state_dict", groups: [{ lr: 0.0005, weight_decay: 1e-5 }] });
  expect(found.before?.groups[0]?.params).toContain("conv1.weight");
  expect(found.measured.samples).toBe(400);
  expect(found.measured.accuracy).toBeCloseTo(0.905, 2);
  expect(found.measured.confusion?.flat().reduce((a, b) => a + b, 0)).toBe(400);
  expect(found.events.map(({ event }) => event)).toEqual(["start", ...Array(5).fill("step"), "epoch", ...Array(5).fill("step"), "epoch", "end"]);
  expect(found.events[0]).toMatchObject({ trainingSamples: 320, validationSamples: 80, stepsPerEpoch: 5, prepared: { optimizer: "Adam", resumed: true, loss: "CrossEntropyLoss" } });
  expect(found.events.filter(({ event }) => event === "step").map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(found.events.every(({ event, loss, lr, samplesPerSecond }) => event === "start" || (Number.isFinite(loss) && lr === 0.0005 && (samplesPerSecond ?? 0) > 0))).toBe(true);
  expect(found.events.at(-1)).toMatchObject({ event: "end", reason: "finished", valAccuracy: expect.any(Number) });
  expect(found.after.loss).toBeLessThan(found.measured.loss);
  expect(found.diff).toHaveLength(16);
  expect(found.diff[0]).toMatchObject({ name: "conv1.weight" });
  expect(found.step).toBe(76 + 10);
  expect(found.epoch).toBe(3);
  expect(found.reverted[0].loss).toBe(found.measured.loss);
  expect(found.reverted[1]).toBe(0);
  expect(found.training).toBe(false);
});

test("the same seed trains the same; samples one by one and batches that come one by one train too", async ({ page }) => {
  await ready(page);
  const found = await page.evaluate(async () => {
    const { data, pixels, labels, model } = await window.digits();
    const optimizer = { class: "SGD", lr: 0.05, momentum: 0.9, groups: [{ params: ["fc2.*"], lr: 0.1 }, { params: ["*"] }] };
    const losses = async (input: Parameters<typeof model.fit>[0], options: object): Promise<(number | undefined)[]> => {
      await model.revert();
      const all = [];
      for await (const { event, loss } of model.fit(input, { loss: "CrossEntropyLoss", optimizer, seed: 5, ...options })) if (event === "step") all.push(loss);
      return all;
    };
    const samples = labels.slice(0, 32).map((target, i) => ({ input: { shape: [1, 8, 8], data: pixels.slice(64 * i, 64 * i + 64) }, target }));
    const first = { inputs: { shape: [32, 1, 8, 8], data: pixels.slice(0, 64 * 32) }, targets: { dtype: "int64", data: labels.slice(0, 32) } };
    async function* batches() {
      yield first;
      yield first;
    }
    const lrs: (readonly number[])[] = [];
    const scheduled = { loss: "CrossEntropyLoss", optimizer, scheduler: { class: "StepLR", step_size: 1, gamma: 0.5 } };
    await model.revert();
    for await (const { event, lrs: now } of model.fit(batches, { ...scheduled, epochs: 2 })) if (event === "epoch") lrs.push(now);
    return {
      one: await losses(data, { batchSize: 100 }),
      two: await losses(data, { batchSize: 100 }),
      other: await losses(data, { batchSize: 100, seed: 6 }),
      listed: await losses(samples, { shuffle: false }),
      batched: await losses(first, { shuffle: false }),
      streamed: await losses(batches(), {}),
      lrs,
    };
  });
  expect(found.one).toHaveLength(4);
  expect(found.two).toEqual(found.one);
  expect(found.other).not.toEqual(found.one);
  expect(found.listed).toEqual(found.batched);
  expect(found.streamed).toHaveLength(2);
  expect(found.streamed[0]).toBe(found.batched[0]);
  expect(found.lrs.map((now) => now.map((lr) => Number(lr.toFixed(9))))).toEqual([[0.05, 0.025], [0.025, 0.0125]]);
});

test("a loop is left by break and by a signal, and the model goes on", async ({ page }) => {
  await ready(page);
  const found = await page.evaluate(async () => {
    const { data, model } = await window.digits();
    const options = { loss: "CrossEntropyLoss", epochs: 100, batchSize: 50 };
    let steps = 0;
    for await (const { event } of model.fit(data, options)) {
      if (event === "step") steps += 1;
      if (steps === 3) break;
    }
    const controller = new AbortController();
    let aborted: unknown;
    try {
      for await (const { step } of model.fit(data, { ...options, signal: controller.signal })) if (step >= 6) controller.abort();
    } catch (thrown) {
      aborted = thrown;
    }
    const told = async (work: () => Promise<unknown>) => work().then(() => "nothing", (thrown: unknown) => (thrown as { code: string }).code);
    const loop = model.fit(data, options);
    await loop.next();
    const busy = await told(() => model.fit(data, options).next());
    await loop.return();
    const once = { async *[Symbol.asyncIterator]() { yield data; } };
    const next = await model.step(data, { loss: "CrossEntropyLoss", optimizer: "AdamW" });
    const two = await model.step(data);
    return {
      steps, busy, next: next.step, two: two.step, losses: two.losses.length,
      aborted: aborted instanceof window.api.AbortError,
      memory: (await model.trainingMemory(data, { loss: "CrossEntropyLoss", optimizer: "AdamW" })).total,
      own: (await model.step(data, { loss: "source:own", optimizer: "AdamW" })).losses[0],
      plain: (await model.evaluate(data)).loss,
      labels: await told(() => model.fit({ ...data, targets: { dtype: "int64", shape: [400], data: new BigInt64Array(400).fill(11n) } }, options).next()),
      rows: await told(() => model.fit({ ...data, targets: { dtype: "int64", data: [1, 2] } }, options).next()),
      lr: await told(() => model.fit(data, { ...options, optimizer: { class: "Adam", lr: -1 } }).next()),
      epochs: await told(() => model.fit(once, { loss: "CrossEntropyLoss", epochs: 2 }).next()),
      batchSize: await told(() => model.fit(() => once, options).next()),
      ragged: await told(() => model.fit([{ input: { data: [1] }, target: 0 }, { input: { data: [1, 2] }, target: 1 }], options).next()),
      empty: await told(() => model.fit([], options).next()),
    };
  });
  expect(found).toMatchObject({ steps: 3, busy: "busy", next: 1, two: 2, losses: 1, aborted: true, labels: "target", rows: "data", epochs: "data", batchSize: "argument", ragged: "data", empty: "data" });
  expect(found.lr).not.toBe("nothing");
  expect(found.memory).toBeGreaterThan(100_000);
  expect(found.own).toBeGreaterThan(0);
  expect(found.plain).toBeGreaterThan(0);
});

test("a loss that is no number ends fit with the last good weights", async ({ page }) => {
  await ready(page);
  const found = await page.evaluate(async () => {
    const { data, model } = await window.digits();
    const events = [];
    for await (const event of model.fit(data, { loss: "CrossEntropyLoss", optimizer: { class: "SGD", lr: 1e30 }, epochs: 5 })) events.push(event);
    const { loss } = await model.evaluate(data);
    return { last: events.at(-1), loss };
  });
  expect(found.last).toMatchObject({ event: "end", reason: "not_a_number" });
  expect(Number.isFinite(found.loss)).toBe(true);
});

test("the same API runs in the caller's thread", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const core = (await import("/pkg/dist/core.js" as string)) as Api;
    const model = await core.load(path, { network: { source: await window.text("/samples/digits/model.py"), construct: "DigitsNet()" }, device: "cpu" });
    const y = await model.run({ data: Array.from({ length: 1 }, () => [Array.from({ length: 8 }, () => Array.from({ length: 8 }, () => 0.5))]) });
    await model.dispose();
    return y.shape;
  }, DIGITS);
  expect(found).toEqual([1, 10]);
  expect(page.workers()).toHaveLength(0);
});

test("tensors are written in many ways", async ({ page }) => {
  const found = await page.evaluate(async () => {
    const { toRaw, fromRaw } = (await import("/pkg/dist/tensor.js" as string)) as typeof import("../../www/api/tensor.js");
    const { numbers } = window.api;
    const values = (input: Parameters<typeof toRaw>[0]) => {
      const raw = toRaw(input);
      const tensor = fromRaw(raw);
      return [raw.dtype, raw.shape, numbers(tensor)];
    };
    const code = (work: () => unknown) => {
      try {
        work();
        return "none";
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    };
    return {
      nested: values({ data: [[1, 2.5], [3, 4]] }),
      integers: values({ dtype: "int64", data: [[1, 2]] }),
      bool: values({ dtype: "bool", data: [true, false] }),
      half: values({ dtype: "float16", data: [0, 1, -2.5, 65504, 1e6, 6e-8, 0.1] }),
      brain: values({ dtype: "bfloat16", data: [1, -3.140625, 0.1] }),
      scalar: values({ dtype: "torch.float64", data: 7 }),
      typed: values({ shape: [2, 1], data: Int16Array.of(-1, 5) }),
      convert: values({ dtype: "float32", data: Int8Array.of(1, 2) }),
      image: values(new ImageData(Uint8ClampedArray.of(255, 0, 51, 255), 1, 1)),
      ragged: code(() => toRaw({ data: [[1], [2, 3]] })),
      size: code(() => toRaw({ shape: [3], data: [1, 2] })),
      fraction: code(() => toRaw({ dtype: "int64", data: [0.5] })),
    };
  });
  expect(found.nested).toEqual(["float32", [2, 2], [1, 2.5, 3, 4]]);
  expect(found.integers).toEqual(["int64", [1, 2], [1, 2]]);
  expect(found.bool).toEqual(["bool", [2], [1, 0]]);
  expect(found.half).toEqual(["float16", [7], [0, 1, -2.5, 65504, Infinity, 5.960464477539063e-8, 0.0999755859375]]);
  expect(found.brain).toEqual(["bfloat16", [3], [1, -3.140625, 0.10009765625]]);
  expect(found.scalar).toEqual(["float64", [], [7]]);
  expect(found.typed).toEqual(["int16", [2, 1], [-1, 5]]);
  expect(found.convert).toEqual(["float32", [2], [1, 2]]);
  expect(found.image).toEqual(["float32", [1, 3, 1, 1], [1, 0, Math.fround(51 / 255)]]);
  expect([found.ragged, found.size, found.fraction]).toEqual(["ragged", "shape", "dtype"]);
});
