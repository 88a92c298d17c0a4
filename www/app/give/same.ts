// Saving to the file that was opened, where the browser gave its handle (File System Access: Chromium).

interface Writable {
  createWritable(): Promise<WritableStream>;
  queryPermission?(asked: { mode: "readwrite" }): Promise<PermissionState>;
  requestPermission?(asked: { mode: "readwrite" }): Promise<PermissionState>;
}

export const canWrite = (handle: FileSystemFileHandle | undefined): boolean => handle !== undefined && "createWritable" in handle;

/** Asks for leave to write; to be called while the press that asked for it is fresh. */
export async function allowed(handle: FileSystemFileHandle): Promise<boolean> {
  const file = handle as unknown as Writable;
  const asked = { mode: "readwrite" } as const;
  if ((await file.queryPermission?.(asked)) === "granted") return true;
  return ((await file.requestPermission?.(asked)) ?? "granted") === "granted";
}

/**
 * Writes the file anew and gives it as it is then. The browser writes beside it and swaps at the end, so what was cut off or refused leaves the
 * old file, and what is written may be made of parts of it.
 */
export async function writeBack(handle: FileSystemFileHandle, blob: Blob, signal: AbortSignal): Promise<File> {
  const to = await (handle as unknown as Writable).createWritable();
  await blob.stream().pipeTo(to, { signal });
  return handle.getFile();
}
