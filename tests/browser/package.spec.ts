// The npm package: what is in the tarball, that it resolves where it is installed, that importing does nothing, and where its parts may lie.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { consumer, install, pack, tool } from "./pack.js";
import { serve } from "./server.js";

type Api = typeof import("../../www/api/index.js");

const DIGITS = "/samples/digits/digits.pth";
const packed = pack();

/** Runs a module of its own where the package is installed; what it prints, as JSON. */
function node(script: string, ...flags: string[]): unknown {
  return JSON.parse(execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script], { cwd: consumer, encoding: "utf8" }));
}

test.beforeAll(() => {
  install(packed);
});

test("the tarball has what it should, and the linters have nothing to say", () => {
  const sources = packed.files.filter((file) => !/^(dist\/[\w/-]+\.(js|d\.ts)|wasm\/torchtab[\w.]*|package\.json|README\.md|LICENSE-(MIT|APACHE))$/.test(file));
  expect(sources).toEqual([]);
  console.log(`the package: ${packed.size} bytes packed, ${packed.unpacked} unpacked, ${packed.files.length} files`);
  expect(execFileSync(tool("publint"), [packed.tarball, "--strict"], { encoding: "utf8" })).toContain("All good!");
  execFileSync(tool("attw"), [packed.tarball, "--profile", "esm-only"]);
});

test("every entry resolves where the tarball is installed", () => {
  const found = node(`
    import { existsSync } from "node:fs";
    const at = (name) => import.meta.resolve(name);
    const names = ["torchtab", "torchtab/core", "torchtab/element", "torchtab/worker", "torchtab/wasm", "torchtab/package.json"];
    console.log(JSON.stringify(names.map((name) => [name, at(name).split("/node_modules/torchtab/")[1], existsSync(new URL(at(name)))])));
  `) as [string, string, boolean][];
  expect(found).toEqual([
    ["torchtab", "dist/node.js", true],
    ["torchtab/core", "dist/node.js", true],
    ["torchtab/element", "dist/element.js", true],
    ["torchtab/worker", "dist/worker.js", true],
    ["torchtab/wasm", "wasm/torchtab_bg.wasm", true],
    ["torchtab/package.json", "package.json", true],
  ]);
  const { exports } = JSON.parse(readFileSync(resolve(consumer, "node_modules/torchtab/package.json"), "utf8")) as { exports: { [name: string]: { default: string } } };
  expect(exports["."]?.default).toBe("./dist/index.js");
});

test("importing does nothing, where pages are rendered on a server too", () => {
  // Each of these would start, fetch, register or listen; none may be so much as looked at while modules are evaluated.
  const found = node(`
    const touched = [];
    for (const name of ["Worker", "SharedWorker", "navigator", "window", "document", "location", "self", "fetch", "XMLHttpRequest", "localStorage",
      "indexedDB", "caches", "OffscreenCanvas", "addEventListener", "postMessage", "setTimeout", "setInterval", "queueMicrotask"]) {
      Object.defineProperty(globalThis, name, { configurable: true, get() { touched.push(name); return undefined; } });
    }
    for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) WebAssembly[name] = () => touched.push("WebAssembly." + name);
    const names = [];
    for (const path of ["index", "core", "node"]) names.push(Object.keys(await import("./node_modules/torchtab/dist/" + path + ".js")).sort().join());
    const element = Object.keys(await import("./node_modules/torchtab/dist/element.js"));
    console.log(JSON.stringify({ touched, same: new Set(names).size, element }));
  `);
  expect(found).toEqual({ touched: [], same: 1, element: ["TorchtabModel"] });
});

