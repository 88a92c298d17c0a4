// One long read: its bytes are told while they come, an abort ends it, and what a server answers instead is told as the server's. A server of the
// test's own sends as much as it is let.
import { expect, test } from "@playwright/test";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CPU_ONLY } from "./tour.ts";

test.use(CPU_ONLY);

type Api = typeof import("../../www/api/index.js");
type Progress = import("../../www/api/index.js").Progress;

/** Two layers of one number and of many, in the format of safetensors. */
const COUNT = 3 << 20;
const HEADER = Buffer.from(JSON.stringify({ small: { dtype: "F32", shape: [1], data_offsets: [0, 4] }, large: { dtype: "F32", shape: [COUNT], data_offsets: [4, 4 + 4 * COUNT] } }).padEnd(256));
const FILE = Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(HEADER.length)).buffer), HEADER, Buffer.from(Float32Array.from({ length: COUNT + 1 }, (_, i) => i % 97).buffer)]);

interface Site extends AsyncDisposable {
  readonly url: string;
  /** From here on answers stop halfway (`"half"`), or are refused with this status. */
  mood: "well" | "half" | number;
  /** Sends the other halves. */
  go(): void;
  /** Connections that the browser ended before their answer was over. */
  ended: number;
}

async function site(): Promise<Site> {
  const halves: (() => void)[] = [];
  const self = { mood: "well" as Site["mood"], ended: 0 };
  const server = createServer((request, response: ServerResponse) => {
    const open = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Range", "Access-Control-Expose-Headers": "Content-Range" };
    if (request.method === "OPTIONS") return void response.writeHead(204, open).end();
    if (typeof self.mood === "number") return void response.writeHead(self.mood, open).end();
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const end = Math.min(Number(to) + 1, FILE.length);
    const body = FILE.subarray(Number(from), end);
    response.writeHead(206, { ...open, "Content-Length": body.length, "Content-Range": `bytes ${from}-${end - 1}/${FILE.length}` });
    response.on("close", () => (self.ended += response.writableFinished ? 0 : 1));
    if (self.mood === "well" || body.length < 1 << 20) return void response.end(body);
    response.write(body.subarray(0, body.length / 2));
    halves.push(() => response.end(body.subarray(body.length / 2)));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return Object.assign(self, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors`,
    go: () => halves.splice(0).forEach((send) => send()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  });
}

const NET = "import torch, torch.nn as nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.small = nn.Parameter(torch.zeros(1))\n        self.large = nn.Parameter(torch.zeros(3145728))\n    def forward(self, x):\n        return x * self.large[:2] + self.small\n";

declare global {
  interface Window {
    told: Progress[];
    end: AbortController;
    built: Promise<unknown>;
  }
}

test("while one tensor comes from a server its bytes move; then the network is there", async ({ page }) => {
  await using there = await site();
  await page.goto("/samples/samples.json");
  await page.evaluate(async (url) => {
    const { open } = (await import("/pkg/dist/index.js" as string)) as Api;
    Object.assign(window, { checkpoint: await open(url), told: [] });
  }, there.url);
  there.mood = "half";
  await page.evaluate((source) => {
    const { checkpoint } = window as unknown as { checkpoint: import("../../www/api/index.js").Checkpoint };
    window.built = checkpoint.build({ source, construct: "Net()" }, { device: "cpu", onProgress: (progress) => window.told.push(progress) });
  }, NET);
  const bytes = (): Promise<number> => page.evaluate(() => Math.max(0, ...window.told.map(({ done }) => done)));
  // The half of the first of its windows.
  await expect.poll(bytes).toBeGreaterThan(1_000_000);
  expect(await bytes()).toBeLessThan(2 * COUNT);
  const halfway = await page.evaluate(() => window.told.at(-1));
  expect(halfway).toMatchObject({ phase: "upload", detail: "large" });
  there.mood = "well";
  there.go();
  await page.evaluate(() => window.built);
  expect(await bytes()).toBeGreaterThanOrEqual(4 * COUNT);
  const told = await page.evaluate(() => window.told.filter(({ phase }) => phase === "upload").map(({ done }) => done));
  expect(told).toEqual([...told].sort((a, b) => a - b));
});

test("an abort ends the read that is under way, and the checkpoint goes on", async ({ page }) => {
  await using there = await site();
  await page.goto("/samples/samples.json");
  there.mood = "half";
  const code = await page.evaluate(async (url) => {
    const { open } = (await import("/pkg/dist/index.js" as string)) as Api;
    const checkpoint = await open(url);
    const end = new AbortController();
    setTimeout(() => end.abort(), 500);
    const failed = await checkpoint.tensor("large", { signal: end.signal }).then(() => "read", (thrown: { kind: string }) => thrown.kind);
    Object.assign(window, { checkpoint });
    return failed;
  }, there.url);
  expect(code).toBe("aborted");
  await expect.poll(() => there.ended).toBe(1);
  there.mood = "well";
  const small = await page.evaluate(async () => {
    const { checkpoint } = window as unknown as { checkpoint: import("../../www/api/index.js").Checkpoint };
    return [[...((await checkpoint.tensor("small")).data as Float32Array)], (await checkpoint.tensor("large")).data.length];
  });
  expect(small).toEqual([[0], COUNT]);
});

test("a range that a server refuses is told as the server's, with the next step", async ({ page }) => {
  await using there = await site();
  await page.goto("/samples/samples.json");
  await page.evaluate(async (url) => {
    const { open, openShards } = (await import("/pkg/dist/index.js" as string)) as Api;
    Object.assign(window, { one: await open(url), parts: await openShards([url]) });
  }, there.url);
  there.mood = 403;
  for (const which of ["one", "parts"]) {
    const told = await page.evaluate(async (which) => {
      const checkpoint = (window as unknown as { [name: string]: import("../../www/api/index.js").Checkpoint })[which];
      return checkpoint?.tensor("large").catch(({ kind, code, message, location, hint }: import("../../www/api/index.js").TorchtabError) => ({ kind, code, message, location, hint }));
    }, which);
    expect(told, which).toMatchObject({ kind: "device", code: "http", message: "The server answered 403 Forbidden", location: there.url });
    expect((told as { hint: string }).hint).toContain("download the file");
  }
});

test("a large file of the disk tells its bytes in steps", async ({ page }) => {
  await page.goto("/samples/samples.json");
  const steps = await page.evaluate(async (header) => {
    const { open } = (await import("/pkg/dist/index.js" as string)) as Api;
    const count = 3 << 20;
    const head = new TextEncoder().encode(header);
    const file = new File([BigUint64Array.of(BigInt(head.length)), head, new Float32Array(count + 1)], "large.safetensors");
    const checkpoint = await open(file);
    const told: Progress[] = [];
    await checkpoint.stats("large", { onProgress: (progress) => told.push(progress) });
    return { name: checkpoint.name, last: told.at(-1), steps: new Set(told.map(({ done }) => done)).size, over: told.some(({ done, total }) => total > 0 && done > total) };
  }, HEADER.toString());
  // Once for the bounds, once for the histogram between them.
  expect(steps).toMatchObject({ name: "large.safetensors", last: { done: 8 * COUNT, total: 8 * COUNT }, over: false });
  expect(steps.steps).toBeGreaterThan(4);
});
