// Measures inside a worker, as the API does: our wasm by its rim, so that its memory can be seen, and onnxruntime-web beside it.

import init, { Checkpoint } from "/pkg/wasm/torchtab.js";
import * as ort from "/benches/node_modules/onnxruntime-web/dist/ort.all.min.mjs";

/** Timed runs, and those before them. */
const RUNS = { cpu: [30, 5], webgpu: [3, 1] };
const quiet = () => {};
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = "/benches/node_modules/onnxruntime-web/dist/";

const wasm = await init();
const memory = () => wasm.memory.buffer.byteLength;

async function timed(work) {
  const start = performance.now();
  const result = await work();
  return [performance.now() - start, result];
}

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

// Both engines in turn, so that the machine's moods hit both; the first runs warm up.
async function sideBySide(ours, theirs, device = "cpu") {
  const times = [[], []];
  const [count, before] = RUNS[device];
  for (let i = 0; i < count + before; i++) {
    for (const [k, work] of [ours, theirs].entries()) {
      const [ms] = await timed(work);
      if (i >= before) times[k].push(ms);
    }
  }
  return times.map(median);
}

function random(length) {
  let state = 1;
  return Float32Array.from({ length }, () => ((state = (state * 48271) % 2147483647) / 2147483647) * 2 - 1);
}

const tensor = (shape, data, dtype = "float32") => ({ dtype, shape, data: new Uint8Array(data.buffer) });

// The largest difference between our output and onnxruntime-web's.
function gap(ours, theirs) {
  const { data } = ours.output.tensor;
  const floats = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  return floats.reduce((worst, x, i) => Math.max(worst, Math.abs(x - theirs[i])), 0);
}

const source = async (name) => (await fetch(`/benches/${name}.py`)).text();

/** A whole network, ours from its state_dict and onnxruntime-web's from torch's export, on one device. */
async function network(name, how, what, shape, { [`${name}.pth`]: file, device }) {
  const checkpoint = await Checkpoint.open(file, {}, quiet, undefined);
  const [built, model] = await timed(() => checkpoint.build({ ...how, device }, quiet, undefined));
  if (model.device.kind !== device) throw new Error(`runs on the ${model.device.kind}: ${model.device.reason}`);
  const onnx = new Uint8Array(await (await fetch(`/benches/made/${name}.onnx`)).arrayBuffer());
  const session = await ort.InferenceSession.create(onnx, { executionProviders: [device === "cpu" ? "wasm" : "webgpu"] });
  const count = shape.reduce((a, b) => a * b);
  const tokens = shape.length === 2;
  const numbers = tokens ? BigInt64Array.from({ length: count }, (_, i) => BigInt((i * 977) % 8000)) : random(count);
  const dtype = tokens ? "int64" : "float32";
  const [input] = session.inputNames;
  const ours = () => model.run([tensor(shape, numbers, dtype)], undefined);
  const theirs = () => session.run({ [input]: new ort.Tensor(dtype, numbers, shape) });
  const worst = gap(await ours(), Object.values(await theirs())[0].data);
  const [ms, other] = await sideBySide(ours, theirs, device);
  const label = device === "cpu" ? "CPU" : "WebGPU";
  return [
    { what: `${label} ${what}`, ms, other, worst, memory: memory() },
    { what: `${label} ${what}: built`, ms: built },
  ];
}

/** Source to network, network to graph: no weights move. The first trace, and one for another input shape. */
async function traced(what, file, how, shapes, others) {
  const checkpoint = await Checkpoint.open(file, {}, quiet, undefined);
  let parsed;
  const start = performance.now();
  const progress = ({ phase }) => {
    if (phase === "upload") parsed ??= performance.now() - start;
  };
  const model = await checkpoint.build({ ...how, device: "cpu" }, progress, undefined);
  const [first] = await timed(async () => model.summary(shapes));
  const [second] = await timed(async () => model.summary(others));
  return [
    { what: `${what}: parse and constructor`, ms: parsed },
    { what: `${what}: trace`, ms: first },
    { what: `${what}: trace for a second input shape`, ms: second },
  ];
}

