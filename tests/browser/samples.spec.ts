// The samples that write, take a row and carry their own source, against what PyTorch wrote beside them.
import { expect, test, type Page } from "@playwright/test";
import { CPU_ONLY, bars, best, complaints, openSample, pick, run, sample } from "./tour.ts";

test.use(CPU_ONLY);

const examples = <T>(name: string): T[] => JSON.parse(sample(`${name}/examples.json`).toString()) as T[];
const page_ = (page: Page) => page.getByRole("region", { name: "What the network wrote" });
const write = (page: Page) => page.getByRole("button", { name: "Write", exact: true });

/** Writes and waits for the end. */
async function written(page: Page): Promise<string> {
  await write(page).click();
  await expect(page.getByRole("status")).toContainText("Written:", { timeout: 90_000 });
  await expect(write(page)).toBeVisible();
  return page_(page).innerText();
}

test("the little poet writes as PyTorch scores it, the same text for the same seed, and stops", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await openSample(page, /A little poet/);
  const characters = [...(JSON.parse(sample("rhymes/vocabulary.json").toString()) as { characters: string }).characters];
  await page.getByLabel("Characters", { exact: true }).fill("1");
  await page.getByRole("slider", { name: "Temperature" }).fill("0");
  for (const { text, next } of examples<{ text: string; next: number[] }>("rhymes")) {
    await page.getByLabel("Beginning").fill(text);
    const all = await written(page);
    const likeliest = characters[next.indexOf(Math.max(...next))] ?? "";
    expect(all.trimEnd()).toBe(`${text}${likeliest}`.trimEnd());
  }
  await page.getByLabel("Characters", { exact: true }).fill("120");
  await page.getByRole("slider", { name: "Temperature" }).fill("0.7");
  const one = await written(page);
  expect(one.length).toBeGreaterThan(120);
  // It has learnt words of its text.
  expect(one).toMatch(/\b(and|but|so) (it|then)\b/);
  expect(await written(page)).toBe(one);
  await page.getByLabel("Seed of chance").fill("7");
  expect(await written(page)).not.toBe(one);
  await page.getByLabel("Characters", { exact: true }).fill("50000");
  await write(page).click();
  const count = async (): Promise<number> => (await page_(page).innerText()).length;
  await expect.poll(count).toBeGreaterThan(150);
  await page.getByRole("button", { name: "Stop", exact: true }).first().click();
  await expect(write(page)).toBeVisible();
  const stopped = await count();
  await page.waitForTimeout(300);
  expect(await count()).toBe(stopped);
  // The panel trains on nothing here, and says no error.
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.getByLabel("Beginning").fill("ÄÖ");
  await write(page).click();
  await expect(page.getByRole("alert")).toContainText('does not know "Ä"');
  expect(heard).toEqual([]);
});

test("the little poet learns another manner from a text", async ({ page }) => {
  test.slow();
  await page.goto("/");
  await openSample(page, /A little poet/);
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await expect(panel).toContainText("passages of training.txt");
  await panel.getByLabel("Epochs", { exact: true }).fill("8");
  await panel.getByRole("button", { name: "Start" }).click();
  await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 110_000 });
  await expect(panel.locator("dl.figures")).toContainText("Loss");
  await expect(panel.getByRole("alert")).toHaveCount(0);
  await page.getByLabel("Beginning").fill("if I were a ");
  await page.getByLabel("Characters", { exact: true }).fill("80");
  await page.getByRole("slider", { name: "Temperature" }).fill("0");
  expect(await written(page)).toContain("I would");
});

