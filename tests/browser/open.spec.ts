// What is dropped, linked or chosen again: the page knows what it got, and what it is.
import { expect, test, type Page } from "@playwright/test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { best, complaints, drop, dropAll, CPU_ONLY, openSample, sample } from "./tour.ts";

test.use(CPU_ONLY);

const zoo = (path: string): Buffer => readFileSync(fileURLToPath(new URL(`../cases/zoo/${path}`, import.meta.url)));

test("a bare state_dict of a known network is named, with what it does not tell, and runs by itself", async ({ page }) => {
  const heard = complaints(page);
  await page.goto("/");
  await drop(page, "resnet.pth", zoo("resnet_narrow/state_dict.pth"));
  const network = page.getByRole("region", { name: "Network", exact: true });
  await expect(network).toContainText("By its keys and shapes this is likely resnet");
  await expect(network.getByRole("list", { name: "What the file does not tell" })).toContainText("strides");
  await expect(network).toContainText("ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10, planes=(8, 12, 16, 24))");
  await page.getByRole("radio", { name: "JSON" }).check({ force: true });
  await page.getByLabel("x as JSON").fill('{"shape": [1, 3, 64, 64], "fill": "rand"}');
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("list", { name: /^Classes/ }).getByRole("listitem")).not.toHaveCount(0);
  expect(heard).toEqual([]);
});

test("a whole module of a known package says which class it is", async ({ page }) => {
  await page.goto("/");
  await drop(page, "convnext.pth", zoo("convnext/module.pth"));
  await expect(page.getByRole("region", { name: "Network", exact: true })).toContainText(/The file holds its module: .*ConvNeXt/);
});

test("a stack of layers is proposed as source: guesses marked, built as it stands, or one's own instead", async ({ page }) => {
  await page.goto("/");
  await drop(page, "mlp.pth", zoo("stack_mlp/state_dict.pth"));
  const network = page.getByRole("region", { name: "Network", exact: true });
  const source = page.getByLabel("PyTorch source");
  await expect(source).toHaveValue(zoo("stack_mlp/proposal.py").toString());
  await expect(network).toContainText("activations, pools, dropout and the end of the network are guesses");
  await expect(network.locator(".ground .guess")).toHaveCount(4);
  await page.getByRole("button", { name: "Write my own instead" }).click();
  await expect(source).toHaveValue("");
  await expect(network).toContainText("Paste the nn.Module class");
  await page.getByRole("button", { name: "Bring the proposed source back" }).click();
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await expect(network).toContainText("Built from source that was proposed");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByRole("list", { name: /^Classes/ }).getByRole("listitem")).toHaveCount(2);
});

const digits = sample("digits/digits.pth");
const arrived = (page: Page) => page.getByRole("region", { name: /arrived|open already|Not taken/ });

/** Answers an address that is nobody's here, as its server would. */
async function serve(page: Page, url: string, body: Buffer): Promise<void> {
  await page.route(url, (route) => {
    const range = /bytes=(\d+)-(\d+)/.exec(route.request().headers()["range"] ?? "");
    const [start, end] = range === null ? [0, body.length - 1] : [Number(range[1]), Math.min(Number(range[2]), body.length - 1)];
    const headers = { "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Range", "Content-Range": `bytes ${start}-${end}/${body.length}` };
    return route.fulfill({ status: 206, headers, body: body.subarray(start, end + 1) });
  });
}

for (const [what, written, asked] of [
  ["a page of Hugging Face", "https://huggingface.co/someone/net/blob/main/sub/digits.pth", "https://huggingface.co/someone/net/resolve/main/sub/digits.pth"],
  ["an hf:// address", "hf://someone/net@v2/digits.pth", "https://huggingface.co/someone/net/resolve/v2/digits.pth"],
  ["a page of GitHub", "github.com/someone/net/blob/main/digits.pth", "https://raw.githubusercontent.com/someone/net/main/digits.pth"],
] as const) {
  test(`${what} opens the file that it is about`, async ({ page }) => {
    await serve(page, asked, digits);
    await page.goto("/");
    await page.getByLabel("Address of a checkpoint").fill(written);
    await page.getByRole("button", { name: "Open", exact: true }).click();
    await expect(page.getByRole("heading", { name: "digits.pth" })).toBeVisible();
    await expect(page).toHaveURL(`/#url=${encodeURIComponent(asked)}`);
  });
}