test.describe("in a page", () => {
  test.beforeEach(async ({ page }) => {
    await page.goto("/samples/samples.json");
    await page.evaluate(async () => {
      window.api = (await import("/pkg/dist/index.js" as string)) as Api;
    });
  });

  test("the package comes from another site, worker, module and all", async ({ page }) => {
    await using cdn = await serve([resolve(consumer, "node_modules/torchtab")], { "Access-Control-Allow-Origin": "*" });
    // The policy that docs/hosting.md tells.
    const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${cdn.origin}; worker-src blob: ${cdn.origin}; connect-src 'self' ${cdn.origin}`;
    await using site = await serve([fileURLToPath(new URL("../..", import.meta.url))], { "Content-Security-Policy": policy });
    await page.goto(`${site.origin}/samples/samples.json`);
    const found = await page.evaluate(
      async ({ cdn, model }) => {
        const { open } = (await import(`${cdn}/dist/index.js`)) as Api;
        const checkpoint = await open(model);
        const { shape } = await checkpoint.tensor("fc2.bias");
        return { shape, page: location.origin };
      },
      { cdn: cdn.origin, model: DIGITS },
    );
    expect(found).toEqual({ shape: [10], page: site.origin });
    expect(cdn.asked).toContain("/dist/worker.js");
    expect(cdn.asked).toContain("/wasm/torchtab_bg.wasm");
    expect(page.workers().map((worker) => worker.url().split(":")[0])).toEqual(["blob"]);
  });

  test("the worker may be an address, another site's too, or a Worker of the caller's", async ({ page }) => {
    await using cdn = await serve([resolve(consumer, "node_modules/torchtab")], { "Access-Control-Allow-Origin": "*" });
    const found = await page.evaluate(
      async ({ cdn, model }) => {
        const { open, TorchtabError } = window.api;
        const own = new Worker("/pkg/dist/worker.js", { type: "module" });
        let ended = false;
        own.terminate = () => {
          ended = true;
        };
        const formats = [];
        for (const worker of ["/pkg/dist/worker.js", new URL("/pkg/dist/worker.js", location.href), `${cdn}/dist/worker.js`, own, own]) {
          const checkpoint = await open(model, { worker });
          formats.push(checkpoint.format);
          await checkpoint.dispose();
        }
        own.dispatchEvent(new ErrorEvent("error", { message: "out of memory" }));
        const dead = await open(model, { worker: own }).catch((thrown: unknown) => thrown instanceof TorchtabError && thrown.code);
        const lost = await open(model, { worker: "/pkg/dist/nowhere.js" }).catch((thrown: unknown) => thrown instanceof TorchtabError && [thrown.code, thrown.hint]);
        return { formats, dead, lost, ended };
      },
      { cdn: cdn.origin, model: DIGITS },
    );
    expect(found.formats).toEqual(Array(5).fill("zip"));
    expect(found.dead).toBe("worker_died");
    expect(found.ended).toBe(false);
    expect(found.lost).toEqual(["worker_died", expect.stringContaining("worker says where it is")]);
    // Two addresses of this site are one worker.
    expect(page.workers().map((worker) => new URL(worker.url()).protocol).sort()).toEqual(["blob:", "http:", "http:"]);
  });

  test("a worker that ends without a word ends the calls that wait, and the next file has a new one", async ({ page }) => {
    const found = await page.evaluate(async (model) => {
      const { open, TorchtabError } = window.api;
      const code = (thrown: unknown) => (thrown instanceof TorchtabError ? thrown.code : String(thrown));
      const started: Worker[] = [];
      const Real = Worker;
      window.Worker = class extends Real {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          started.push(this);
        }
      };
      const checkpoint = await open(model);
      // As a browser does that needs the memory: no event tells.
      const reading = checkpoint.stats("fc1.weight");
      started[0]?.terminate();
      const dead = await reading.then(() => "answered", code);
      const after = await checkpoint.tensor("fc2.bias").then(() => "answered", code);
      const again = (await open(model)).format;
      // The caller's own, ended by the caller.
      const own = new Real("/pkg/dist/worker.js", { type: "module" });
      const brought = await open(model, { worker: own });
      own.terminate();
      return { dead, after, again, workers: started.length, own: await brought.tensor("fc2.bias").then(() => "answered", code) };
    }, DIGITS);
    expect(found).toEqual({ dead: "worker_died", after: "worker_died", again: "zip", workers: 2, own: "worker_died" });
  });

  test("a worker of the caller's that is none of the package's is told of", async ({ page }) => {
    await page.clock.install();
    const opening = page.evaluate(async (model) => {
      const { open, TorchtabError } = window.api;
      const script = URL.createObjectURL(new Blob(["onmessage = () => undefined"], { type: "text/javascript" }));
      const thrown: unknown = await open(model, { worker: new Worker(script) }).catch((error: unknown) => error);
      return thrown instanceof TorchtabError ? [thrown.code, thrown.message, thrown.hint] : String(thrown);
    }, DIGITS);
    await page.clock.runFor(21_000);
    expect(await opening).toEqual(["worker_died", "The worker that was brought did not answer in 20 seconds", expect.stringContaining("torchtab/worker")]);
  });

  test("the module may lie elsewhere", async ({ page }) => {
    await using cdn = await serve([resolve(consumer, "node_modules/torchtab")], { "Access-Control-Allow-Origin": "*" });
    await page.route("**/pkg/wasm/torchtab_bg.wasm", (route) => route.abort());
    const format = await page.evaluate(
      async ({ wasmUrl, model }) => (await window.api.open(model, { wasmUrl })).format,
      { wasmUrl: `${cdn.origin}/wasm/torchtab_bg.wasm`, model: DIGITS },
    );
    expect(format).toBe("zip");
    expect(cdn.asked).toEqual(["/wasm/torchtab_bg.wasm"]);
  });

  for (const [what, type, status, expected] of [
    ["a web page", "text/html", 200, "a web page (HTML)"],
    ["a web page under another type", "application/wasm", 200, "perhaps a web page"],
    ["nothing", "text/plain", 404, "404"],
  ] as const) {
    test(`${what} in the module's place is explained`, async ({ page }) => {
      await page.route("**/pkg/wasm/torchtab_bg.wasm", (route) => route.fulfill({ status, contentType: type, body: "<!doctype html><title>app</title>" }));
      const told = await page.evaluate(async (model) => {
        const { open, MalformedError } = window.api;
        const thrown: unknown = await open(model).catch((error: unknown) => error);
        return thrown instanceof MalformedError ? [thrown.code, thrown.message, thrown.location, thrown.hint] : String(thrown);
      }, DIGITS);
      expect(told[0]).toBe("wasm_unavailable");
      expect(told[1]).toContain(expected);
      expect(told[2]).toMatch(/^http.*torchtab_bg\.wasm$/);
      expect(told[3]).toContain("wasmUrl");
      // The next call asks again.
      await page.unroute("**/pkg/wasm/torchtab_bg.wasm");
      expect(await page.evaluate(async (model) => (await window.api.open(model)).format, DIGITS)).toBe("zip");
    });
  }

  test("tensors are moved to the worker, and a caller's own buffers stay whole", async ({ page }) => {
    const found = await page.evaluate(async (model) => {
      const moved: number[] = [];
      const post = Worker.prototype.postMessage as (this: Worker, message: unknown, transfer: Transferable[]) => void;
      Worker.prototype.postMessage = function (this: Worker, message: unknown, transfer: Transferable[]) {
        post.call(this, message, transfer);
        moved.push(...transfer.map((buffer) => (buffer as ArrayBuffer).byteLength));
      } as typeof Worker.prototype.postMessage;
      const source = await (await fetch("/samples/digits/model.py")).text();
      const loaded = await window.api.load(model, { network: { source }, device: "cpu" });
      const data = new Float32Array(64);
      const y = await loaded.run({ shape: [1, 1, 8, 8], data });
      return { moved, kept: data.buffer.byteLength, bytes: y.data.buffer.byteLength };
    }, DIGITS);
    // A buffer that was moved has no bytes any more.
    expect(found).toEqual({ moved: [0], kept: 256, bytes: 40 });
  });
});
