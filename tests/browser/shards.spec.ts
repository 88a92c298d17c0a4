// Checkpoints in several files, and repositories: parts that come together are one checkpoint, what is missing is named, a repository's page shows
// what it holds.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { CPU_ONLY, dropAll, sample } from "./tour.ts";

test.use(CPU_ONLY);

type Api = typeof import("../../www/api/index.js");
const PYTHON = process.env["TORCHTAB_PYTHON"];

/** A layer of numbers that tell it apart. */
const values = (from: number, count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => from + i / 8);
const LAYERS: [string, number[], Float32Array][] = [
  ["0.weight", [8, 4], values(0, 32)],
  ["0.bias", [8], values(100, 8)],
  ["2.weight", [3, 8], values(200, 24)],
  ["2.bias", [3], values(300, 3)],
];

/** A file of safetensors, as its description has it. */
function safetensors(layers: typeof LAYERS): Buffer {
  let at = 0;
  const header = Object.fromEntries(layers.map(([name, shape, data]) => [name, { dtype: "F32", shape, data_offsets: [at, (at += data.byteLength)] }]));
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...layers.map(([, , data]) => Buffer.from(data.buffer))]);
}

const FIRST = "model-00001-of-00002.safetensors";
const SECOND = "model-00002-of-00002.safetensors";
const INDEX = "model.safetensors.index.json";
const parts = { [FIRST]: safetensors(LAYERS.slice(0, 3)), [SECOND]: safetensors(LAYERS.slice(3)) };
const index = Buffer.from(JSON.stringify({ metadata: {}, weight_map: { "0.weight": FIRST, "0.bias": FIRST, "2.weight": FIRST, "2.bias": SECOND } }));

const arrived = (page: Page) => page.getByRole("region", { name: /arrived|open already|Not taken/ });

/** Opens files in the package, in the order given, and reads all tensors. */
async function read(page: Page, files: { [name: string]: Buffer }): Promise<unknown> {
  await page.goto("/samples/samples.json");
  return page.evaluate(async (all) => {
    const { openShards, numbers, TorchtabError } = (await import("/pkg/dist/index.js" as string)) as Api;
    const given = all.map(([name, bytes]) => new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    try {
      const seen: string[] = [];
      const checkpoint = await openShards(given, { onProgress: ({ detail }) => detail !== undefined && seen.push(detail) });
      const tensors = await Promise.all(checkpoint.entries.map(async ({ name }) => [name, (await checkpoint.tensor(name)).shape, numbers(await checkpoint.tensor(name))]));
      return { name: checkpoint.name, format: checkpoint.format, tensors, seen: seen.length > 0 };
    } catch (thrown) {
      return thrown instanceof TorchtabError ? [thrown.code, thrown.message] : String(thrown);
    }
  }, Object.entries(files).map(([name, bytes]) => [name, bytes.toString("base64")] as const));
}

const expected = LAYERS.map(([name, shape, data]) => [name, shape, [...data]]);

test("parts in the format of safetensors are one checkpoint, in any order, with their index or without", async ({ page }) => {
  const whole = { name: "model.safetensors", format: "safetensors", tensors: expected, seen: true };
  expect(await read(page, { [SECOND]: parts[SECOND] as Buffer, [FIRST]: parts[FIRST] as Buffer })).toEqual(whole);
  expect(await read(page, { [INDEX]: index, ...parts })).toEqual(whole);
});

test("what is missing, twice there or broken is named", async ({ page }) => {
  const first = parts[FIRST] as Buffer;
  expect(await read(page, { [FIRST]: first })).toEqual(["shard_missing", `The checkpoint is in 2 files, and 1 of them is missing: ${SECOND}`]);
  expect(await read(page, { [INDEX]: index })).toEqual(["shard_missing", `The checkpoint is in 2 files, and 2 of them are missing: ${FIRST}, ${SECOND}`]);
  expect(await read(page, { [FIRST]: first, [SECOND]: first })).toEqual(["shard_twice", "Two of the files hold '0.weight'"]);
  expect(await read(page, { [INDEX]: Buffer.from("{}"), ...parts })).toEqual(["shard_index", expect.stringContaining("weight_map")]);
  // Whoever opens a single file says what is wrong with it.
  expect(await read(page, { [FIRST]: first, [SECOND]: (parts[SECOND] as Buffer).subarray(0, -4) })).toEqual(["truncated", expect.any(String)]);
});

test("parts that torch.save wrote are read tensor by tensor, whatever the dtype", async ({ page }, info) => {
  test.skip(PYTHON === undefined, "needs torch to write the files");
  const folder = info.outputPath("bin");
  mkdirSync(folder, { recursive: true });
  const script = `
import sys, torch
x = torch.arange(12.).reshape(3, 4)
torch.save({"a": x.t(), "half": x.half(), "brain": x.bfloat16()}, sys.argv[1] + "/pytorch_model-00001-of-00002.bin")
torch.save({"count": torch.tensor(7), "mask": x > 4}, sys.argv[1] + "/pytorch_model-00002-of-00002.bin")`;
  execFileSync(PYTHON ?? "", ["-c", script, folder]);
  const files = Object.fromEntries([1, 2].map((i) => `pytorch_model-0000${i}-of-00002.bin`).map((name) => [name, readFileSync(`${folder}/${name}`)]));
  const range = Array.from({ length: 12 }, (_, i) => i);
  expect(await read(page, files)).toEqual({
    name: "pytorch_model.safetensors",
    format: "safetensors",
    seen: true,
    tensors: [
      ["a", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]],
      ["half", [3, 4], range],
      ["brain", [3, 4], range],
      ["count", [], [7]],
      ["mask", [3, 4], range.map((i) => Number(i > 4))],
    ],
  });
});