test("a pointer of Git LFS is followed where the address tells how, else explained", async ({ page }) => {
  const pointer = Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 150437\n");
  await serve(page, "https://raw.githubusercontent.com/someone/net/main/digits.pth", pointer);
  await serve(page, "https://media.githubusercontent.com/media/someone/net/main/digits.pth", digits);
  await serve(page, "https://example.org/digits.pth", pointer);
  await page.goto("/");
  const field = page.getByLabel("Address of a checkpoint");
  await field.fill("https://example.org/digits.pth");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("Git LFS pointer");
  await field.fill("https://github.com/someone/net/blob/main/digits.pth");
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByRole("heading", { name: "digits.pth" })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("weights, source and labels dropped together become a network with names", async ({ page }) => {
  const heard = complaints(page);
  const names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
  await page.goto("/");
  await dropAll(page, {
    "weights.pth": digits,
    "train.py": Buffer.from("print('not a network')\n"),
    "model.py": sample("digits/model.py"),
    "labels.json": Buffer.from(JSON.stringify(names)),
    "README.md": Buffer.from("# Digits\n"),
  });
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await expect(arrived(page)).toContainText(/weights\.pth.*open/s);
  await expect(arrived(page)).toContainText(/model\.py\s*in use/);
  await expect(arrived(page)).toContainText(/labels\.json\s*10 classes, in use/);
  await expect(arrived(page)).toContainText(/README\.md\s*not needed, not used/);
  await expect(arrived(page)).toContainText(/train\.py\s*not used/);
  await page.getByRole("radio", { name: "JSON" }).check({ force: true });
  await page.getByLabel("x as JSON").fill('{"shape": [1, 1, 8, 8], "fill": "rand"}');
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(best(page)).toContainText(new RegExp(names.join("|")));
  expect(heard).toEqual([]);
});

test("a vocabulary that comes later goes to the network that is open", async ({ page }) => {
  await page.goto("/");
  await dropAll(page, { "words.pth": sample("wordavg/wordavg.pth"), "model.py": sample("wordavg/model.py") });
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await drop(page, "vocabulary.json", sample("wordavg/vocabulary.json"));
  await expect(arrived(page)).toContainText(/vocabulary\.json\s*336 words, in use/);
  await page.getByLabel("Sentence").fill("a wonderful film");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(page.getByText(/m?s on the CPU/)).toBeVisible();
});

test("what comes before its checkpoint is kept for it", async ({ page }) => {
  await page.goto("/");
  await drop(page, "model.py", sample("digits/model.py"));
  await expect(arrived(page)).toContainText("kept for the next checkpoint");
  await drop(page, "weights.pth", digits);
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await expect(page.getByLabel("PyTorch source")).toHaveValue(sample("digits/model.py").toString());
});

test("a folder: the best checkpoint opens with its source, the others are offered", async ({ page }, info) => {
  const folder = info.outputPath("run");
  mkdirSync(`${folder}/epochs`, { recursive: true });
  for (const [path, content] of Object.entries({ "best.pth": digits, "epochs/epoch_1.pth": digits, "optimizer.pt": digits, "net.py": sample("digits/model.py"), "log.md": Buffer.from("loss") })) {
    writeFileSync(`${folder}/${path}`, content);
  }
  await page.goto("/");
  await page.getByLabel("Choose a folder").setInputFiles(folder);
  await expect(page.getByRole("heading", { name: "best.pth" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
  await arrived(page).getByRole("listitem").filter({ hasText: "epoch_1.pth" }).getByRole("button", { name: "Open instead" }).click();
  await expect(page.getByRole("heading", { name: "epoch_1.pth" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible();
});

test("a folder that is dropped is gone through, its hidden folders left out", async ({ page }) => {
  await page.addInitScript(() => {
    const file = (path: string, text: string) => ({ isFile: true, isDirectory: false, name: path.split("/").at(-1), fullPath: path, file: (give: (file: File) => void) => give(new File([text], path.split("/").at(-1) ?? "")) });
    const folder = (path: string, inside: unknown[]) => ({
      isFile: false, isDirectory: true, name: path.split("/").at(-1), fullPath: path,
      createReader: () => ({ readEntries: (give: (entries: unknown[]) => void) => give(inside.splice(0, 2)) }),
    });
    DataTransferItem.prototype.webkitGetAsEntry = () =>
      folder("/run", [file("/run/a.md", "a"), folder("/run/.git", [file("/run/.git/weights.pth", "x")]), folder("/run/sub", [file("/run/sub/page.pth", "<!doctype html>")])]) as unknown as FileSystemEntry;
  });
  await page.goto("/");
  await drop(page, "run", Buffer.from(""));
  await expect(page.getByRole("alert").first()).toContainText("a web page (HTML)");
  await expect(arrived(page)).toContainText("run/sub/page.pth");
  await expect(arrived(page)).not.toContainText(".git");
});

test("a checkpoint dropped while one is open asks first", async ({ page }) => {
  await page.goto("/");
  await drop(page, "first.pth", digits);
  await expect(page.getByRole("treegrid")).toBeVisible();
  await drop(page, "second.pth", sample("wordavg/wordavg.pth"));
  await expect(arrived(page)).toContainText("first.pth is open already");
  await page.getByRole("button", { name: "Dismiss what arrived" }).click();
  await expect(page.getByRole("heading", { name: "first.pth" })).toBeVisible();
  await drop(page, "second.pth", sample("wordavg/wordavg.pth"));
  await page.getByRole("button", { name: "Open instead" }).click();
  await expect(page.getByRole("heading", { name: "second.pth" })).toBeVisible();
  await expect(arrived(page)).toHaveCount(0);
});

test("what was open lately opens again, from the disk too, and is forgotten", async ({ page, baseURL }) => {
  // A handle as a drop gives it in Chromium; the file stands in the browser's own store.
  await page.addInitScript(() => {
    Object.assign(DataTransferItem.prototype, {
      async getAsFileSystemHandle(this: DataTransferItem) {
        const file = this.getAsFile() as File;
        const handle = await (await navigator.storage.getDirectory()).getFileHandle(file.name, { create: true });
        const writable = await handle.createWritable();
        await writable.write(file);
        await writable.close();
        return handle;
      },
    });
  });
  await page.goto("/");
  await drop(page, "mine.pth", digits);
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await openSample(page, /Sentiment/);
  await expect(page).toHaveURL(/#sample=wordavg$/);
  await page.reload();
  await expect(page.getByRole("heading", { name: "wordavg.pth" })).toBeVisible();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await page.getByLabel("Address of a checkpoint").fill(new URL("/tests/cases/zoo/stack_mlp/plain.pth", baseURL).href);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByRole("heading", { name: "plain.pth" })).toBeVisible();
  await page.goto("about:blank");
  await page.goto("/");
  const lately = page.getByRole("region", { name: "Lately" });
  await expect(lately.getByRole("listitem")).toHaveText([/plain\.pth\s*address/, /Sentiment of a sentence\s*sample/, /mine\.pth\s*file/]);
  await lately.getByRole("button", { name: /^mine\.pth/ }).click();
  await expect(page.getByRole("heading", { name: "mine.pth" })).toBeVisible();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect(lately.getByRole("listitem").first()).toHaveText(/mine\.pth/);
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry("mine.pth"));
  await lately.getByRole("button", { name: /^mine\.pth/ }).click();
  await expect(page.getByRole("alert")).toContainText("no longer where it was");
  await lately.getByRole("button", { name: "Forget mine.pth" }).click();
  await expect(lately.getByRole("listitem")).toHaveCount(2);
  await lately.getByRole("button", { name: "Forget all" }).click();
  await expect(lately).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("button", { name: /Handwritten/ })).toBeVisible();
  await expect(lately).toHaveCount(0);
});
