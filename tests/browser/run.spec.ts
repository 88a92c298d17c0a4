// The panel that runs: pictures with their preparation, labels, other inputs and outputs, driven as a person would.
import { expect, test, type Locator, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { labelsIn } from "../../www/app/labels.ts";
import { parse } from "../../www/app/train/csv.ts";
import { bars, best, complaints, drop, dropAll, openSample, sample, settled, violations } from "./tour.ts";

// On the CPU: what runs is not the point here.
test.use({ launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] } });

const PYTHON = process.env["TORCHTAB_PYTHON"];
/** Puts a state_dict and the names of its classes into one file. */
const WRITE = "import sys, torch; torch.save({'state_dict': torch.load(sys.argv[1]), 'class_to_idx': {n: i for i, n in enumerate(sys.argv[3].split(','))}}, sys.argv[2])";

const bytes = (path: string): Buffer => readFileSync(fileURLToPath(new URL(path, import.meta.url)));
const cases = (path: string): Buffer => bytes(`../cases/${path}`);
const picture = (name: string) => ({ name: `${name}.png`, mimeType: "image/png", buffer: bytes(`pictures/${name}.png`) });
const panel = (page: Page): Locator => page.getByRole("region", { name: "Run", exact: true });
const mode = (page: Page, name: string): Promise<void> => panel(page).getByRole("radio", { name, exact: true }).check({ force: true });

/** Opens a file of the cases, with its source where it needs one, on the CPU. */
async function open(page: Page, file: string, source?: string, construct = ""): Promise<void> {
  await page.goto("/");
  await page.locator("input[type=file]").first().setInputFiles({ name: file.split("/").at(-1) ?? file, mimeType: "application/octet-stream", buffer: cases(file) });
  if (source !== undefined) {
    await page.getByLabel("PyTorch source").fill(cases(source).toString());
    await page.getByLabel(/^Constructor call/).fill(construct);
    await page.getByRole("button", { name: "Build the network" }).click();
  }
  await expect(panel(page)).toBeVisible({ timeout: 60_000 });
  await expect(page.locator(".device")).toContainText("CPU");
  await expect(page.getByRole("button", { name: "Build again" })).toBeEnabled();
}

async function start(page: Page): Promise<void> {
  await panel(page).getByRole("button", { name: "Run", exact: true }).click();
  await settled(page);
}

async function saved(page: Page, press: () => Promise<void>): Promise<string> {
  const waiting = page.waitForEvent("download");
  await press();
  return readFileSync(await (await waiting).path()).toString();
}

/** The tensor that goes in, by its download. */
async function tensor(page: Page): Promise<{ dtype: string; shape: number[]; data: number[] }> {
  const summary = panel(page).getByText("The tensor that goes in");
  if ((await panel(page).getByRole("button", { name: "Download .json" }).count()) === 0) await summary.click();
  return JSON.parse(await saved(page, () => panel(page).getByRole("button", { name: "Download .json" }).click())) as { dtype: string; shape: number[]; data: number[] };
}

const expected = JSON.parse(bytes("pictures/expected.json").toString()) as {
  cases: { picture: string; how: unknown; shape: number[]; every: number; values: string }[];
};
function wanted(name: string, how: string): { shape: number[]; every: number; values: Float32Array } {
  const found = expected.cases.find((each) => each.picture === name && each.how === how);
  if (found === undefined) throw new Error(`${name} ${how}`);
  return { ...found, values: new Float32Array(new Uint8Array(Buffer.from(found.values, "base64")).buffer) };
}
function same(got: { shape: number[]; data: number[] }, { shape, every, values }: ReturnType<typeof wanted>): void {
  expect(got.shape).toEqual(shape);
  const some = got.data.filter((_, i) => i % every === 0);
  expect(some.reduce((most, value, i) => Math.max(most, Math.abs(value - (values[i] as number))), 0)).toBeLessThan(1e-5);
}

