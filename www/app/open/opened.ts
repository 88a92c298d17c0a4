// How the page opens what it was given: one file or address, or the parts of one checkpoint.
import { open, openShards, type CallOptions, type Checkpoint, type Source } from "torchtab";
import { problem } from "../problem.js";
import { behindPointer, isPointer } from "./address.js";

/** A source, or all parts of one. */
export type Given = Source | readonly (File | URL)[];

export const INDEX = /\.index\.json$/;

/** What it is called while it opens. */
export function titleOf(source: Given): string {
  if (source instanceof File) return source.name;
  if (source instanceof URL) return source.href;
  return Array.isArray(source) ? `${source.length} files` : "checkpoint";
}

/** Opens; where an address holds a pointer of Git LFS and tells where the file is, the file; an index of parts with its parts. */
export async function opened(source: Given, options: CallOptions & { readonly signal: AbortSignal }): Promise<Checkpoint> {
  if (isParts(source)) return openShards(source, options);
  if (source instanceof URL && INDEX.test(source.pathname)) return openShards([source], options);
  try {
    return await open(source, options);
  } catch (thrown) {
    const file = source instanceof URL ? behindPointer(source) : undefined;
    const pointer = file !== undefined && problem(thrown)?.code === "not_a_checkpoint" && (await isPointer(source as URL, options.signal).catch(() => false));
    if (!pointer) throw thrown;
    return open(file, options);
  }
}

function isParts(source: Given): source is readonly (File | URL)[] {
  return Array.isArray(source);
}
