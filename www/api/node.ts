/**
 * The same API in Node, on the CPU, in the caller's own thread: paths and file URLs are sources too, read by ranges as files are in the browser.
 * `torchtab` and `torchtab/core` are this module there.
 * @module
 */
import { openAsBlob } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Checkpoint } from "./checkpoint.js";
import { doors } from "./doors.js";
import type { Doors } from "./doors.js";
import { fromPlain } from "./errors.js";
import { fetched } from "./glue.js";
import type { WasmModule } from "./glue.js";
import { Host } from "./host.js";
import type { Model } from "./model.js";
import * as web from "./source.js";
import type { RawSource } from "./rim.js";
import type { LoadOptions, OpenOptions, Source } from "./types.js";

let host: Host | undefined;

/** The module lies on the disk, and Node's fetch knows no file URLs. */
async function readModule(address = new URL("../wasm/torchtab_bg.wasm", import.meta.url).href): Promise<WasmModule> {
  return address.startsWith("file:") ? readFile(new URL(address)) : fetched(address);
}

/** A path of the disk, where a source is one. A drive's letter is no scheme. */
function path(source: Source): string | undefined {
  const address = source instanceof URL ? source.href : source;
  if (typeof address !== "string") return undefined;
  if (address.startsWith("file:")) return fileURLToPath(address);
  return /^[a-z][a-z0-9+.-]+:/i.test(address) ? undefined : address;
}

async function toRawSource(source: Source): Promise<RawSource> {
  const file = path(source);
  if (file === undefined) return web.toRawSource(source);
  try {
    return await openAsBlob(file);
  } catch (cause) {
    const message = `The file could not be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw fromPlain({ kind: "device", code: "file", message, location: file, hint: "Paths are relative to the working directory." }, { cause });
  }
}

const entry: Doors = doors({
  backend(options: OpenOptions) {
    web.refuseWorker(options);
    host ??= new Host(readModule);
    return host;
  },
  toRawSource,
  nameOf(source) {
    const file = path(source);
    return file === undefined ? web.nameOf(source) : basename(file);
  },
  absolute(address) {
    const file = path(address);
    return file === undefined ? String(address) : pathToFileURL(file).href;
  },
});

/** `open`, which takes paths and file URLs besides. */
export function open(source: Source, options?: OpenOptions): Promise<Checkpoint> {
  return entry.open(source, options);
}

/** `openShards`, likewise. */
export function openShards(sources: readonly Source[], options?: OpenOptions): Promise<Checkpoint> {
  return entry.openShards(sources, options);
}

/** `load`, likewise. */
export function load(source: Source, options?: LoadOptions): Promise<Model> {
  return entry.load(source, options);
}

// What is the same everywhere; those above go before those of the same name.
export * from "./core.js";
