// Samples as JSON: `{inputs, targets}` of tensors, `[{input, target}, …]`, texts with labels, or the samples' own compact form of pixels.
import type { InputSpec, Nested, Tensor } from "torchtab";
import { count as shown } from "../format.js";
import { classes, DataError, pick, type Targets, type TrainingSet } from "./set.js";
import { byName } from "./several.js";
import { encodeAll, type Vocabulary } from "./texts.js";

interface Compact {
  readonly shape: readonly number[];
  readonly letters: string;
  readonly scale: number;
  readonly labels: readonly number[];
  readonly pixels: string;
}

interface Texts {
  readonly texts: readonly string[];
  readonly labels: readonly (number | string)[];
  /** How many of the last are not to be trained on. */
  readonly held_out?: number;
}

/** Reads samples, and those that the file itself holds out. */
export function fromJson(
  text: string,
  file: string,
  given: { readonly labels: readonly string[]; readonly vocabulary: Vocabulary | undefined; readonly specs: readonly InputSpec[] },
): { set: TrainingSet; held?: TrainingSet } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (thrown) {
    throw new DataError(`${file} is no JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
  const name = (count: number): string => `${shown(count)} samples of ${file}`;
  if (Array.isArray(value)) {
    const all = value as { input?: unknown; target?: unknown; text?: unknown; label?: unknown }[];
    if (all.length > 0 && all.every((item) => typeof item?.text === "string" && item.label !== undefined)) {
      return texts({ texts: all.map((item) => String(item.text)), labels: all.map((item) => String(item.label)) }, file, given);
    }
    const odd = all.findIndex((item) => item?.input === undefined || item.target === undefined);
    if (all.length === 0 || odd >= 0) throw new DataError(`${file}, item ${Math.max(0, odd)}: a sample is {"input", "target"} or {"text", "label"}`);
    const places = all.map((_, i) => `item ${i} of ${file}`);
    return { set: { about: name(all.length), count: all.length, inputs: inputs(columns(all.map(({ input }) => input)), file, given.specs, places), targets: targets(all.map((item) => item.target), given.labels, places), places } };
  }
  const object = (value ?? {}) as Partial<Compact & Texts> & { inputs?: unknown; targets?: unknown };
  if (typeof object.pixels === "string" && Array.isArray(object.shape)) return { set: compact(object as Compact, file, given.labels) };
  if (Array.isArray(object.texts) && Array.isArray(object.labels)) return texts(object as Texts, file, given);
  if (object.inputs === undefined || !Array.isArray(object.targets)) {
    throw new DataError(`${file} has no samples: write {"inputs": […], "targets": […]} or [{"input": …, "target": …}, …]`);
  }
  const places = object.targets.map((_, i) => `sample ${i} of ${file}`);
  const all = inputs(object.inputs, file, given.specs, places);
  const count = object.targets.length;
  all.forEach(({ shape: [found] }, i) => {
    if (found !== count) throw new DataError(`${file} has ${found} ${all.length > 1 ? `of ${given.specs[i]?.name}` : "inputs"} and ${count} targets`);
  });
  return { set: { about: name(count), count, inputs: all, targets: targets(object.targets, given.labels, places), places } };
}

/** A tensor for each of forward's inputs; several by their names. */
function inputs(given: unknown, file: string, specs: readonly InputSpec[], places: readonly string[]): readonly Tensor[] {
  if (specs.length < 2) return [tensor(given as Nested, specs[0]?.dtype, places)];
  return byName(given, specs, file, (value, { dtype }) => tensor(value as Nested, dtype, places));
}

/** Samples that have their inputs by name, as one list for each name; others as they are. */
function columns(all: readonly unknown[]): unknown {
  const [first] = all;
  if (typeof first !== "object" || first === null || Array.isArray(first)) return all;
  return Object.fromEntries(Object.keys(first).map((name) => [name, all.map((one) => (one as { readonly [name: string]: unknown })[name])]));
}

/** Pixels as letters: a letter's place in the alphabet, divided by the scale. */
function compact({ shape, letters, scale, labels, pixels }: Compact, file: string, known: readonly string[]): TrainingSet {
  const size = shape.reduce((all, length) => all * length, 1);
  if (size !== pixels.length || shape[0] !== labels.length) throw new DataError(`${file}: its pixels, shape and labels do not fit each other`);
  const value = new Map([...letters].map((letter, i) => [letter, i / scale]));
  const data = Float32Array.from(pixels, (letter) => value.get(letter) ?? NaN);
  return { about: `${shown(labels.length)} pictures`, count: labels.length, inputs: [{ dtype: "float32", shape, data }], targets: classes(labels.map(String), known) };
}

function texts(
  { texts: all, labels, held_out: away = 0 }: Texts,
  file: string,
  { labels: known, vocabulary }: { readonly labels: readonly string[]; readonly vocabulary: Vocabulary | undefined },
): { set: TrainingSet; held?: TrainingSet } {
  if (vocabulary === undefined) throw new DataError("Texts need a vocabulary", "Load one in the Run panel's text input, or open a file with one.");
  if (all.length !== labels.length) throw new DataError(`${file} has ${all.length} texts and ${labels.length} labels`);
  const places = all.map((_, i) => `text ${i} of ${file}`);
  const about = `${shown(all.length)} texts`;
  const set: TrainingSet = { about, count: all.length, inputs: [encodeAll(all, vocabulary, places)], targets: classes(labels.map(String), known), places };
  if (away <= 0) return { set };
  const order = all.map((_, i) => i);
  const [train, held] = [pick(set, order.slice(0, -away)), pick(set, order.slice(-away))];
  return { set: { ...train, about: `${shown(train.count)} texts` }, held };
}

function targets(all: readonly unknown[], known: readonly string[], places: readonly string[]): Targets {
  if (all.every((target) => typeof target === "string")) return classes(all as string[], known);
  if (all.every((target) => typeof target === "number" && Number.isInteger(target) && target >= 0)) return classes(all.map(String), known);
  if (all.every((target) => typeof target === "number")) return { kind: "numbers", width: 1, values: all as number[] };
  const { shape, data } = tensor(all as Nested, undefined, places);
  return { kind: "numbers", width: shape.slice(1).reduce((size, length) => size * length, 1), values: Array.from(data as Float32Array) };
}

/** Nested numbers as a tensor; the sample that has another shape than the first is named. */
function tensor(nested: Nested, dtype: string | undefined, places: readonly string[]): Tensor {
  if (!Array.isArray(nested)) throw new DataError("Inputs are nested arrays of numbers, one array a sample");
  const flat: number[] = [];
  const walk = (value: unknown): number[] => {
    if (!Array.isArray(value)) {
      if (typeof value !== "number") throw new DataError(`'${String(value)}' is no number`);
      flat.push(value);
      return [];
    }
    const shapes = value.map(walk);
    const first = shapes[0] ?? [];
    if (shapes.some((shape) => shape.join() !== first.join())) throw new DataError("its rows have different lengths");
    return [value.length, ...first];
  };
  let first: number[] | undefined;
  (nested as readonly unknown[]).forEach((sample, i) => {
    let shape: number[];
    try {
      shape = walk(sample);
    } catch (thrown) {
      throw new DataError(`${places[i] ?? `sample ${i}`}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    }
    first ??= shape;
    if (shape.join() !== first.join()) {
      throw new DataError(`${places[i] ?? `sample ${i}`}: shape [${shape.join(", ")}], and [${first.join(", ")}] before`);
    }
  });
  const shape = [nested.length, ...(first ?? [])];
  return dtype === "int64"
    ? { dtype, shape, data: BigInt64Array.from(flat, (value) => BigInt(Math.trunc(value))) }
    : { dtype: "float32", shape, data: Float32Array.from(flat) };
}
