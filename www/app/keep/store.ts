// Sessions in the browser's own file system (OPFS): a file of what was trained and, once that is whole, a record that names it. A crash
// between the two leaves the record before; each tab has files of its own.
import type { SampleKit, Vocabulary } from "../samples.js";
import type { EpochRow } from "../train/trainer.svelte.js";

/** What it takes to go on where training was. */
export interface Session {
  /** The checkpoint's name. */
  readonly name: string;
  /** "step 412" */
  readonly at: string;
  readonly when: number;
  readonly bytes: number;
  readonly source: string;
  readonly construct: string;
  readonly stateDict: string;
  readonly kit: SampleKit | undefined;
  readonly curve: Curve;
}

/** What training showed. */
export interface Curve {
  readonly steps: readonly number[];
  readonly losses: readonly number[];
  readonly epochs: readonly EpochRow[];
  readonly finished: number;
}

/** A session and its file. */
export interface Kept {
  readonly session: Session;
  readonly file: File;
}

const FOLDER = "sessions";
const OWN = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`.replace(".", "");
const LOCK = "torchtab-session-";
/** What should stay free in the browser's storage. */
const MARGIN = 16 * 1024 * 1024;

let turn = 0;
let worker: Worker | undefined;
/** Files that something open is read from. */
const held = new Set<string>();

export const canKeep = (): boolean => typeof navigator.storage?.getDirectory === "function";

async function folder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
}

async function names(): Promise<string[]> {
  const found: string[] = [];
  const directory = (await folder()) as FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };
  for await (const name of directory.keys()) found.push(name);
  return found;
}

/** Removes the files whose names are asked for; one that is in use stays. */
async function remove(which: (name: string) => boolean): Promise<void> {
  const directory = await folder();
  for (const name of await names()) if (which(name) && !held.has(name)) await directory.removeEntry(name).catch(() => undefined);
}

function written(name: string, blob: Blob): Promise<void> {
  const keeper = (worker ??= new Worker(new URL("./keeper.ts", import.meta.url), { type: "module" }));
  const id = (turn += 1);
  return new Promise((resolve, reject) => {
    const fail = (text: string): void => {
      keeper.terminate();
      if (worker === keeper) worker = undefined;
      reject(new Error(text));
    };
    keeper.onmessage = ({ data }: MessageEvent<{ id: number; wrong?: string }>) => {
      if (data.id === id) data.wrong === undefined ? resolve() : fail(data.wrong);
    };
    keeper.onerror = (event) => fail(event.message || "the worker that writes did not start");
    keeper.postMessage({ id, folder: FOLDER, name, blob });
  });
}

/** Whether there is room; older files of this tab make some. */
async function room(bytes: number): Promise<boolean> {
  const free = async (): Promise<number> => {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? Infinity : quota - (usage ?? 0) - MARGIN;
  };
  if ((await free()) >= bytes) return true;
  await remove((name) => name.startsWith(OWN));
  return (await free()) >= bytes;
}

let locked = false;

/** Keeps a file in place of the one before. */
export async function put(file: Blob, session: Session): Promise<void> {
  if (!locked) {
    locked = true;
    // Held as long as the page lives: other tabs leave these files alone.
    void navigator.locks?.request(LOCK + OWN, () => new Promise(() => undefined)).catch(() => undefined);
  }
  if (!(await room(file.size))) throw new DOMException("no room", "QuotaExceededError");
  const name = `${OWN}.${String(session.when).padStart(15, "0")}`;
  await written(`${name}.model`, file);
  await written(`${name}.json`, new Blob([JSON.stringify(session, plain)]));
  await remove((other) => other.startsWith(OWN) && !other.startsWith(name));
}

/** Forgets what this tab keeps. */
export const clear = (): Promise<void> => remove((name) => name.startsWith(OWN));

/** The newest session that no other living tab is at; older ones go. */
export async function newest(): Promise<Kept | undefined> {
  const directory = await folder();
  const living = new Set(((await navigator.locks?.query())?.held ?? []).map(({ name }) => name?.replace(LOCK, "") ?? ""));
  living.delete(OWN);
  const all = (await names()).filter((name) => !living.has(name.split(".")[0] ?? ""));
  const records = all.filter((name) => name.endsWith(".json")).sort((a, b) => Number(b.split(".")[1]) - Number(a.split(".")[1]));
  let found: (Kept & { name: string }) | undefined;
  for (const record of records) {
    const name = record.replace(/\.json$/, "");
    const session = await read(directory, record);
    const file = await (await directory.getFileHandle(`${name}.model`).catch(() => undefined))?.getFile();
    if (session === undefined || file === undefined || file.size !== session.bytes) continue;
    found = { session, file, name };
    break;
  }
  const keep = found?.name;
  await remove((name) => all.includes(name) && (keep === undefined || !name.startsWith(keep)));
  if (found !== undefined) held.add(`${found.name}.model`);
  return found;
}

/** Forgets what `newest` found. */
export async function forget({ file }: Kept): Promise<void> {
  held.delete(file.name);
  await remove((name) => name.startsWith(file.name.replace(/\.model$/, "")));
}

async function read(directory: FileSystemDirectoryHandle, name: string): Promise<Session | undefined> {
  try {
    return JSON.parse(await (await (await directory.getFileHandle(name)).getFile()).text(), revived) as Session;
  } catch {
    return undefined;
  }
}

/** Vocabularies are maps, which JSON has not. */
function plain(_: string, value: unknown): unknown {
  return value instanceof Map ? { map: [...value] } : value;
}

function revived(key: string, value: unknown): unknown {
  return key === "numbers" ? new Map((value as { map: [string, Vocabulary["unknown"]][] }).map) : value;
}
