/**
 * Tensors in JavaScript: torch's dtypes as typed arrays, and the ways in which an input may be written.
 *
 * | dtype | `data` |
 * | --- | --- |
 * | `float64` `float32` | `Float64Array` `Float32Array` |
 * | `float16` | `Float16Array` where the browser has it, else the bits in a `Uint16Array` ({@link numbers} reads both) |
 * | `bfloat16` | the bits in a `Uint16Array` |
 * | `int64` `uint64` | `BigInt64Array` `BigUint64Array` |
 * | `int32` `int16` `int8` `uint32` `uint16` `uint8` | the array of that name |
 * | `bool` | `Uint8Array` of 0 and 1 |
 * | `complex64` `complex128` | `Float32Array` `Float64Array`, real and imaginary parts in turn |
 * | `float8_…` | the bits in a `Uint8Array` |
 * @module
 */
import { MismatchError } from "./errors.js";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half.js";
import type { RawArgument, RawInputs, RawTensor } from "./rim.js";

/** Numbers in a row, of one machine type. `Float16Array` is meant too, where the browser has it. */
export type TypedArray =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** A contiguous tensor: `data` has the product of `shape` elements, the last dimension running fastest. */
export interface Tensor {
  /** torch's name without the prefix: `float32`, `int64`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** Numbers in nested arrays, one level a dimension. */
export type Nested = number | boolean | bigint | readonly Nested[];

/** A tensor as a caller may write it. */
export interface TensorInput {
  /** Default: the typed array's own; `float32` for nested arrays. */
  readonly dtype?: string | undefined;
  /** Default: the nesting's own; a typed array counts as one dimension. */
  readonly shape?: readonly number[] | undefined;
  readonly data: TypedArray | Nested;
}

/** What `run` takes for one tensor. An image becomes float32 `[1, 3, height, width]` in 0..1, as torchvision's `ToTensor` and `unsqueeze(0)` make it. */
export type TensorLike = Tensor | TensorInput | ImageData | ImageBitmap;

/** What an argument of forward may be: a tensor, a plain value, an array of arguments (Python's tuple) or an object of them (a dict). */
export type Argument = TensorLike | number | boolean | string | null | readonly Argument[] | { readonly [key: string]: Argument };

/** One tensor, several arguments in forward's order, or arguments by the names of forward's parameters. */
export type Inputs = TensorLike | readonly Argument[] | { readonly [name: string]: Argument };

type Float16Array = Uint16Array;
type Make = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;
const Float16 = (globalThis as { Float16Array?: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => Float16Array }).Float16Array;

/** Each dtype's array, and how many of its elements make one of the tensor's. */
const ARRAYS: { readonly [dtype: string]: readonly [Make, number] } = {
  float64: [Float64Array, 1],
  float32: [Float32Array, 1],
  float16: [Float16 ?? Uint16Array, 1],
  bfloat16: [Uint16Array, 1],
  int64: [BigInt64Array, 1],
  uint64: [BigUint64Array, 1],
  int32: [Int32Array, 1],
  int16: [Int16Array, 1],
  int8: [Int8Array, 1],
  uint32: [Uint32Array, 1],
  uint16: [Uint16Array, 1],
  uint8: [Uint8Array, 1],
  bool: [Uint8Array, 1],
  complex64: [Float32Array, 2],
  complex128: [Float64Array, 2],
};

const DTYPES = new Map<unknown, string>(
  Object.entries(ARRAYS)
    .filter(([dtype]) => !["bool", "bfloat16", "complex64", "complex128"].includes(dtype) && !(dtype === "float16" && Float16 === undefined))
    .map(([dtype, [array]]) => [array, dtype]),
).set(Uint8ClampedArray, "uint8");

function mismatch(code: string, message: string, hint?: string): MismatchError {
  return new MismatchError({ kind: "mismatch", code, message, ...(hint === undefined ? {} : { hint }) });
}

function arrayOf(dtype: string): readonly [Make, number] {
  return ARRAYS[dtype] ?? [Uint8Array, 1];
}

/** A rim tensor as callers see it: a view of the same bytes where they are aligned. */
export function fromRaw({ dtype, shape, data }: RawTensor): Tensor {
  const [array] = arrayOf(dtype);
  const width = (array as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  const bytes = data.byteOffset % width === 0 ? data : data.slice();
  return { dtype, shape, data: new array(bytes.buffer, bytes.byteOffset, bytes.byteLength / width) };
}

/**
 * A tensor's elements as numbers: 16-bit floats decoded, int64 as far as doubles hold it. Complex parts stay in turn.
 *
 * @example
 * ```ts
 * const { dtype, data } = await checkpoint.tensor("fc1.bias");
 * const largest = Math.max(...numbers({ dtype, data }));
 * ```
 */
export function numbers({ dtype, data }: Pick<Tensor, "dtype" | "data">): number[] {
  if (dtype === "bfloat16") return Array.from(data as Uint16Array, fromBfloat16);
  if (dtype === "float16" && data instanceof Uint16Array) return Array.from(data, fromFloat16);
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

/** A caller's tensor as the rim wants it. The bytes are a copy, so they may be transferred. */
export function toRaw(input: TensorLike): RawTensor {
  if (isImage(input)) return image(input);
  if (typeof input !== "object" || input === null || !("data" in input)) {
    throw mismatch("not_a_tensor", "A tensor is { dtype, shape, data }, an ImageData or an ImageBitmap");
  }
  const given = input.dtype?.replace(/^torch\./, "");
  if (ArrayBuffer.isView(input.data)) {
    const view = input.data;
    const own = DTYPES.get(view.constructor);
    const dtype = given ?? own;
    if (dtype === undefined) throw mismatch("dtype", `What dtype a ${view.constructor.name} holds must be said`);
    const per = arrayOf(dtype)[1];
    const shape = input.shape === undefined ? [view.length / per] : [...input.shape];
    if (product(shape) * per !== view.length) {
      throw mismatch("shape", `shape '[${shape.join(", ")}]' is invalid for input of size ${view.length / per}`);
    }
    if (view.constructor !== arrayOf(dtype)[0] && !(dtype === "float16" && view instanceof Uint16Array)) {
      return { dtype, shape, data: pack(dtype, Array.from(view as ArrayLike<number | bigint>)) };
    }
    return { dtype, shape, data: new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice() };
  }
  const dtype = given ?? "float32";
  if (ARRAYS[dtype] === undefined || arrayOf(dtype)[1] !== 1) throw mismatch("dtype", `torch.${dtype} cannot be written as nested arrays`);
  const flat: (number | boolean | bigint)[] = [];
  const nesting = flatten(input.data, flat);
  const shape = input.shape === undefined ? nesting : [...input.shape];
  if (product(shape) !== flat.length) {
    throw mismatch("shape", `shape '[${shape.join(", ")}]' is invalid for input of size ${flat.length}`);
  }
  return { dtype, shape, data: pack(dtype, flat) };
}

/** A caller's inputs as the rim wants them. */
export function toRawInputs(inputs: Inputs): RawInputs {
  if (Array.isArray(inputs)) return inputs.map(toRawArgument);
  if (isImage(inputs) || isTensor(inputs)) return [toRaw(inputs)];
  return named(inputs as { readonly [name: string]: Argument });
}

function toRawArgument(argument: Argument): RawArgument {
  if (argument === null || typeof argument !== "object") return argument;
  if (Array.isArray(argument)) return argument.map(toRawArgument);
  return isImage(argument) || isTensor(argument) ? toRaw(argument) : named(argument as { readonly [key: string]: Argument });
}

const named = (inputs: { readonly [name: string]: Argument }) =>
  Object.fromEntries(Object.entries(inputs).map(([name, argument]) => [name, toRawArgument(argument)]));

/** The buffers of packed inputs, to be transferred. */
export function transferable(inputs: RawInputs | RawArgument): Transferable[] {
  if (inputs === null || typeof inputs !== "object") return [];
  const { data } = inputs as RawTensor;
  return data instanceof Uint8Array ? [data.buffer as ArrayBuffer] : Object.values(inputs).flatMap(transferable);
}

function isTensor(value: unknown): value is TensorInput {
  const data: unknown = (value as { data?: unknown } | null)?.data;
  // A parameter of forward may be called `data`: then it holds a tensor, not numbers.
  return Array.isArray(data) || ArrayBuffer.isView(data) || ["number", "boolean", "bigint"].includes(typeof data);
}

/** Whether a value is a picture of the browser's, or has an ImageData's fields: where there is no browser, libraries make those. */
export function isImage(value: unknown): value is ImageData | ImageBitmap {
  if (typeof ImageBitmap !== "undefined" && value instanceof ImageBitmap) return true;
  const { width, height, data } = (value ?? {}) as Partial<ImageData>;
  return typeof width === "number" && typeof height === "number" && data instanceof Uint8ClampedArray;
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, size) => all * size, 1);
}

/** Collects the leaves in order and returns the shape, or throws where the nesting is ragged. */
function flatten(value: Nested, into: (number | boolean | bigint)[]): number[] {
  if (!Array.isArray(value)) {
    into.push(value as number | boolean | bigint);
    return [];
  }
  const shapes = (value as readonly Nested[]).map((item) => flatten(item, into));
  const first = shapes[0] ?? [];
  const odd = shapes.find((shape) => shape.length !== first.length || shape.some((size, i) => size !== first[i]));
  if (odd !== undefined) {
    const [expected, got] = first.length && odd.length ? [first[0], odd[0]] : [first.length, odd.length];
    throw mismatch("ragged", `expected sequence of length ${expected} at dim 1 (got ${got})`);
  }
  return [value.length, ...first];
}

function pack(dtype: string, values: readonly (number | boolean | bigint)[]): Uint8Array {
  const packed = packed16(dtype, values) ?? typed(dtype, values);
  return new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
}

function packed16(dtype: string, values: readonly (number | boolean | bigint)[]): Uint16Array | undefined {
  const convert = { bfloat16: toBfloat16, float16: toFloat16 }[dtype];
  return convert === undefined ? undefined : Uint16Array.from(values, (value) => convert(Number(value)));
}

function typed(dtype: string, values: readonly (number | boolean | bigint)[]): TypedArray {
  if (dtype === "bool") return Uint8Array.from(values, (value) => (value ? 1 : 0));
  if (dtype === "int64" || dtype === "uint64") {
    const whole = values.map((value) => {
      if (typeof value === "number" && !Number.isInteger(value)) throw mismatch("dtype", `${value} is no integer, and the dtype is torch.${dtype}`);
      return BigInt(value);
    });
    return dtype === "int64" ? BigInt64Array.from(whole) : BigUint64Array.from(whole);
  }
  const array = arrayOf(dtype)[0] as unknown as { from(values: readonly number[]): TypedArray };
  return array.from(values.map(Number));
}

/** Red, green and blue planes in 0..1; alpha is left out. */
function image(picture: ImageData | ImageBitmap): RawTensor {
  const { width, height } = picture;
  const pixels = "data" in picture ? picture.data : drawn(picture);
  const area = width * height;
  const planes = new Float32Array(3 * area);
  for (let i = 0; i < area; i += 1) {
    for (let channel = 0; channel < 3; channel += 1) planes[channel * area + i] = (pixels[4 * i + channel] as number) / 255;
  }
  return { dtype: "float32", shape: [1, 3, height, width], data: new Uint8Array(planes.buffer) };
}

function drawn(bitmap: ImageBitmap): Uint8ClampedArray {
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  if (context === null) throw mismatch("not_a_tensor", "This browser cannot read the pixels of an ImageBitmap");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height).data;
}
