// The page as a person uses it.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { best, complaints, drop, onDevice, openSample, pick, run, sample, settled } from "./tour.ts";

const PYTHON = process.env["TORCHTAB_PYTHON"];

test("a dropped checkpoint shows its modules, tensors and values", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await drop(page, "mine.pth", sample("digits/digits.pth"));
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  const tree = page.getByRole("treegrid", { name: "Modules and tensors" });
  await expect(tree.locator('[data-path="conv1.weight"]')).toContainText("16 × 1 × 3 × 3");
  await expect(tree.locator('[data-path="conv1.weight"]')).toContainText("float32");
  await expect(page.getByRole("region", { name: "Table of other values" })).toContainText("epoch");
  await tree.locator('[data-path="conv1.weight"]').click();
  await expect(page.getByRole("img", { name: "Histogram of conv1.weight" })).toBeVisible();
  await page.getByRole("button", { name: "Show values" }).click();
  await expect(page.getByLabel("First values")).toContainText(/\d/);
  expect(heard).toEqual([]);
});

test("a state_dict asks for its class, tells what is wrong and where, and runs once it has it", async ({ page }) => {
  await page.goto("/");
  await pick(page, "weights.pth", sample("digits/digits.pth"));
  const source = page.getByLabel("PyTorch source");
  await expect(source).toBeVisible();
  await expect(page.getByText("no architecture")).toBeVisible();
  await source.fill("import torch.nn as nn\n\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nowhere(3)\n");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("alert")).toContainText("nowhere");
  await expect(page.getByRole("alert")).toContainText(/:6/);
  // As Python prints it: the line as it is written, the carets below what they mean.
  await expect(page.getByRole("alert").locator("pre")).toHaveText("self.fc = nowhere(3)\n          ^^^^^^^", { useInnerText: true });
  await source.fill(sample("digits/model.py").toString());
  await page.getByLabel(/^Constructor call/).fill("DigitsNet()");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("the digits sample reads its examples, and a digit drawn by hand", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await onDevice(page, "CPU");
  await run(page);
  await expect(page.getByText(/m?s on the CPU/)).toBeVisible();
  let right = 0;
  for (let digit = 0; digit < 10; digit += 1) {
    await page.getByRole("button", { name: `Example ${digit}`, exact: true }).click();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await settled(page);
    if ((await best(page).innerText()).startsWith(String(digit))) right += 1;
  }
  expect(right).toBeGreaterThanOrEqual(8);
  const kit = page.getByRole("region", { name: "Run", exact: true });
  await kit.getByLabel("Image file", { exact: true }).setInputFiles({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(kit.getByRole("alert")).toHaveText("notes.png is no picture that this browser reads");
  // A one: a stroke from the top to the bottom.
  const canvas = page.getByRole("img", { name: /^Drawing area/ });
  const box = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(box.x + box.width * 0.42, box.y + box.height * 0.28);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.52, box.y + box.height * 0.12, { steps: 6 });
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.9, { steps: 12 });
  await page.mouse.up();
  await expect(best(page)).toHaveText(/^1/);
});

test("the sentiment sample runs on a sentence, as PyTorch did", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Sentiment/);
  await run(page);
  for (const { text, label, score } of JSON.parse(sample("wordavg/examples.json").toString()) as { text: string; label: string; score: number }[]) {
    await page.getByLabel("Sentence").fill(text);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    const percent = `${(100 * Math.max(score, 1 - score)).toFixed(1)} %`;
    await expect(best(page)).toHaveText(new RegExp(`${label}\\s*${percent.replace(".", "\\.")}`));
  }
});

test("a tensor written as JSON runs, and a shape that does not fit is told in torch's words", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await page.getByRole("radio", { name: "JSON" }).check({ force: true });
  const field = page.getByLabel("x as JSON");
  await field.fill('{"shape": [2, 1, 8, 8], "fill": "rand", "seed": 7}');
  await run(page);
  await expect(page.getByText(/of 2$/)).toBeVisible();
  await field.fill('{"shape": [2, 3, 8, 8], "fill": 0}');
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText(/channels/);
  await field.fill("[[1, 2");
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeDisabled();
});

test("a download opens again, and torch loads it", async ({ page }, info) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  for (const [format, as] of [
    ["pth", "same"],
    ["pth", "state_dict"],
    ["pth", "checkpoint"],
    ["safetensors", undefined],
  ] as const) {
    await page.getByLabel("Format").selectOption(format);
    if (as !== undefined) await page.getByLabel("Holding").selectOption(as);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const download = await waiting;
    const path = info.outputPath(`${as ?? "tensors"}.${format}`);
    await download.saveAs(path);
    const bytes = readFileSync(path);
    if (as === "same") expect(bytes.equals(sample("digits/digits.pth")), "an untouched file keeps its bytes").toBe(true);
    if (PYTHON !== undefined && format === "pth") {
      const keys = execFileSync(PYTHON, [
        "-c",
        "import sys, torch; d = torch.load(sys.argv[1], weights_only=True); d = d.get('model_state_dict', d); print(len(d), tuple(d['conv1.weight'].shape))",
        path,
      ]).toString();
      expect(keys.trim()).toBe("16 (16, 1, 3, 3)");
    }
    const other = await page.context().newPage();
    await other.goto("/");
    await pick(other, `again.${format}`, bytes);
    await expect(other.locator('[data-path="conv1.weight"]')).toBeVisible();
    await other.close();
  }
});

test("what is no checkpoint is named, and what was open stays", async ({ page }) => {
  await page.goto("/");
  await pick(page, "notes.pth", Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"));
  await expect(page.getByRole("alert")).toContainText(/LFS/);
  await openSample(page, /Handwritten digits/);
  await drop(page, "cut.pth", sample("digits/digits.pth").subarray(0, 90_000));
  await page.getByRole("button", { name: "Open instead" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByRole("heading", { name: "digits.pth" })).toBeVisible();
  await run(page);
});

test("an address opens from the field, from a paste and from the link", async ({ page, baseURL }) => {
  const address = new URL("/samples/wordavg/wordavg.pth", baseURL).href;
  await page.goto("/");
  await page.getByLabel("Address of a checkpoint").fill("nonsense");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByText("An address starts with https:// or hf://")).toBeVisible();
  await page.getByLabel("Address of a checkpoint").fill(address);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByRole("heading", { name: "wordavg.pth" })).toBeVisible();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, address);
  await expect(page.getByRole("heading", { name: "wordavg.pth" })).toBeVisible();
  await page.goto("about:blank");
  await page.goto(`/#url=${encodeURIComponent(address)}`);
  await expect(page.getByRole("heading", { name: "wordavg.pth" })).toBeVisible();
});

test("the device can be changed, and the network answers the same", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Sentiment/);
  const answers: string[] = [];
  for (const device of ["CPU", "WebGPU"] as const) {
    await onDevice(page, device);
    await run(page);
    answers.push(await best(page).innerText());
  }
  expect(answers[0]).toBe(answers[1]);
});

test("when the worker dies, the file opens again with what was pasted", async ({ page }) => {
  await page.addInitScript(() => {
    const Real = Worker;
    window.Worker = class extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        addEventListener("end-the-worker", () => this.dispatchEvent(new ErrorEvent("error", { message: "out of memory" })), { once: true });
      }
    };
  });
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await run(page);
  await page.evaluate(() => dispatchEvent(new Event("end-the-worker")));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("out of memory");
  await page.getByRole("button", { name: "Open the file again" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await run(page);
});
