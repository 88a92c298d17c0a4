/**
 * `open` and `load` over any backend.
 * @module
 */
import { build, Checkpoint } from "./checkpoint.js";
import type { Model } from "./model.js";
import type { Backend } from "./protocol.js";
import { nameOf, toRawSource } from "./source.js";
import type { LoadOptions, OpenOptions, Source } from "./types.js";

/** The two functions that callers start with. */
export interface Doors {
  open(source: Source, options?: OpenOptions): Promise<Checkpoint>;
  load(source: Source, options?: LoadOptions): Promise<Model>;
}

/** The doors to `backend`, asked for at each open: a dead worker is replaced then. */
export function doors(backend: () => Backend): Doors {
  const open = async (source: Source, options: OpenOptions = {}): Promise<Checkpoint> => {
    const raw = toRawSource(source);
    const name = options.name ?? nameOf(source);
    const { signal, onProgress, wasmUrl } = options;
    const host = backend();
    const takes = { source: raw, ...(name === undefined ? {} : { name }), ...(wasmUrl === undefined ? {} : { wasmUrl: String(wasmUrl) }) };
    const { handle, description } = await host.call("open", takes, { signal, onProgress });
    return new Checkpoint(host, raw, handle, description);
  };
  const load = async (source: Source, options: LoadOptions = {}): Promise<Model> => {
    const checkpoint = await open(source, options);
    try {
      return await build(checkpoint, options.network, options, true);
    } catch (error) {
      await checkpoint.dispose();
      throw error;
    }
  };
  return { open, load };
}
