// The side-by-side benchmark: `cargo xtask bench [--only NAME] [--device cpu|webgpu]` serves the checkout and runs this.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants, brotliCompressSync } from "node:zlib";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";
import * as onnx from "./onnx.mjs";
import * as training from "./train.mjs";

const { TORCHTAB_URL: url, TORCHTAB_CHROMIUM: executablePath, TORCHTAB_PYTHON: python } = process.env;
const { values: asked } = parseArgs({
  options: { only: { type: "string", default: "" }, device: { type: "string", default: "cpu" } },
});
const { only, device } = asked;
// WebGPU without a GPU: Chromium's software renderer.
const GPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-vulkan=swiftshader", "--use-webgpu-adapter=swiftshader", "--ignore-gpu-blocklist"];
/** Each measurement and the files it opens. Networks run on either device, the rest has but one. */
const MEASUREMENTS = {
  open: ["big.pth"],
  save: ["big.pth"],
  matmul: ["small.pth"],
  conv: ["small.pth"],
  trace: ["resnet50.pth", "gpt2.pth"],
  resnet18: ["resnet18.pth"],
  mobilenet_v2: ["mobilenet_v2.pth"],
  bert: ["bert.pth"],
  lstm: ["lstm.pth"],
};
const NETWORKS = ["resnet18", "mobilenet_v2", "bert", "lstm"];
const names = Object.keys(MEASUREMENTS).filter((name) => name.includes(only) && (device === "cpu" || NETWORKS.includes(name)));
// Training is measured on the CPU.
const trainings = device === "cpu" ? Object.keys(training.TRAININGS).filter((name) => name.includes(only)) : [];
const remembers = device === "cpu" && training.MEMORY.includes(only);
const made = new URL("made/", import.meta.url).pathname;

const wanted = [...names.flatMap((name) => MEASUREMENTS[name]), ...trainings.map((name) => `${name}.pth`), ...(remembers ? ["train_mlp.pth"] : [])];
const missing = wanted.filter((file) => !existsSync(`${made}${file}`));
const scriptOf = (file) => (["big.pth", "small.pth"].includes(file) ? "make.py" : file.startsWith("train_") ? "train.py" : "networks.py");
for (const script of new Set(missing.map(scriptOf))) {
  console.log(`${script}: making ${missing.join(", ")} (once)`);
  const { status } = spawnSync(python, [new URL(script, import.meta.url).pathname], { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) process.exit(1);
}
if (names.includes("matmul")) writeFileSync(`${made}matmul.onnx`, onnx.matmul(512));
if (names.includes("conv")) {
  // onnxruntime-web gets the same weights as we do.
  const dump = "import sys, torch; s = torch.load(sys.argv[1]); sys.stdout.buffer.write(s['conv.weight'].numpy().tobytes() + s['conv.bias'].numpy().tobytes())";
  const { stdout } = spawnSync(python, ["-c", dump, `${made}small.pth`], { maxBuffer: 1 << 28 });
  const weights = new Float32Array(new Uint8Array(stdout).buffer);
  writeFileSync(`${made}conv.onnx`, onnx.conv(64, 56, weights.subarray(0, 64 * 64 * 9), weights.subarray(64 * 64 * 9)));
}

const rows = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...(device === "webgpu" ? GPU : [])] });
let failed = false;
for (const name of names) {
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(`  ${message.text()}`));
  page.on("requestfailed", (request) => console.error(`  ${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(`${url}/benches/page.html`);
  await page.setInputFiles("#files", MEASUREMENTS[name].map((file) => `${made}${file}`));
  const result = await page.evaluate(([n, d]) => window.measure(n, d), [name, device]);
  if (result.error) {
    failed = true;
    rows.push({ what: name, error: result.error });
  } else {
    rows.push(...result.rows);
  }
  await page.close();
}
const trained = [];
for (const name of trainings) {
  const what = training.TRAININGS[name];
  console.log(`\n${what}`);
  try {
    trained.push({ what, ...(await training.train(browser, url, python, name)) });
  } catch (error) {
    failed = true;
    trained.push({ what, error: error.message.split("\n")[0] });
  }
}
const remembered = remembers ? await training.memory(browser, url) : undefined;
console.log(`\nChromium ${browser.version()}, ${(await import("node:os")).cpus()[0]?.model ?? "unknown CPU"}`);
await browser.close();

const mib = (bytes) => (bytes === undefined ? "" : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
const ms = (time) => (time === undefined ? "" : `${time.toFixed(1)} ms`);
if (rows.length > 0) {
  console.log("\n| measurement | torchtab | onnxruntime-web | ratio | largest difference | wasm memory (grown) |");
  console.log("| --- | --- | --- | --- | --- | --- |");
}
for (const r of rows) {
  const grown = r.grown === undefined ? "" : ` (${mib(r.grown)})`;
  const ratio = r.other === undefined ? "" : (r.ms / r.other).toFixed(2);
  const worst = r.worst === undefined ? "" : r.worst.toExponential(1);
  console.log(`| ${r.what} | ${r.error ?? ms(r.ms)} | ${ms(r.other)} | ${ratio} | ${worst} | ${mib(r.memory)}${grown} |`);
}
training.table(trained);
if (remembered !== undefined) {
  const [[early, late], [before, after]] = [training.REMEMBERED, remembered];
  console.log(`\nwasm memory while the MLP trains: ${mib(before)} after ${early} steps, ${mib(after)} after ${late}`);
}
if ("size".includes(only)) {
  const wasm = readFileSync(new URL("../pkg/wasm/torchtab_bg.wasm", import.meta.url));
  const small = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  console.log(`\nwasm: ${(wasm.length / 1e6).toFixed(1)} MB, ${(small.length / 1e6).toFixed(2)} MB with brotli (quality 11)`);
}
process.exit(failed ? 1 : 0);