test("in the page: dropped together they are one, and the network is built from it", async ({ page }) => {
  await page.goto("/");
  await dropAll(page, { [INDEX]: index, ...parts });
  await expect(page.getByRole("heading", { name: "model.safetensors" })).toBeVisible();
  await expect(page.locator('[role=row][data-path="2.bias"]')).toBeVisible();
  await page.getByRole("button", { name: "Build the network" }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
});

test("in the page: a part alone opens and says what belongs to it; an index alone says what it is", async ({ page }) => {
  await page.goto("/");
  await dropAll(page, { [INDEX]: index });
  await expect(arrived(page)).toContainText("drop the files that it names with it");
  await dropAll(page, { [FIRST]: parts[FIRST] as Buffer });
  await expect(page.getByRole("treegrid")).toBeVisible();
  await expect(arrived(page)).toContainText(`part 1 of 2: drop ${SECOND} together with it`);
  await dropAll(page, { [INDEX]: index, [FIRST]: parts[FIRST] as Buffer });
  await arrived(page).getByRole("button", { name: "Open instead" }).click();
  await expect(page.getByRole("alert")).toContainText(`1 of them is missing: ${SECOND}`);
});

test.describe("repositories", () => {
  const tree = [
    { type: "directory", path: "old", size: 0 },
    { type: "file", path: "README.md", size: 10 },
    { type: "file", path: "old/digits.pth", size: 150_437 },
    { type: "file", path: "training_args.bin", size: 4_000 },
    { type: "file", path: FIRST, size: parts[FIRST]?.length },
    { type: "file", path: SECOND, size: parts[SECOND]?.length },
  ];

  /** Files of a host that answers every page. */
  async function host(page: Page, files: { [url: string]: Buffer | object }): Promise<void> {
    for (const [url, body] of Object.entries(files)) {
      const headers = { "Access-Control-Allow-Origin": "*" };
      await page.route(url, (route) => (Buffer.isBuffer(body) ? route.fulfill({ headers, body }) : route.fulfill({ headers, json: body })));
    }
  }

  const ask = async (page: Page, text: string): Promise<void> => {
    await page.goto("/");
    await page.getByLabel("Address of a checkpoint").fill(text);
    await page.getByRole("button", { name: "Open", exact: true }).click();
  };

  test("a page of Hugging Face shows its checkpoints, and parts open as one", async ({ page }) => {
    const at = "https://huggingface.co/someone/net";
    await host(page, {
      "https://huggingface.co/api/models/someone/net/tree/main?recursive=true": tree,
      [`${at}/resolve/main/${FIRST}`]: parts[FIRST] as Buffer,
      [`${at}/resolve/main/${SECOND}`]: parts[SECOND] as Buffer,
    });
    await ask(page, at);
    const list = page.getByRole("region", { name: "someone/net" });
    await expect(list.getByRole("listitem")).toHaveText([/^model\.safetensors\s*\S+ \S+, 2 files/, /^old\/digits\.pth\s*147 KiB/]);
    await list.getByRole("button", { name: "Open model.safetensors" }).click();
    await expect(page.getByRole("heading", { name: "model.safetensors" })).toBeVisible();
    await expect(list).toHaveCount(0);
  });

  test("where there is one checkpoint only, it opens", async ({ page }) => {
    await host(page, {
      "https://api.github.com/repos/someone/net/git/trees/HEAD?recursive=1": { tree: [{ path: "digits.pth", size: 150_437 }, { path: "main.py", size: 3 }] },
      "https://raw.githubusercontent.com/someone/net/HEAD/digits.pth": sample("digits/digits.pth"),
    });
    await ask(page, "github.com/someone/net");
    await expect(page.getByRole("heading", { name: "digits.pth" })).toBeVisible();
  });

  test("none, a private one, and a host that does not answer are told", async ({ page }) => {
    await host(page, { "https://huggingface.co/api/models/someone/empty/tree/main?recursive=true": [] });
    await ask(page, "https://huggingface.co/someone/empty");
    await expect(page.getByRole("region", { name: "someone/empty" })).toContainText("There is no checkpoint of PyTorch in it");
    await page.route("**/api/models/someone/secret/**", (route) => route.fulfill({ status: 401, headers: { "Access-Control-Allow-Origin": "*" } }));
    await ask(page, "https://huggingface.co/someone/secret");
    await expect(arrived(page)).toContainText("it may be private");
    await page.route("**/api/models/someone/away/**", (route) => route.abort());
    await ask(page, "https://huggingface.co/someone/away");
    await expect(arrived(page)).toContainText("Hugging Face did not answer. Paste the address of the file itself.");
  });
});
