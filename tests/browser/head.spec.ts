// Other classes than the file's: the network gets a new last layer, learns them, and PyTorch loads what comes out with the source that is shown.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CPU_ONLY, bars, complaints, openSample, pick, run } from "./tour.ts";
import { zip } from "./zip.ts";

test.use(CPU_ONLY);

const PYTHON = process.env["TORCHTAB_PYTHON"];
const panel = (page: Page) => page.getByRole("region", { name: "Train", exact: true });
const offer = (page: Page) => panel(page).getByRole("button", { name: /^Give it a new last layer/ });
const zoo = (path: string): Buffer => readFileSync(fileURLToPath(new URL(`../cases/zoo/${path}`, import.meta.url)));

/** Pictures of three classes that brightness tells apart. */
async function pictures(page: Page, size: number): Promise<Buffer> {
  const files: { [path: string]: Buffer } = {};
  for (const [i, name] of ["ash", "fog", "snow"].entries()) {
    for (let j = 0; j < 8; j += 1) {
      const bytes = await page.evaluate(
        async ([level, size]) => {
          const canvas = new OffscreenCanvas(size as number, size as number);
          const pen = canvas.getContext("2d");
          if (pen !== null) {
            pen.fillStyle = `rgb(${level} ${level} ${level})`;
            pen.fillRect(0, 0, size as number, size as number);
          }
          return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
        },
        [100 * i + 3 * j, size] as const,
      );
      files[`${name}/${j}.png`] = Buffer.from(bytes);
    }
  }
  return zip(files);
}

async function give(page: Page, buffer: Buffer): Promise<void> {
  const files = panel(page).getByRole("radio", { name: "Files" });
  if ((await files.count()) > 0) await files.check({ force: true });
  await panel(page).locator("input[type=file]").first().setInputFiles({ name: "grey.zip", mimeType: "application/zip", buffer });
}

async function train(page: Page, epochs: number): Promise<void> {
  await panel(page).getByLabel("Epochs", { exact: true }).fill(String(epochs));
  await panel(page).getByRole("button", { name: "Start", exact: true }).click();
  await expect(panel(page).getByRole("button", { name: "Train on", exact: true })).toBeVisible({ timeout: 100_000 });
}

test("digits become three shades: a press, training of the new layer, and a file that PyTorch loads", async ({ page }, info) => {
  const heard = complaints(page);
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await give(page, await pictures(page, 8));
  await expect(panel(page)).toContainText("The network tells 10 classes apart, the data has 3: ash, fog, snow.");
  await offer(page).click();
  await expect(page.getByRole("heading", { name: "digits-3-classes.safetensors" })).toBeVisible({ timeout: 60_000 });
  await expect(offer(page)).toHaveCount(0);
  await expect(panel(page)).toContainText("24 pictures");
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Learning rate").fill("0.05");
  await train(page, 30);
  // The last layer alone was trained: its weight and its bias.
  await expect(page.getByRole("region", { name: "Take it home" })).toContainText("2 of the network's tensors changed");
  await expect(panel(page).locator("dl.figures")).toContainText("100");
  await page.getByRole("button", { name: "Example 5" }).click();
  await run(page);
  await expect(bars(page).getByRole("listitem")).toHaveCount(3);
  await expect(bars(page)).toContainText("snow");
  expect(heard).toEqual([]);

  test.skip(PYTHON === undefined, "needs torch to load the file");
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const file = info.outputPath("net.pth");
  await (await waiting).saveAs(file);
  await page.getByText("Source of the class", { exact: true }).click();
  const source = await page.getByLabel("PyTorch source").inputValue();
  const construct = await page.getByLabel(/^Constructor call/).inputValue();
  writeFileSync(info.outputPath("net.py"), source);
  const script = `import sys, torch
from net import *
net = ${construct}
state = torch.load("net.pth", weights_only=True)
net.load_state_dict(state)
shade = lambda level: torch.full((1, 1, 8, 8), level / 255)
print(net.eval()(torch.cat([shade(5.), shade(110.), shade(215.)])).argmax(1).tolist())`;
  expect(execFileSync(PYTHON ?? "", ["-c", script], { cwd: info.outputDir, encoding: "utf8" }).trim()).toBe("[0, 1, 2]");
});

