/**
 * The wasm module, started once and on demand. The path is the one inside the package, where `dist/` and `wasm/` are neighbours.
 * @module
 */
import init, { Checkpoint } from "../wasm/torchtab.js";
import { MalformedError, TorchtabError } from "./errors.js";
import type { RimCheckpoint } from "./rim.js";

/** The module as it comes: an answer, to be compiled while it arrives, or bytes. */
export type WasmModule = Response | BufferSource;

let started: Promise<unknown> | undefined;

/** The rim's `Checkpoint` class, once the module runs. `find` is asked the first time. */
export async function rim(find: () => Promise<WasmModule>): Promise<typeof RimCheckpoint> {
  started ??= start(find);
  try {
    await started;
  } catch (thrown) {
    started = undefined;
    throw thrown;
  }
  return Checkpoint;
}

/** Asks for the module; an answer that cannot be one is explained. */
export async function fetched(address: string = new URL("../wasm/torchtab_bg.wasm", import.meta.url).href): Promise<Response> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw unavailable(`it could not be fetched: ${text(cause)}`, address, cause);
  });
  const type = response.headers.get("Content-Type") ?? "";
  if (!response.ok) throw unavailable(`the server answered ${response.status} ${response.statusText}`.trimEnd(), address);
  if (type.startsWith("text/html")) throw unavailable("the server answered a web page (HTML) in its place", address);
  return response;
}

async function start(find: () => Promise<WasmModule>): Promise<void> {
  let module: WasmModule | undefined;
  try {
    module = await find();
    await init({ module_or_path: module });
  } catch (cause) {
    if (cause instanceof TorchtabError) throw cause;
    throw unavailable(text(cause), module instanceof Response ? module.url : "torchtab_bg.wasm", cause);
  }
}

function text(thrown: unknown): string {
  // Engines say what the first bytes should be and do not guess what they are.
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return /magic|\\0asm/i.test(message) ? `what the server answered is no WebAssembly, but perhaps a web page (${message})` : message;
}

function unavailable(why: string, location: string, cause?: unknown): MalformedError {
  return new MalformedError(
    {
      kind: "malformed",
      code: "wasm_unavailable",
      message: `The WebAssembly module could not be started: ${why}`,
      location,
      hint: "Serve torchtab_bg.wasm beside the package, or give its absolute address as wasmUrl.",
    },
    { cause },
  );
}
