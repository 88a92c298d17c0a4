// What the wasm module exports, as `www/api/` uses it. The build puts the module itself at `pkg/wasm/torchtab.js`, beside `pkg/dist/`;
// the relative path from there is the one that `www/api/glue.ts` writes.
import type { RimCheckpoint, RimModel } from "../api/rim.js";

export default function init(options?: { module_or_path: string | URL | Response | WebAssembly.Module | BufferSource }): Promise<unknown>;
export const Checkpoint: typeof RimCheckpoint;
export const Model: typeof RimModel;