test("a network known by its keys is known with the new layer; one that would not be stays as it is", async ({ page }) => {
  await page.goto("/");
  await pick(page, "resnet.pth", zoo("resnet_narrow/state_dict.pth"));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await give(page, await pictures(page, 32));
  await offer(page).click();
  await expect(page.getByRole("heading", { name: "resnet-3-classes.safetensors" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Network", exact: true })).toContainText("num_classes=3");
  // Its kind is told by the names of modules, which the new file has not.
  await page.goto("/");
  await pick(page, "lenet.pth", zoo("lenet/state_dict.pth"));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await give(page, await pictures(page, 28));
  await offer(page).click();
  await expect(panel(page).getByRole("alert")).toContainText("Paste the source of its class");
  await expect(page.getByRole("heading", { name: "lenet.pth" })).toBeVisible();
  await expect(panel(page)).toContainText("24 pictures");
});

test("a whole module of a known package is that package's network with the new layer", async ({ page }) => {
  await page.goto("/");
  await pick(page, "convnext.pth", zoo("convnext/module.pth"));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await give(page, await pictures(page, 32));
  await offer(page).click();
  await expect(page.getByRole("heading", { name: "convnext-3-classes.safetensors" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Network", exact: true })).toContainText("num_classes=3");
});

/** Four kinds of flowers that the first column tells apart. */
async function flowers(page: Page, columns: number): Promise<void> {
  const files = panel(page).getByRole("radio", { name: "Files" });
  if ((await files.count()) > 0) await files.check({ force: true });
  const names = Array.from({ length: columns }, (_, i) => `x${i}`);
  const rows = Array.from({ length: 24 }, (_, i) => [3 * (i % 4), ...names.slice(1).map(() => 1), ["aster", "lily", "rose", "tulip"][i % 4]].join(","));
  const buffer = Buffer.from([[...names, "label"].join(","), ...rows].join("\n"));
  await panel(page).locator("input[type=file]").first().setInputFiles({ name: "four.csv", mimeType: "text/csv", buffer });
}

test("a whole module of torch.nn's own layers in a row is written as source, with the new layer, which PyTorch runs", async ({ page }, info) => {
  await page.goto("/");
  await openSample(page, /Which iris/);
  await flowers(page, 4);
  await offer(page).click();
  await expect(page.getByRole("heading", { name: "iris-4-classes.safetensors" })).toBeVisible({ timeout: 60_000 });
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Learning rate").fill("0.1");
  await train(page, 60);
  await expect(panel(page).locator("dl.figures")).toContainText("100");
  test.skip(PYTHON === undefined, "needs torch to load the file");
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await (await waiting).saveAs(info.outputPath("net.pth"));
  await page.getByText("Source of the class", { exact: true }).click();
  writeFileSync(info.outputPath("net.py"), await page.getByLabel("PyTorch source").inputValue());
  const script = `import torch
from net import *
net = ${await page.getByLabel(/^Constructor call/).inputValue()}
net.load_state_dict(torch.load("net.pth", weights_only=True))
print(net.eval()(torch.tensor([[0., 1, 1, 1], [3, 1, 1, 1], [6, 1, 1, 1], [9, 1, 1, 1]])).argmax(1).tolist())`;
  expect(execFileSync(PYTHON ?? "", ["-c", script], { cwd: info.outputDir, encoding: "utf8" }).trim()).toBe("[0, 1, 2, 3]");
});

test("a Sequential's source is its own: every layer with its arguments, names and nesting", async ({ page }) => {
  await page.goto("/samples/samples.json");
  const made = await page.evaluate(async () => {
    const { load, newHead, numbers } = (await import("/pkg/dist/index.js" as string)) as typeof import("../../www/api/index.js");
    const model = await load("/tests/cases/networks/module_sequential/model.pth", { device: "cpu" });
    const { file, network, layer } = await newHead(model, 5);
    const other = await load(file, { network, device: "cpu" });
    // All but the layer that is new.
    const state = [await model.stateDict(), await other.stateDict()].map((all) => Object.entries(all).filter(([name]) => !name.startsWith(`${layer}.`)).map(([name, tensor]) => [name, [...numbers(tensor)]]));
    const rows = [await model.summary(), await other.summary()].map((all) => all.map(({ name, class: is }) => `${name} ${is}`));
    return { same: JSON.stringify(state[0]) === JSON.stringify(state[1]), rows, source: network?.source };
  });
  expect(made.same).toBe(true);
  expect(made.rows[1]).toEqual(made.rows[0]);
  expect(made.source).toContain('("conv", nn.Conv2d(in_channels=');
});

test("a file's own module cannot be changed: it says so, and what is open stays", async ({ page }) => {
  await page.goto("/");
  await pick(page, "own.pt", readFileSync(fileURLToPath(new URL("../cases/script/mlp_scripted/model.pt", import.meta.url))));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await flowers(page, 6);
  await offer(page).click();
  await expect(panel(page).getByRole("alert")).toContainText("how it is made is not in the file");
  await run(page);
});
