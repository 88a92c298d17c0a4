// What was opened lately, to open again. The list (names, addresses, times) stands in localStorage, so that it is there with the first paint;
// file handles, which only Chromium gives, in IndexedDB. Both stay on the device, and each entry can be forgotten.

export type Recent = { readonly key: string; readonly name: string; readonly at: number; readonly bytes?: number | undefined } & (
  | { readonly kind: "file" }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "sample"; readonly sample: string }
);

/** What to remember; its key and time are added here. */
export type Remembered = { readonly name: string; readonly bytes?: number | undefined } & (
  | { readonly kind: "file"; readonly handle: FileSystemFileHandle }
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "sample"; readonly sample: string }
);

const KEY = "torchtab.recent";
const STORE = "handles";
const MOST = 8;

export function recent(): Recent[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((entry: Recent) => typeof entry?.key === "string" && typeof entry.name === "string") : [];
  } catch {
    return [];
  }
}

/** Puts something first. A browser that keeps nothing is no error. */
export async function remember(what: Remembered): Promise<Recent[]> {
  const others = recent();
  const { name, bytes, kind } = what;
  try {
    const common = { name, bytes, at: Date.now() };
    let entry: Recent;
    if (kind === "file") {
      const key = (await sameFile(others, what.handle)) ?? `file:${crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`}`;
      await handles("readwrite", (store) => store.put(what.handle, key));
      entry = { ...common, key, kind };
    } else if (kind === "url") entry = { ...common, key: `url:${what.url}`, kind, url: what.url };
    else entry = { ...common, key: `sample:${what.sample}`, kind, sample: what.sample };
    return await write([entry, ...others.filter(({ key }) => key !== entry.key)]);
  } catch {
    return others;
  }
}

export function forget(key: string): Promise<Recent[]> {
  return write(recent().filter((entry) => entry.key !== key));
}

export function forgetAll(): Promise<Recent[]> {
  return write([]);
}

/** The file itself, after the browser has asked where it must. */
export async function reopened(key: string): Promise<{ file: File; handle: FileSystemFileHandle } | undefined> {
  const handle = (await handles("readonly", (store) => store.get(key))) as (FileSystemFileHandle & Partial<Permits>) | undefined;
  if (handle === undefined) return undefined;
  const asked = { mode: "read" } as const;
  if ((await handle.queryPermission?.(asked)) !== "granted" && (await handle.requestPermission?.(asked)) === "denied") return undefined;
  return { file: await handle.getFile(), handle };
}

/** Chromium's, which TypeScript's own types lack. */
interface Permits {
  queryPermission(asked: { mode: "read" }): Promise<PermissionState>;
  requestPermission(asked: { mode: "read" }): Promise<PermissionState>;
}

async function sameFile(entries: readonly Recent[], handle: FileSystemFileHandle): Promise<string | undefined> {
  for (const { key, kind } of entries) {
    if (kind !== "file") continue;
    const kept = (await handles("readonly", (store) => store.get(key))) as FileSystemFileHandle | undefined;
    if (kept !== undefined && (await kept.isSameEntry(handle))) return key;
  }
  return undefined;
}

async function write(entries: readonly Recent[]): Promise<Recent[]> {
  const kept = entries.slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
    const keys = new Set(kept.map(({ key }) => key));
    await handles("readwrite", (store) => {
      const all = store.getAllKeys();
      all.onsuccess = () => all.result.filter((key) => !keys.has(String(key))).forEach((key) => store.delete(key));
      return all;
    });
  } catch {
    // What cannot be kept is shown until the page closes.
  }
  return kept;
}

/** One transaction on the handles. */
async function handles(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const opening = indexedDB.open("torchtab-recent", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = (await settled(opening)) as IDBDatabase;
  try {
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new DOMException("The store refused"));
    });
    return request.result;
  } finally {
    database.close();
  }
}

function settled(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("The store did not open"));
  });
}
