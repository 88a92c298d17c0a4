// Tensors as people write them in the JSON field: nested numbers, `{dtype, shape, data}`, or `{shape, fill, seed}`.
import type { InputSpec, Nested, TensorInput } from "torchtab";
import { uniform } from "./uniform.js";

/** Larger tensors are not made from a fill: a slip in a shape should not take the tab down. */
const MAX_ELEMENTS = 64 * 1024 * 1024;

/** What a fill takes besides its shape. */
interface Filling {
  readonly fill?: unknown;
  readonly seed?: number;
  readonly low?: number;
  readonly high?: number;
  readonly mean?: number;
  readonly std?: number;
}

function filled(shape: readonly number[], { fill, seed = 0, low = 0, high, mean = 0, std = 1 }: Filling): number[] {
  const count = shape.reduce((all, size) => all * size, 1);
  if (!shape.every((size) => Number.isInteger(size) && size >= 0)) throw new Error(`[${shape.join(", ")}] is no shape`);
  if (count > MAX_ELEMENTS) throw new Error(`The shape [${shape.join(", ")}] has ${count} elements; a fill makes at most ${MAX_ELEMENTS}`);
  const next = uniform(seed);
  const kinds: Record<string, () => number> = {
    // 1 - u is never 0, whose logarithm is none.
    randn: () => mean + std * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    rand: () => low + next() * ((high ?? 1) - low),
    randint: () => Math.floor(low + next() * ((high ?? 2) - low)),
    zeros: () => 0,
    ones: () => 1,
  };
  const make = typeof fill === "number" ? () => fill : kinds[String(fill)];
  if (make === undefined) throw new Error(`"fill" is a number or one of ${Object.keys(kinds).join(", ")}`);
  return Array.from({ length: count }, make);
}

/** The tensor that a text stands for. */
export function read(text: string, dtype: string): TensorInput {
  const given: unknown = JSON.parse(text);
  if (typeof given === "number" || Array.isArray(given)) return { dtype, data: given as Nested };
  if (typeof given !== "object" || given === null) throw new Error('Write nested numbers, {"dtype", "shape", "data"} or {"shape", "fill"}');
  const tensor = given as { dtype?: string; shape?: number[]; data?: Nested } & Filling;
  const as = tensor.dtype ?? dtype;
  if (tensor.data !== undefined) return { dtype: as, data: tensor.data, ...(tensor.shape === undefined ? {} : { shape: tensor.shape }) };
  if (tensor.fill === undefined || !Array.isArray(tensor.shape)) throw new Error('An object needs "data", or "shape" and "fill"');
  return { dtype: as, shape: tensor.shape, data: filled(tensor.shape, tensor) };
}

/** A shape to begin with, for a parameter of forward. */
export function firstShape(spec: InputSpec | undefined): number[] {
  const image = spec?.kind === "image";
  const shape = spec?.shape ?? [1, 1];
  return shape.map((size, i) => (size >= 0 ? size : i === 0 ? 1 : image && i >= 2 ? 28 : 8));
}

export function isInteger(dtype: string): boolean {
  return /^u?int|^bool/.test(dtype);
}

/** A text to begin with. */
export function firstText(spec: InputSpec | undefined, seed: number): string {
  const whole = isInteger(spec?.dtype ?? "float32");
  return JSON.stringify({ shape: firstShape(spec), fill: whole ? "randint" : "randn", ...(whole ? { high: 10 } : {}), seed }).replace(/([:,])/g, "$1 ");
}
