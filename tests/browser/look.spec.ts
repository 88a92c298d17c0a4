// What is in a file: shares, shared tensors, optimizer state beside its parameter, what training gone wrong left, a slice as colours, tables to copy.
// `look/make.py` wrote the files with real torch.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { complaints, CPU_ONLY, openSample, pick, sample } from "./tour.ts";

test.use(CPU_ONLY);

const PYTHON = process.env["TORCHTAB_PYTHON"];
const path = (name: string): string => fileURLToPath(new URL(`look/${name}`, import.meta.url));
const row = (page: Page, name: string) => page.locator(`[role=row][data-path="${name}"]`);
const panel = (page: Page) => page.getByRole("region").filter({ has: page.getByRole("button", { name: "Close this tensor" }) });

test("the tree tells shares of all parameters, shared tensors and the mix of dtypes", async ({ page }) => {
  await page.goto("/");
  await pick(page, "before.pth", readFileSync(path("before.pth")));
  // 480 of 480 + 288 + 24 + 24 + 24 + 288 + 12: tied weights count once, as torch counts.
  await expect(row(page, "embed.weight")).toContainText("42.1 %");
  await expect(row(page, "body")).toContainText("57.9 %");
  await expect(row(page, "head.weight")).toContainText("shared ×2");
  await pick(page, "sick.pth", readFileSync(path("sick.pth")));
  await expect(page.getByRole("region", { name: "Contents" })).toContainText(/float32 \d.*, bfloat16 13\.1 KiB/);
});

test("a search leaves the tensors that are called so, below their modules, closed ones too", async ({ page }) => {
  await page.goto("/");
  await pick(page, "before.pth", readFileSync(path("before.pth")));
  await page.getByRole("button", { name: "Collapse" }).click();
  await expect(row(page, "body.1.bias")).toHaveCount(0);
  const search = page.getByLabel("Search names of modules and tensors");
  await search.fill("1.BIAS");
  await expect(row(page, "body.1.bias")).toBeVisible();
  await expect(row(page, "body")).toBeVisible();
  await expect(row(page, "body.0.weight")).toHaveCount(0);
  await expect(row(page, "embed.weight")).toHaveCount(0);
  await search.fill("");
  await expect(row(page, "body.1.bias")).toHaveCount(0);
  await expect(row(page, "embed")).toBeVisible();
});

test("a parameter's optimizer state stands beside it, also where groups change the order", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await pick(page, "before.pth", readFileSync(path("before.pth")));
  // The decayed group comes first: the bias of body.0 is the optimizer's fourth parameter.
  await row(page, "body.0.bias").click();
  const states = panel(page).getByRole("list", { name: "Optimizer state" }).or(panel(page).getByLabel("Optimizer state"));
  await expect(states).toContainText("step = 3");
  await states.getByRole("button", { name: /^exp_avg_sq/ }).click();
  await expect(panel(page)).toContainText("optimizer.state.3.exp_avg_sq");
  await expect(row(page, "optimizer.state.3.exp_avg_sq")).toBeVisible();
  await expect(row(page, "optimizer.state.3")).toContainText("body.0.bias");
  await states.getByRole("button", { name: "body.0.bias" }).click();
  await expect(panel(page).getByRole("heading")).toHaveText("body.0.bias");
  expect(heard).toEqual([]);
});

test("the optimizer's names come from the network where it is built", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await row(page, "fc2.weight").click();
  await panel(page).getByRole("button", { name: /^exp_avg 10/ }).click();
  await expect(panel(page)).toContainText("optimizer_state_dict.state.8.exp_avg");
});

test("a check of all tensors finds what training gone wrong left, and jumps to it", async ({ page }) => {
  await page.goto("/");
  await pick(page, "sick.pth", readFileSync(path("sick.pth")));
  const contents = page.getByRole("region", { name: "Contents" });
  await contents.getByRole("button", { name: "Check all tensors" }).click();
  await expect(contents).toContainText("1 tensor with NaN");
  await expect(contents).toContainText("1 tensor with infinities");
  await expect(contents).toContainText("1 tensor all zero");
  await expect(page.getByRole("status").first()).toContainText("9 tensors were checked: 1 with NaN, 1 with infinities, 1 all zero");
  await expect(row(page, "body.1.bias")).toContainText("all zero");
  await page.getByRole("button", { name: "Collapse" }).click();
  await contents.getByRole("listitem").filter({ hasText: "body.0.weight" }).getByRole("button").click();
  await expect(row(page, "body.0.weight")).toContainText("NaN");
  await expect(row(page, "body.0.weight")).toHaveAttribute("aria-selected", "true");
  await expect(panel(page)).toContainText(/NaN\s*2/);
});

