// The tour in Firefox, which has no WebGPU on Linux: open, look, run, train, take home, on the CPU.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FIREFOX, Firefox } from "./marionette.ts";

const PYTHON = process.env["TORCHTAB_PYTHON"];
const RUNS = 'return [...document.querySelectorAll("h2")].some((title) => title.textContent === "Run")';
const BARS = 'return [...document.querySelectorAll("ol.bars li")].map((line) => line.innerText).join("\\n")';

test.skip(FIREFOX === undefined, "needs Firefox");

test("a file and a sample open, run, train, and come home, on the CPU", async ({ baseURL }) => {
  test.setTimeout(240_000);
  await using firefox = await Firefox.start();
  await firefox.goto(`${baseURL}/`);
  await firefox.press("Handwritten digits");
  await firefox.until(RUNS);
  expect(await firefox.evaluate('return document.querySelector(".device").textContent')).toContain("CPU");
  // Why the CPU, in a sentence.
  expect(await firefox.evaluate("return document.body.innerText")).toMatch(/no WebGPU/i);
  await firefox.evaluate('document.querySelector(\'[data-path="conv1.weight"]\').click()');
  await firefox.until('return document.querySelector(\'[aria-label="Histogram of conv1.weight"]\')?.tagName');
  await firefox.press("5");
  await firefox.evaluate('document.querySelector("section[aria-labelledby=run-title] button.primary").click()');
  expect(await firefox.until(BARS)).toMatch(/^5\n/);

  await firefox.goto(`${baseURL}/`);
  await firefox.choose("input[type=file]", fileURLToPath(new URL("../../samples/iris/iris.pth", import.meta.url)));
  await firefox.until(RUNS);
  await firefox.goto(`${baseURL}/#sample=iris`);
  await firefox.until(RUNS);
  await firefox.until('return document.querySelector("section[aria-labelledby=train-title]").innerText.includes("120 rows")');
  await firefox.press("Start");
  await firefox.until('return [...document.querySelectorAll("button")].some((button) => button.textContent.trim() === "Train on")');
  expect(await firefox.until('return document.querySelector("dl.figures")?.innerText')).toMatch(/Accuracy\n[89]\d/);
  await firefox.press("Download");
  const file = join(firefox.downloads, "iris.pth");
  await expect.poll(() => existsSync(file) && !readdirSync(firefox.downloads).some((name) => name.endsWith(".part")), { timeout: 30_000 }).toBe(true);
  if (PYTHON === undefined) return;
  const script = "import sys, torch; net = torch.load(sys.argv[1], weights_only=False); print(net.eval()(torch.tensor([[5.0, 3.4, 1.5, 0.2]])).argmax(1).item())";
  expect(execFileSync(PYTHON, ["-c", script, file], { encoding: "utf8" }).trim()).toBe("0");
});
