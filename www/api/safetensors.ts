/**
 * Files of safetensors, taken apart and put together: eight bytes of a length, a JSON of names, dtypes, shapes and places, then the tensors' bytes.
 * Nothing here reads a tensor: parts are blobs, which stay on the disk.
 * @module
 */
import { fromPlain } from "./errors.js";

/** What the format calls torch's dtypes. */
const DTYPES: { readonly [dtype: string]: string } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
  complex64: "C64",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
};

/** The library's own limit for the JSON in front. */
const MAX_HEADER = 100_000_000;

/** A tensor in a file: what it is, and its bytes. */
export interface Piece {
  readonly name: string;
  /** The format's name of it: `F32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Blob;
}

/** The format's name of a torch dtype; undefined where it has none. */
export function storedAs(dtype: string): string | undefined {
  return DTYPES[dtype];
}

/** The tensors of a file; undefined where it is no sound file of the format: whoever opens it says what is wrong. */
export async function pieces(file: Blob): Promise<Piece[] | undefined> {
  const length = file.size < 8 ? 0 : Number(new DataView(await file.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  if (length === 0 || length > MAX_HEADER || length > file.size - 8) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(await file.slice(8, 8 + length).text());
  } catch {
    return undefined;
  }
  if (typeof header !== "object" || header === null) return undefined;
  const out: Piece[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: place } = (entry ?? {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (typeof dtype !== "string" || !whole(shape) || !whole(place)) return undefined;
    const [start = 0, end = 0] = place;
    if (end < start || end > file.size - 8 - length) return undefined;
    out.push({ name, dtype, shape, bytes: file.slice(8 + length + start, 8 + length + end) });
  }
  return out;
}

/** What stands before the bytes of all pieces in one file. */
export function front(all: readonly Piece[]): Blob {
  const header: { [name: string]: unknown } = Object.create(null) as { [name: string]: unknown };
  header["__metadata__"] = { format: "pt" };
  let at = 0;
  for (const { name, dtype, shape, bytes } of all) {
    if (name in header) {
      throw fromPlain({ kind: "mismatch", code: "shard_twice", message: `Two of the files hold '${name}'`, hint: "Give the parts of one checkpoint only." });
    }
    header[name] = { dtype, shape, data_offsets: [at, (at += bytes.size)] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // Tensors begin at a multiple of eight.
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true);
  padded.set(json, 8);
  return new Blob([padded]);
}

/** One file of all pieces, which are the browser's own blobs. */
export function assembled(all: readonly Piece[]): Blob {
  return new Blob([front(all), ...all.map(({ bytes }) => bytes)]);
}
