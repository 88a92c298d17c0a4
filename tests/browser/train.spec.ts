// Training in the page, as a person does it; and what PyTorch makes of the file.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { best, complaints, onDevice, openSample, pick, run, sample } from "./tour.ts";
import { zip } from "./zip.ts";

const PYTHON = process.env["TORCHTAB_PYTHON"];

/** The panel. */
const panel = (page: Page) => page.getByRole("region", { name: "Train", exact: true });
const button = (page: Page, name: string | RegExp) => panel(page).getByRole("button", { name, exact: true });
const figure = (page: Page, name: string) => panel(page).locator("dl.figures div").filter({ has: page.getByText(name, { exact: true }) }).locator("dd");

async function percent(page: Page): Promise<number> {
  return Number.parseFloat((await figure(page, "Accuracy").innerText()).split("%")[0] ?? "NaN");
}

/** Opens the digits with their data, on the CPU. */
async function digits(page: Page): Promise<void> {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await onDevice(page, "CPU");
  await expect(panel(page)).toContainText("1,397 pictures");
}

/** Waits until the loop is over. */
async function over(page: Page): Promise<void> {
  await expect(button(page, "Train on")).toBeVisible({ timeout: 110_000 });
  await expect(panel(page)).toHaveAttribute("aria-busy", "false");
}

/** Gives the panel a data file. */
async function give(page: Page, name: string, buffer: Buffer | string): Promise<void> {
  const files = panel(page).getByRole("radio", { name: "Files" });
  if ((await files.count()) > 0) await files.check({ force: true });
  await panel(page).locator("input[type=file]").first().setInputFiles({ name, mimeType: "application/octet-stream", buffer: Buffer.from(buffer) });
}

async function download(page: Page, path: string): Promise<void> {
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await (await waiting).saveAs(path);
}

/** Loads the file as torch users do, measures the held-out digits, goes on for a step. */
const TORCH = `
import json, sys, torch
sys.path.insert(0, sys.argv[1] + "/digits")
from model import DigitsNet
held = json.load(open(sys.argv[1] + "/digits/held_out.json"))
x = torch.tensor([held["letters"].index(c) for c in held["pixels"]]).float().div(held["scale"]).view(held["shape"])
y = torch.tensor(held["labels"])
file = torch.load(sys.argv[2], weights_only=True)
model = DigitsNet()
model.load_state_dict(file["model_state_dict"])
model.eval()
with torch.no_grad():
    logits = model(x)
right = (logits.argmax(1) == y).float().mean().item()
loss = torch.nn.functional.cross_entropy(logits, y).item()
optimizer = torch.optim.Adam(model.parameters())
optimizer.load_state_dict(file["optimizer_state_dict"])
steps = sorted({int(s["step"]) for s in optimizer.state_dict()["state"].values()})
model.train()
before = torch.nn.functional.cross_entropy(model(x), y)
before.backward()
optimizer.step()
with torch.no_grad():
    after = torch.nn.functional.cross_entropy(model(x), y).item()
print(json.dumps({"right": right, "loss": loss, "steps": steps, "lr": optimizer.param_groups[0]["lr"], "epoch": file["epoch"],
    "moved": after != before.item(), "finite": after == after, "keys": list(file), "batches": int(model.bn1.num_batches_tracked) - 1}))
`;

