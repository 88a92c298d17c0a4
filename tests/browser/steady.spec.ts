// Nothing jumps: what the browser itself measures as layout shift, while a file opens, its network runs and trains.
import { expect, test, type Page } from "@playwright/test";
import { CPU_ONLY, bars, openSample, run } from "./tour.ts";

test.use(CPU_ONLY);

interface Shift extends PerformanceEntry {
  readonly value: number;
  readonly hadRecentInput: boolean;
  readonly sources: readonly { readonly node: Node | null; readonly previousRect: DOMRectReadOnly; readonly currentRect: DOMRectReadOnly }[];
}

test.beforeEach(async ({ page }) => {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts, shifted: 0 });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        // What moves because a person pressed something is meant.
        if (entry.hadRecentInput) continue;
        (window as unknown as { shifted: number }).shifted += entry.value;
        const what = entry.sources.map(({ node, previousRect: from, currentRect: to }) => {
          const name = node instanceof Element ? `${node.tagName} ${node.getAttribute("aria-labelledby") ?? node.className}` : (node?.textContent ?? "gone");
          return `${name.slice(0, 60)} from ${from.left},${from.top} to ${to.left},${to.top}`;
        });
        shifts.push(`${entry.value.toFixed(4)} ${what.join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto("/");
});

/** What has moved since the last time, with what it was where that is too much. */
async function still(page: Page, while_: string): Promise<void> {
  // The last frame is measured, too.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const { shifted, shifts } = await page.evaluate(() => {
    const scope = window as unknown as { shifted: number; shifts: string[] };
    const found = { shifted: scope.shifted, shifts: [...scope.shifts] };
    scope.shifted = 0;
    scope.shifts.length = 0;
    return found;
  });
  expect(shifted, `${while_}: ${shifts.join("\n")}`).toBeLessThan(0.02);
}

for (const [name, size] of [["wide", { width: 1280, height: 900 }], ["narrow", { width: 360, height: 740 }]] as const) {
  test(`while it opens, runs and trains: ${name}`, async ({ page }) => {
    await page.setViewportSize(size);
    await openSample(page, /Handwritten digits/);
    const panel = page.getByRole("region", { name: "Train", exact: true });
    await expect(panel).toContainText("1,397 pictures");
    await still(page, "opening");
    await page.getByRole("button", { name: "Example 5" }).click();
    await run(page);
    await still(page, "the first run");
    await page.getByRole("button", { name: "Example 2" }).click();
    await run(page);
    await expect(bars(page)).toBeVisible();
    await still(page, "the next run");
    await panel.getByLabel("Epochs", { exact: true }).fill("2");
    await panel.getByRole("button", { name: "Start" }).click();
    await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
    await still(page, "training");
  });
}
