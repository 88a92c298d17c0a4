/**
 * The wasm module, started once and on demand. The path is the one inside the package, where `dist/` and `wasm/` are neighbours.
 * @module
 */
import init, { Checkpoint } from "../wasm/torchtab.js";
import { MalformedError } from "./errors.js";
import type { RimCheckpoint } from "./rim.js";

let started: Promise<unknown> | undefined;

/** The rim's `Checkpoint` class, once the module runs. `wasmUrl` counts the first time. */
export async function rim(wasmUrl?: string): Promise<typeof RimCheckpoint> {
  started ??= init(wasmUrl === undefined ? undefined : { module_or_path: wasmUrl });
  try {
    await started;
  } catch (cause) {
    started = undefined;
    throw new MalformedError(
      {
        kind: "malformed",
        code: "wasm_unavailable",
        message: `The WebAssembly module could not be started: ${cause instanceof Error ? cause.message : String(cause)}`,
        location: wasmUrl ?? "torchtab_bg.wasm",
        hint: "Serve torchtab_bg.wasm beside the package, or give its absolute address as wasmUrl.",
      },
      { cause },
    );
  }
  return Checkpoint;
}
