// `<torchtab-model>` in a page of someone else: a strict policy, no script but the element's.
import { expect, test, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' blob:";

test.use({ launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] } });

const IRIS = `src="/examples/plain/model.pth" labels="setosa, versicolor, virginica"`;
const DIGITS = `src="/samples/digits/digits.pth" network="/samples/digits/model.py" construct="DigitsNet()" labels="zero,one,two,three,four,five,six,seven,eight,nine"`;
const WORDS = `src="/samples/wordavg/wordavg.pth" network="/samples/wordavg/model.py" construct="WordAVGModel(336, 50, 1, 1)" labels="negative, positive" vocabulary="/samples/wordavg/vocabulary.json"`;

async function embed(page: Page, body: string): Promise<void> {
  await page.route("**/embed.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      headers: { "Content-Security-Policy": POLICY },
      body: `<!doctype html><html lang="en"><head><title>A page</title><meta name="color-scheme" content="light dark"><script type="module" src="/pkg/dist/element.js"></script></head><body><main><h1>A page</h1>${body}</main></body></html>`,
    }),
  );
  await page.goto("/embed.html");
}

const run = (page: Page) => page.getByRole("button", { name: "Run" });
const answer = (page: Page) => page.getByRole("status");

test("numbers: fields by name, bars by label, by keyboard alone", async ({ page }) => {
  const heard: string[] = [];
  page.on("console", (message) => message.type() === "error" && !message.location().url.endsWith("favicon.ico") && heard.push(message.text()));
  await embed(page, `<torchtab-model ${IRIS} name="Iris" fields="Sepal length, Sepal width, Petal length, Petal width" value="5.9, 3.0, 4.2, 1.5"></torchtab-model>`);
  const card = page.getByRole("region", { name: "Iris" });
  await expect(card).toContainText("Sequential · 67 parameters · 3.76 KiB · on the CPU");
  await page.getByLabel("Sepal length").focus();
  await page.keyboard.press("Enter");
  await expect(answer(page).getByRole("listitem").first()).toHaveText(/versicolor99\.\d %/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("1.5");
  await page.keyboard.press("Tab");
  await page.keyboard.type("0.2");
  await page.keyboard.press("Tab");
  await expect(run(page)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(answer(page).getByRole("listitem").first()).toHaveText(/setosa\d\d\.\d %/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(card.getByRole("cell", { name: "2.weight" })).toBeVisible();
  await page.getByLabel("Sepal width").fill("");
  await run(page).click();
  await expect(page.getByRole("alert")).toHaveText("Each field takes a number.");
  expect(heard).toEqual([]);
});

test("a picture: drawn with the pointer, or chosen", async ({ page }) => {
  await embed(page, `<torchtab-model ${DIGITS}></torchtab-model>`);
  await expect(page.getByRole("heading", { name: "digits.pth" })).toBeVisible();
  await run(page).click();
  await expect(page.getByRole("alert")).toHaveText("Draw something, or choose a picture.");
  const canvas = page.locator("torchtab-model canvas");
  const box = (await canvas.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const at = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(0.5, 0.1));
  await page.mouse.down();
  await page.mouse.move(...at(0.5, 0.5), { steps: 4 });
  await page.mouse.move(...at(0.5, 0.95), { steps: 4 });
  await page.mouse.up();
  await expect(answer(page).getByRole("listitem").first()).toHaveText(/^one/);
  await page.getByRole("button", { name: "Clear" }).click();
  // A ring of white on black is a nought.
  const ring = await page.evaluate(async () => {
    const paper = new OffscreenCanvas(80, 80);
    const pen = paper.getContext("2d") as OffscreenCanvasRenderingContext2D;
    pen.fillRect(0, 0, 80, 80);
    pen.strokeStyle = "#fff";
    pen.lineWidth = 12;
    pen.ellipse(40, 40, 18, 32, 0, 0, 7);
    pen.stroke();
    return [...new Uint8Array(await (await paper.convertToBlob()).arrayBuffer())];
  });
  await page.locator("torchtab-model input[type=file]").setInputFiles({ name: "ring.png", mimeType: "image/png", buffer: Buffer.from(ring) });
  await expect(answer(page).getByRole("listitem").first()).toHaveText(/^zero/);
});

test("a text: two sides of one number", async ({ page }) => {
  await embed(page, `<torchtab-model ${WORDS} value="a charming film with a clever ending"></torchtab-model>`);
  await page.getByLabel("Text").press("Enter");
  await expect(answer(page).getByRole("listitem").first()).toHaveText("positive99.7 %");
  await page.getByLabel("Text").fill("I regret the whole boring trip");
  await run(page).click();
  await expect(answer(page).getByRole("listitem").first()).toHaveText("negative96.7 %");
  await page.getByLabel("Text").fill(" ");
  await run(page).click();
  await expect(page.getByRole("alert")).toHaveText("Write a few words first.");
});

test("JSON: any tensor, and mistakes are told", async ({ page }) => {
  await embed(page, `<torchtab-model ${IRIS} input="json"></torchtab-model>`);
  const area = page.getByLabel(/^Tensor as JSON.*1 × 4/);
  await expect(area).toHaveValue("[[0,0,0,0]]");
  await area.fill('{ "dtype": "float64", "data": [[5.0, 3.4, 1.5, 0.2]] }');
  await run(page).click();
  await expect(page.getByRole("alert")).not.toBeEmpty();
  await area.fill("[[5.0, 3.4, 1.5, 0.2]]");
  await run(page).click();
  await expect(answer(page).getByRole("listitem").first()).toHaveText(/setosa/);
  await expect(page.getByRole("alert")).toBeEmpty();
  await area.fill("[[5.0, 3.4");
  await run(page).click();
  await expect(page.getByRole("alert")).toContainText("This is no JSON");
});

test("errors: no file, no network, no src; another src starts anew; events tell", async ({ page }) => {
  await embed(page, `<torchtab-model src="/nowhere.pth" loading="eager"></torchtab-model>`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("404");
  const set = (attributes: { [name: string]: string | null }) =>
    page.evaluate(
      (attributes) =>
        new Promise<string>((told) => {
          const card = document.querySelector("torchtab-model") as HTMLElement;
          for (const type of ["torchtab-load", "torchtab-error"]) document.addEventListener(type, (event) => told(`${type}: ${(event as CustomEvent).detail?.code ?? ""}`), { once: true });
          for (const [name, value] of Object.entries(attributes)) value === null ? card.removeAttribute(name) : card.setAttribute(name, value);
        }),
      attributes,
    );
  expect(await set({ src: "/samples/wordavg/wordavg.pth" })).toBe("torchtab-error: needs_source");
  await expect(page.getByText("What is inside: 3 tensors")).toBeVisible();
  expect(await set({ src: null })).toBe("torchtab-error: ");
  await expect(alert).toContainText("src");
  expect(await set({ src: "/examples/plain/model.pth", labels: "a, b, c" })).toBe("torchtab-load: ");
  await expect(alert).toBeEmpty();
  await run(page).click();
  await expect(answer(page).getByRole("listitem")).toHaveCount(3);
});

test("a card out of sight loads nothing; one that is taken away gives its memory back", async ({ page }) => {
  await embed(page, `${"<br>".repeat(400)}<torchtab-model ${IRIS}></torchtab-model>`);
  await expect(page.getByRole("heading", { name: "model.pth" })).toBeAttached();
  // Long enough for a worker to be there, if one were started.
  await page.waitForTimeout(500);
  expect(page.workers()).toHaveLength(0);
  await page.locator("torchtab-model").scrollIntoViewIfNeeded();
  await expect(run(page)).toBeVisible();
  const code = await page.evaluate(async () => {
    const card = document.querySelector("torchtab-model") as HTMLElement & { model: import("../../www/api/index.js").Model };
    const { model } = card;
    card.remove();
    return model.run({ data: [[1, 2, 3, 4]] }).catch((error: { code: string }) => error.code);
  });
  expect(code).toBe("disposed");
});

for (const scheme of ["light", "dark"] as const) {
  test(`accessible and whole at 360 pixels: ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width: 360, height: 1200 });
    await embed(page, `<torchtab-model ${IRIS} fields="Sepal length, Sepal width, Petal length, Petal width" value="5.9, 3.0, 4.2, 1.5"></torchtab-model><torchtab-model ${DIGITS}></torchtab-model>`);
    await expect(run(page)).toHaveCount(2);
    await run(page).first().click();
    await expect(answer(page).first().getByRole("listitem")).toHaveCount(3);
    await page.locator("summary").first().click();
    // The page's own policy forbids scripts from elsewhere: Playwright adds this one from outside.
    await page.evaluate(AXE);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
      return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
    expect(violations).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await page.screenshot({ path: `tests/browser/results/element-${scheme}.png`, fullPage: true });
  });
}
