// What the API tells of a file and a network as data: slices, two checkpoints side by side, graphs that build again.
import { expect, test } from "@playwright/test";
import type { Tensor } from "../../www/api/index.js";

type Api = typeof import("../../www/api/index.js");

const PACKAGE = "/pkg/dist/index.js";

test.beforeEach(async ({ page }) => {
  await page.goto("/samples/samples.json");
});

test("a slice is Python's, and says in torch's words what does not fit", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, numbers } = (await import(path)) as Api;
    const checkpoint = await open("/samples/digits/digits.pth");
    const whole = await checkpoint.tensor("fc1.weight");
    const part = await checkpoint.slice("fc1.weight", [[2, 5], -1]);
    const [rows, columns] = whole.shape as [number, number];
    const values = numbers(whole);
    const expected = [2, 3, 4].map((row) => values[row * columns + columns - 1]);
    const wrong = async (indices: readonly number[]): Promise<string> => checkpoint.slice("fc1.weight", indices).then(String, (e: Error & { code: string }) => `${e.code}: ${e.message}`);
    return { shape: part.shape, values: [...numbers(part)], expected, rows, wrong: [await wrong([rows]), await wrong([0, 0, 0]), await wrong([0.5])] };
  }, PACKAGE);
  expect(found.shape).toEqual([3]);
  expect(found.values).toEqual(found.expected);
  expect(found.wrong[0]).toContain(`index: index ${found.rows} is out of bounds for dimension 0`);
  expect(found.wrong[1]).toContain("too many indices for tensor of dimension 2");
  expect(found.wrong[2]).toContain("argument:");
});

test("two checkpoints are compared tensor by tensor", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, load } = (await import(path)) as Api;
    const source = await (await fetch("/samples/digits/model.py")).text();
    const before = await open("/samples/digits/digits.pth");
    const model = await load("/samples/digits/digits.pth", { network: { source }, device: "cpu" });
    const bias = (await model.stateDict())["fc2.bias"]!;
    await model.set("fc2.bias", { shape: bias.shape, data: Float32Array.from(bias.data as Float32Array, (x) => x + 1) });
    const after = await open(await model.save());
    const phases: string[] = [];
    const rows = await before.compare(after, { onProgress: ({ phase }) => phases.push(phase) });
    const aborted = await before.compare(after, { signal: AbortSignal.abort() }).then(() => "compared", (e: Error) => e.name);
    return { rows, phases, aborted };
  }, PACKAGE);
  const changed = found.rows.filter(({ status }) => status !== "same");
  expect(changed.map(({ name }) => name)).toEqual(["fc2.bias"]);
  expect(changed[0]).toMatchObject({ status: "changed", changed: 1, here: { shape: [10], dtype: "float32" } });
  expect(changed[0]!.change).toBeCloseTo(Math.sqrt(10), 5);
  expect(new Set(found.phases)).toEqual(new Set(["tensors"]));
  expect(found.aborted).toBe("AbortError");
});

test("a graph builds the network again: without source, for the shapes that were traced, to run and to train", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { open, numbers } = (await import(path)) as Api;
    const checkpoint = await open("/samples/digits/digits.pth");
    const source = await (await fetch("/samples/digits/model.py")).text();
    const model = await checkpoint.build({ source }, { device: "cpu" });
    const x = { shape: [2, 1, 8, 8], data: Float32Array.from({ length: 128 }, (_, i) => (i % 7) / 7) };
    const expected = numbers((await model.run(x)) as Tensor);
    const graph = await model.graph();
    const again = await checkpoint.build(JSON.parse(JSON.stringify(graph)), { device: "cpu" });
    const got = numbers((await again.run(x)) as Tensor);
    const options = { loss: "CrossEntropyLoss", optimizer: { class: "SGD", lr: 0.1 } };
    const batch = { inputs: x, targets: { shape: [2], data: new BigInt64Array([3n, 5n]) } };
    const losses = [await model.step(batch, options), await again.step(batch, options)].map((report) => report.losses);
    const other = await again.run({ shape: [1, 1, 8, 8], data: new Float32Array(64) }).then(() => undefined, (e: Error & { code: string; hint: string }) => ({ code: e.code, hint: e.hint }));
    const first = graph.traces[0]!.graph;
    return {
      same: expected.length === got.length && expected.every((value, i) => value === got[i]),
      losses, other,
      modules: graph.modules.slice(0, 2).map(({ class: name }) => name),
      modes: graph.traces.map(({ training }) => training),
      output: first.output, shape: "value" in (first.output as object) ? first.values[(first.output as { value: number }).value]!.shape : undefined,
    };
  }, PACKAGE);
  expect(found.same).toBe(true);
  expect(found.losses[0]).toEqual(found.losses[1]);
  expect(found.modules[0]).toContain("DigitsNet");
  expect(found.modes).toEqual([false, true]);
  expect(found.shape).toEqual([2, 10]);
  expect(found.other).toMatchObject({ code: "graph_shape" });
  expect(found.other?.hint).toContain("[2, 1, 8, 8]");
});
