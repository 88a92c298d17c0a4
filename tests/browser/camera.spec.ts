// The camera, of Chromium's own: a ball that moves on a ground that turns. In a run, live and picture by picture; and classes recorded to train.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bars, complaints, openSample, settled } from "./tour.ts";

// On the CPU: what runs is not the point here.
test.use({
  // Its snapshots of every change would outdo the live pictures.
  trace: "off",
  screenshot: "only-on-failure",
  launchOptions: {
    executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  },
});

const region = (page: Page, name: string): Locator => page.getByRole("region", { name, exact: true });
const button = (of: Locator, name: string): Locator => of.getByRole("button", { name, exact: true });

async function openFile(page: Page, path: string): Promise<void> {
  await page.goto("/");
  const buffer = readFileSync(fileURLToPath(new URL(`../cases/${path}`, import.meta.url)));
  await page.locator("input[type=file]").first().setInputFiles({ name: "model.pth", mimeType: "application/octet-stream", buffer });
  await expect(region(page, "Run")).toBeVisible({ timeout: 60_000 });
}

test("a run takes one picture of the camera, or one after the other", async ({ page }) => {
  const heard = complaints(page);
  await openFile(page, "zoo/vgg_narrow/state_dict.pth");
  const run = region(page, "Run");
  await button(run, "Camera").click();
  const video = run.locator("video");
  await expect.poll(() => video.evaluate((of) => (of as HTMLVideoElement).videoWidth)).toBeGreaterThan(0);
  await button(run, "Take a picture").click();
  await button(run, "Run").click();
  await settled(page);
  await expect(bars(page)).toBeVisible();
  const still = await bars(page).innerText();
  await page.waitForTimeout(500);
  expect(await bars(page).innerText()).toBe(still);
  // Live: the answer follows what moves, unasked.
  await run.getByLabel("Live").check();
  const seen = new Set<string>();
  await expect.poll(async () => seen.add(await bars(page).innerText()).size, { intervals: [100] }).toBeGreaterThan(2);
  await button(run, "Turn it off").click();
  await expect(video).toHaveCount(0);
  await settled(page);
  await expect(button(run, "Camera")).toBeVisible();
  expect(heard).toEqual([]);
});

test("three clicks: classes are recorded while a button is held, then trained; a run has their names", async ({ page }) => {
  const heard = complaints(page);
  await openFile(page, "zoo/vgg_narrow/state_dict.pth");
  const train = region(page, "Train");
  await train.getByRole("radio", { name: "Camera" }).check({ force: true });
  await button(train, "Turn the camera on").click();
  const classes = train.getByRole("list", { name: "Pictures by class" }).getByRole("listitem");
  await expect(classes).toHaveCount(2);
  const hold = (i: number): Locator => classes.nth(i).getByRole("button", { name: /record/i });
  await expect(hold(0)).toBeEnabled();
  await classes.nth(0).getByLabel("Name of the class").fill("ball");
  for (const i of [0, 1]) {
    await hold(i).hover();
    await page.mouse.down();
    await expect(hold(i)).toHaveText("Recording");
    await expect.poll(() => classes.nth(i).getByRole("button", { name: /^Remove picture/ }).count()).toBeGreaterThan(3);
    await page.mouse.up();
  }
  const amount = async (i: number): Promise<number> => Number(/(\d+) picture/.exec(await classes.nth(i).innerText())?.[1]);
  const [first, second] = [await amount(0), await amount(1)];
  await expect(train).toContainText(`${first + second} pictures made here`);
  await page.waitForTimeout(300);
  expect(await amount(1)).toBe(second);
  // The keyboard holds too, and one picture is taken away.
  await hold(1).focus();
  await page.keyboard.down("Space");
  await expect.poll(() => amount(1)).toBeGreaterThan(second + 1);
  await page.keyboard.up("Space");
  const more = await amount(1);
  await classes.nth(1).getByRole("button", { name: /^Remove picture/ }).first().click();
  await expect.poll(() => amount(1)).toBe(more - 1);
  // Step by step back: the picture that was taken away, then all of the last recording, and no other.
  await button(train, "Undo").click();
  await expect.poll(() => amount(1)).toBe(more);
  await button(train, "Undo").click();
  await expect.poll(() => amount(1)).toBe(second);
  expect(await amount(0)).toBe(first);
  await expect(train).toContainText(`${first + second} pictures made here`);
  await train.getByLabel("Epochs", { exact: true }).fill("1");
  await button(train, "Start").click();
  await expect(button(train, "Train on")).toBeVisible({ timeout: 100_000 });
  const run = region(page, "Run");
  await run.getByRole("radio", { name: "Random" }).check({ force: true });
  await button(run, "Run").click();
  await settled(page);
  await expect(bars(page)).toContainText("ball");
  await expect(bars(page)).toContainText("class 2");
  // Before and after, on the same input.
  await expect(bars(page)).toContainText("before training");
  expect(heard).toEqual([]);
});

test("classes of a network that has names are chosen among them", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  const train = region(page, "Train");
  await train.getByRole("radio", { name: "Camera" }).check({ force: true });
  const classes = train.getByRole("list", { name: "Pictures by class" }).getByRole("listitem");
  await expect(classes.nth(1).getByLabel("Class", { exact: true })).toHaveValue("1");
  await button(train, "Add a class").click();
  await expect(classes.nth(2).getByLabel("Class", { exact: true })).toHaveValue("2");
  await classes.nth(2).getByLabel("Class", { exact: true }).selectOption("7");
  await button(classes.nth(2), "Remove the class 7").click();
  await expect(classes).toHaveCount(2);
});

test("what was recorded stays when the network gets a new last layer for it, and more can be recorded", async ({ page }) => {
  await openFile(page, "zoo/vgg_narrow/state_dict.pth");
  const train = region(page, "Train");
  await train.getByRole("radio", { name: "Camera" }).check({ force: true });
  await button(train, "Turn the camera on").click();
  const classes = train.getByRole("list", { name: "Pictures by class" }).getByRole("listitem");
  const record = async (i: number): Promise<void> => {
    const hold = classes.nth(i).getByRole("button", { name: /record/i });
    await expect(hold).toBeEnabled();
    await hold.hover();
    await page.mouse.down();
    await expect.poll(() => classes.nth(i).getByRole("button", { name: /^Remove picture/ }).count()).toBeGreaterThan(2);
    await page.mouse.up();
  };
  await record(0);
  await record(1);
  const amount = async (i: number): Promise<number> => Number(/(\d+) picture/.exec(await classes.nth(i).innerText())?.[1]);
  const before = [await amount(0), await amount(1)];
  await button(train, "Give it a new last layer for 2 classes").click();
  await expect(page.getByRole("heading", { name: "model-2-classes.safetensors" })).toBeVisible({ timeout: 60_000 });
  await expect(button(train, "Give it a new last layer for 2 classes")).toHaveCount(0);
  expect([await amount(0), await amount(1)]).toEqual(before);
  await record(1);
  expect(await amount(1)).toBeGreaterThan(before[1] ?? 0);
  await expect(button(train, "Start")).toBeEnabled();
});

test("without a camera, the page says so", async ({ page }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError"));
  });
  await openFile(page, "zoo/vgg_narrow/state_dict.pth");
  await button(region(page, "Run"), "Camera").click();
  await expect(region(page, "Run")).toContainText("There is no camera on this device");
  await expect(button(region(page, "Run"), "Camera")).toBeEnabled();
});
