// The files in a zip archive: its central directory, and what the browser inflates. For archives of pictures; checkpoints are read in Rust.
import { DataError } from "./set.js";

/** A file in an archive. */
export interface Member {
  readonly path: string;
  read(): Promise<Blob>;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
/** Archives with more files are not pictures by class. */
const MAX_FILES = 200_000;
/** A picture larger than this, unpacked, is none. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Lists an archive's files; folders and what macOS adds are left out. */
export async function members(archive: File): Promise<Member[]> {
  // The directory's end stands in the last 64 KiB: a comment may follow it.
  const tail = new DataView(await archive.slice(Math.max(0, archive.size - 65_557)).arrayBuffer());
  let at = tail.byteLength - 22;
  while (at >= 0 && tail.getUint32(at, true) !== END) at -= 1;
  if (at < 0) throw new DataError(`${archive.name} is no zip archive, or a part of one`);
  const [count, size, start] = [tail.getUint16(at + 10, true), tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  if (count === 0xffff || start === 0xffffffff) throw new DataError(`${archive.name} is a zip64 archive: pack fewer pictures into one`);
  if (count > MAX_FILES) throw new DataError(`${archive.name} has ${count} files, more than ${MAX_FILES}`);
  const directory = new DataView(await archive.slice(start, start + size).arrayBuffer());
  const found: Member[] = [];
  let place = 0;
  for (let i = 0; i < count; i += 1) {
    if (place + 46 > directory.byteLength || directory.getUint32(place, true) !== ENTRY) throw new DataError(`${archive.name}: its directory is damaged`);
    const [name, extra, comment] = [28, 30, 32].map((offset) => directory.getUint16(place + offset, true)) as [number, number, number];
    const method = directory.getUint16(place + 10, true);
    const [packed, unpacked, local] = [20, 24, 42].map((offset) => directory.getUint32(place + offset, true)) as [number, number, number];
    const path = new TextDecoder().decode(new Uint8Array(directory.buffer, place + 46, Math.min(name, directory.byteLength - place - 46)));
    place += 46 + name + extra + comment;
    if (path.endsWith("/") || /(^|\/)(__MACOSX\/|\.)/.test(path)) continue;
    found.push({ path, read: () => unpack(archive, path, { method, packed, unpacked, local }) });
  }
  return found;
}

interface Packed {
  readonly method: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly local: number;
}

async function unpack(archive: File, path: string, { method, packed, unpacked, local }: Packed): Promise<Blob> {
  if (unpacked > MAX_BYTES) throw new DataError(`${path}: ${unpacked} bytes, more than ${MAX_BYTES}`);
  const head = new DataView(await archive.slice(local, local + 30).arrayBuffer());
  if (head.byteLength < 30) throw new DataError(`${path}: the archive ends before it`);
  const start = local + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const body = archive.slice(start, start + packed);
  if (method === 0) return body;
  if (method !== 8) throw new DataError(`${path}: compressed by method ${method}, which browsers do not know`);
  try {
    return await new Response(body.stream().pipeThrough(new DecompressionStream("deflate-raw"))).blob();
  } catch {
    throw new DataError(`${path}: its compressed bytes are damaged`);
  }
}