test("the digits learn from nine in ten to more than 97 in a hundred, and PyTorch goes on from the file", async ({ page }, info) => {
  const heard = complaints(page);
  await digits(page);
  await run(page);
  await expect(panel(page)).toContainText("resumed Adam, lr 0.0005");
  await button(page, "Start").click();
  await over(page);
  expect(await percent(page)).toBeGreaterThan(97);
  await expect(figure(page, "Accuracy")).toContainText(/was 9[01]\.\d %/);
  // The current input is shown before and after.
  await expect(best(page)).toContainText("before training");
  await panel(page).getByText("Epochs as a table").click();
  await expect(panel(page).getByRole("region", { name: "Table of epochs" }).getByRole("row")).toHaveCount(11);
  await panel(page).getByText(/^Each class/).click();
  await expect(panel(page).getByRole("region", { name: "Confusion matrix" }).getByRole("row")).toHaveCount(11);
  await panel(page).getByText("16 tensors changed").click();
  await expect(panel(page).getByRole("region", { name: "Changes of each tensor" })).toContainText("fc2.weight");
  const python = page.getByLabel("Python that loads it");
  await expect(python).toContainText("torch.optim.Adam(model.parameters(), lr=0.0005)");
  await expect(python).toContainText('optimizer.load_state_dict(checkpoint["optimizer_state_dict"])');
  const path = info.outputPath("digits.pth");
  await download(page, path);
  if (PYTHON !== undefined) {
    const script = info.outputPath("look.py");
    writeFileSync(script, TORCH);
    const found = JSON.parse(execFileSync(PYTHON, [script, new URL("../../samples", import.meta.url).pathname, path]).toString()) as {
      right: number; loss: number; steps: number[]; lr: number; epoch: number; moved: boolean; finite: boolean; keys: string[]; batches: number;
    };
    expect(100 * found.right).toBeCloseTo(await percent(page), 1);
    const shown = Number.parseFloat((await figure(page, "Validation loss").innerText()).split("\n")[0] ?? "NaN");
    expect(found.loss).toBeCloseTo(shown, 3);
    expect(found.lr).toBe(0.0005);
    expect(found.keys).toEqual(["epoch", "model_state_dict", "optimizer_state_dict", "loss"]);
    // 76 steps came before, in PyTorch; here epochs of 44, and the best one's weights are kept.
    const kept = Number(/best epoch, (\d+)/.exec(await panel(page).innerText())?.[1] ?? 10);
    expect(found.steps).toEqual([76 + 44 * kept]);
    expect(found.epoch).toBe(1 + kept);
    expect(found).toMatchObject({ moved: true, finite: true });
  }
  expect(heard).toEqual([]);
});

test("training is paused, stepped, gone on with, stopped and reverted", async ({ page }, info) => {
  await digits(page);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("200");
  await button(page, "Start").click();
  await expect(figure(page, "Loss")).toBeVisible();
  await button(page, "Pause").click();
  await expect(button(page, "Go on")).toBeVisible();
  await expect(panel(page)).toContainText(/Paused · Epoch \d+ of 200/);
  const steps = async (): Promise<number> => Number(/over (\d+) steps/.exec((await panel(page).getByRole("img", { name: /^Loss over/ }).getAttribute("aria-label")) ?? "")?.[1]);
  await expect(panel(page).getByText(/tensors changed/)).toBeVisible();
  const paused = await steps();
  await page.waitForTimeout(300);
  expect(await steps()).toBe(paused);
  await button(page, "Step").click();
  await expect(button(page, "Go on")).toBeEnabled();
  await expect.poll(steps).toBe(paused + 1);
  await button(page, "Go on").click();
  await expect.poll(steps).toBeGreaterThan(paused + 3);
  await button(page, "Stop").click();
  await over(page);
  await expect(panel(page)).toContainText(/Stopped after \d+ steps/);
  // The network runs, and is another than the file's.
  await run(page);
  await button(page, "Revert").click();
  await button(page, "Revert to the file").click();
  await expect(button(page, "Start")).toBeVisible();
  await expect(panel(page).getByText(/tensors changed/)).toHaveCount(0);
  const path = info.outputPath("reverted.pth");
  await download(page, path);
  expect(sample("digits/digits.pth").equals(readFileSync(path))).toBe(true);
});

test("a loss that is no number stops training with the last good weights, and says so", async ({ page }) => {
  await digits(page);
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Optimizer").selectOption("SGD");
  await panel(page).getByLabel("Learning rate").fill("1e30");
  await button(page, "Start").click();
  await expect(panel(page).getByRole("alert")).toContainText("The loss was not a number");
  await expect(panel(page).getByRole("alert")).toContainText("last good ones");
  await over(page);
  await run(page);
  await expect(best(page)).not.toContainText("NaN");
  // And on it goes with a rate that is sensible.
  await panel(page).getByLabel("Learning rate").fill("0.05");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("1");
  await button(page, "Train on").click();
  await over(page);
  await expect(panel(page).getByRole("alert")).toHaveCount(0);
  await expect(panel(page)).toContainText(/^.*Done: \d+ steps/);
});