test("a PNG becomes torchvision's tensor: chosen, dropped; the preset's numbers are shown and edited", async ({ page }) => {
  const heard = complaints(page);
  await open(page, "zoo/vgg_narrow/state_dict.pth");
  // A network of torchvision's gets ImageNet's numbers unasked.
  await panel(page).locator("input[type=file]").first().setInputFiles(picture("colour"));
  await expect(panel(page).getByAltText("colour.png")).toBeVisible();
  same(await tensor(page), wanted("colour", "imagenet"));
  await start(page);
  await expect(bars(page)).toBeVisible();
  const before = await bars(page).innerText();
  await panel(page).getByText(/^Preparation:/).click();
  await panel(page).getByLabel("Preset").selectOption({ label: "EfficientNet B0" });
  same(await tensor(page), wanted("colour", "efficientnet_b0"));
  // A change runs again.
  await settled(page);
  await expect.poll(() => bars(page).innerText()).not.toBe(before);
  await panel(page).getByLabel("Preset").selectOption({ label: "ImageNet V2, 232 → 224" });
  await drop(page, "tall.png", bytes("pictures/tall.png"));
  await expect(panel(page).getByAltText("tall.png")).toBeVisible();
  same(await tensor(page), wanted("tall", "imagenet_v2"));
  // By hand: every number counts.
  await panel(page).getByLabel("Mean").fill("0.5");
  await panel(page).getByLabel("Mean").press("Tab");
  await panel(page).getByLabel("std", { exact: true }).fill("0.5");
  await panel(page).getByLabel("std", { exact: true }).press("Tab");
  await expect(panel(page).getByLabel("Preset").locator("option:checked")).toHaveText("ImageNet V2, 232 → 224, edited");
  const { data } = await tensor(page);
  expect(Math.min(...data.slice(0, 50_000))).toBeGreaterThanOrEqual(-1);
  await panel(page).getByLabel("Height").fill("0");
  await expect(panel(page)).toContainText("Height is a whole number from 1 to 4096");
  await expect(panel(page).getByRole("button", { name: "Run", exact: true })).toBeDisabled();
  await panel(page).getByLabel("Height").fill("224");
  await expect(panel(page).getByRole("button", { name: "Run", exact: true })).toBeEnabled();
  expect(heard).toEqual([]);
});

test("a picture is pasted; what is no picture is told, and what was there stays", async ({ page }) => {
  await open(page, "zoo/lenet/state_dict.pth");
  await page.evaluate(
    ({ name, data }) => {
      const given = new DataTransfer();
      given.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, { type: "image/png" }));
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
    },
    { name: "grey.png", data: bytes("pictures/grey.png").toString("base64") },
  );
  await expect(panel(page).getByAltText("grey.png")).toBeVisible();
  const { shape } = await tensor(page);
  expect(shape.slice(0, 2)).toEqual([1, 1]);
  await panel(page).locator("input[type=file]").first().setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
  await expect(panel(page)).toContainText("broken.png is no picture that the browser can decode");
  await expect(panel(page).getByAltText("grey.png")).toBeVisible();
  await start(page);
  await expect(bars(page)).toBeVisible();
});

