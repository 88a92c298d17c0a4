// Samples with their targets, whatever they were read from; and what follows from them and one run of the network: the loss and the
// form of the targets.
import { numbers, type Batch, type LossInput, type Output, type Tensor } from "torchtab";

/** What a sample is to be answered with. */
export type Targets =
  | { readonly kind: "classes"; readonly indices: readonly number[]; readonly names: readonly string[] }
  | { readonly kind: "numbers"; readonly values: readonly number[]; readonly width: number }
  | { readonly kind: "tensor"; readonly tensor: Tensor };

/** Samples in memory. */
export interface TrainingSet {
  /** In a word: "1,397 digits". */
  readonly about: string;
  readonly count: number;
  /** A tensor for each of forward's inputs; their first dimension counts samples. */
  readonly inputs: readonly Tensor[];
  readonly targets: Targets;
  /** Where a sample comes from: `cats/1.png`, `line 12 of data.csv`. */
  readonly places?: readonly string[];
}

/** How the network's output is taught. */
export interface Lesson {
  readonly loss: string;
  /** Where in forward's result the loss looks; nothing where the result is one tensor. */
  readonly on: readonly LossInput[];
  /** The shape of one sample's output. */
  readonly shape: readonly number[];
  readonly form: "indices" | "column" | "numbers" | "tensor";
  /** Why this loss. */
  readonly why: string;
}

/** Data that does not fit is told in these. */
export class DataError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** Some samples of a tensor. */
export function rows({ dtype, shape, data }: Tensor, which: readonly number[]): Tensor {
  const size = shape.slice(1).reduce((all, length) => all * length, 1);
  const taken = new (data.constructor as new (length: number) => Tensor["data"])(which.length * size);
  which.forEach((row, i) => (taken as Float32Array).set((data as Float32Array).subarray(row * size, (row + 1) * size), i * size));
  return { dtype, shape: [which.length, ...shape.slice(1)], data: taken };
}

function chosen(targets: Targets, which: readonly number[]): Targets {
  if (targets.kind === "classes") return { ...targets, indices: which.map((row) => targets.indices[row] as number) };
  if (targets.kind === "tensor") return { kind: "tensor", tensor: rows(targets.tensor, which) };
  const { values, width } = targets;
  return { kind: "numbers", width, values: which.flatMap((row) => values.slice(row * width, (row + 1) * width)) };
}

/** Some samples, in this order. */
export function pick(set: TrainingSet, which: readonly number[]): TrainingSet {
  return {
    ...set,
    count: which.length,
    inputs: set.inputs.map((tensor) => rows(tensor, which)),
    targets: chosen(set.targets, which),
    ...(set.places === undefined ? {} : { places: which.map((row) => set.places?.[row] ?? `sample ${row}`) }),
  };
}

/** Holds out a share of each class; every class that has two samples keeps one to train on. Equal seeds, equal splits. */
export function split(set: TrainingSet, share: number, seed: number): [train: TrainingSet, held: TrainingSet | undefined] {
  const members = new Map<number, number[]>();
  for (let row = 0; row < set.count; row += 1) {
    const label = set.targets.kind === "classes" ? (set.targets.indices[row] as number) : 0;
    members.set(label, [...(members.get(label) ?? []), row]);
  }
  const next = random(seed);
  const [train, held]: [number[], number[]] = [[], []];
  for (const all of members.values()) {
    for (let i = all.length - 1; i > 0; i -= 1) {
      const j = Math.floor(next() * (i + 1));
      [all[i], all[j]] = [all[j] as number, all[i] as number];
    }
    const away = share <= 0 ? 0 : Math.min(all.length - 1, Math.max(all.length > 2 ? 1 : 0, Math.round(all.length * share)));
    held.push(...all.slice(0, away));
    train.push(...all.slice(away));
  }
  const order = (a: number, b: number): number => a - b;
  return [pick(set, train.sort(order)), held.length === 0 ? undefined : pick(set, held.sort(order))];
}

