/**
 * Sources as a worker can hold them, and their ranges for saving.
 * @module
 */
import { fromPlain } from "./errors.js";
import type { RawSource, SavePart } from "./rim.js";
import type { OpenOptions, Source } from "./types.js";

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

/**
 * The saved file: slices of the source, which the browser reads from disk when it writes, between the bytes that changed.
 * Ranges of a URL are fetched.
 */
export async function assemble(source: RawSource, parts: readonly SavePart[], signal?: AbortSignal): Promise<BlobPart[]> {
  const out: BlobPart[] = [];
  let whole: Blob | undefined;
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      out.push(part as Uint8Array<ArrayBuffer>);
      continue;
    }
    const [start, end] = part;
    if (source instanceof Blob) out.push(source.slice(start, end));
    else if (whole !== undefined) out.push(whole.slice(start, end));
    else if (end > start) {
      const got = await fetchRange(source.url, start, end, signal);
      if (got.size === end - start) {
        out.push(got);
      } else {
        whole = got;
        out.push(whole.slice(start, end));
      }
    }
  }
  return out;
}

async function fetchRange(url: string, start: number, end: number, signal?: AbortSignal): Promise<Blob> {
  const response = await fetch(url, { headers: { Range: `bytes=${start}-${end - 1}` }, ...(signal === undefined ? {} : { signal }) });
  const got = await response.blob();
  // 206 brings the range; 200 the whole file, from a server that knows no ranges.
  if ((response.status === 206 && got.size === end - start) || (response.status === 200 && got.size >= end)) return got;
  throw fromPlain({
    kind: "malformed",
    code: "source_changed",
    message: `The server answered ${response.status} with ${got.size} bytes for bytes ${start} to ${end}`,
    location: url,
    hint: "Download the file and open it from the disk.",
  });
}
