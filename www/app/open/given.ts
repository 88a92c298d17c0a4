// Files as they come: from a picker, a drop with folders, the clipboard; with the handle that opens them again, where the browser gives one.

/** A file, the folders that it was in, and its handle. */
export interface Given {
  readonly file: File;
  readonly path: string;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What a drop held, and whether its folders held more than is looked through. */
export interface Taken {
  readonly files: readonly Given[];
  readonly more: boolean;
}

/** A folder that holds more was hardly meant as a model. */
const MAX_FILES = 5000;
const MAX_DEPTH = 12;
/** Folders of tools, not of people. */
const SKIPPED = /^(?:\.|__MACOSX$|__pycache__$|node_modules$)/;

export const chosen = (files: FileList | readonly File[] | null | undefined): Given[] =>
  [...(files ?? [])].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

/** What was dropped, `most` files of it. Entries and handles must be asked for before the event is over, so nothing may be awaited before. */
export async function dropped(transfer: DataTransfer, most = MAX_FILES): Promise<Taken> {
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const parts = items.map((item) => ({
    entry: item.webkitGetAsEntry?.() ?? null,
    file: item.getAsFile(),
    handle: "getAsFileSystemHandle" in item ? (item as HandleItem).getAsFileSystemHandle().catch(() => null) : Promise.resolve(null),
  }));
  const files: Given[] = [];
  let more = false;
  const walk = async (folder: FileSystemDirectoryEntry, depth: number): Promise<void> => {
    const reader = folder.createReader();
    while (!more) {
      // A reader gives a hundred at a time.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const entry of some) {
        if (SKIPPED.test(entry.name)) continue;
        if (files.length >= most || depth > MAX_DEPTH) more = true;
        else if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, depth + 1);
        else files.push({ file: await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)), path: entry.fullPath.replace(/^\//, "") });
      }
    }
  };
  for (const { entry, file, handle } of parts) {
    const kept = await handle;
    if (entry?.isDirectory === true) await walk(entry as FileSystemDirectoryEntry, 1);
    else if (file !== null) files.push({ file, path: file.name, handle: kept?.kind === "file" ? (kept as FileSystemFileHandle) : undefined });
  }
  return { files, more };
}

interface HandleItem {
  getAsFileSystemHandle(): Promise<FileSystemHandle | null>;
}

interface PickerWindow {
  showOpenFilePicker?(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/** The browser's picker that gives handles; undefined where there is none, and the file field serves. */
export async function picked(): Promise<Given[] | undefined> {
  const picker = (window as PickerWindow).showOpenFilePicker;
  if (picker === undefined) return undefined;
  try {
    const handles = await picker.call(window, { multiple: true });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), path: handle.name, handle })));
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") return [];
    throw thrown;
  }
}

export const canPick = (): boolean => (window as PickerWindow).showOpenFilePicker !== undefined;
