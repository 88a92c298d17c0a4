// Training steps side by side in one run: torchtab on the CPU device, TensorFlow.js on the fastest of its backends that can train here, and
// native PyTorch on one thread. All start from the same weights and see the same batches, so their losses must agree.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Each measurement and what its row says. */
export const TRAININGS = {
  train_digits: "digits CNN, batch 64, Adam",
  train_mlp: "MLP 784-512-10, batch 128, SGD",
  train_transformer: "transformer, 4 layers of 128, 128 tokens, batch 8, Adam",
};
/** The measurement of memory over many steps. */
export const MEMORY = "train_memory";
const BACKENDS = ["wasm", "cpu", "webgl", "webgpu"];
/** Steps whose losses are compared; they warm up too. */
const FIRST = 4;
/** Times that each engine has its turn; the steps in one, fewer where they would take longer than so many milliseconds. */
const [TURNS, STEPS, TURN] = [6, 8, 1000];
/** Steps after which memory is read. */
export const REMEMBERED = [200, 2000];
/** A step that takes so many milliseconds is not measured again to choose a backend. */
const SLOW = 2000;
/** How long two steps may take before a backend is given up, in milliseconds. */
const PATIENCE = 120_000;
/** How far losses of the first steps may be apart, relatively: rounding differs, work must not. */
const SAME = 1e-3;

/** What each engine's steps took, in milliseconds, and how far its first losses are from PyTorch's at most. */
export async function train(browser, url, python, name) {
  const network = name.replace("train_", "");
  const page = await open(browser, url);
  const torch = pytorch(python, network);
  try {
    const ours = await engine(page, "torchtab", "train_torchtab.mjs", "module", { prepare: network, device: "cpu" });
    const theirs = await tensorflow(page, network);
    const engines = { torchtab: ours, ...(theirs === undefined ? {} : { tfjs: theirs }), torch };
    const [losses, times, steps] = [{}, {}, {}];
    for (const [key, one] of Object.entries(engines)) {
      const first = await one.steps(FIRST);
      losses[key] = first.losses;
      times[key] = [];
      steps[key] = Math.min(STEPS, Math.max(1, Math.floor(TURN / first.ms.at(-1))));
    }
    const gaps = Object.values(losses).flatMap((of) => of.map((loss, i) => Math.abs(loss / losses.torch[i] - 1)));
    const worst = Math.max(...gaps);
    if (!(worst <= SAME)) throw new Error(`not the same work: losses ${JSON.stringify(losses)}`);
    // In turn, so that the machine's moods hit all.
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [key, one] of Object.entries(engines)) times[key].push(...(await one.steps(steps[key])).ms);
    }
    return { times, backend: theirs?.backend, worst };
  } finally {
    torch.end();
    await page.close();
  }
}

/** Prints what was measured of each training: the median of its steps, and the shortest. */
export function table(rows) {
  if (rows.length === 0) return;
  const ms = (of) => (of === undefined ? "" : `${median(of).toFixed(1)} (${Math.min(...of).toFixed(1)}) ms`);
  const ratio = (a, b) => (b === undefined ? "" : (median(a) / median(b)).toFixed(2));
  console.log("\n| training step, median (shortest) | torchtab, CPU | TensorFlow.js | ratio | PyTorch, 1 thread | ratio | losses apart |");
  console.log("| --- | --- | --- | --- | --- | --- | --- |");
  for (const { what, times, backend, worst, error } of rows) {
    const theirs = times?.tfjs === undefined ? "cannot" : `${ms(times.tfjs)}, ${backend}`;
    const fields = times === undefined ? [error] : [ms(times.torchtab), theirs, ratio(times.torchtab, times.tfjs), ms(times.torch), ratio(times.torchtab, times.torch), worst.toExponential(1)];
    console.log(`| ${[what, ...fields].join(" | ")} |`);
  }
}

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];

/** wasm memory after some and after many steps of the MLP, in bytes. */
export async function memory(browser, url) {
  const page = await open(browser, url);
  try {
    const ours = await engine(page, "torchtab", "train_torchtab.mjs", "module", { prepare: "mlp", device: "cpu" });
    const [early, late] = REMEMBERED;
    return [(await ours.steps(early)).memory, (await ours.steps(late - early)).memory];
  } finally {
    await page.close();
  }
}

async function open(browser, url) {
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(`  ${message.text()}`));
  await page.goto(`${url}/benches/train.html`);
  await page.waitForFunction(() => window.ask !== undefined);
  return page;
}

/** A worker that is ready to train. */
async function engine(page, name, script, type, prepare) {
  const ask = (message) => page.evaluate(([n, m]) => window.ask(n, m), [name, message]);
  await page.evaluate(([n, s, t]) => window.start(n, s, t), [name, script, type]);
  await ask(prepare);
  return { steps: (count) => ask({ steps: count }) };
}

/** TensorFlow.js on the backend whose steps are shortest here, started anew; nothing where none can train this. */
async function tensorflow(page, network) {
  let best;
  for (const backend of BACKENDS) {
    const found = await tried(page, network, backend);
    await page.evaluate(() => window.end("tfjs"));
    console.log(`TensorFlow.js, ${backend}: ${found.why ?? `${found.ms.toFixed(1)} ms a step`}`);
    if (found.ms < (best?.ms ?? Infinity)) best = found;
  }
  return best && { backend: best.prepare.backend, ...(await engine(page, "tfjs", "train_tfjs.js", "classic", best.prepare)) };
}

/** How fast a backend is, or why it cannot train. Where `gather` has no gradient, a product in its place may have one. */
async function tried(page, network, backend) {
  let why;
  for (const gathers of network === "transformer" ? [true, false] : [true]) {
    const prepare = { prepare: network, backend, gathers };
    try {
      const one = await engine(page, "tfjs", "train_tfjs.js", "classic", prepare);
      const first = await Promise.race([one.steps(2), late()]);
      // Of the hopelessly slow, the second step says enough.
      const { ms } = first.ms[1] > SLOW ? first : await one.steps(3);
      return { prepare, ms: Math.min(...ms) };
    } catch (error) {
      why ??= `cannot train this (${error.message.split("\n")[0].replace("page.evaluate: Error: ", "")})`;
      await page.evaluate(() => window.end("tfjs"));
    }
  }
  return { why };
}

function late() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not two steps in ${PATIENCE / 1000} s`)), PATIENCE).unref();
  });
}

/** `train.py NAME`, which trains while it is asked to. */
function pytorch(python, network) {
  const child = spawn(python, [new URL("train.py", import.meta.url).pathname, network], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async steps(count) {
      child.stdin.write(`${count}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("train.py ended");
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
