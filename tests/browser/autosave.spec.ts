// What was trained survives a reload and a crash of the tab; it can be forgotten; storage that is full or missing is told.
import { expect, test, type Page } from "@playwright/test";
import { CPU_ONLY, openSample, pick, sample } from "./tour.ts";

test.use(CPU_ONLY);

const panel = (page: Page) => page.getByRole("region", { name: "Train", exact: true });
const before = (page: Page) => page.getByRole("region", { name: "Session of before" });
const kept = (page: Page) => page.getByText(/^Kept as of step \d+/);

/** Every file that the page keeps. */
const files = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const root = (await navigator.storage.getDirectory()) as FileSystemDirectoryHandle;
    const found: string[] = [];
    try {
      const folder = (await root.getDirectoryHandle("sessions")) as FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };
      for await (const name of folder.keys()) found.push(name);
    } catch {
      // Nothing was kept yet.
    }
    return found;
  });

/** Trains the irises, which takes a moment. */
async function train(page: Page, epochs = 3): Promise<void> {
  await panel(page).getByLabel("Epochs", { exact: true }).fill(String(epochs));
  await panel(page).getByRole("button", { name: /^(Start|Train on)$/ }).click();
  await expect(panel(page).getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(panel(page)).toHaveAttribute("aria-busy", "false");
}

async function irises(page: Page): Promise<void> {
  await page.goto("/");
  await openSample(page, /Which iris/);
  await expect(panel(page)).toContainText("120 rows");
}

const fc = async (page: Page): Promise<string> => {
  await page.locator('[data-path="3.bias"]').click();
  await page.getByRole("button", { name: "Show values" }).click();
  return page.getByLabel("First values").innerText();
};

test("after a reload the page offers what was trained, and goes on from there", async ({ page }) => {
  await irises(page);
  await train(page);
  await expect(kept(page)).toContainText("step 12");
  await page.reload();
  // The address opens the sample as it was; the session is offered above it.
  await expect(before(page)).toContainText(/iris\.pth was trained here until step 12/);
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  const file = await fc(page);
  await before(page).getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("status").last()).toContainText("as trained until step 12", { timeout: 60_000 });
  await expect(before(page)).toHaveCount(0);
  await expect(panel(page).getByRole("button", { name: "Train on" })).toBeVisible();
  await expect(panel(page).getByRole("img", { name: /^Loss over/ })).toBeVisible();
  expect(await fc(page)).not.toBe(file);
  // The sample's input and data came along.
  await expect(page.getByLabel("petal length (cm)")).toBeVisible();
  await expect(panel(page)).toContainText("120 rows");
  await train(page);
  await expect(kept(page)).toBeVisible();
  await page.reload();
  await expect(before(page)).toContainText(/until step/);
  expect((await files(page)).length).toBe(2);
});

test("a tab that crashes while it trains loses no more than a few seconds", async ({ page, context }) => {
  test.slow();
  await irises(page);
  await panel(page).getByLabel("Epochs", { exact: true }).fill("100000");
  await panel(page).getByRole("button", { name: "Start" }).click();
  await expect.poll(async () => (await files(page)).filter((name) => name.endsWith(".json")).length, { timeout: 60_000 }).toBe(1);
  await page.goto("chrome://crash").catch(() => undefined);
  const other = await context.newPage();
  await other.goto("/");
  await expect(before(other)).toContainText(/iris\.pth was trained here until step [1-9]/);
  await before(other).getByRole("button", { name: "Resume" }).click();
  await expect(other.getByRole("status").last()).toContainText("as trained until step", { timeout: 60_000 });
});

test("a pasted class stays with the session, and closing offers it", async ({ page }) => {
  test.slow();
  await page.goto("/");
  await pick(page, "mine.pth", sample("digits/digits.pth"));
  await page.getByLabel("PyTorch source").fill(sample("digits/model.py").toString());
  await page.getByRole("button", { name: "Build the network" }).click();
  await panel(page).locator("input[type=file]").first().setInputFiles({ name: "held.json", mimeType: "application/json", buffer: sample("digits/held_out.json") });
  await expect(panel(page)).toContainText("400 pictures");
  await panel(page).getByRole("button", { name: "Step", exact: true }).click();
  await expect(kept(page)).toContainText("step 1", { timeout: 60_000 });
  await panel(page).getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(before(page)).toContainText("mine.pth was trained here until step 1");
  await before(page).getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
});

test("it is forgotten when asked to be", async ({ page }) => {
  await irises(page);
  await train(page, 1);
  await expect(kept(page)).toBeVisible();
  await page.reload();
  await before(page).getByRole("button", { name: "Forget it" }).click();
  await expect(before(page)).toHaveCount(0);
  await expect.poll(() => files(page)).toEqual([]);
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await train(page, 1);
  await expect(kept(page)).toBeVisible();
  await page.getByRole("checkbox", { name: /^Keep it in this browser/ }).uncheck();
  await expect.poll(() => files(page)).toEqual([]);
  await train(page, 1);
  expect(await files(page)).toEqual([]);
  await expect(page.getByText("A crash or a reload would lose it.")).toBeVisible();
});

test("a full storage, and none, are told; training goes on", async ({ page, browser }) => {
  await page.addInitScript(() => {
    StorageManager.prototype.estimate = () => Promise.resolve({ quota: 1000, usage: 900 });
  });
  await irises(page);
  await train(page, 1);
  await expect(page.getByText(/Not kept: The browser's storage has no room for/)).toBeVisible();
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.addInitScript(() => Reflect.deleteProperty(StorageManager.prototype, "getDirectory"));
  await irises(other);
  await train(other, 1);
  await expect(other.getByText(/Not kept: This browser has no storage for it/)).toBeVisible();
  await context.close();
});
