// Parts of a checkpoint on a server: only what is asked for is fetched, whether the server tells how long a file is or not, and whether it answers
// ranges or not.
import { expect, test } from "@playwright/test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { CPU_ONLY } from "./tour.ts";

test.use(CPU_ONLY);

type Api = typeof import("../../www/api/index.js");

/** A file of safetensors, as its description has it. */
function safetensors(layers: readonly (readonly [name: string, shape: readonly number[], data: Float32Array])[]): Buffer {
  let at = 0;
  const header = Object.fromEntries(layers.map(([name, shape, data]) => [name, { dtype: "F32", shape, data_offsets: [at, (at += data.byteLength)] }]));
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, ...layers.map(([, , data]) => Buffer.from(data.buffer))]);
}

const counted = (from: number, count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => from + i / 8);
const LARGE = 2 << 20;
const FIRST = "model-00001-of-00002.safetensors";
const SECOND = "model-00002-of-00002.safetensors";
const FILES: { readonly [name: string]: Buffer } = {
  [FIRST]: safetensors([["large", [LARGE], counted(0, LARGE)], ["0.weight", [2, 3], counted(1, 6)]]),
  [SECOND]: safetensors([["0.bias", [2], counted(50, 2)]]),
  "model.safetensors.index.json": Buffer.from(JSON.stringify({ weight_map: { large: FIRST, "0.weight": FIRST, "0.bias": SECOND } })),
};

interface Host extends AsyncDisposable {
  readonly index: string;
  /** Bytes sent, and requests that were answered, by file. */
  readonly sent: Map<string, { bytes: number; requests: number }>;
}

/** Another site with the parts. */
async function host({ ranges, told }: { ranges: boolean; told: boolean }): Promise<Host> {
  const sent: Host["sent"] = new Map();
  const server = createServer((request, response) => {
    const name = (request.url ?? "").slice(1);
    const file = FILES[name];
    const site = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Range", ...(told ? { "Access-Control-Expose-Headers": "Content-Range" } : {}) };
    if (request.method === "OPTIONS") return void response.writeHead(204, site).end();
    if (file === undefined) return void response.writeHead(404, site).end();
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(ranges ? (request.headers.range ?? "") : "") ?? [];
    const end = to === undefined ? file.length : Math.min(Number(to) + 1, file.length);
    const body = file.subarray(Number(from ?? 0), end);
    if (request.method === "GET") {
      const before = sent.get(name) ?? { bytes: 0, requests: 0 };
      sent.set(name, { bytes: before.bytes + body.length, requests: before.requests + 1 });
    }
    const range = from === undefined ? {} : { "Content-Range": `bytes ${from}-${end - 1}/${file.length}` };
    response.writeHead(from === undefined ? 200 : 206, { "Content-Type": "application/octet-stream", "Content-Length": body.length, ...site, ...range });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    index: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors.index.json`,
    sent,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

for (const told of [true, false]) {
  test(`a tensor is fetched when it is asked for, and a saved file when it is saved; the length is ${told ? "told" : "hidden"}`, async ({ page }) => {
    await using site = await host({ ranges: true, told });
    await page.goto("/samples/samples.json");
    const look = (): Promise<unknown> =>
      page.evaluate(async (index) => {
        const { openShards, numbers } = (await import("/pkg/dist/index.js" as string)) as Api;
        const checkpoint = await openShards([index]);
        Object.assign(globalThis, { checkpoint });
        const read = async (name: string): Promise<number[]> => [...numbers(await checkpoint.tensor(name))];
        return { name: checkpoint.name, bytes: checkpoint.bytes, weight: await read("0.weight"), bias: await read("0.bias") };
      }, site.index);
    expect(await look()).toMatchObject({ name: "model.safetensors", weight: [...counted(1, 6)], bias: [...counted(50, 2)] });
    // Eight megabytes lie between the beginning and the weight, and stay where they are.
    expect(site.sent.get(FIRST)?.bytes).toBeLessThan(300 * 1024);
    const end = await page.evaluate(async (at) => {
      const { numbers } = (await import("/pkg/dist/index.js" as string)) as Api;
      const { checkpoint } = globalThis as unknown as { checkpoint: import("../../www/api/index.js").Checkpoint };
      return [...numbers(await checkpoint.slice("large", [[at, at + 4]]))];
    }, LARGE - 4);
    expect(end).toEqual([...counted(0, LARGE).subarray(LARGE - 4)]);
    const saved = await page.evaluate(async () => {
      const { open, numbers } = (await import("/pkg/dist/index.js" as string)) as Api;
      const { checkpoint } = globalThis as unknown as { checkpoint: import("../../www/api/index.js").Checkpoint };
      const source = "import torch.nn as nn\nclass Net(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Linear(3, 2))\n";
      const model = await checkpoint.build({ source, construct: "Net()" }, { device: "cpu", strict: false });
      const { data } = (await model.run({ data: [[1, 0, 0]] })) as { data: Float32Array };
      const file = await model.save({ format: "safetensors", as: "state_dict" });
      const again = await open(file);
      return { answer: [...data], saved: [...numbers(await again.tensor("0.weight"))], size: file.size };
    });
    expect(saved).toMatchObject({ answer: [51, 51.5], saved: [...counted(1, 6)] });
  });
}

test("a server without ranges sends each part once", async ({ page }) => {
  await using site = await host({ ranges: false, told: false });
  await page.goto("/samples/samples.json");
  const weight = await page.evaluate(async (index) => {
    const { openShards, numbers } = (await import("/pkg/dist/index.js" as string)) as Api;
    const checkpoint = await openShards([index]);
    await checkpoint.stats("large");
    return [...numbers(await checkpoint.tensor("0.weight"))];
  }, site.index);
  expect(weight).toEqual([...counted(1, 6)]);
  expect(site.sent.get(FIRST)).toEqual({ bytes: FILES[FIRST]?.length, requests: 1 });
});

test("a part that is not there is told, with its address", async ({ page }) => {
  await using site = await host({ ranges: true, told: true });
  await page.goto("/samples/samples.json");
  const told = await page.evaluate(async (addresses) => {
    const { openShards, TorchtabError } = (await import("/pkg/dist/index.js" as string)) as Api;
    return openShards(addresses).catch((thrown: unknown) => (thrown instanceof TorchtabError ? [thrown.code, thrown.message, thrown.location] : String(thrown)));
  }, [new URL("gone-00001-of-00001.safetensors", site.index).href]);
  expect(told).toEqual(["http", "The server answered 404 Not Found", new URL("gone-00001-of-00001.safetensors", site.index).href]);
});