const measurements = {
  async open({ "big.pth": big }) {
    const before = memory();
    const [listed, checkpoint] = await timed(async () => {
      const opened = await Checkpoint.open(big, {}, quiet, undefined);
      if (opened.describe().entries.length !== 200) throw new Error("200 tensors were expected");
      return opened;
    });
    const rows = [{ what: "1 GiB, 200 tensors: listed", ms: listed, memory: memory(), grown: memory() - before }];
    const [stats] = await timed(() => checkpoint.stats("layers.7.weight", { bins: 64 }, quiet, undefined));
    rows.push({ what: "statistics of one tensor of 5 MiB", ms: stats, memory: memory(), grown: memory() - before });
    checkpoint.free();
    return rows;
  },

  async save({ "big.pth": big }) {
    const source = "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layers = nn.ModuleList([nn.Linear(SIZE, 1024, bias=False) for _ in range(200)])\n    def forward(self, x):\n        return self.layers[0](x)\n";
    const checkpoint = await Checkpoint.open(big, {}, quiet, undefined);
    const columns = checkpoint.describe().entries[0].shape[1];
    const rows = [];
    const model = await checkpoint.build({ source: source.replace("SIZE", columns), construct: "Net()", device: "cpu" }, quiet, undefined);
    const before = memory();
    const [untouched] = await timed(() => model.save({ format: "pth", as: "same" }, quiet, undefined));
    rows.push({ what: "saving it untouched", ms: untouched, memory: memory(), grown: memory() - before });
    const one = await checkpoint.tensor("layers.7.weight");
    one.data = new Uint8Array(one.data.length);
    await model.set("layers.7.weight", one);
    const [changed] = await timed(() => model.save({ format: "pth", as: "same" }, quiet, undefined));
    rows.push({ what: "saving it with one tensor changed", ms: changed, memory: memory(), grown: memory() - before });
    return rows;
  },

  async matmul({ "small.pth": small, models }) {
    const n = 512;
    const [a, b] = [random(n * n), random(n * n)];
    const checkpoint = await Checkpoint.open(small, {}, quiet, undefined);
    const source = "import torch\nfrom torch import nn\n\nclass Product(nn.Module):\n    def forward(self, a, b):\n        return torch.matmul(a, b)\n";
    const model = await checkpoint.build({ source, construct: "Product()", device: "cpu", strict: false }, quiet, undefined);
    const session = await ort.InferenceSession.create(models.matmul, { executionProviders: ["wasm"] });
    const ours = () => model.run([tensor([n, n], a), tensor([n, n], b)], undefined);
    const theirs = () => session.run({ a: new ort.Tensor("float32", a, [n, n]), b: new ort.Tensor("float32", b, [n, n]) });
    const worst = gap(await ours(), (await theirs()).y.data);
    const [ms, other] = await sideBySide(ours, theirs);
    return [{ what: "CPU matmul 512x512x512 f32", ms, other, worst, memory: memory() }];
  },

  async conv({ "small.pth": small, models }) {
    const x = random(64 * 56 * 56);
    const shape = [1, 64, 56, 56];
    const checkpoint = await Checkpoint.open(small, {}, quiet, undefined);
    const source =
      "from torch import nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.conv = nn.Conv2d(64, 64, 3, padding=1)\n    def forward(self, x):\n        return self.conv(x)\n";
    const model = await checkpoint.build({ source, construct: "Net()", device: "cpu" }, quiet, undefined);
    const weight = (await checkpoint.tensor("conv.weight")).data;
    const bias = (await checkpoint.tensor("conv.bias")).data;
    const session = await ort.InferenceSession.create(await models.conv(weight, bias), { executionProviders: ["wasm"] });
    const ours = () => model.run([tensor(shape, x)], undefined);
    const theirs = () => session.run({ x: new ort.Tensor("float32", x, shape) });
    const worst = gap(await ours(), (await theirs()).y.data);
    const [ms, other] = await sideBySide(ours, theirs);
    return [{ what: "CPU conv 64->64 3x3 on 56x56", ms, other, worst, memory: memory() }];
  },

  async resnet18(given) {
    return network("resnet18", { zoo: "resnet18" }, "ResNet-18, 224x224", [1, 3, 224, 224], given);
  },

  async mobilenet_v2(given) {
    return network("mobilenet_v2", { zoo: "mobilenet_v2" }, "MobileNetV2, 224x224", [1, 3, 224, 224], given);
  },

  async bert(given) {
    return network("bert", { source: await source("bert"), construct: "Bert()" }, "BERT, 4 layers of 256, 128 tokens", [1, 128], given);
  },

  async lstm(given) {
    return network("lstm", { source: await source("lstm"), construct: "Lstm()" }, "LSTM of 256, 64 steps", [1, 64, 256], given);
  },

  async trace({ "resnet50.pth": resnet50, "gpt2.pth": gpt2 }) {
    const rows = await traced("ResNet-50", resnet50, { zoo: "resnet50" }, [[1, 3, 224, 224]], [[2, 3, 192, 192]]);
    const decoder = { source: await source("gpt2"), construct: "Gpt2()" };
    return [...rows, ...(await traced("GPT-2, 12 layers", gpt2, decoder, [[1, 128]], [[1, 96]]))];
  },
};

onmessage = async ({ data: { name, files, device } }) => {
  const models = {
    matmul: new Uint8Array(await (await fetch("/benches/made/matmul.onnx")).arrayBuffer()),
    conv: async () => new Uint8Array(await (await fetch("/benches/made/conv.onnx")).arrayBuffer()),
  };
  try {
    postMessage({ rows: await measurements[name]({ ...files, models, device }) });
  } catch (error) {
    postMessage({ error: error.message ?? String(error), code: error.code });
  }
};
postMessage({ ready: true });