test("labels: a list, a dict, ImageNet's index, lines; what has none is told", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  await start(page);
  const labels = panel(page).getByText("Labels of the classes").locator("input");
  const give = (name: string, text: string) => labels.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  const digit = Number((await best(page).innerText()).split("\n")[0]);
  const names = Array.from({ length: 10 }, (_, i) => `word ${i}`);
  for (const [name, text] of [
    ["list.json", JSON.stringify(names)],
    ["dict.json", JSON.stringify(Object.fromEntries(names.map((each, i) => [i, each])))],
    ["imagenet_class_index.json", JSON.stringify(Object.fromEntries(names.map((each, i) => [i, [`n0${i}`, each]])))],
    ["class_to_idx.json", JSON.stringify({ class_to_idx: Object.fromEntries(names.map((each, i) => [each, i])) })],
    ["lines.txt", `${names.join("\r\n")}\n`],
  ] as const) {
    await give(name, text);
    await expect(panel(page)).toContainText(`10 from ${name}`);
    await expect(best(page)).toContainText(`word ${digit}`);
    await give("other.txt", "a\nb\nc");
    await expect(panel(page)).toContainText("3 from other.txt");
  }
  await give("broken.json", '["a", ');
  await expect(panel(page)).toContainText("broken.json is no JSON");
  // Logits, and as many as asked for.
  await panel(page).getByLabel("Softmax").uncheck();
  await expect(best(page)).not.toContainText("%");
  await panel(page).getByLabel(/^Top/).selectOption("5");
  await expect(bars(page).getByRole("listitem")).toHaveCount(5);
});

test("the checkpoint's own class names are taken", async ({ page }, info) => {
  // As `labelsIn` sees them: a list is one value, a dict a value a key.
  const entry = (path: string, value: unknown) => ({ path, value, kind: "", text: "" });
  expect(labelsIn([entry("epoch", 3), entry("meta.class_to_idx.b.c", 1), entry("meta.class_to_idx.a", 0)])).toEqual({ labels: ["a", "b.c"], path: "meta.class_to_idx" });
  expect(labelsIn([entry("classes", ["x", "y"])])).toEqual({ labels: ["x", "y"], path: "classes" });
  expect(labelsIn([entry("classes", 10)])).toBeUndefined();
  test.skip(PYTHON === undefined, "needs torch to write the file");
  const path = info.outputPath("named.pth");
  const names = "ant,bee,wasp,fly,moth,tick,louse,flea".split(",");
  execFileSync(PYTHON ?? "", ["-c", WRITE, fileURLToPath(new URL("../cases/zoo/vgg_narrow/state_dict.pth", import.meta.url)), path, names.join(",")]);
  await page.goto("/");
  await page.locator("input[type=file]").first().setInputFiles(path);
  await expect(panel(page)).toBeVisible({ timeout: 60_000 });
  await mode(page, "Random");
  await start(page);
  await expect(panel(page)).toContainText("8 from class_to_idx");
  await expect(best(page)).toContainText(new RegExp(names.join("|")));
});