test("what is wrong with data is told before the first step, by line or file", async ({ page }) => {
  await digits(page);
  const alert = panel(page).getByRole("alert");
  const row = (value: string, label: string): string => [...Array.from({ length: 64 }, () => value), label].join(",");
  const header = [...Array.from({ length: 64 }, (_, i) => `p${i}`), "digit"].join(",");
  await give(page, "few.csv", "a,b,digit\n1,2,3\n");
  await expect(alert).toContainText("A row has 2 numbers beside its target, and the network takes 64 (1 × 8 × 8)");
  await give(page, "hole.csv", `${header}\n${row("0", "1")}\n${row("x", "2")}\n`);
  await expect(alert).toContainText('line 3 of hole.csv, column "p0": \'x\' is no number');
  // The field is empty again, so that the file can be mended and chosen once more.
  await expect(panel(page).locator("input[type=file]").first()).toHaveValue("");
  await give(page, "classes.csv", `${header}\n${row("0", "1")}\n${row("1", "12")}\n`);
  await expect(alert).toContainText("line 3 of classes.csv: class 12 (12), and the network gives scores of 10 classes, 0 to 9");
  await give(page, "broken.json", "{");
  await expect(alert).toContainText("broken.json is no JSON");
  await give(page, "cats.zip", zip({ "one/a.png": Buffer.from("no picture"), "two/b.png": Buffer.from("none") }));
  await expect(alert).toContainText("one/a.png is no picture");
  await give(page, "notes.txt.bin", "?");
  await expect(alert).toContainText("no data that is known here");
  await expect(button(page, "Start")).toBeDisabled();
  await give(page, "good.csv", `${header}\n${[0, 1, 2, 3].map((digit) => `${row(String(digit / 4), String(digit))}\n`).join("")}`);
  await expect(alert).toHaveCount(0);
  await expect(panel(page)).toContainText("4 rows of good.csv");
  await button(page, "Step").click();
  await expect(button(page, "Go on")).toBeVisible();
});

test("a zip of pictures by class, and drawings with labels, are data", async ({ page }) => {
  await digits(page);
  const picture = async (tint: number): Promise<Buffer> => {
    const bytes = await page.evaluate(async (level) => {
      const canvas = new OffscreenCanvas(24, 24);
      const pen = canvas.getContext("2d");
      if (pen !== null) {
        pen.fillStyle = `rgb(${level} ${level} ${level})`;
        pen.fillRect(0, 0, 24, 24);
      }
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    }, tint);
    return Buffer.from(bytes);
  };
  const files = Object.fromEntries(await Promise.all([0, 1, 2, 3].map(async (i) => [`set/${i % 2}/${i}.png`, await picture(60 * i)] as const)));
  await give(page, "set.zip", zip(files));
  await expect(panel(page)).toContainText("4 pictures");
  await expect(panel(page)).toContainText("2 classes: 0, 1");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("1");
  await button(page, "Start").click();
  await over(page);
  await panel(page).getByRole("radio", { name: "Draw" }).check({ force: true });
  for (const of of [0, 1, 1]) {
    const canvas = panel(page).getByRole("img", { name: /^Drawing area/ });
    const box = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.8, { steps: 5 });
    await page.mouse.up();
    await button(page, "Add the drawing").nth(of).click();
  }
  await expect(panel(page)).toContainText("3 pictures made here");
  await expect(panel(page).getByRole("list", { name: "Pictures by class" }).getByRole("listitem").nth(1)).toContainText("2 pictures");
  await button(page, "Train on").click();
  await over(page);
});

