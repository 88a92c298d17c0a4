// torchtab's side of the benchmark of training, in a worker of its own: our wasm by its rim, so that its memory can be seen.
// Takes `{prepare: NAME, device}`, then `{steps: N}` as often as asked; answers with what each step took and its loss.

import init, { Checkpoint } from "/pkg/wasm/torchtab.js";
import { batchOf, read } from "./train_data.mjs";

const quiet = () => {};
let wasm;
let model;
let batches;
let done = 0;

async function prepare(name, device) {
  wasm = await init();
  const { spec, tensors } = await read(name);
  const file = new File([await (await fetch(`/benches/made/train_${name}.pth`)).blob()], `${name}.pth`);
  const checkpoint = await Checkpoint.open(file, {}, quiet, undefined);
  const source = await (await fetch(`/${spec.source}`)).text();
  model = await checkpoint.build({ source, construct: spec.construct, device }, quiet, undefined);
  if (model.device.kind !== device) throw new Error(`runs on the ${model.device.kind}: ${model.device.reason}`);
  const { class: of, ...hyper } = spec.optimizer;
  const loss = { name: "CrossEntropyLoss", kwargs: {}, on: [] };
  await model.prepare({ loss, optimizer: { class: of, hyper, groups: [] }, lossEvery: 1 });
  batches = Array.from({ length: spec.batches }, (_, i) => {
    const [inputs, targets] = batchOf(tensors, i).map(raw);
    return { inputs: [inputs], targets: [targets] };
  });
  return {};
}

/** As the rim takes it. What is int32 in the file is torch's int64. */
function raw({ dtype, shape, data }) {
  const typed = dtype === "int32" ? BigInt64Array.from(data, BigInt) : data;
  return { dtype: dtype === "int32" ? "int64" : dtype, shape, data: new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength) };
}

async function steps(count) {
  const [ms, losses] = [[], []];
  for (let i = 0; i < count; i++) {
    const batch = batches[done++ % batches.length];
    const start = performance.now();
    const report = await model.step(batch, undefined);
    ms.push(performance.now() - start);
    losses.push(...report.losses);
  }
  return { ms, losses, memory: wasm.memory.buffer.byteLength };
}

onmessage = async ({ data }) => {
  try {
    postMessage(data.prepare === undefined ? await steps(data.steps) : await prepare(data.prepare, data.device));
  } catch (error) {
    postMessage({ error: error.message ?? String(error) });
  }
};