test("a check of a sound file says so", async ({ page }) => {
  await page.goto("/");
  await pick(page, "digits.pth", sample("digits/digits.pth"));
  const contents = page.getByRole("region", { name: "Contents" });
  await contents.getByRole("button", { name: "Check all tensors" }).click();
  await expect(contents).toContainText("46 checked");
  await expect(contents.getByRole("button", { name: "Check again" })).toBeVisible();
});

test("a check that takes long can be ended", async ({ page }) => {
  // Larger than what the first request brings.
  const file = sample("rhymes/rhymes.pth");
  await page.route("https://example.org/slow.pth", async (route) => {
    const range = /bytes=(\d+)-(\d+)/.exec(route.request().headers()["range"] ?? "") ?? [];
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), file.length - 1)];
    await new Promise((done) => setTimeout(done, 500));
    await route.fulfill({
      status: 206,
      headers: { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Range", "Content-Range": `bytes ${start}-${end}/${file.length}` },
      body: file.subarray(start, end + 1),
    });
  });
  await page.goto("/#url=https://example.org/slow.pth");
  const contents = page.getByRole("region", { name: "Contents" });
  await contents.getByRole("button", { name: "Check all tensors" }).click();
  await expect(contents).toContainText(/Checked [1-9]\d* of 41/);
  await contents.getByRole("button", { name: "Cancel" }).click();
  await expect(contents).toContainText(/ended after \d+ of 41/);
});

test("a slice is shown as colours; values are read by pointer, by keys and from a table, and are torch's", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await pick(page, "sick.pth", readFileSync(path("sick.pth")));
  await row(page, "picture").click();
  const picture = panel(page).getByRole("img", { name: /^Heat map/ });
  await expect(picture).toHaveAccessibleName(/picture\[0:256, 0:24\], −0\.5 to 0\.41/);
  // From below zero to above: teal at the top, ember at the bottom, between them the ground.
  const pixel = (x: number, y: number): Promise<number[]> =>
    picture.locator("canvas").evaluate((canvas, [x, y]) => [...((canvas as HTMLCanvasElement).getContext("2d")?.getImageData(x, y, 1, 1).data ?? [])].slice(0, 3), [x, y] as [number, number]);
  const [top, bottom] = [await pixel(0, 0), await pixel(23, 255)];
  expect(top[2]).toBeGreaterThan(top[0] ?? 0);
  expect(bottom[0]).toBeGreaterThan(bottom[2] ?? 0);
  await picture.focus();
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  await expect(panel(page)).toContainText("[1, 1] = −0.4961");
  await panel(page).getByLabel("Rows from").fill("256");
  await expect(picture).toHaveAccessibleName(/picture\[256:280, 0:24\]/);
  await panel(page).getByText("These values as a table").click();
  const cells = panel(page).getByRole("region", { name: "Values of the slice" }).getByRole("cell");
  if (PYTHON !== undefined) {
    const told = execFileSync(PYTHON, ["-c", "import sys, torch; print(float(torch.load(sys.argv[1])['picture'][256, 5]))", path("sick.pth")]).toString();
    await expect(cells.nth(6)).toHaveText(String(Number(Number(told).toPrecision(4))));
  }
  expect(heard).toEqual([]);
});

test("kernels show their channels, and any two dimensions can be chosen", async ({ page }) => {
  await page.goto("/");
  await pick(page, "digits.pth", sample("digits/digits.pth"));
  await row(page, "conv2.weight").click();
  const picture = panel(page).getByRole("img", { name: /^Heat map/ });
  await expect(picture).toHaveAccessibleName(/conv2\.weight\[0:32, 0:16, 0, 0\]/);
  await panel(page).getByLabel("Index of dim 3").fill("2");
  await expect(picture).toHaveAccessibleName(/\[0:32, 0:16, 0, 2\]/);
  await panel(page).getByLabel("Rows", { exact: true }).selectOption({ label: "dim 1 (16)" });
  await expect(picture).toHaveAccessibleName(/\[0:32, 0:16, 0, 2\]/);
  await picture.hover({ position: { x: 3, y: 3 } });
  await expect(panel(page)).toContainText(/\[0, 0, 0, 2\] = /);
});

test("the summary is copied as a text table and as CSV", async ({ page, context, baseURL }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(baseURL ?? "").origin });
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await page.getByText(/^Summary:/).click();
  await page.getByRole("button", { name: "Copy as text" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text).toMatch(/^=+\nModule +Class +Output shape +Parameters/);
  expect(text).toMatch(/\n {2}conv1 +Conv2d +\[1, 16, 8, 8\] +144 /);
  await page.getByRole("button", { name: "Copy as CSV" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const csv = await page.evaluate(() => navigator.clipboard.readText());
  expect(csv.split("\r\n")[0]).toBe("Module,Class,Output shape,Parameters,Trainable,Bytes,Mult-adds");
  expect(csv).toContain('conv1,Conv2d,"[1, 16, 8, 8]",144,144,576,9216');
});