test("a network of one's own writes once it has its characters", async ({ page }) => {
  await page.goto("/");
  await pick(page, "mine.pth", sample("rhymes/rhymes.pth"));
  await page.getByLabel("PyTorch source").fill(sample("rhymes/model.py").toString());
  await page.getByRole("button", { name: "Build the network" }).click();
  await page.getByRole("radio", { name: "Write" }).check({ force: true });
  const file = page.getByLabel("Choose the network's characters");
  await file.setInputFiles({ name: "words.json", mimeType: "application/json", buffer: Buffer.from('{"hello": 0, "world": 1}') });
  await expect(page.getByRole("alert")).toContainText("has no characters");
  await file.setInputFiles({ name: "characters.json", mimeType: "application/json", buffer: sample("rhymes/vocabulary.json") });
  await page.getByLabel("Beginning").fill("a little old cat,");
  await page.getByLabel("Characters", { exact: true }).fill("20");
  expect((await written(page)).length).toBeGreaterThan(25);
});

test("the irises are told from a row, without source, as PyTorch told them", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Which iris/);
  await run(page);
  for (const { label, tensor, scores } of examples<{ label: string; tensor: { data: number[] }; scores: number[] }>("iris")) {
    await page.getByRole("button", { name: label, exact: true }).click();
    await expect(page.getByLabel("petal length (cm)")).toHaveValue(String(tensor.data[2]));
    const powers = scores.map(Math.exp);
    const chance = Math.max(...powers) / powers.reduce((a, b) => a + b, 0);
    await expect(best(page)).toContainText(label);
    await expect(best(page)).toContainText(`${(100 * chance).toFixed(chance > 0.9995 ? 2 : 1)} %`);
  }
  await page.getByLabel("petal length (cm)").fill("1.2");
  await page.getByLabel("petal width (cm)").fill("0.1");
  await expect(best(page)).toContainText("setosa");
  await page.getByLabel("petal width (cm)").fill("");
  await expect(page.getByRole("button", { name: "Run", exact: true })).toBeDisabled();
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await expect(panel).toContainText("120 rows of training.csv");
  await panel.getByRole("button", { name: "Start" }).click();
  await expect(panel.getByRole("button", { name: "Train on" })).toBeVisible({ timeout: 60_000 });
  await expect(panel.locator("dl.figures")).toContainText("Accuracy");
});

test("a legacy whole module runs with the source that it carries, on the page and dropped alone", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Noise off/);
  const [first] = examples<{ tensor: { shape: number[]; data: number[] }; mean: number }>("denoise");
  await page.getByRole("radio", { name: "JSON" }).check({ force: true });
  await page.getByLabel("picture as JSON").fill(JSON.stringify({ shape: first?.tensor.shape, data: first?.tensor.data }));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("img", { name: "output as a picture, 8 × 8" })).toBeVisible();
  await page.getByText(/^Output as JSON/).click();
  const text = page.getByLabel("Output as JSON");
  await expect(text).toContainText("data", { timeout: 30_000 });
  const output = JSON.parse(await text.innerText()) as { shape: number[]; data: number[] };
  expect(output.shape).toEqual([1, 1, 8, 8]);
  expect(output.data.reduce((a, b) => a + b, 0) / 64).toBeCloseTo(first?.mean ?? NaN, 4);
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await expect(panel).toContainText("120 samples");
  // The source is there to read, and a copy of it to edit and to build.
  await page.getByText("Code in the file", { exact: true }).click();
  await expect(page.getByRole("region", { name: "Code in the file" })).toContainText("class Denoiser(nn.Module):");
  await page.getByRole("button", { name: "Edit a copy" }).click();
  const source = page.getByLabel("PyTorch source");
  await expect(source).toHaveValue(/class Denoiser\(nn\.Module\):/);
  await source.fill((await source.inputValue()).replace("torch.sigmoid(self.last(x))", "torch.sigmoid(self.last(x))[:, :, :4]"));
  await page.getByRole("button", { name: "Build again" }).click();
  await page.getByText(/^Summary:/).click();
  await expect(page.getByRole("region", { name: "Network", exact: true }).getByRole("table").first()).toContainText("1 × 1 × 4 × 8");
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await pick(page, "alone.pt", sample("denoise/denoise.pt"));
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(bars(page)).toHaveCount(0);
});
