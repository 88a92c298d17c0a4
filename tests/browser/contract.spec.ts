// The contract of the JavaScript API, where no other spec holds it: what each call takes and gives, by one network of digits and small ones.
import { expect, test } from "@playwright/test";

type Api = typeof import("../../www/api/index.js");
const DIGITS = "/samples/digits/digits.pth";

test.use({ launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] } });

test.beforeEach(async ({ page }) => {
  await page.goto("/samples/samples.json");
  await page.evaluate(async () => {
    window.api = (await import("/pkg/dist/index.js" as string)) as Api;
    window.text = async (path) => (await fetch(path)).text();
  });
});

test("a checkpoint tells its values, globals and warnings, and what each tensor is for", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const checkpoint = await window.api.open(path);
    const { values, details, globals, warnings, entries, kind, hasModule, embeddedSource } = checkpoint;
    return { values, details: details.find(({ path }) => path === "epoch"), globals, warnings, roles: [...new Set(entries.map(({ role }) => role))].sort(), kind, hasModule, embeddedSource };
  }, DIGITS);
  expect(found.values["epoch"]).toBe(1);
  expect(found.details).toMatchObject({ path: "epoch", kind: "int", value: 1 });
  expect(found.globals.map(({ name }) => name)).toContain("torch._utils._rebuild_tensor_v2");
  expect(found.globals.every(({ verdict }) => verdict.length > 0)).toBe(true);
  expect(found.warnings).toEqual([]);
  expect(found.roles).toEqual(["buffer", "optimizer", "parameter"]);
  expect([found.kind, found.hasModule, found.embeddedSource]).toEqual(["checkpoint", false, []]);
});

test("a legacy whole-model file tells the source that it carries, which builds its network when it is given back", async ({ page }) => {
  const found = await page.evaluate(async () => {
    const checkpoint = await window.api.open("/samples/denoise/denoise.pt");
    const { embeddedSource, hasModule, moduleClass } = checkpoint;
    const code = await checkpoint.code();
    const shape = [1, 1, 16, 16];
    const x = { dtype: "float32", shape, data: Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)) } as const;
    const alone = await checkpoint.build(undefined, { device: "cpu" });
    const given = await checkpoint.build({ source: code?.text ?? "" }, { device: "cpu" });
    const values = async (model: typeof alone) => Array.from((await model.run(x)).data as Float32Array);
    return { embeddedSource, hasModule, moduleClass, dialect: code?.dialect, text: code?.text, alone: await values(alone), given: await values(given) };
  });
  expect(found).toMatchObject({ embeddedSource: ["model.Denoiser"], hasModule: true, moduleClass: "model.Denoiser", dialect: "python" });
  expect(found.text).toContain("class Denoiser(nn.Module):");
  expect(found.given).toEqual(found.alone);
});

test("a file without code tells none", async ({ page }) => {
  expect(await page.evaluate(async (path) => (await (await window.api.open(path)).code()) === undefined, DIGITS)).toBe(true);
});

test("build takes a state_dict by its place, and is strict unless told", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const checkpoint = await window.api.open(path);
    const source = await window.text("/samples/digits/model.py");
    const more = source.replace("self.fc1 =", "self.extra = nn.Linear(2, 3)\n        self.fc1 =").replace(/self\.bn1 = .*/, "self.bn1 = nn.Identity()");
    const options = { device: "cpu", stateDict: "model_state_dict" } as const;
    const code = (work: Promise<unknown>) => work.then(() => "nothing", (thrown: { kind: string; message: string }) => `${thrown.kind}: ${thrown.message}`);
    const exact = await checkpoint.build({ source }, options);
    const loose = await checkpoint.build({ source: more, construct: "DigitsNet()" }, { ...options, strict: false });
    return {
      exact: [exact.missingKeys, exact.unexpectedKeys], loose: [loose.missingKeys, loose.unexpectedKeys],
      strict: await code(checkpoint.build({ source: more, construct: "DigitsNet()" }, options)),
      nowhere: await code(checkpoint.build({ source }, { ...options, stateDict: "elsewhere" })),
      construct: exact.construct?.expression,
    };
  }, DIGITS);
  expect(found.exact).toEqual([[], []]);
  expect(found.loose[0]).toEqual(["extra.weight", "extra.bias"]);
  expect(found.loose[1]).toContain("bn1.running_mean");
  expect(found.strict).toMatch(/^mismatch: .*extra\.weight/s);
  expect(found.nowhere).toMatch(/^mismatch: /);
  expect(found.construct).toContain("DigitsNet(");
});

