// One network on both devices: the model, what is trained and what is typed stay when the device changes, and the page's other panels work on WebGPU.
// The software renderer is slow, so networks are small.
import { expect, test, type Page } from "@playwright/test";
import { bars, complaints, onDevice, openSample, run, sample, settled } from "./tour.ts";

const panel = (page: Page) => page.getByRole("region", { name: "Run", exact: true });
const train = (page: Page) => page.getByRole("region", { name: "Train", exact: true });

/** The classes with their shares, in percent. */
async function shares(page: Page): Promise<{ [name: string]: number }> {
  const lines = await bars(page).getByRole("listitem").allInnerTexts();
  return Object.fromEntries(lines.map((line) => line.split("\n")).map(([name = "", ...rest]) => [name, Number.parseFloat(rest.find((text) => text.includes("%")) ?? "NaN")]));
}

function near(got: { [name: string]: number }, wanted: { [name: string]: number }): void {
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [name, share] of Object.entries(wanted)) expect(Math.abs((got[name] ?? NaN) - share), name).toBeLessThanOrEqual(0.11);
}

test("WebGPU and the CPU, back and forth: the same answers, before and after training", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await openSample(page, /Which iris/);
  await page.getByLabel("petal length (cm)").fill("4.9");
  await onDevice(page, "WebGPU");
  await run(page);
  const gpu = await shares(page);
  await onDevice(page, "CPU");
  await run(page);
  await expect(page.getByLabel("petal length (cm)")).toHaveValue("4.9");
  near(await shares(page), gpu);
  await onDevice(page, "WebGPU");
  await train(page).getByLabel("Epochs", { exact: true }).fill("3");
  await train(page).getByRole("button", { name: "Start", exact: true }).click();
  await expect(train(page).getByRole("button", { name: "Train on", exact: true })).toBeVisible({ timeout: 110_000 });
  await settled(page);
  await run(page);
  const trained = await shares(page);
  expect(trained).not.toEqual(gpu);
  await onDevice(page, "CPU");
  await expect(bars(page)).toBeVisible();
  await run(page);
  near(await shares(page), trained);
  // A loop that waits goes along.
  await train(page).getByRole("button", { name: "Step", exact: true }).click();
  const on = train(page).getByRole("button", { name: "Go on", exact: true });
  await expect(on).toBeVisible({ timeout: 60_000 });
  await onDevice(page, "WebGPU");
  await expect(on).toBeVisible();
  await train(page).getByRole("button", { name: "Step", exact: true }).click();
  await expect(on).toBeEnabled({ timeout: 60_000 });
  await onDevice(page, "CPU");
  expect(heard).toEqual([]);
});

test("many at once, ten runs and the graph on WebGPU", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await openSample(page, /Which iris/);
  await onDevice(page, "WebGPU");
  await panel(page).getByText("Many at once").click();
  await panel(page).getByText("Choose a table").locator("input").setInputFiles({ name: "flowers.csv", mimeType: "text/csv", buffer: sample("iris/held_out.csv") });
  await expect(panel(page)).toContainText(/Done in/, { timeout: 90_000 });
  await expect(panel(page)).toContainText(/(9\d|100)(\.\d)? % right, /);
  await panel(page).getByRole("button", { name: "Time 10 runs" }).click();
  await expect(panel(page)).toContainText(/10 runs on WebGPU: median [\d.]+ m?s, fastest [\d.]+ m?s/, { timeout: 60_000 });
  await page.getByText("Graph, with the shapes between modules").click();
  await page.getByText(/^As a table: /).click();
  await expect(page.getByRole("region", { name: "Network", exact: true }).getByRole("table").last()).toContainText("BatchNorm1d");
  expect(heard).toEqual([]);
});
