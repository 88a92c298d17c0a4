// Case folders in Chromium, through the JavaScript API: `cargo xtask cases DIR… --browser [--device cpu|webgpu] [--only PATTERN]`.
//
// Finds the cases as the native harness does, hands each to `harness.mjs` in the page, and its training to `training.mjs`; prints one line
// a part and the closing count. A part that cannot be run fails: nothing is skipped.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "@playwright/test";

const { TORCHTAB_URL: url, TORCHTAB_CHROMIUM: executablePath } = process.env;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { device: { type: "string", default: "cpu" }, only: { type: "string", default: "" } },
});
// WebGPU without a GPU: Chromium's software renderer.
const GPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-vulkan=swiftshader", "--use-webgpu-adapter=swiftshader", "--ignore-gpu-blocklist"];
/** The longest that one case may take, in milliseconds. */
const PATIENCE = values.device === "webgpu" ? 300_000 : 120_000;

/** Every case in a folder: `{name, folder, expected}` for networks, with `file` for one file of a format case. */
function* find(folder) {
  const name = basename(folder);
  if (existsSync(join(folder, "expected.json"))) {
    for (const expected of JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")).files) {
      yield { name: `${name}/${expected.file}`, folder, kind: "format", expected };
    }
  } else if (existsSync(join(folder, "case.json"))) {
    yield { name, folder, kind: "network", expected: JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) };
  } else {
    for (const inside of readdirSync(folder).sort()) {
      if (statSync(join(folder, inside)).isDirectory()) yield* find(join(folder, inside));
    }
  }
}

/** What is run of a case, a line each: a file, or the network's outputs and then its training. */
function partsOf({ name, kind, expected }) {
  return kind === "network" && expected.train ? [[kind, name], ["training", `${name}/train`]] : [[kind, name]];
}

const count = { passed: 0, failed: 0 };
function line({ outcome, text }, name) {
  count[outcome] += 1;
  const word = { passed: "ok  ", failed: "FAIL" }[outcome];
  console.log(`${word} ${name}: ${text.replaceAll("\n", " ").slice(0, 400)}`);
}

async function patiently(work) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(() => done({ outcome: "failed", text: `no answer within ${PATIENCE / 1000} s` }), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    return { outcome: "failed", text: `the page: ${error.message}` };
  } finally {
    clearTimeout(timer);
  }
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", ...(values.device === "webgpu" ? GPU : [])] });
let page;
let folder;
async function open() {
  page = await browser.newPage();
  await page.route(`${url}/case/**`, (route) => {
    const path = join(folder, decodeURIComponent(new URL(route.request().url()).pathname.slice("/case/".length)));
    return existsSync(path) ? route.fulfill({ path, contentType: "application/octet-stream" }) : route.fulfill({ status: 404, body: "" });
  });
  await page.goto(`${url}/tests/browser/harness.html`);
  await page.waitForFunction(() => window.run !== undefined);
}

await open();
let found = 0;
for (const given of positionals) {
  for (const one of find(resolve(given))) {
    if (!one.name.includes(values.only)) continue;
    found += 1;
    folder = one.folder;
    for (const [kind, name] of partsOf(one)) {
      const result = await patiently(page.evaluate((a) => window.run(a), { kind, expected: one.expected, device: values.device }));
      line(result, name);
      // A page that did not answer is not trusted with the next part.
      if (result.outcome === "failed") {
        await page.close();
        await open();
      }
    }
  }
}
await browser.close();
console.log(`${count.passed} passed, ${count.failed} failed, 0 skipped`);
process.exit(count.failed > 0 || found === 0 ? 1 : 0);
