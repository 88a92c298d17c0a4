// The side-by-side benchmark: `cargo xtask bench [--only NAME]` serves the checkout and runs this. Measurements: open, save, matmul, conv, size.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants, brotliCompressSync } from "node:zlib";
import { chromium } from "@playwright/test";
import * as onnx from "./onnx.mjs";

const { TORCHTAB_URL: url, TORCHTAB_CHROMIUM: executablePath, TORCHTAB_PYTHON: python } = process.env;
const only = process.argv[2] ?? "";
const made = new URL("made/", import.meta.url).pathname;

if (!existsSync(`${made}big.pth`) || !existsSync(`${made}small.pth`)) {
  console.log("making 1 GiB of checkpoint (once)");
  const { status } = spawnSync(python, [new URL("make.py", import.meta.url).pathname], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
// onnxruntime-web gets the same weights as we do.
const dump = "import sys, torch; s = torch.load(sys.argv[1]); sys.stdout.buffer.write(s['conv.weight'].numpy().tobytes() + s['conv.bias'].numpy().tobytes())";
const { stdout } = spawnSync(python, ["-c", dump, `${made}small.pth`], { maxBuffer: 1 << 28 });
const weights = new Float32Array(new Uint8Array(stdout).buffer);
writeFileSync(`${made}matmul.onnx`, onnx.matmul(512));
writeFileSync(`${made}conv.onnx`, onnx.conv(64, 56, weights.subarray(0, 64 * 64 * 9), weights.subarray(64 * 64 * 9)));

const rows = [];
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failed = false;
for (const name of ["open", "save", "matmul", "conv"].filter((n) => n.includes(only))) {
  const page = await browser.newPage();
  page.on("console", (message) => message.type() === "error" && console.error(`  ${message.text()}`));
  page.on("requestfailed", (request) => console.error(`  ${request.url()}: ${request.failure()?.errorText}`));
  await page.goto(`${url}/benches/page.html`);
  await page.setInputFiles("#big", `${made}big.pth`);
  await page.setInputFiles("#small", `${made}small.pth`);
  const result = await page.evaluate((n) => window.measure(n), name);
  if (result.error) {
    failed = true;
    rows.push({ what: name, error: result.error });
  } else {
    rows.push(...result.rows);
  }
  await page.close();
}
console.log(`\nChromium ${browser.version()}, ${(await import("node:os")).cpus()[0]?.model ?? "unknown CPU"}`);
await browser.close();

const mib = (bytes) => (bytes === undefined ? "" : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
const ms = (time) => (time === undefined ? "" : `${time.toFixed(1)} ms`);
console.log("\n| measurement | torchtab | onnxruntime-web | ratio | largest difference | wasm memory (grown) |");
console.log("| --- | --- | --- | --- | --- | --- |");
for (const r of rows) {
  const grown = r.grown === undefined ? "" : ` (${mib(r.grown)})`;
  const ratio = r.other === undefined ? "" : (r.ms / r.other).toFixed(2);
  const worst = r.worst === undefined ? "" : r.worst.toExponential(1);
  console.log(`| ${r.what} | ${r.error ?? ms(r.ms)} | ${ms(r.other)} | ${ratio} | ${worst} | ${mib(r.memory)}${grown} |`);
}
if ("size".includes(only)) {
  const wasm = readFileSync(new URL("../pkg/wasm/torchtab_bg.wasm", import.meta.url));
  const small = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  console.log(`\nwasm: ${(wasm.length / 1e6).toFixed(1)} MB, ${(small.length / 1e6).toFixed(2)} MB with brotli (quality 9)`);
}
process.exit(failed ? 1 : 0);
