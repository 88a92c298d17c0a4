/**
 * Sources as a worker can hold them, and their ranges for saving.
 * @module
 */
import { fromPlain } from "./errors.js";
import { fetchRange, Spliced } from "./remote.js";
import type { Heard } from "./remote.js";
import type { RawSource, SavePart } from "./rim.js";
import type { CallOptions, OpenOptions, Source } from "./types.js";

/** A source as the rim takes it: a `Blob` stays on disk; a URL becomes absolute. */
export function toRawSource(source: Source): RawSource {
  if (source instanceof Blob) return source;
  if (source instanceof ArrayBuffer) return new Blob([source]);
  if (ArrayBuffer.isView(source)) return new Blob([source as Uint8Array<ArrayBuffer>]);
  if (source instanceof URL || typeof source === "string") return { url: absolute(source) };
  throw fromPlain({ kind: "mismatch", code: "source", message: "A source is a File, Blob, ArrayBuffer, Uint8Array, URL or a URL's text" });
}

/** An address as every thread understands it: relative ones are relative to the page. */
export function absolute(address: string | URL): string {
  try {
    return new URL(address, (globalThis as { location?: Location }).location?.href).href;
  } catch (cause) {
    throw fromPlain({ kind: "mismatch", code: "source", message: `'${address}' is no URL`, hint: "Give a File, a Blob, bytes or an address." }, { cause });
  }
}

/** The caller's own thread has no use for a worker. */
export function refuseWorker({ worker }: OpenOptions): void {
  if (worker === undefined) return;
  const message = "These calls run in the caller's own thread, without a worker";
  throw fromPlain({ kind: "mismatch", code: "argument", message, location: "worker", hint: 'Leave worker out, or import from "torchtab".' });
}

/** The name a source has of its own. */
export function nameOf(source: Source): string | undefined {
  if (typeof File !== "undefined" && source instanceof File) return source.name;
  if (source instanceof URL) return fileName(source.pathname);
  if (typeof source === "string") return fileName(source.split(/[?#]/)[0] ?? "");
  return undefined;
}

function fileName(path: string): string | undefined {
  return path.split("/").at(-1) || undefined;
}

/** Ranges of a URL no farther apart than this are fetched as one: a request costs more than the bytes between them. */
const NEAR = 256 * 1024;

/** Where joining ends: what one request brings is held at once. */
const MOST = 64 * 1024 * 1024;

/**
 * The saved file: slices of the source, which the browser reads from disk when it writes, between the bytes that changed.
 * Ranges of a URL are fetched.
 */
export async function assemble(source: RawSource, parts: readonly SavePart[], { signal, onProgress }: CallOptions): Promise<BlobPart[]> {
  const slice = source instanceof Blob ? (start: number, end: number) => source.slice(start, end) : await fetchSlices(source, parts, { signal, onProgress });
  return parts
    .filter((part) => part instanceof Uint8Array || part[1] > part[0])
    .map((part) => (part instanceof Uint8Array ? (part as Uint8Array<ArrayBuffer>) : slice(part[0], part[1])));
}

/** Fetches every range of the parts; gives what slices them. A server that knows no ranges sends the whole file, once. */
async function fetchSlices(source: Exclude<RawSource, Blob>, parts: readonly SavePart[], { signal, onProgress }: CallOptions): Promise<(start: number, end: number) => Blob> {
  const ranges = joined(parts);
  const total = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  let done = 0;
  const heard: Heard = (count) => onProgress?.({ phase: "save", done: Math.min((done += count), total), total });
  const read = (start: number, end: number): Promise<Blob> =>
    "url" in source ? fetchRange(source.url, start, end, signal, heard) : new Spliced(source.spans).slice(start, end).whole(signal, heard);
  const fetched: { start: number; end: number; blob: Blob }[] = [];
  for (const [start, end] of ranges) {
    const blob = await read(start, end);
    if (blob.size !== end - start) return (from, to) => blob.slice(from, to);
    fetched.push({ start, end, blob });
  }
  return (from, to) => {
    const span = fetched.find(({ start, end }) => start <= from && to <= end);
    if (span === undefined) throw new RangeError(`bytes ${from} to ${to} were not fetched`);
    return span.blob.slice(from - span.start, to - span.start);
  };
}

/** The ranges among the parts, in the file's order, those that lie near each other as one. */
function joined(parts: readonly SavePart[]): [number, number][] {
  const out: [number, number][] = [];
  const ranges = parts.filter((part): part is Exclude<SavePart, Uint8Array> => !(part instanceof Uint8Array) && part[1] > part[0]);
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const last = out.at(-1);
    // What lies inside the last one is there already.
    if (last !== undefined && (end <= last[1] || (start <= last[1] + NEAR && end - last[0] <= MOST))) last[1] = Math.max(last[1], end);
    else out.push([start, end]);
  }
  return out;
}