test("sentences with labels go through the vocabulary", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Sentiment/);
  await onDevice(page, "CPU");
  await expect(panel(page)).toContainText("654 texts");
  await panel(page).getByText("Options", { exact: true }).click();
  await expect(panel(page)).toContainText("BCEWithLogitsLoss");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("2");
  await button(page, "Start").click();
  await over(page);
  expect(await percent(page)).toBeGreaterThan(80);
  // A bare state_dict has no place for the optimizer: the page says so, and offers one that has.
  await page.getByRole("button", { name: /^Make a fresh checkpoint/ }).click();
  await expect(page.getByLabel("Python that loads it")).toContainText("torch.optim.AdamW");
  await give(page, "more.csv", "text,label\n\"a lovely, lovely film\",positive\n\"what a bad, dull film\",negative\n");
  await expect(panel(page)).toContainText("2 rows of more.csv");
  await button(page, "Step").click();
  await expect(button(page, "Go on")).toBeVisible();
});

test("a dead worker loses nothing that was kept: the page goes on from there", async ({ page }) => {
  await page.addInitScript(() => {
    const Real = Worker;
    window.Worker = class extends Real {
      constructor(url: string | URL, options?: WorkerOptions) {
        super(url, options);
        addEventListener("end-the-worker", () => this.dispatchEvent(new ErrorEvent("error", { message: "out of memory" })), { once: true });
      }
    };
  });
  await digits(page);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("3");
  await button(page, "Start").click();
  await over(page);
  const reached = await percent(page);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("500");
  await button(page, "Train on").click();
  await expect(button(page, "Pause")).toBeVisible();
  await page.evaluate(() => dispatchEvent(new Event("end-the-worker")));
  await expect(panel(page).getByRole("alert")).toContainText("out of memory");
  await expect(panel(page).getByRole("alert")).toContainText(/with what was trained until step \d+/);
  await panel(page).getByRole("button", { name: "Open the file again" }).click();
  await expect(panel(page).getByRole("alert")).toHaveCount(0, { timeout: 60_000 });
  // The data, the curve and the weights are there; one more step, and the measure is no worse than what was kept.
  await expect(panel(page)).toContainText("1,397 pictures");
  await expect(panel(page)).toContainText("resumed Adam");
  await button(page, "Step").click();
  await expect(button(page, "Go on")).toBeEnabled();
  expect(await percent(page)).toBeGreaterThan(reached - 3);
});

test("a checkpoint of one's own trains too, with a loss and optimizer that are typed", async ({ page }) => {
  await page.goto("/");
  await pick(page, "mine.pth", sample("digits/digits.pth"));
  await page.getByLabel("PyTorch source").fill(`${sample("digits/model.py").toString()}\ndef criterion(x, y):\n    return F.cross_entropy(x, y, label_smoothing=0.1)\n`);
  await page.getByLabel(/^Constructor call/).fill("DigitsNet()");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await onDevice(page, "CPU");
  await give(page, "digits.json", sample("digits/training.json"));
  await expect(panel(page)).toContainText("1,397 pictures");
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Loss").fill("source:criterion");
  await panel(page).getByLabel("Optimizer").selectOption("SGD");
  await panel(page).getByLabel("Learning rate").fill("0.01");
  await panel(page).getByLabel("Momentum").fill("0.9");
  await panel(page).getByLabel("More arguments").fill("nesterov=True");
  await panel(page).getByLabel("Groups").fill("fc2.*: lr=0.02");
  await panel(page).getByLabel("Scheduler").selectOption("StepLR");
  await panel(page).getByLabel("Its arguments").fill("step_size=1, gamma=0.5");
  await panel(page).getByLabel("Trains").selectOption("patterns");
  await panel(page).getByLabel("Freeze", { exact: false }).first().fill("conv1");
  await panel(page).getByLabel("Clip gradients").selectOption("norm");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("2");
  await button(page, "Start").click();
  await over(page);
  await expect(panel(page).getByRole("alert")).toHaveCount(0);
  await panel(page).getByText(/tensors changed/).click();
  const changes = panel(page).getByRole("region", { name: "Changes of each tensor" });
  await expect(changes).toContainText("conv2.weight");
  await expect(changes).not.toContainText("conv1.weight");
  // Mistakes in arguments are told in torch's words.
  await panel(page).getByLabel("Learning rate").fill("-1");
  await panel(page).getByLabel("Groups").fill("");
  await button(page, "Train on").click();
  await expect(panel(page).getByRole("alert")).toContainText(/Invalid learning rate: -1/);
  await panel(page).getByLabel("Learning rate").fill("0.01");
  await panel(page).getByLabel("Its arguments").fill("step_size");
  await button(page, "Train on").click();
  await expect(panel(page).getByRole("alert")).toContainText("Scheduler: 'step_size' is no argument");
});

