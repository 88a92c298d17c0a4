/**
 * A network for other classes: everything that was learnt, and a new last layer that has learnt nothing yet. It is a checkpoint of its own, made of the
 * model's tensors, with source that replaces the layer as one does in PyTorch: `net.fc = nn.Linear(512, 3)`.
 * @module
 */
import { fromPlain } from "./errors.js";
import type { Model } from "./model.js";
import { sequential } from "./sequential.js";
import { assembled, storedAs } from "./safetensors.js";
import type { Piece } from "./safetensors.js";
import type { NetworkSource } from "./types.js";

/** How a new head is made. */
export interface NewHeadOptions {
  /** The source that the model was built from, where it was. */
  readonly network?: NetworkSource | undefined;
  /** The layer to replace. Default: the last `nn.Linear`. */
  readonly layer?: string | undefined;
  /** How many scores the network gives now: the last `nn.Linear` that gives as many is meant. */
  readonly outputs?: number | undefined;
  /** Equal seeds, equal first values. Default 0. */
  readonly seed?: number | undefined;
}

/** A checkpoint with a new head, to be opened and built. */
export interface NewHead {
  /** The state_dict, in the format of safetensors. */
  readonly file: File;
  /** What to build it with; undefined where its keys and shapes tell. */
  readonly network: NetworkSource | undefined;
  /** The layer that is new. */
  readonly layer: string;
}

/**
 * Replaces the last `nn.Linear` by one with as many outputs as there are classes, with torch's first values for a new layer. The other tensors are
 * the model's as they are now.
 *
 * @throws MismatchError with code `"no_head"` where there is no such layer; UnsupportedError with code `"needs_source"` for a file's own module, unless it
 * is a known network's or torch.nn's own layers in a row: its code is not in the file.
 * @example
 * ```ts
 * const { file, network, layer } = await newHead(model, 3, { network: { source } });
 * const mine = await load(file, { network });
 * const options = { loss: "CrossEntropyLoss", optimizer: "AdamW", only: [`${layer}.*`] };
 * ```
 */
export async function newHead(model: Model, classes: number, options: NewHeadOptions = {}): Promise<NewHead> {
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw fromPlain({ kind: "mismatch", code: "argument", message: `${classes} is no number of classes`, location: "classes" });
  }
  const { seed = 0 } = options;
  const network = options.network ?? (model.recognised === undefined ? sequential(model.checkpoint) : undefined);
  if (network === undefined && model.recognised === undefined) {
    const hint = "Build it from the source of its class, then replace the layer.";
    throw fromPlain({ kind: "unsupported", code: "needs_source", message: "The network is the file's own module, and how it is made is not in the file", hint });
  }
  const state = await model.stateDict();
  const width = (layer: string): readonly [number, number] | undefined => {
    const shape = state[`${layer}.weight`]?.shape;
    return shape?.length === 2 ? [shape[0] as number, shape[1] as number] : undefined;
  };
  const linears = (await model.summary()).filter((row) => row.class === "Linear" && width(row.name) !== undefined).map(({ name }) => name);
  const fits = (layer: string): boolean => options.outputs === undefined || width(layer)?.[0] === options.outputs;
  const layer = options.layer ?? linears.findLast(fits);
  const [, features] = (layer === undefined ? undefined : width(layer)) ?? [];
  if (layer === undefined || features === undefined) {
    const message = options.layer === undefined ? "The network does not end with an nn.Linear that could be replaced" : `There is no nn.Linear called '${layer}'`;
    throw fromPlain({ kind: "mismatch", code: "no_head", message, hint: "Replace its last layer in the source." });
  }
  const bias = `${layer}.bias` in state;
  const first = uniform(seed, 1 / Math.sqrt(features));
  const pieces = Object.entries(state).map(([name, { dtype, shape, data }]): Piece => {
    if (name === `${layer}.weight`) return fresh(name, [classes, features], first);
    if (name === `${layer}.bias`) return fresh(name, [classes], first);
    const stored = storedAs(dtype);
    if (stored === undefined) throw fromPlain({ kind: "unsupported", code: "dtype", message: `${dtype} in a file of safetensors`, location: name });
    return { name, dtype: stored, shape, bytes: new Blob([data as Uint8Array<ArrayBuffer>]) };
  });
  const stem = (model.checkpoint.name ?? "model").replace(/(-\d+-classes)?\.[^.]*$/, "");
  return {
    file: new File([assembled(pieces)], `${stem}-${classes}-classes.safetensors`),
    network: network === undefined ? undefined : replaced(network.source, model.construct?.expression ?? network.construct, layer, `${features}, ${classes}${bias ? "" : ", bias=False"}`),
    layer,
  };
}

/** A tensor of first values, as `nn.Linear` draws them. */
function fresh(name: string, shape: readonly number[], next: () => number): Piece {
  const count = shape.reduce((all, size) => all * size, 1);
  return { name, dtype: "F32", shape, bytes: new Blob([Float32Array.from({ length: count }, next)]) };
}

/** Numbers between -bound and bound (xorshift32). */
function uniform(seed: number, bound: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) / 2147483648 - 1) * bound;
  };
}

/** The source with a function that makes the network and replaces the layer. */
function replaced(source: string, expression: string | undefined, layer: string, sizes: string): NetworkSource {
  if (expression === undefined) {
    throw fromPlain({ kind: "mismatch", code: "needs_construct", message: "What constructs the network is not known", hint: "Give construct: a Python expression." });
  }
  const taken = [...source.matchAll(/^def with_new_head(?:_(\d+))?\(/gm)].map(([, number]) => Number(number ?? 1));
  const name = taken.length === 0 ? "with_new_head" : `with_new_head_${Math.max(...taken) + 1}`;
  const place = layer.split(".").map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
  const lines = ["", "", `def ${name}():`, `    net = ${expression}`, `    net${place} = torch.nn.Linear(${sizes})`, "    return net", ""];
  const imports = /^import torch$/m.test(source) ? source : `import torch\n${source}`;
  return { source: imports.trimEnd() + "\n" + lines.join("\n"), construct: `${name}()` };
}