/** Numbers in 0..1 (xorshift32). */
function random(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** The first tensor in what forward returned, with the way to it. */
export function firstTensor(output: Output, path: (number | string)[] = []): { tensor: Tensor; path: (number | string)[] } | undefined {
  if (typeof output !== "object" || output === null) return undefined;
  if ("dtype" in output && "shape" in output && "data" in output) return { tensor: output as Tensor, path };
  const entries: [number | string, Output][] = Array.isArray(output) ? output.map((item: Output, i) => [i, item]) : Object.entries(output as { [key: string]: Output });
  for (const [step, item] of entries) {
    const found = firstTensor(item, [...path, step]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The loss that fits a run's output on some samples and what they are to be answered with. */
export function lesson(set: TrainingSet, output: Output, samples: number): Lesson {
  const found = firstTensor(output);
  if (found === undefined) throw new DataError("forward returns no tensor that a loss could be of");
  const { tensor, path } = found;
  if (tensor.shape[0] !== samples) {
    throw new DataError(`forward gave shape [${tensor.shape.join(", ")}] for ${samples} samples: its first dimension does not count them`);
  }
  const shape = tensor.shape.slice(1);
  const on = path.length === 0 ? [] : [{ path }];
  const values = numbers(tensor);
  const chances = values.every((value) => value >= 0 && value <= 1);
  const one = shape.every((size) => size === 1);
  const { targets } = set;
  if (targets.kind === "classes") {
    if (one) {
      if (targets.names.length > 2) throw new DataError(`The data has ${targets.names.length} classes, and the network gives one score: two classes at most`);
      const loss = chances ? "BCELoss" : "BCEWithLogitsLoss";
      return { loss, on, shape, form: "column", why: chances ? "one probability for two classes" : "one score for two classes" };
    }
    const classes = shape[0] ?? 0;
    const most = targets.indices.reduce((all, index) => Math.max(all, index), 0);
    if (most >= classes) {
      const row = targets.indices.indexOf(most);
      throw new DataError(
        `${place(set, row)}: class ${most} (${targets.names[most] ?? most}), and the network gives scores of ${classes} classes, 0 to ${classes - 1}`,
      );
    }
    const logs = shape.length === 1 && sums(values.map(Math.exp), classes) && values.every((value) => value <= 1e-6);
    if (logs) return { loss: "NLLLoss", on, shape, form: "indices", why: `log-probabilities of ${classes} classes` };
    return { loss: "CrossEntropyLoss", on, shape, form: "indices", why: `scores of ${classes} classes` };
  }
  if (targets.kind === "numbers") {
    const size = shape.reduce((all, length) => all * length, 1);
    if (size !== targets.width) {
      throw new DataError(`A sample is to be answered with ${targets.width} ${targets.width === 1 ? "number" : "numbers"}, and the network gives ${size}`);
    }
    return { loss: "MSELoss", on, shape, form: "numbers", why: size === 1 ? "one number" : `${size} numbers` };
  }
  const whole = /^u?int/.test(targets.tensor.dtype);
  return { loss: whole ? "CrossEntropyLoss" : "MSELoss", on, shape, form: "tensor", why: `targets are torch.${targets.tensor.dtype}` };
}

/** Whether each row adds up to one. */
function sums(values: readonly number[], width: number): boolean {
  for (let at = 0; at < values.length; at += width) {
    if (Math.abs(values.slice(at, at + width).reduce((a, b) => a + b, 0) - 1) > 1e-3) return false;
  }
  return values.length > 0;
}

/** What a sample is called. */
export function place(set: TrainingSet, row: number): string {
  return set.places?.[row] ?? `sample ${row}`;
}

/** The samples as the package takes them. */
export function sampleData(set: TrainingSet, { form, shape }: Lesson): Batch {
  return { inputs: [...set.inputs], targets: target(set, form, shape) };
}

function target({ targets, count }: TrainingSet, form: Lesson["form"], shape: readonly number[]): Tensor {
  if (targets.kind === "tensor") return targets.tensor;
  if (targets.kind === "numbers") return { dtype: "float32", shape: [count, ...shape], data: Float32Array.from(targets.values) };
  if (form === "column") return { dtype: "float32", shape: [count, ...shape], data: Float32Array.from(targets.indices) };
  return { dtype: "int64", shape: [count], data: BigInt64Array.from(targets.indices, BigInt) };
}

/**
 * Labels as classes: by the network's own names where all are among them, as they are where they are the numbers of classes, else by the
 * alphabet.
 */
export function classes(labels: readonly string[], known: readonly string[]): Targets {
  const own = new Map(known.map((name, i) => [name.toLowerCase(), i]));
  if (known.length > 0 && labels.every((label) => own.has(label.toLowerCase()))) {
    return { kind: "classes", names: known, indices: labels.map((label) => own.get(label.toLowerCase()) as number) };
  }
  if (labels.every((label) => /^\d{1,6}$/.test(label))) {
    const indices = labels.map(Number);
    const most = indices.reduce((a, b) => Math.max(a, b), 0);
    return { kind: "classes", indices, names: Array.from({ length: Math.max(most + 1, known.length) }, (_, i) => known[i] ?? String(i)) };
  }
  const names = [...new Set(labels)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const index = new Map(names.map((name, i) => [name, i]));
  return { kind: "classes", names, indices: labels.map((label) => index.get(label) as number) };
}