test("pictures come out as pictures, and everything as JSON and CSV", async ({ page }) => {
  await open(page, "zoo/unet/state_dict.pth");
  await mode(page, "Random");
  const shape = panel(page).getByLabel(/^Shape of/);
  await shape.fill("1, 1, 32, 48");
  await start(page);
  await mode(page, "Picture");
  const image = panel(page).getByRole("img", { name: "output as a picture, 32 × 48" });
  await expect(image).toBeVisible();
  expect(await image.evaluate((canvas) => [(canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height])).toEqual([48, 32]);
  const json = JSON.parse(await saved(page, () => panel(page).getByRole("button", { name: ".json", exact: true }).click())) as { shape: number[]; data: number[] };
  expect(json.shape.slice(2)).toEqual([32, 48]);
  const csv = (await saved(page, () => panel(page).getByRole("button", { name: ".csv" }).click())).trimEnd().split("\n");
  expect(csv[0]?.startsWith("dim 0,dim 1,dim 2,0,1,")).toBe(true);
  expect(csv).toHaveLength(1 + (json.shape[1] as number) * 32);
  expect(Number(csv[1]?.split(",")[3])).toBe(json.data[0]);
  await mode(page, "Table");
  await expect(panel(page).getByRole("region", { name: "Numbers of output" }).getByRole("row")).toHaveCount(32);
});

test("every input of forward has its own kit", async ({ page }) => {
  await open(page, "networks/two_heads/model.pth", "networks/two_heads/model.py", "TwoHeads(classes=3)");
  const inputs = (JSON.parse(cases("networks/two_heads/case.json").toString()) as { inputs: { shape: number[] }[] }).inputs;
  const of = (name: string): Locator => panel(page).getByRole("group", { name: `Input ${name}`, exact: true });
  for (const [i, name] of ["image", "numbers"].entries()) {
    await of(name).getByRole("radio", { name: "Random" }).check({ force: true });
    await expect(panel(page).getByRole("button", { name: "Run", exact: true })).toBeVisible();
    await of(name).getByLabel(/^Shape of/).fill((inputs[i]?.shape ?? []).join(", "));
  }
  await start(page);
  await expect(panel(page).getByRole("alert")).toHaveCount(0);
  await panel(page).getByText("The tensor that goes in").click();
  await panel(page).getByLabel("Input", { exact: true }).last().selectOption({ label: "numbers" });
  await expect(panel(page)).toContainText((inputs[1]?.shape ?? []).join(" × "));
});

test("random numbers repeat with their seed", async ({ page }) => {
  await open(page, "zoo/lenet/state_dict.pth");
  await mode(page, "Random");
  const first = await tensor(page);
  await panel(page).getByRole("button", { name: "Next seed" }).click();
  expect((await tensor(page)).data).not.toEqual(first.data);
  await panel(page).getByLabel("Seed").fill("0");
  expect((await tensor(page)).data).toEqual(first.data);
  await panel(page).getByLabel("Numbers", { exact: true }).selectOption("whole numbers");
  await panel(page).getByLabel("To, itself not").fill("3");
  expect([...new Set((await tensor(page)).data)].sort()).toEqual([0, 1, 2]);
});

test("a table of flowers at once: answers as CSV, and how many are right; a bad line is told", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /iris/);
  const table = sample("iris/held_out.csv").toString().trimEnd();
  const rows = table.split("\n").length - 1;
  await panel(page).getByText("Many at once").click();
  const give = (text: string) => panel(page).getByText("Choose a table").locator("input").setInputFiles({ name: "flowers.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await give(table);
  await expect(panel(page)).toContainText(`right, `);
  await expect(panel(page)).toContainText(/Done in/);
  const answers = parse(await saved(page, () => panel(page).getByRole("button", { name: "Download answers.csv" }).click()), "answers.csv");
  expect(answers.rows).toHaveLength(rows);
  expect(answers.header.slice(-5, -3)).toEqual(["prediction", "probability"]);
  const column = (name: string): number => answers.header.indexOf(name);
  const target = answers.header.findIndex((name) => /species|label|class|target|kind/i.test(name));
  const names = ["setosa", "versicolor", "virginica"];
  const right = answers.rows.filter((row) => [row[column("prediction")], String(names.indexOf(row[column("prediction")] ?? ""))].includes(row[target] ?? "")).length;
  await expect(panel(page)).toContainText(`${right} of ${rows}`);
  expect(right / rows).toBeGreaterThan(0.8);
  // A row that is no numbers is told in its place; the others are run.
  await give(`${table}\nx,1,1,1,${(table.split("\n")[1] ?? "").split(",").at(-1)}`);
  await expect(panel(page)).toContainText("1 could not be read");
  const with_ = parse(await saved(page, () => panel(page).getByRole("button", { name: "Download answers.csv" }).click()), "answers.csv");
  expect(with_.header.at(-1)).toBe("error");
  expect(with_.rows.at(-1)?.at(-1)).toContain("'x' is no number");
  await give("a,b\n1,2\n");
  await expect(panel(page).getByRole("alert")).toContainText("has 2 columns; the network takes 4");
});

test("pictures at once, loose ones by a drop; a long one is cancelled", async ({ page }) => {
  await open(page, "zoo/vgg_narrow/state_dict.pth");
  await dropAll(page, { "a.png": bytes("pictures/colour.png"), "b.png": bytes("pictures/tall.png"), "c.png": Buffer.from("none") });
  await expect(panel(page)).toContainText("3 pictures");
  await expect(panel(page)).toContainText("1 could not be read");
  const answers = parse(await saved(page, () => panel(page).getByRole("button", { name: "Download answers.csv" }).click()), "answers.csv");
  expect(answers.rows.map((row) => row[0])).toEqual(["a.png", "b.png", "c.png"]);
  // The same answer as alone.
  await panel(page).locator("input[type=file]").first().setInputFiles(picture("tall"));
  await start(page);
  await expect(best(page)).toContainText(answers.rows[1]?.[1] ?? "none");
  await expect(best(page)).toContainText((100 * Number(answers.rows[1]?.[2])).toFixed(1));
  const many = Array.from({ length: 400 }, (_, i) => ({ ...picture("colour"), name: `${i}.png` }));
  await panel(page).getByText("Choose pictures").locator("input").setInputFiles(many);
  await expect(panel(page)).toContainText("of 400");
  await panel(page).getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(panel(page)).toContainText("Cancelled; what was done is there");
  await start(page);
  await expect(bars(page)).toBeVisible();
});

test("ten runs are timed", async ({ page }) => {
  await open(page, "zoo/lenet/state_dict.pth");
  await mode(page, "Random");
  await panel(page).getByRole("button", { name: "Time 10 runs" }).click();
  await expect(panel(page)).toContainText(/10 runs on the CPU: median [\d.]+ m?s, fastest [\d.]+ m?s/);
});

test("what is trained goes along when the device is chosen anew", async ({ page }) => {
  await page.goto("/");
  await openSample(page, /Handwritten digits/);
  const train = page.getByRole("region", { name: "Train", exact: true });
  await expect(train).toContainText("1,397 pictures");
  await train.getByLabel("Epochs", { exact: true }).fill("1");
  await train.getByRole("button", { name: "Start", exact: true }).click();
  await expect(train.getByRole("button", { name: "Train on", exact: true })).toBeVisible({ timeout: 100_000 });
  await start(page);
  const before = await bars(page).innerText();
  expect(before).toContain("before training");
  await page.getByRole("radio", { name: "CPU", exact: true }).check({ force: true });
  await expect(train.getByRole("button", { name: "Train on", exact: true })).toBeVisible();
  await start(page);
  await expect.poll(() => bars(page).innerText()).toBe(before);
  // Revert still knows the file's weights.
  await train.getByRole("button", { name: "Revert", exact: true }).click();
  await train.getByRole("button", { name: "Revert to the file" }).click();
  await expect(bars(page)).not.toContainText("before training");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing, and 360 pixels are enough: ${colorScheme}`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, reducedMotion: "reduce", viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    await open(page, "zoo/unet/state_dict.pth");
    await mode(page, "Image");
    expect(await violations(page)).toEqual([]);
    await panel(page).locator("input[type=file]").first().setInputFiles(picture("grey"));
    await panel(page).getByText(/^Preparation:/).click();
    await panel(page).getByLabel("Shortest side").fill("32");
    await panel(page).getByLabel("Height").fill("32");
    await panel(page).getByLabel("Width").fill("32");
    await panel(page).getByText("The tensor that goes in").click();
    await panel(page).getByText("Many at once").click();
    await panel(page).getByText("Choose pictures").locator("input").setInputFiles([picture("grey"), picture("tall")]);
    await start(page);
    await expect(panel(page).getByRole("img", { name: "output as a picture, 32 × 32" })).toBeVisible();
    await expect(panel(page)).toContainText(/Done in/);
    await page.getByRole("region", { name: "Train", exact: true }).getByRole("radio", { name: "Camera" }).check({ force: true });
    expect(await violations(page)).toEqual([]);
    for (const kind of ["Draw", "Random", "JSON"]) {
      await mode(page, kind);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    }
    await mode(page, "Random");
    expect(await violations(page)).toEqual([]);
    await context.close();
  });
}
