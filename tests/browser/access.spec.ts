// Keyboard, screen readers, contrast, narrow screens; and pictures of each view to look at, in `results/`.
import { expect, test, type Page } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { CPU_ONLY, drop, onDevice, openSample, pick, run, sample, violations } from "./tour.ts";

test.use(CPU_ONLY);

const results = fileURLToPath(new URL("results/", import.meta.url));

async function look(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${results}${name}.png`, fullPage: true });
}

const VIEWS: Record<string, (page: Page) => Promise<void>> = {
  start: async () => undefined,
  digits: async (page) => {
    await openSample(page, /Handwritten digits/);
    await run(page);
    await page.locator('[data-path="conv1.weight"]').click();
    await expect(page.getByRole("img", { name: /^Histogram/ })).toBeVisible();
    await page.getByText(/^Summary:/).click();
    await page.getByText(/globals named/).click();
    await page.getByText("Scaling and values").click();
  },
  sentence: async (page) => {
    await openSample(page, /Sentiment/);
    await run(page);
    await page.getByText("Source of the class").click();
  },
  training: async (page) => {
    await openSample(page, /Handwritten digits/);
    await onDevice(page, "CPU");
    await run(page);
    const panel = page.getByRole("region", { name: "Train", exact: true });
    await panel.getByText("Options", { exact: true }).click();
    await panel.getByLabel("Optimizer").selectOption("SGD");
    await panel.getByLabel("Learning rate").fill("0.05");
    await panel.getByLabel("Scheduler").selectOption("StepLR");
    await panel.getByLabel("Its arguments").fill("step_size=1");
    await panel.getByLabel("Trains").selectOption("patterns");
    await panel.getByLabel("Freeze").fill("conv1");
    await panel.getByLabel("Epochs", { exact: true }).fill("3");
    await panel.getByRole("button", { name: "Start" }).click();
    await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 110_000 });
    for (const more of [/^Epochs as a table/, /^Each class/, /tensors changed/]) await panel.getByText(more).click();
    await expect(panel.locator("canvas").first()).toBeVisible();
  },
  "training-error": async (page) => {
    await openSample(page, /Handwritten digits/);
    const panel = page.getByRole("region", { name: "Train", exact: true });
    await panel.getByRole("radio", { name: "Files" }).check({ force: true });
    await panel.locator("input[type=file]").first().setInputFiles({ name: "few.csv", mimeType: "text/csv", buffer: Buffer.from("a,b,digit\n1,2,3\n") });
    await expect(panel.getByRole("alert")).toBeVisible();
  },
  looked: async (page) => {
    await page.locator("input[type=file]").first().setInputFiles(["before.pth", "after.pth"].map((name) => fileURLToPath(new URL(`look/${name}`, import.meta.url))));
    await page.getByRole("button", { name: "Compare", exact: true }).click();
    await expect(page.getByRole("region", { name: "Compared tensors" })).toBeVisible();
    await page.locator('[role=row][data-path="body.0.weight"]').click();
    await expect(page.getByRole("img", { name: /^Heat map/ })).toBeVisible();
    await page.getByText("These values as a table").click();
    await page.getByRole("button", { name: "Check all tensors" }).click();
    await page.getByRole("button", { name: "Build the network" }).click();
    await page.getByText("Graph, with the shapes between modules").click();
    await page.getByText(/^As a table: /).click();
  },
  poet: async (page) => {
    await openSample(page, /A little poet/);
    await onDevice(page, "CPU");
    await page.getByLabel("Characters", { exact: true }).fill("40");
    await page.getByRole("button", { name: "Write", exact: true }).click();
    await expect(page.getByRole("status").first()).toContainText("Written:", { timeout: 60_000 });
    for (const more of [/^Devices of this machine/, /^Share this setup/]) await page.getByText(more).click();
    await expect(page.getByText("Processor")).toBeVisible();
  },
  session: async (page) => {
    await openSample(page, /Which iris/);
    await onDevice(page, "CPU");
    await page.getByRole("region", { name: "Train", exact: true }).getByRole("button", { name: "Step", exact: true }).click();
    await expect(page.getByText(/^Kept as of step 1/)).toBeVisible({ timeout: 60_000 });
    await page.reload();
    await expect(page.getByRole("region", { name: "Session of before" })).toBeVisible();
  },
  asked: async (page) => {
    await openSample(page, /Handwritten digits/);
    const panel = page.getByRole("region", { name: "Train", exact: true });
    await panel.getByRole("radio", { name: "Files" }).check({ force: true });
    const rows = ["sun", "rain", "snow"].map((label) => [...Array.from({ length: 64 }, (_, i) => i / 64), label].join(","));
    const header = [...Array.from({ length: 64 }, (_, i) => `p${i}`), "label"].join(",");
    await panel.locator("input[type=file]").first().setInputFiles({ name: "sky.csv", mimeType: "text/csv", buffer: Buffer.from([header, ...rows, ...rows].join("\n")) });
    await expect(panel.getByRole("group", { name: "Other classes" })).toBeVisible();
    await panel.getByRole("button", { name: "Step", exact: true }).click();
    await expect(panel.getByRole("button", { name: "Go on" })).toBeVisible({ timeout: 60_000 });
    await panel.getByRole("button", { name: "Revert", exact: true }).click();
    await expect(panel.getByRole("group", { name: "Revert" })).toBeVisible();
    await drop(page, "other.pth", sample("iris/iris.pth"));
    await expect(page.getByRole("button", { name: "Open instead" })).toBeVisible();
  },
  repository: async (page) => {
    const tree = ["model.safetensors", "old/pytorch_model-00001-of-00002.bin", "old/pytorch_model-00002-of-00002.bin"].map((path) => ({ type: "file", path, size: 5e8 }));
    await page.route("https://huggingface.co/api/**", (route) => route.fulfill({ json: tree, headers: { "Access-Control-Allow-Origin": "*" } }));
    await page.getByLabel("Address of a checkpoint").fill("https://huggingface.co/someone/net");
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect(page.getByRole("region", { name: "someone/net" }).getByRole("listitem")).toHaveCount(2);
  },
  error: async (page) => {
    await pick(page, "page.pth", Buffer.from("<!doctype html><title>Not found</title>"));
    await expect(page.getByRole("alert")).toBeVisible();
  },
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, open] of Object.entries(VIEWS)) {
    test(`axe finds nothing: ${name}, ${colorScheme}`, async ({ browser }) => {
      const context = await browser.newContext({ colorScheme, reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto("/");
      await expect(page.getByRole("button", { name: /Handwritten/ })).toBeVisible();
      await open(page);
      await look(page, `${name}-${colorScheme}`);
      expect(await violations(page)).toEqual([]);
      await context.close();
    });
  }
}

test("360 pixels are enough, by touch", async ({ browser }) => {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.getByRole("button", { name: /Handwritten/ })).toBeVisible();
  await look(page, "start-narrow");
  await page.getByRole("button", { name: /Handwritten/ }).tap();
  await page.getByRole("button", { name: "Example 5" }).tap();
  await page.getByRole("button", { name: "Run", exact: true }).tap();
  await expect(page.getByRole("list", { name: /^Classes/ })).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await look(page, "digits-narrow");
  await onDevice(page, "CPU");
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await panel.getByLabel("Epochs", { exact: true }).fill("2");
  await panel.getByRole("button", { name: "Start" }).tap();
  await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 110_000 });
  for (const more of [/^Epochs as a table/, /^Each class/, /tensors changed/, /^Options$/]) await panel.getByText(more).tap();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await look(page, "training-narrow");
  await context.close();
});

test("training goes by keyboard alone", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await onDevice(page, "CPU");
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await expect(panel).toContainText("1,397 pictures");
  const named = (): Promise<string> => page.evaluate(() => (document.activeElement as HTMLElement | null)?.textContent?.trim() ?? "");
  await panel.getByLabel("Epochs", { exact: true }).focus();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("50");
  await page.keyboard.press("Tab");
  expect(await named()).toBe("Start");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("button", { name: "Pause" })).toBeFocused();
  await expect(panel.getByRole("img", { name: /^Loss over/ })).toBeVisible({ timeout: 60_000 });
  await page.keyboard.press("Space");
  await expect(panel.getByRole("button", { name: "Go on" })).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await named()).toBe("Step");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("button", { name: "Go on" })).toBeEnabled();
  await page.keyboard.press("Tab");
  expect(await named()).toBe("Stop");
  await page.keyboard.press("Enter");
  await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("status").last()).toContainText("Stopped after");
});

test("the tour goes by keyboard alone", async ({ page }) => {
  await page.goto("/");
  const reach = async (name: RegExp | string): Promise<void> => {
    for (let i = 0; i < 80; i += 1) {
      await page.keyboard.press("Tab");
      const label = await page.evaluate(() => {
        const at = document.activeElement as HTMLElement | null;
        return at?.getAttribute("aria-label") ?? at?.getAttribute("data-path") ?? at?.textContent?.trim() ?? "";
      });
      if (typeof name === "string" ? label === name : name.test(label)) return;
    }
    throw new Error(`Tab does not reach ${name}`);
  };
  await expect(page.getByRole("button", { name: /Handwritten/ })).toBeVisible();
  await reach(/^Handwritten digits/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
  await page.getByRole("searchbox").focus();
  await reach("conv1");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator('[data-path="conv1.weight"]')).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("img", { name: "Histogram of conv1.weight" })).toBeVisible();
  await page.keyboard.press("End");
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator('[data-path="conv1"]')).toHaveAttribute("aria-expanded", "false");
  await reach("Example 7");
  await page.keyboard.press("Enter");
  await reach("Run");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: /^Classes/ })).toBeVisible();
});

test("the theme is chosen and kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole("radio", { name: "Theme: dark" }).check({ force: true });
  await expect.poll(ground).not.toBe(light);
  await page.reload();
  expect(await ground()).not.toBe(light);
});

test("nothing is asked of another origin", async ({ page, baseURL }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await run(page);
  expect(asked.filter((url) => !url.startsWith(baseURL ?? "") && !url.startsWith("blob:"))).toEqual([]);
});

test("the page's own policy lets no other site's script, picture or plain request in, and no script of the page's text", async ({ page }) => {
  const refused: string[] = [];
  await page.route("**/other.example/**", (route) => route.fulfill({ body: "", headers: { "Access-Control-Allow-Origin": "*" } }));
  await page.exposeFunction("refuse", (directive: string) => refused.push(directive));
  await page.goto("/");
  await page.evaluate(async () => {
    const scope = window as unknown as { refuse(directive: string): void };
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => scope.refuse(effectiveDirective));
    const add = (name: "script" | "img" | "iframe", text: Record<string, string>): void => {
      const element = document.body.appendChild(document.createElement(name));
      Object.assign(element, text);
    };
    add("script", { src: "https://other.example/a.js" });
    add("script", { textContent: "window.ran = true" });
    add("img", { src: "https://other.example/a.png" });
    add("iframe", { src: "https://other.example/" });
    await fetch("http://other.example/a").catch(() => undefined);
  });
  await expect.poll(() => [...new Set(refused)].sort()).toEqual(["connect-src", "frame-src", "img-src", "script-src-elem"]);
  expect(await page.evaluate(() => "ran" in window)).toBe(false);
});
