// Giving back: to the same file where the browser lets, and a link to the setup that holds neither weights nor data.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { CPU_ONLY, drop, openSample, pick, sample } from "./tour.ts";

test.use({ ...CPU_ONLY, permissions: ["clipboard-read", "clipboard-write"] });

const PYTHON = process.env["TORCHTAB_PYTHON"];
const panel = (page: Page) => page.getByRole("region", { name: "Train", exact: true });
const same = (page: Page) => page.getByRole("button", { name: "Save to the same file" });

async function train(page: Page): Promise<void> {
  await panel(page).getByLabel("Epochs", { exact: true }).fill("1");
  await panel(page).getByRole("button", { name: /^(Start|Train on)$/ }).click();
  await expect(panel(page).getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(panel(page)).toHaveAttribute("aria-busy", "false");
}

/** The page's link, as it was copied. */
async function shared(page: Page): Promise<string> {
  await page.getByText("Share this setup").click();
  await page.getByRole("button", { name: "Copy the link" }).click();
  await expect(page.getByRole("region", { name: "Take it home" }).getByText("Copied.", { exact: true })).toBeVisible();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** A file of the browser's own, which the picker then gives: a real handle. */
async function onDisk(page: Page, name: string, bytes: Buffer): Promise<void> {
  await page.evaluate(
    async ({ name, text }) => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
      const to = await handle.createWritable();
      await to.write(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
      await to.close();
      Object.assign(window, { showOpenFilePicker: () => Promise.resolve([handle]) });
    },
    { name, text: bytes.toString("base64") },
  );
}

const diskBytes = async (page: Page, name: string): Promise<Buffer> =>
  Buffer.from(
    await page.evaluate(async (name) => {
      const file = await (await (await navigator.storage.getDirectory()).getFileHandle(name)).getFile();
      return [...new Uint8Array(await file.arrayBuffer())];
    }, name),
  );

test("what is trained is saved to the file that was opened, again and again", async ({ page }, info) => {
  await page.goto("/");
  await onDisk(page, "mine.pth", sample("iris/iris.pth"));
  await page.getByText("choose a file").click();
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  await expect(same(page)).toBeVisible({ timeout: 60_000 });
  // Only in the form that the file has.
  await page.getByLabel("Format").selectOption("safetensors");
  await expect(same(page)).toHaveCount(0);
  await page.getByLabel("Format").selectOption("pth");
  await panel(page).locator("input[type=file]").first().setInputFiles({ name: "flowers.csv", mimeType: "text/csv", buffer: sample("iris/training.csv") });
  let last = sample("iris/iris.pth");
  for (let round = 0; round < 2; round += 1) {
    await train(page);
    await same(page).click();
    await expect(page.getByText(/is saved where it was/).first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Build again" })).toBeEnabled({ timeout: 30_000 });
    const now = await diskBytes(page, "mine.pth");
    expect(now.equals(last)).toBe(false);
    last = now;
  }
  // What is read from the file from here on is the new one.
  await page.locator('[data-path="3.bias"]').click();
  await expect(page.getByRole("img", { name: "Histogram of 3.bias" })).toBeVisible();
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const path = info.outputPath("again.pth");
  await (await waiting).saveAs(path);
  if (PYTHON !== undefined) {
    const disk = info.outputPath("disk.pth");
    writeFileSync(disk, last);
    const script = "import sys, torch; a, b = (torch.load(p, weights_only=False) for p in sys.argv[1:]); print(all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters())), len(a))";
    expect(execFileSync(PYTHON, ["-c", script, disk, path]).toString().trim()).toBe("True 4");
  }
});

test("a file that the browser gave no handle of is downloaded only", async ({ page }) => {
  await page.goto("/");
  await drop(page, "dropped.pth", sample("iris/iris.pth"));
  await expect(page.getByRole("button", { name: "Download", exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(same(page)).toHaveCount(0);
});

test("a link brings the sample, the device and the settings", async ({ page, context }) => {
  await page.goto("/");
  await openSample(page, /Which iris/);
  await page.getByRole("radio", { name: "CPU", exact: true }).check({ force: true });
  await expect(page.getByRole("button", { name: "Build again" })).toBeEnabled({ timeout: 30_000 });
  await panel(page).getByLabel("Epochs", { exact: true }).fill("7");
  await panel(page).getByText("Options", { exact: true }).click();
  await panel(page).getByLabel("Optimizer").selectOption("SGD");
  await panel(page).getByLabel("Learning rate").fill("0.03");
  await panel(page).getByLabel("Seed", { exact: true }).fill("11");
  const href = await shared(page);
  expect(href).toContain("sample=iris");
  expect(href.length).toBeLessThan(1000);
  const other = await context.newPage();
  await other.goto(href);
  await expect(other.getByRole("heading", { name: "iris.pth" })).toBeVisible();
  await expect(other.getByRole("radio", { name: "CPU", exact: true })).toBeChecked();
  await expect(panel(other).getByLabel("Epochs", { exact: true })).toHaveValue("7", { timeout: 60_000 });
  await panel(other).getByText("Options", { exact: true }).click();
  await expect(panel(other).getByLabel("Optimizer")).toHaveValue("SGD");
  await expect(panel(other).getByLabel("Learning rate")).toHaveValue("0.03");
  await expect(panel(other).getByLabel("Seed", { exact: true })).toHaveValue("11");
});

test("a link to a file of one's own holds its class and asks for the file; a damaged one says so", async ({ page, context }) => {
  await page.goto("/");
  await pick(page, "mine.pth", sample("digits/digits.pth"));
  await page.getByLabel("PyTorch source").fill(sample("digits/model.py").toString());
  await page.getByLabel(/^Constructor call/).fill("DigitsNet(p=0.1)");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await page.getByText("Share this setup").click();
  await expect(page.getByText(/It does not hold weights, data/)).toBeVisible();
  await page.getByText("Share this setup").click();
  const href = await shared(page);
  const other = await context.newPage();
  await other.goto(href);
  await expect(other.getByText(/brings the settings for mine\.pth, not the file itself/)).toBeVisible();
  await pick(other, "mine.pth", sample("digits/digits.pth"));
  await expect(other.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(other.getByLabel("Python that loads it")).toContainText("DigitsNet(p=0.1)");
  const broken = await context.newPage();
  await broken.goto(href.slice(0, -40));
  await expect(broken.getByText("The settings in the link are damaged")).toBeVisible();
});
