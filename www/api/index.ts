/**
 * torchtab: PyTorch checkpoints in the browser. Work runs in a worker that the first call starts; importing does nothing.
 * @module
 */
import type { Checkpoint } from "./checkpoint.js";
import { worker } from "./client.js";
import { doors } from "./doors.js";
import type { Doors } from "./doors.js";
import type { Model } from "./model.js";
import { absolute, nameOf, toRawSource } from "./source.js";
import type { LoadOptions, OpenOptions, Source } from "./types.js";

const entry: Doors = doors({ backend: worker, toRawSource, nameOf, absolute });

/**
 * Opens a checkpoint: reads its directory and objects, none of its tensors' bytes. Nothing in it is executed.
 *
 * @param source A `File`, `Blob`, bytes, or an address, which is read by ranges where the server allows.
 * @throws MalformedError for damaged files, UnsupportedError for other formats (named for what they are).
 * @example
 * ```ts
 * const checkpoint = await open(input.files[0], { onProgress: ({ phase, done, total }) => console.log(phase, done, total) });
 * for (const { name, shape, dtype } of checkpoint.entries) console.log(name, dtype, shape);
 * ```
 */
export function open(source: Source, options?: OpenOptions): Promise<Checkpoint> {
  return entry.open(source, options);
}

/**
 * Opens a checkpoint that lies in several files, as `save_pretrained` writes large ones. Parts in the format of safetensors are joined as they lie
 * on the disk or on a server, by ranges; those of torch.save are read tensor by tensor. The result is one checkpoint of the format safetensors.
 *
 * @param sources All parts, in any order, perhaps with their index (`model.safetensors.index.json`); or the address of the index alone, whose parts
 * lie beside it.
 * @throws MismatchError with code `"shard_missing"`, which names the files that are not there.
 * @example
 * ```ts
 * const checkpoint = await openShards([...input.files]);
 * console.log(checkpoint.name, checkpoint.entries.length);
 * ```
 */
export function openShards(sources: readonly Source[], options?: OpenOptions): Promise<Checkpoint> {
  return entry.openShards(sources, options);
}

/**
 * Opens a checkpoint and builds its network.
 *
 * @example
 * ```ts
 * await using model = await load("/models/digits.pth", { network: { source }, device: "auto" });
 * const logits = await model.run({ dtype: "float32", shape: [1, 1, 8, 8], data: pixels.slice(0, 64) });
 * ```
 */
export function load(source: Source, options?: LoadOptions): Promise<Model> {
  return entry.load(source, options);
}

export * from "./exports.js";
