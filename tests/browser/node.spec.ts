// The package in Node, as installed from its tarball: on the CPU, from the disk, without a browser.
import { expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { consumer, install, pack } from "./pack.js";

const samples = fileURLToPath(new URL("../../samples/digits", import.meta.url));

function node(script: string): unknown {
  const out = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { cwd: consumer, encoding: "utf8", env: { ...process.env, SAMPLES: samples } });
  return JSON.parse(out);
}

test.beforeAll(() => {
  install(pack());
});

test("every kind of source opens, and says what it is called", () => {
  const found = node(`
    import { open } from "torchtab";
    import { openAsBlob, readFileSync } from "node:fs";
    import { relative } from "node:path";
    import { pathToFileURL } from "node:url";
    const file = process.env.SAMPLES + "/digits.pth";
    const bytes = readFileSync(file);
    const out = [];
    for (const source of [file, relative(process.cwd(), file), pathToFileURL(file), pathToFileURL(file).href, bytes, new Uint8Array(bytes), await openAsBlob(file), new File([bytes], "digits.pth")]) {
      const checkpoint = await open(source);
      const { data } = await checkpoint.tensor("fc2.bias");
      out.push([checkpoint.name ?? null, checkpoint.format, checkpoint.bytes, data[0]]);
      await checkpoint.dispose();
    }
    console.log(JSON.stringify(out));
  `) as [string | null, ...unknown[]][];
  expect(found.map(([name]) => name)).toEqual([...Array(4).fill("digits.pth"), null, null, null, "digits.pth"]);
  expect(new Set(found.map(([, ...rest]) => JSON.stringify(rest))).size).toBe(1);
});

test("a network runs, trains and is saved on the CPU; the process ends by itself", () => {
  const found = node(`
    import { load, open } from "torchtab/core";
    import { readFileSync } from "node:fs";
    const source = readFileSync(process.env.SAMPLES + "/model.py", "utf8");
    const held = JSON.parse(readFileSync(process.env.SAMPLES + "/held_out.json", "utf8"));
    const pixels = Float32Array.from(held.pixels, (letter) => held.letters.indexOf(letter) / held.scale);
    const data = { inputs: { shape: held.shape, data: pixels }, targets: { dtype: "int64", data: held.labels } };
    const model = await load(process.env.SAMPLES + "/digits.pth", { network: { source } });
    const before = await model.evaluate(data, { loss: "CrossEntropyLoss" });
    for await (const event of model.fit(data, { loss: "CrossEntropyLoss", seed: 0 })) void event;
    const after = await model.evaluate(data);
    const saved = await model.save();
    const again = await open(saved);
    await model[Symbol.asyncDispose]();
    console.log(JSON.stringify({ device: model.device, before: before.accuracy, better: after.loss < before.loss, name: saved.name, grown: again.entries.length }));
  `);
  expect(found).toMatchObject({ device: { kind: "cpu", reason: expect.stringContaining("WebGPU") }, before: 0.905, better: true, name: "digits.pth", grown: 46 });
});

test("a file that did not change comes back byte for byte, and an ImageData may be a plain object", () => {
  const found = node(`
    import { load } from "torchtab";
    import { readFileSync } from "node:fs";
    const file = process.env.SAMPLES + "/digits.pth";
    const same = await load(file, { network: { source: readFileSync(process.env.SAMPLES + "/model.py", "utf8") } });
    const bytes = Buffer.from(await (await same.save()).arrayBuffer());
    const image = { width: 8, height: 8, data: new Uint8ClampedArray(256).fill(255) };
    const refused = await same.run(image).catch(({ message }) => message);
    console.log(JSON.stringify({ equal: bytes.equals(readFileSync(file)), refused }));
  `);
  expect(found).toMatchObject({ equal: true, refused: expect.stringContaining("expected input[1, 3, 8, 8] to have 1 channels") });
});

test("errors are typed: no such file, no worker, an abort", () => {
  const found = node(`
    import { open, TorchtabError } from "torchtab";
    const file = process.env.SAMPLES + "/digits.pth";
    const told = async (work) => { try { await work(); return "nothing"; } catch (thrown) { return thrown instanceof TorchtabError ? [thrown.name, thrown.code, thrown.location ?? null] : String(thrown); } };
    console.log(JSON.stringify([
      await told(() => open("nowhere.pth")),
      await told(() => open(file, { worker: "worker.js" })),
      await told(() => open(file, { signal: AbortSignal.abort() })),
    ]));
  `) as unknown[];
  expect(found[0]).toEqual(["DeviceError", "file", "nowhere.pth"]);
  expect(found[1]).toEqual(["MismatchError", "argument", "worker"]);
  expect(found[2]).toEqual(["AbortError", "aborted", null]);
});

test("a module that is not where wasmUrl says is told, and the next call finds its own", () => {
  const found = node(`
    import { open } from "torchtab";
    const file = process.env.SAMPLES + "/digits.pth";
    const thrown = await open(file, { wasmUrl: "nowhere.wasm" }).catch((error) => error);
    console.log(JSON.stringify([thrown.code, thrown.message, (await open(file)).format]));
  `) as string[];
  expect(found[0]).toBe("wasm_unavailable");
  expect(found[1]).toContain(resolve(consumer, "nowhere.wasm"));
  expect(found[2]).toBe("zip");
});
