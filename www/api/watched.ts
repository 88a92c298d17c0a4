/**
 * Sources whose reads are watched. The module asks for a range, often of many megabytes, and waits for it; meanwhile the bytes that come in are
 * told as progress, an abort ends the read, and what a server answered instead is kept for the caller, whom the module tells only that a read failed.
 * @module
 */
import { aborted, TorchtabError } from "./errors.js";
import { Spliced } from "./remote.js";
import type { Progress } from "./types.js";

/** A local file is read in steps of this many bytes. */
const STEP = 4 * 1024 * 1024;

/** What a call reads: its progress, its abort, and why a read of it failed. */
export class Reading {
  readonly signal: AbortSignal | undefined;
  /** What a server answered to the read that failed. */
  failure: TorchtabError | undefined;
  #tell: ((progress: Progress) => void) | undefined;
  #last: Progress = { phase: "tensors", done: 0, total: 0 };
  #since = 0;

  constructor(signal: AbortSignal | undefined, tell: ((progress: Progress) => void) | undefined) {
    this.signal = signal;
    this.#tell = tell;
  }

  /** What the module tells. */
  readonly progress = (progress: Progress): void => {
    this.#last = progress;
    this.#since = 0;
    this.#tell?.(progress);
  };

  /** How many bytes there are, where that shows only while they come in. */
  expect(total: number): void {
    this.#last = { ...this.#last, total };
  }

  /** Bytes came in, between two words of the module. */
  readonly heard = (count: number): void => {
    this.#since += count;
    const { phase, done, total } = this.#last;
    // A warm-up counts kernels.
    if (phase !== "warm-up") this.#tell?.({ ...this.#last, done: Math.min(done + this.#since, total > 0 ? total : Infinity) });
  };
}

/** A blob that tells whoever reads of it at the time. */
export class Watched extends Blob {
  readonly #source: Blob;
  readonly #reading: () => Reading;

  constructor(source: Blob, reading: () => Reading) {
    super();
    this.#source = source;
    this.#reading = reading;
  }

  override get size(): number {
    return this.#source.size;
  }

  override slice(start?: number, end?: number): Watched {
    return new Watched(this.#source.slice(start, end), this.#reading);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const reading = this.#reading();
    try {
      if (this.#source instanceof Spliced) return await (await this.#source.whole(reading.signal, reading.heard)).arrayBuffer();
      return await stepwise(this.#source, reading);
    } catch (thrown) {
      if (thrown instanceof TorchtabError) reading.failure = thrown;
      throw thrown;
    }
  }
}

async function stepwise(source: Blob, { signal, heard }: Reading): Promise<ArrayBuffer> {
  if (source.size <= STEP) {
    const all = await source.arrayBuffer();
    heard(all.byteLength);
    return all;
  }
  const all = new Uint8Array(source.size);
  for (let at = 0; at < all.length; at += STEP) {
    if (signal?.aborted === true) throw aborted(signal);
    const step = new Uint8Array(await source.slice(at, at + STEP).arrayBuffer());
    all.set(step, at);
    heard(step.length);
  }
  return all.buffer;
}
