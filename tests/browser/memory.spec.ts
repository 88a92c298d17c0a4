// Long training in the worker: the module's memory stays as it is, and what a worker that dies in the middle leaves behind.
import { expect, test } from "@playwright/test";
import type { Page } from "@playwright/test";
import type { Checkpoint, Model, Tensor } from "../../www/api/index.js";

/** What these tests use of the module's own exports. */
type Exports = { memory: WebAssembly.Memory; __wbindgen_malloc(size: number, align: number): number };

test.beforeEach(async ({ page }) => {
  await page.goto("/samples/samples.json");
  await page.evaluate(async () => {
    window.api = (await import("/pkg/dist/index.js" as string)) as typeof window.api;
  });
});

/** Builds the sample and keeps it in the page, with the pictures that it trains on. */
const DIGITS = `
  window.pictures = async () => {
    const [source, json] = await Promise.all([fetch("/samples/digits/model.py").then((r) => r.text()), fetch("/samples/digits/training.json").then((r) => r.json())]);
    const file = new File([await (await fetch("/samples/digits/digits.pth")).blob()], "digits.pth");
    const checkpoint = await window.api.open(file);
    const model = await checkpoint.build({ source, construct: "DigitsNet()" }, { device: "cpu" });
    const pixels = Float32Array.from(json.pixels, (letter) => "0123456789abcdefg".indexOf(letter) / json.scale);
    const inputs = { dtype: "float32", shape: [json.labels.length, 1, 8, 8], data: pixels };
    return { checkpoint, model, data: { inputs, targets: { dtype: "int64", data: json.labels } } };
  };
`;

declare global {
  interface Window {
    pictures(): Promise<{ checkpoint: Checkpoint; model: Model; data: { inputs: Tensor; targets: { dtype: string; data: number[] } } }>;
    steps: number;
  }
}

/** The size of the module's memory in the one worker there is, in bytes. The module was loaded by the package: this finds the same one. */
function memory(page: Page): Promise<number> {
  const [worker] = page.workers();
  if (worker === undefined) throw new Error("no worker");
  return worker.evaluate(async () => {
    const { default: init } = (await import("/pkg/wasm/torchtab.js" as string)) as { default(): Promise<Exports> };
    return (await init()).memory.buffer.byteLength;
  });
}

test("two thousand steps take no more memory than two hundred", async ({ page }) => {
  test.setTimeout(600_000);
  await page.evaluate(DIGITS);
  const reached = await page.evaluateHandle(async () => {
    const { model, data } = await window.pictures();
    const events = model.fit(data, { loss: "CrossEntropyLoss", batchSize: 32, epochs: 1000, seed: 0 });
    return async (steps: number) => {
      for (;;) {
        const { value } = await events.next();
        if (value === undefined || value.event === "end") throw new Error("the loop ended");
        if (value.event === "step" && value.step >= steps) return value.step;
      }
    };
  });
  const train = (steps: number): Promise<number> => reached.evaluate((until, n) => until(n), steps);
  expect(await train(200)).toBe(200);
  const early = await memory(page);
  expect(await train(2000)).toBe(2000);
  expect(await memory(page)).toBe(early);
});

test("models that were trained and disposed give the memory of their weights back", async ({ page }) => {
  test.setTimeout(300_000);
  const WIDTH = 1024;
  const rounds = (count: number): Promise<void> =>
    page.evaluate(
      async ([n, width]) => {
        const file = new File([await (await fetch("/samples/digits/digits.pth")).blob()], "digits.pth");
        const source = `from torch import nn\nclass Wide(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(${width}, ${width})\n    def forward(self, x):\n        return self.fc(x)\n`;
        const ones = { dtype: "float32", shape: [1, width], data: new Float32Array(width).fill(1) };
        for (let i = 0; i < n; i += 1) {
          const checkpoint = await window.api.open(file);
          const model = await checkpoint.build({ source, construct: "Wide()" }, { device: "cpu", strict: false });
          await model.step({ inputs: ones, targets: ones }, { loss: "MSELoss", optimizer: "Adam" });
          await model.dispose();
          await checkpoint.dispose();
        }
      },
      [count, WIDTH] as const,
    );
  await rounds(3);
  const early = await memory(page);
  await rounds(12);
  // Less than one such network's weights, of which twelve came and went.
  expect((await memory(page)) - early).toBeLessThan(4 * WIDTH * WIDTH);
});

test("a worker that runs out of memory in the middle of fit is a typed error, and a new open goes on from what was saved", async ({ page }) => {
  await page.evaluate(DIGITS);
  const run = await page.evaluateHandle(async () => {
    const { checkpoint, model, data } = await window.pictures();
    const events = model.fit(data, { loss: "CrossEntropyLoss", batchSize: 32, epochs: 1000, seed: 0 });
    let step = 0;
    while (step < 50) {
      const { value } = await events.next();
      if (value?.event === "step") step = value.step;
    }
    const saved = await model.save();
    const told = (thrown: unknown): unknown => {
      const { DeviceError } = window.api;
      return thrown instanceof DeviceError ? [thrown.code, thrown.hint !== undefined] : String(thrown);
    };
    const goOn = async (): Promise<unknown> => {
      try {
        for (let i = 0; i < 1000; i += 1) await events.next();
        return "it went on";
      } catch (thrown) {
        return told(thrown);
      }
    };
    const after = async (): Promise<unknown> => {
      const [run, next] = [await model.stateDict().catch(told), await events.next()];
      await model.dispose();
      await checkpoint.dispose();
      const again = await window.api.open(saved);
      const { model: fresh, data: same } = await window.pictures();
      const { step: resumed } = await fresh.step(
        { inputs: { ...same.inputs, shape: [1, 1, 8, 8], data: new Float32Array(64) }, targets: { dtype: "int64", data: [3] } },
        { loss: "CrossEntropyLoss" },
      );
      return { run, ended: next.done, epoch: again.values["epoch"], kind: again.kind, resumed };
    };
    return { goOn, after };
  });
  // All that the module may have is taken, so the next tensor has no place.
  await page.workers()[0]?.evaluate(async () => {
    const { default: init } = (await import("/pkg/wasm/torchtab.js" as string)) as { default(): Promise<Exports> };
    const exports = await init();
    for (let size = 2 ** 28; size >= 2 ** 10; ) {
      try {
        exports.__wbindgen_malloc(size, 1);
      } catch {
        size /= 2;
      }
    }
  });
  expect(await run.evaluate(({ goOn }) => goOn())).toEqual(["worker_died", true]);
  expect(await run.evaluate(({ after }) => after())).toMatchObject({ run: ["worker_died", true], ended: true, kind: "checkpoint", resumed: 1 });
});

test("an error in the worker's own script in the middle of fit is told at once", async ({ page }) => {
  await page.evaluate(DIGITS);
  const found = page.evaluate(async () => {
    const { model, data } = await window.pictures();
    window.steps = 0;
    try {
      for await (const { event } of model.fit(data, { loss: "CrossEntropyLoss", epochs: 1000 })) if (event === "step") window.steps += 1;
      return "it went on";
    } catch (thrown) {
      const { DeviceError, open } = window.api;
      const again = await open("/samples/digits/digits.pth");
      return [thrown instanceof DeviceError && thrown.code, (thrown as Error).message, again.format];
    }
  });
  await expect.poll(() => page.evaluate(() => window.steps ?? 0)).toBeGreaterThan(10);
  await page.workers()[0]?.evaluate(() => void setTimeout(() => { throw new Error("of another's making"); }));
  expect(await found).toEqual(["worker_died", expect.stringContaining("of another's making"), "zip"]);
});
