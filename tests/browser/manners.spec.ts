// Progress with a way out; what the machine is; foreign files by their names; calm for those who ask for it; staying awake.
import { expect, test } from "@playwright/test";
import { CPU_ONLY, openSample, pick, run, sample } from "./tour.ts";

test.use({ ...CPU_ONLY, permissions: ["clipboard-read", "clipboard-write"] });

test("opening from a slow server shows its phase, and can be cancelled", async ({ page }) => {
  // A server that gives a part of what it promises, and then nothing for a while.
  let answered = 0;
  await page.route("**/slow.pth", async (route) => {
    answered += 1;
    const bytes = sample("rhymes/rhymes.pth");
    const range = /bytes=(\d+)-(\d+)?/.exec(route.request().headers()["range"] ?? "");
    const [from, to] = [Number(range?.[1] ?? 0), Number(range?.[2] ?? bytes.length - 1)];
    if (answered > 1) await new Promise((resolve) => setTimeout(resolve, 4000));
    const headers = { "Content-Range": `bytes ${from}-${Math.min(to, bytes.length - 1)}/${bytes.length}`, "Accept-Ranges": "bytes" };
    await route.fulfill({ status: 206, headers, body: bytes.subarray(from, to + 1) }).catch(() => undefined);
  });
  await page.goto("/");
  await page.getByLabel("Address of a checkpoint").fill(new URL("/slow.pth", page.url()).href);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  const loading = page.getByRole("region", { name: /^Progress of/ });
  await expect(loading.getByRole("progressbar")).toBeVisible();
  await expect(loading).toContainText(/Starting|Reading/);
  await loading.getByRole("button", { name: "Cancel" }).click();
  await expect(loading).toHaveCount(0);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await openSample(page, /Which iris/);
});

test("foreign files are named for what they are, with the next step", async ({ page }) => {
  const text = (...parts: (string | number[])[]): Buffer => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));
  const files: [name: string, bytes: Buffer, what: RegExp, next: RegExp][] = [
    ["pointer.pth", text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345678\n"), /Git LFS pointer/, /git lfs pull/],
    ["page.pth", text("<!doctype html><title>Not found</title>"), /web page/, /download the file itself/],
    ["model.onnx", text([8, 7, 18, 7], "pytorch", [26, 3], "2.1"), /ONNX/, /torch\.save/],
    ["model.gguf", text("GGUF", Array(60).fill(0)), /GGUF/, /torch\.save wrote/],
    ["model.h5", text([0x89], "HDF\r\n", [0x1a, 10], Array(60).fill(0)), /HDF5/, /torch\.save wrote/],
    ["cut.pth", sample("digits/digits.pth").subarray(0, 90_000), /cut off: behind its 90000 bytes at least \d+ are missing/, /download the file again/],
    ["empty.pth", text(""), /empty/, /fetch the file again/],
  ];
  await page.goto("/");
  for (const [name, bytes, what, next] of files) {
    await pick(page, name, bytes);
    const alert = page.getByRole("alert").filter({ hasText: what });
    await expect(alert, name).toBeVisible();
    await expect(alert, name).toContainText(next);
  }
});

test("the devices of the machine are shown, and the report holds no names of what is open", async ({ page }) => {
  await page.goto("/");
  await pick(page, "secret-name.pth", sample("iris/iris.pth"));
  await page.getByText("Devices of this machine").click({ timeout: 60_000 });
  const list = page.locator("dl", { hasText: "WebGPU adapter" });
  await expect(list).toContainText(/Network runs on\s*CPU/);
  await expect(list).toContainText(/Largest tensor\s*1\.weight, 256 B/);
  await expect(list).toContainText(/Processor\s*\d+ threads/);
  await page.getByRole("button", { name: "Copy a report" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toMatch(/^Network runs on: CPU/);
  expect(report).toMatch(/Largest tensor: 256 B/);
  expect(report).toMatch(/Checkpoint: zip, module, 4\.8 KiB, 7 tensors/);
  expect(report).not.toContain("secret-name");
  expect(report).not.toContain("weight");
});

test("nothing moves for those who ask for reduced motion", async ({ browser }) => {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await run(page);
  const moving = await page.evaluate(() =>
    [...document.querySelectorAll("*")]
      .map((element) => [element, getComputedStyle(element)] as const)
      .filter(([, style]) => /[1-9]/.test(style.transitionDuration) || (style.animationName !== "none" && /[1-9]/.test(style.animationDuration)))
      .map(([element]) => element.outerHTML.slice(0, 80)),
  );
  expect(moving).toEqual([]);
  await context.close();
});

test("the screen stays on while it trains, and is let go after", async ({ page }) => {
  await page.addInitScript(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const request = (kind: string): Promise<object> => {
      heard.push(`request ${kind}`);
      return Promise.resolve({ release: () => Promise.resolve(heard.push("release")) });
    };
    Object.defineProperty(navigator, "wakeLock", { value: { request } });
  });
  await page.goto("/");
  await openSample(page, /Which iris/);
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await panel.getByLabel("Epochs", { exact: true }).fill("1");
  await panel.getByRole("button", { name: "Start" }).click();
  await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  const heard = (): Promise<string[]> => page.evaluate(() => (window as unknown as { heard: string[] }).heard);
  await expect.poll(heard).toEqual(["request screen", "release"]);
});