test("run takes inputs in order or by name and returns forward's own structure; pictures of the browser are tensors", async ({ page }) => {
  const found = await page.evaluate(async () => {
    const source = `
import torch.nn as nn
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3), nn.LogSoftmax(dim=1))
    def forward(self, x, scale=None, names=("a", "b")):
        y = super().forward(x)
        return {"y": y if scale is None else y * scale, "pair": (y.argmax(1), [None, 2.5, True, names[0]])}
`;
    const iris = await window.api.load("/examples/plain/model.pth", { device: "cpu" });
    const state = await iris.save({ as: "state_dict" });
    const model = await (await window.api.open(state)).build({ source, construct: "Net()" }, { device: "cpu" });
    const x = { data: [[5.9, 3.0, 4.2, 1.5]] };
    const half = { data: [[0.5, 0.5, 0.5]] };
    type Shaped = { y: { shape: number[]; data: Float32Array }; pair: [{ data: BigInt64Array; dtype: string }, unknown[]] };
    const [plain, ordered, named] = [await model.run<never>(x) as Shaped, await model.run<never>([x, half]) as Shaped, await model.run<never>({ x, scale: half, names: ["c", "d"] }) as Shaped];
    const bitmap = await createImageBitmap(new ImageData(Uint8ClampedArray.of(255, 0, 51, 255, 0, 255, 102, 255), 2, 1));
    const { toRaw, fromRaw } = (await import("/pkg/dist/tensor.js" as string)) as typeof import("../../www/api/tensor.js");
    const seen = fromRaw(toRaw(bitmap));
    return {
      y: plain.y.shape, best: [plain.pair[0].dtype, Number(plain.pair[0].data[0])], rest: plain.pair[1],
      halved: Math.abs((ordered.y.data[0] as number) - (plain.y.data[0] as number) / 2) < 1e-6,
      same: (named.y.data[0] as number) === (ordered.y.data[0] as number), text: named.pair[1].at(-1),
      seen: [seen.shape, [...seen.data].map((value) => Math.round(255 * Number(value)))],
    };
  });
  expect(found.y).toEqual([1, 3]);
  expect(found.best).toEqual(["int64", 1]);
  expect(found.rest).toEqual([null, 2.5, true, "a"]);
  expect([found.halved, found.same, found.text]).toEqual([true, true, "c"]);
  expect(found.seen).toEqual([[1, 3, 1, 2], [255, 0, 0, 255, 51, 102]]);
});

test("save gives the file, the state_dict, a fresh checkpoint or safetensors", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const network = { source: await window.text("/samples/digits/model.py") };
    const model = await window.api.load(path, { network, device: "cpu" });
    const out = [];
    for (const options of [{}, { as: "state_dict" }, { as: "checkpoint" }, { format: "safetensors" }] as const) {
      const file = await model.save(options);
      const again = await window.api.open(file);
      const built = await again.build(network, { device: "cpu" });
      out.push([file.name, again.format, again.kind, again.entries.length, built.optimizer?.class ?? null]);
    }
    return out;
  }, DIGITS);
  expect(found).toEqual([
    ["digits.pth", "zip", "checkpoint", 46, "Adam"],
    ["digits.pth", "zip", "state_dict", 16, null],
    ["digits.pth", "zip", "checkpoint", expect.any(Number), expect.anything()],
    ["digits.safetensors", "safetensors", "state_dict", 16, null],
  ]);
});

test("load takes a signal; an early abort of a build leaves the checkpoint usable", async ({ page }) => {
  const found = await page.evaluate(async (path) => {
    const { load, open, AbortError } = window.api;
    const network = { source: await window.text("/samples/digits/model.py") };
    const controller = new AbortController();
    const phases: string[] = [];
    const stopped = await load(path, {
      network, device: "cpu", signal: controller.signal,
      onProgress: ({ phase }) => {
        phases.push(phase);
        controller.abort("enough");
      },
    }).catch((thrown: unknown) => thrown);
    const checkpoint = await open(path);
    const early = await checkpoint.build(network, { signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown instanceof AbortError);
    const model = await checkpoint.build(network, { device: "cpu" });
    await checkpoint.dispose();
    const y = await model.run({ shape: [1, 1, 8, 8], data: new Float32Array(64) });
    return { stopped: stopped instanceof AbortError && stopped.cause, early, phases: phases.length > 0, shape: y.shape };
  }, DIGITS);
  expect(found).toEqual({ stopped: "enough", early: true, phases: true, shape: [1, 10] });
});

test("await using disposes of models and checkpoints", async ({ page }) => {
  const codes = await page.evaluate(async (path) => {
    // As text: the test's own compiler would rewrite it.
    const run = new Function("api", "path", `return (async () => {
      let kept, model;
      { await using checkpoint = await api.open(path); kept = checkpoint; }
      { await using loaded = await api.load("/examples/plain/model.pth", { device: "cpu" }); model = loaded; }
      const code = (work) => work.then(() => "nothing", (thrown) => thrown.code);
      return [await code(kept.tensor("fc2.bias")), await code(model.run({ data: [[1, 2, 3, 4]] })), await code(model.checkpoint.tensor("0.bias"))];
    })()`) as (api: unknown, path: string) => Promise<string[]>;
    return run(window.api, path);
  }, DIGITS);
  expect(codes).toEqual(["disposed", "disposed", "disposed"]);
});
