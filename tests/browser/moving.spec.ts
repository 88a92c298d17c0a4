// `model.to(device)`: what goes along, and what stays where it was.
import { expect, test } from "@playwright/test";

type Api = typeof import("../../www/api/index.js");

test.beforeEach(async ({ page }) => {
  await page.goto("/samples/samples.json");
  await page.evaluate(async () => {
    window.api = (await import("/pkg/dist/index.js" as string)) as Api;
    window.text = async (path) => (await fetch(path)).text();
  });
});

test("a model goes to another device with its optimizer's state and its loop, and an abort leaves it where it was", async ({ page }) => {
  const found = await page.evaluate(async () => {
    const { load, open, AbortError } = window.api;
    const held = JSON.parse(await window.text("/samples/digits/held_out.json"));
    const pixels = Float32Array.from(held.pixels as string, (letter) => held.letters.indexOf(letter) / held.scale);
    const batch = { inputs: { shape: [64, 1, 8, 8], data: pixels.slice(0, 64 * 64) }, targets: { dtype: "int64" as const, data: held.labels.slice(0, 64) as number[] } };
    const source = (await window.text("/samples/digits/model.py")).replace(/nn\.Dropout2?d?\([^)]*\)/g, "nn.Identity()");
    const built = () => load("/samples/digits/digits.pth", { network: { source, construct: "DigitsNet()" }, device: "cpu" });
    const [moves, stays] = [await built(), await built()];
    // The file's Adam goes on.
    const options = { loss: "CrossEntropyLoss", accumulate: 2 };
    const losses: (readonly number[])[] = [[], []];
    for (const [at, model] of [moves, stays].entries()) {
      for (let step = 0; step < 6; step++) {
        // In the middle of gathering gradients, there and back.
        if (model === moves && step === 3) await model.to("webgpu");
        if (model === moves && step === 5) await model.to("cpu");
        losses[at] = [...(losses[at] ?? []), ...(await model.step(batch, step === 0 ? options : undefined)).losses];
      }
    }
    const saved = async (model: typeof moves) => {
      const file = await open(await model.save());
      const names = ["step", "exp_avg", "exp_avg_sq"].map((name) => `optimizer_state_dict.state.2.${name}`);
      return Promise.all(["conv1.weight", ...names].map(async (name) => Array.from((await file.tensor(name)).data as Float32Array, Number)));
    };
    const [one, two] = [await saved(moves), await saved(stays)];
    const apart = one.map((values, i) => Math.max(...values.map((value, k) => Math.abs(value - (two[i]?.[k] ?? NaN)))) / Math.max(...(two[i] ?? []).map(Math.abs)));
    const controller = new AbortController();
    const stopped = await moves.to("webgpu", { signal: controller.signal, onProgress: () => controller.abort() }).catch((thrown: unknown) => thrown);
    const where = moves.device.kind;
    await moves.step(batch);
    const wrong = await moves.to("tpu" as "cpu").catch((thrown: unknown) => (thrown as { code: string }).code);
    const loop = moves.fit({ ...batch }, { loss: "CrossEntropyLoss", batchSize: 32, epochs: 2, restoreBest: true });
    const kinds: string[] = [];
    for await (const { event, step } of loop) {
      kinds.push(`${event} ${moves.device.kind}`);
      if (event === "step" && step === 3) await moves.to("webgpu");
    }
    return { losses, steps: [one[1], two[1]], apart, aborted: stopped instanceof AbortError, where, wrong, kinds, device: moves.device.kind };
  });
  expect(found.losses[0]).toHaveLength(6);
  for (const [i, loss] of (found.losses[1] ?? []).entries()) expect(Math.abs((found.losses[0]?.[i] ?? NaN) - loss)).toBeLessThan(1e-3 * Math.abs(loss));
  expect(found.steps).toEqual([[79], [79]]);
  expect(Math.max(...found.apart)).toBeLessThan(1e-3);
  expect(found).toMatchObject({ aborted: true, where: "cpu", wrong: "argument", device: "webgpu" });
  expect(found.kinds).toEqual(["start cpu", "step cpu", "step cpu", "epoch cpu", "step cpu", "step webgpu", "epoch webgpu", "end webgpu"]);
});