test("a network of two inputs learns from a table, each with its columns, and from JSON by name", async ({ page }) => {
  const file = (name: string): Buffer => readFileSync(new URL(`../cases/networks/two_heads/${name}`, import.meta.url));
  await page.goto("/");
  await pick(page, "heads.pth", file("model.pth"));
  await page.getByLabel("PyTorch source").fill(file("model.py").toString());
  await page.getByLabel(/^Constructor call/).fill("TwoHeads(classes=3)");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(panel(page)).toContainText("CSV with columns for image, numbers and one to learn");
  const rows = Array.from({ length: 30 }, (_, i) => [...Array.from({ length: 64 }, (_, j) => ((i + j) % 5) / 5), ...Array.from({ length: 5 }, (_, j) => ((i * j) % 3) - 1), ["ash", "fog", "snow"][i % 3]]);
  const header = [...Array.from({ length: 64 }, (_, i) => `image_${i}`), "a", "b", "c", "d", "e", "sky"];
  await give(page, "sky.csv", [header, ...rows].map((row) => row.join(",")).join("\n"));
  await expect(panel(page).getByLabel("Columns for image")).toHaveValue("image_0:image_63");
  await expect(panel(page).getByLabel("Columns for numbers")).toHaveValue("a:e");
  // Nothing tells that the first is a picture.
  await expect(panel(page).getByRole("alert")).toContainText(/The data does not fit|Training did not start/);
  await panel(page).getByLabel("Shape of image").fill("1, 8, 8");
  await panel(page).getByLabel("Shape of image").press("Tab");
  await expect(panel(page).getByRole("alert")).toHaveCount(0);
  await expect(panel(page)).toContainText("CrossEntropyLoss (scores of 3 classes)");
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Learning rate").fill("0.02");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("30");
  await button(page, "Start").click();
  await over(page);
  expect(await percent(page)).toBeGreaterThan(60);
  await panel(page).getByText(/tensors changed/).click();
  await expect(panel(page).getByRole("region", { name: "Changes of each tensor" })).toContainText("mix.weight");
  // Columns that do not fit are told where they are chosen.
  await panel(page).getByLabel("Columns for numbers").fill("a:z");
  await panel(page).getByLabel("Columns for numbers").press("Tab");
  await expect(panel(page).getByRole("alert")).toContainText('numbers: sky.csv has no column "z"');
  const samples = rows.slice(0, 6).map((row, i) => ({ input: { image: [Array.from({ length: 8 }, (_, y) => row.slice(8 * y, 8 * y + 8))], numbers: row.slice(64, 69) }, target: i % 3 }));
  await give(page, "sky.json", JSON.stringify(samples));
  await expect(panel(page)).toContainText("6 samples of sky.json");
  await button(page, "Step").click();
  await expect(button(page, "Go on")).toBeVisible();
  await button(page, "Stop").click();
  await give(page, "bare.json", JSON.stringify({ inputs: [[1]], targets: [0] }));
  await expect(panel(page).getByRole("alert")).toContainText("forward takes image, numbers, and the inputs have no names");
  await give(page, "set.zip", zip({ "one/a.png": Buffer.from("?"), "two/b.png": Buffer.from("?") }));
  await expect(panel(page).getByRole("alert")).toContainText("pictures in folders are one input");
});

test("training goes on WebGPU", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await onDevice(page, "WebGPU");
  await panel(page).getByLabel("Epochs", { exact: true }).fill("1");
  await button(page, "Start").click();
  await over(page);
  expect(await percent(page)).toBeGreaterThan(90);
});
