/**
 * `open`, `openShards` and `load` over any backend.
 * @module
 */
import { build, Checkpoint } from "./checkpoint.js";
import type { Model } from "./model.js";
import type { Backend } from "./protocol.js";
import type { RawSource } from "./rim.js";
import { gathered, joined, shardName } from "./shards.js";
import type { LoadOptions, OpenOptions, Source } from "./types.js";

/** What differs between a page, a worker and Node. */
export interface Platform {
  /** Who carries calls out; asked for at each open: a dead worker is replaced then. */
  backend(options: OpenOptions): Backend;
  /** A source as the rim takes it. */
  toRawSource(source: Source): RawSource | Promise<RawSource>;
  /** The name a source has of its own. */
  nameOf(source: Source): string | undefined;
  /** An address that means the same in every thread. */
  absolute(address: string | URL): string;
}

/** The functions that callers start with. */
export interface Doors {
  open(source: Source, options?: OpenOptions): Promise<Checkpoint>;
  openShards(sources: readonly Source[], options?: OpenOptions): Promise<Checkpoint>;
  load(source: Source, options?: LoadOptions): Promise<Model>;
}

/** The doors of a platform. */
export function doors(platform: Platform): Doors {
  const open = async (source: Source, options: OpenOptions = {}): Promise<Checkpoint> =>
    opened(await platform.toRawSource(source), options.name ?? platform.nameOf(source), options);
  const opened = async (raw: RawSource, name: string | undefined, options: OpenOptions): Promise<Checkpoint> => {
    const { signal, onProgress, wasmUrl } = options;
    const host = platform.backend(options);
    const takes = { source: raw, ...(name === undefined ? {} : { name }), ...(wasmUrl === undefined ? {} : { wasmUrl: platform.absolute(wasmUrl) }) };
    const { handle, description } = await host.call("open", takes, { signal, onProgress });
    return new Checkpoint(host, raw, handle, description);
  };
  const openShards = async (sources: readonly Source[], options: OpenOptions = {}): Promise<Checkpoint> => {
    const given = await Promise.all(
      sources.map(async (source, i) => ({ name: platform.nameOf(source) ?? `part ${i + 1}`, raw: await platform.toRawSource(source) })),
    );
    const shards = await gathered(given, options);
    const { worker, wasmUrl } = options;
    const raw = await joined(shards, ({ blob, name }, { signal }) => open(blob, { name, signal, worker, wasmUrl }), options);
    const first = shards[0]?.name ?? "";
    const name = options.name ?? (shardName(first)?.whole ?? first).replace(/\.(bin|pth?|ckpt)$/i, ".safetensors");
    return opened(raw, name, options);
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
  return { open, openShards, load };
}
