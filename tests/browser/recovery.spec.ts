// The worker dies while it opens, builds, runs, trains or saves: the page says so, goes on with a new one, and nothing is lost.
import { expect, test, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { CPU_ONLY, best, openSample, pick, run, sample } from "./tour.ts";

test.use(CPU_ONLY);

const panel = (page: Page) => page.getByRole("region", { name: "Train", exact: true });
const again = (page: Page) => page.getByRole("button", { name: "Open the file again" });

/** The next call of this name kills the worker that it is sent to. */
const fatal = (page: Page, call: string): Promise<void> => page.evaluate((call) => void Object.assign(window, { fatal: call }), call);

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    const Real = Worker;
    window.Worker = class extends Real {
      override postMessage(message: { call?: string }, transfer?: Transferable[] | StructuredSerializeOptions): void {
        super.postMessage(message, transfer as Transferable[]);
        const scope = window as { fatal?: string; last?: Worker };
        scope.last = this;
        if (message.call === undefined || message.call !== scope.fatal) return;
        delete scope.fatal;
        // Before its answer can come.
        queueMicrotask(() => this.dispatchEvent(new ErrorEvent("error", { message: "out of memory" })));
      }
    };
  });
  await page.goto("/");
});

test("while it opens", async ({ page }) => {
  await fatal(page, "open");
  await pick(page, "mine.pth", sample("iris/iris.pth"));
  await expect(page.getByRole("alert")).toContainText("out of memory");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
});

test("while it builds, with what was pasted", async ({ page }) => {
  await pick(page, "weights.pth", sample("digits/digits.pth"));
  await page.getByLabel("PyTorch source").fill(sample("digits/model.py").toString());
  await page.getByLabel(/^Constructor call/).fill("DigitsNet()");
  await fatal(page, "build");
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("alert")).toContainText("out of memory");
  await again(page).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page.getByLabel("Python that loads it")).toContainText("DigitsNet()");
});

test("while it runs", async ({ page }) => {
  await openSample(page, /Handwritten digits/);
  await run(page);
  const answer = await best(page).innerText();
  await fatal(page, "run");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("out of memory");
  await again(page).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await run(page);
  expect(await best(page).innerText()).toBe(answer);
});

test("while it trains, with what was trained, its data, settings and curve", async ({ page }) => {
  await openSample(page, /Which iris/);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("2");
  await panel(page).getByRole("button", { name: "Start" }).click();
  await expect(panel(page).getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/^Kept as of step 8/)).toBeVisible();
  await fatal(page, "fitNext");
  await panel(page).getByRole("button", { name: "Train on" }).click();
  await expect(panel(page).getByRole("alert")).toContainText("out of memory");
  await expect(page.getByText("with what was trained until step 8")).toBeVisible();
  // The step that was under way may still have been heard of.
  const loss = await panel(page).locator("dl.figures div").first().innerText();
  await panel(page).getByRole("button", { name: "Open the file again" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(panel(page)).toContainText("120 rows", { timeout: 60_000 });
  await expect(panel(page).getByLabel("Epochs", { exact: true })).toHaveValue("2");
  await expect(panel(page).locator("dl.figures div").first()).toHaveText(loss.replace(/\s+/g, ""), { useInnerText: false });
  await panel(page).getByRole("button", { name: "Train on" }).click();
  await expect(page.getByText(/^Kept as of step 8/)).toBeVisible({ timeout: 60_000 });
});

test("while it saves: the file comes with a new worker, with what was trained", async ({ page }) => {
  await openSample(page, /Which iris/);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("1");
  await panel(page).getByRole("button", { name: "Start" }).click();
  await expect(panel(page).getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/^Kept as of step 4/)).toBeVisible();
  const saving = page.getByRole("region", { name: "Take it home" });
  const save = async (): Promise<Buffer> => {
    const waiting = page.waitForEvent("download");
    await saving.getByRole("button", { name: "Download", exact: true }).click();
    return readFileSync(await (await waiting).path());
  };
  const wanted = await save();
  await fatal(page, "save");
  await saving.getByRole("button", { name: "Download", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("out of memory");
  await again(page).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  expect((await save()).equals(wanted)).toBe(true);
});

test("a worker that the browser ended without a word is noticed", async ({ page }) => {
  await openSample(page, /Which iris/);
  await page.evaluate(() => (window as { last?: Worker }).last?.terminate());
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("The worker was ended");
  await again(page).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await run(page);
});

test("one that is open outlives another that could not be opened", async ({ page }) => {
  await openSample(page, /Which iris/);
  await run(page);
  await fatal(page, "open");
  await pick(page, "other.pth", sample("wordavg/wordavg.pth"));
  await expect(page.getByRole("alert").first()).toContainText("out of memory");
  await expect(page.getByRole("heading", { name: "iris.pth" })).toBeVisible();
  await page.getByRole("button", { name: "Dismiss this message" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await again(page).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await run(page);
});
