/**
 * Files on servers, read by ranges, and what is put together of them: pieces of addresses and of blobs that read as one file, of which nothing is
 * fetched before it is asked for.
 * @module
 */
import { aborted, fromPlain, TorchtabError } from "./errors.js";

/** A piece of a file: bytes at hand, or a range of an address. A message carries it. */
export type Span = Blob | { readonly url: string; readonly start: number; readonly end: number };

/** Hears of bytes as they come in, and of how many there are in all where that is known, else 0. */
export type Heard = (count: number, total: number) => void;

/** What the first request brings: the JSON in front of most files of safetensors. */
const FIRST = 256 * 1024;

/** The largest file that is fetched whole, from a server that knows no ranges: 2 GiB. */
const MAX_WHOLE = 2 ** 31;

/**
 * Spans as one `Blob`. It is one for whoever asks for its size, slices and bytes, as the rim does; what the browser itself makes of blobs (messages,
 * streams, other blobs) would find it empty, and is given {@link Spliced.whole}.
 */
export class Spliced extends Blob {
  readonly spans: readonly Span[];
  readonly #size: number;

  constructor(spans: readonly Span[]) {
    super();
    this.spans = neighbours(spans);
    this.#size = this.spans.reduce((sum, span) => sum + length(span), 0);
  }

  override get size(): number {
    return this.#size;
  }

  override slice(start = 0, end: number = this.#size): Spliced {
    const out: Span[] = [];
    let at = 0;
    for (const span of this.spans) {
      const [from, to] = [Math.max(start - at, 0), Math.min(end - at, length(span))];
      if (from < to) out.push(span instanceof Blob ? span.slice(from, to) : { url: span.url, start: span.start + from, end: span.start + to });
      at += length(span);
    }
    return new Spliced(out);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.whole()).arrayBuffer();
  }

  override async text(): Promise<string> {
    return (await this.whole()).text();
  }

  /** The bytes, in the browser's own keeping. */
  async whole(signal?: AbortSignal, onBytes?: Heard): Promise<Blob> {
    const parts: Blob[] = [];
    for (const span of this.spans) {
      parts.push(span instanceof Blob ? span : await fetched(span, signal, onBytes));
      if (span instanceof Blob) onBytes?.(span.size, this.#size);
    }
    return new Blob(parts);
  }
}

async function fetched({ url, start, end }: Exclude<Span, Blob>, signal?: AbortSignal, onBytes?: Heard): Promise<Blob> {
  const got = await fetchRange(url, start, end, signal, onBytes);
  return got.size === end - start ? got : got.slice(start, end);
}

function length(span: Span): number {
  return span instanceof Blob ? span.size : span.end - span.start;
}

/** Ranges that follow each other in one file, as one: so they are one request. */
function neighbours(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    const joins = last !== undefined && !(last instanceof Blob) && !(span instanceof Blob) && last.url === span.url && last.end === span.start;
    if (joins) out[out.length - 1] = { url: last.url, start: last.start, end: span.end };
    else if (length(span) > 0) out.push(span);
  }
  return out;
}

/** A range of an address; from a server that knows no ranges the whole file, which is larger. */
export async function fetchRange(url: string, start: number, end: number, signal?: AbortSignal, onBytes?: Heard): Promise<Blob> {
  const response = await ask(url, signal, { Range: `bytes=${start}-${end - 1}` });
  const got = await download(response, url, signal, onBytes);
  if ((response.status === 206 && got.size === end - start) || (response.status === 200 && got.size >= end)) return got;
  throw fromPlain({
    kind: "malformed",
    code: "source_changed",
    message: `The file on the server changed while it was read: it answered ${response.status} with ${got.size} bytes for bytes ${start} to ${end}`,
    location: url,
    hint: "Download the file and open it from the disk.",
  });
}

/** A file by its address, its beginning fetched; whole where the server answers no ranges, or hides how long the file is. */
export async function remote(url: string, signal?: AbortSignal, onBytes?: Heard): Promise<Blob> {
  const response = await ask(url, signal, { Range: `bytes=0-${FIRST - 1}` });
  if (response.status === 416) return new Blob();
  if (response.status !== 206) return download(response, url, signal, onBytes);
  const first = await download(response, url, signal, onBytes);
  const [, said] = /\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "") ?? [];
  // Another site's Content-Range is hidden unless the server exposes it; Content-Length is not.
  const total = Number(said ?? (await ask(url, signal, {}, "HEAD")).headers.get("Content-Length"));
  if (!Number.isSafeInteger(total) || total < first.size) return download(await ask(url, signal), url, signal, onBytes);
  return new Spliced([first, { url, start: first.size, end: total }]);
}

/** A request; what keeps it from being answered is explained. */
async function ask(url: string, signal: AbortSignal | undefined, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  const response = await fetch(url, { method, headers, ...(signal === undefined ? {} : { signal }) }).catch((cause: unknown) => {
    if (signal?.aborted === true) throw aborted(signal);
    const hint = "The server may be down, or not allow other sites to read the file (CORS): download it and open it from the disk.";
    throw fromPlain({ kind: "device", code: "fetch", message: "The file could not be fetched", location: url, hint }, { cause });
  });
  // Of an empty file there is no range.
  if (response.ok || (response.status === 416 && response.headers.get("Content-Range") === "bytes */0")) return response;
  const hint = "Look whether the address is right, or download the file and open it from the disk.";
  throw fromPlain({ kind: "device", code: "http", message: `The server answered ${response.status} ${response.statusText}`.trimEnd(), location: url, hint });
}

/** An answer to its end. */
async function download(response: Response, url: string, signal: AbortSignal | undefined, onBytes?: Heard): Promise<Blob> {
  const total = Number(response.headers.get("Content-Length") ?? 0);
  let done = 0;
  const limited = (size: number): void => {
    if (size <= MAX_WHOLE) return;
    const hint = "The server does not answer Range requests: download the file and open it from the disk.";
    throw fromPlain({ kind: "too_large", code: "too_large", message: `A file read without ranges is ${size}; the limit is ${MAX_WHOLE}`, location: url, hint });
  };
  limited(total);
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      limited((done += chunk.length));
      onBytes?.(chunk.length, total);
      controller.enqueue(chunk);
    },
  });
  try {
    return await new Response(response.body?.pipeThrough(counted) ?? null).blob();
  } catch (cause) {
    if (signal?.aborted === true) throw aborted(signal);
    if (cause instanceof TorchtabError) throw cause;
    throw fromPlain({ kind: "device", code: "fetch", message: "The connection ended before the file did", location: url, hint: "Open it again." }, { cause });
  }
}
