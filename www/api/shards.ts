/**
 * Checkpoints in several files, as `save_pretrained` writes large ones: `model-00001-of-00002.safetensors` and on, perhaps with a
 * `model.safetensors.index.json` that says which tensor is where. They are joined to one file of safetensors: slices of those on the disk or ranges of
 * those on a server, none of which is read, where the parts are of that format; tensor by tensor where torch.save wrote them.
 * @module
 */
import type { Checkpoint } from "./checkpoint.js";
import { aborted, fromPlain } from "./errors.js";
import { remote, Spliced } from "./remote.js";
import type { RawSource } from "./rim.js";
import { front, pieces, storedAs } from "./safetensors.js";
import type { Piece } from "./safetensors.js";
import type { CallOptions, OpenOptions } from "./types.js";

/** `model-00001-of-00002.safetensors`: what stands before, the part, of how many, what stands behind. */
const NAME = /^(.*)-(\d{3,6})-of-(\d{3,6})(\..+)$/;

/** A part's place among its siblings. */
export interface ShardName {
  /** The name that the whole would have: `model.safetensors`. */
  readonly whole: string;
  /** From 1. */
  readonly part: number;
  readonly of: number;
  /** The names of all parts, in order. */
  readonly all: readonly string[];
}

/**
 * What a file's name says of the part that it is, if it is one.
 *
 * @example
 * ```ts
 * console.log(shardName("model-00002-of-00002.safetensors")); // { whole: "model.safetensors", part: 2, of: 2, all: […] }
 * ```
 */
export function shardName(name: string): ShardName | undefined {
  const [, before = "", part = "", of = "", behind = ""] = NAME.exec(name) ?? [];
  const [number, count] = [Number(part), Number(of)];
  if (count < 1 || number < 1 || number > count || count > 10_000) return undefined;
  const all = Array.from({ length: count }, (_, i) => `${before}-${String(i + 1).padStart(part.length, "0")}-of-${of}${behind}`);
  return { whole: before + behind, part: number, of: count, all };
}

/** A part: a blob, or a file on a server that is read by ranges. */
interface Shard {
  readonly name: string;
  readonly blob: Blob;
}

/** The parts in order; without names that count them, as they are. An error that names those that are missing, by their names or by an index's. */
function complete(shards: readonly GivenShard[], wanted?: readonly string[]): readonly GivenShard[] {
  const names = wanted ?? shardName(shards[0]?.name ?? "")?.all;
  if (names === undefined) return shards;
  const found = names.map((name) => shards.find((shard) => shard.name === name));
  const missing = names.filter((_, i) => found[i] === undefined);
  if (missing.length > 0) {
    const [first, more] = [missing.slice(0, 3).join(", "), missing.length - 3];
    throw fromPlain({
      kind: "mismatch",
      code: "shard_missing",
      message: `The checkpoint is in ${names.length} files, and ${missing.length} of them ${missing.length === 1 ? "is" : "are"} missing: ${first}${more > 0 ? ` and ${more} more` : ""}`,
      hint: "Give all of them together.",
    });
  }
  return found.filter((shard) => shard !== undefined);
}

/** The files that an index (`….index.json`) names, in order; undefined where the text is none. */
function indexed(text: string): readonly string[] | undefined {
  try {
    const { weight_map: map } = JSON.parse(text) as { weight_map?: unknown };
    if (typeof map !== "object" || map === null) return undefined;
    const files = [...new Set(Object.values(map))];
    return files.every((file) => typeof file === "string") ? files.sort() : undefined;
  } catch {
    return undefined;
  }
}

/** A source as it was given, its name, and what it is. */
export interface GivenShard {
  readonly name: string;
  readonly raw: RawSource;
}

const INDEX = /\.index\.json$/;

/** What was given as blobs, in order, none missing. An index tells which there are; its own address tells where they are. */
export async function gathered(given: readonly GivenShard[], options: CallOptions): Promise<readonly Shard[]> {
  const index = given.find(({ name }) => INDEX.test(name));
  let parts = given.filter((one) => one !== index);
  let wanted: readonly string[] | undefined;
  if (index !== undefined) {
    wanted = indexed(await (await blobOf(index, {})).text());
    if (wanted === undefined) {
      throw fromPlain({ kind: "malformed", code: "shard_index", message: "The index has no weight_map of tensors' names to files", location: index.name });
    }
    const { raw } = index;
    if (parts.length === 0 && "url" in raw) parts = wanted.map((name) => ({ name, raw: { url: new URL(name, raw.url).href } }));
  }
  if (parts.length === 0 && wanted === undefined) throw fromPlain({ kind: "mismatch", code: "source", message: "There is no file to open" });
  const shards: Shard[] = [];
  // What is missing is told before anything is fetched.
  for (const part of complete(parts, wanted)) shards.push({ name: part.name, blob: await blobOf(part, options) });
  return shards;
}

async function blobOf({ name, raw }: GivenShard, { signal, onProgress }: CallOptions): Promise<Blob> {
  if (raw instanceof Blob) return raw;
  if ("spans" in raw) return new Spliced(raw.spans);
  let done = 0;
  return remote(raw.url, signal, (count, total) => onProgress?.({ phase: "tensors", done: (done += count), total, detail: name }));
}

/** Joins parts to one file. `open` opens a single one: to read what torch.save wrote, and to say what is wrong with the others. */
export async function joined(shards: readonly Shard[], open: (shard: Shard, options: OpenOptions) => Promise<Checkpoint>, options: CallOptions): Promise<RawSource> {
  const { signal, onProgress } = options;
  const total = shards.reduce((sum, { blob }) => sum + blob.size, 0);
  let done = 0;
  const all: Piece[] = [];
  for (const shard of shards) {
    if (signal?.aborted === true) throw aborted(signal);
    onProgress?.({ phase: "tensors", done, total, detail: shard.name });
    all.push(...((await pieces(shard.blob)) ?? (await read(await open(await whole(shard, signal), { signal }), options, { shard, done, total }))));
    done += shard.blob.size;
  }
  const parts = [front(all), ...all.map(({ bytes }) => bytes)];
  return parts.some((part) => part instanceof Spliced) ? { spans: parts.flatMap((part) => (part instanceof Spliced ? part.spans : [part])) } : new Blob(parts);
}

/** A part that is read from end to end anyway: one request, not one for each tensor. */
async function whole({ name, blob }: Shard, signal: AbortSignal | undefined): Promise<Shard> {
  return { name, blob: blob instanceof Spliced ? await blob.whole(signal) : blob };
}

/** The tensors of a part that torch.save wrote, read one by one. */
async function read(checkpoint: Checkpoint, { signal, onProgress }: CallOptions, at: { shard: Shard; done: number; total: number }): Promise<Piece[]> {
  try {
    const out: Piece[] = [];
    let done = at.done;
    for (const { name, dtype, shape, bytes } of checkpoint.entries) {
      const stored = storedAs(dtype);
      if (stored === undefined) {
        throw fromPlain({ kind: "unsupported", code: "dtype", message: `${dtype} in a checkpoint of several files`, location: `${at.shard.name}: ${name}`, hint: "Join the files with PyTorch first." });
      }
      const { data } = await checkpoint.tensor(name, { signal });
      out.push({ name, dtype: stored, shape, bytes: new Blob([data as Uint8Array<ArrayBuffer>]) });
      onProgress?.({ phase: "tensors", done: Math.min((done += bytes), at.total), total: at.total, detail: name });
    }
    return out;
  } finally {
    await checkpoint.dispose();
  }
}
