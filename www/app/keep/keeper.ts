// The worker that writes into the browser's own file system: only there do all browsers write files, in pieces and without a copy in memory.

interface Order {
  readonly id: number;
  readonly folder: string;
  readonly name: string;
  readonly blob: Blob;
}

interface SyncHandle {
  truncate(size: number): void;
  write(bytes: Uint8Array, options: { at: number }): number;
  flush(): void;
  close(): void;
}
interface Scope {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(answer: { id: number; wrong?: string }): void;
}
const scope = globalThis as unknown as Scope;

async function write({ folder, name, blob }: Order): Promise<void> {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle(folder, { create: true });
  const file = (await directory.getFileHandle(name, { create: true })) as FileSystemFileHandle & { createSyncAccessHandle(): Promise<SyncHandle> };
  const handle = await file.createSyncAccessHandle();
  try {
    handle.truncate(0);
    let at = 0;
    const reader = blob.stream().getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const wrote = handle.write(value, { at });
      if (wrote < value.byteLength) throw new DOMException("The storage took only a part", "QuotaExceededError");
      at += wrote;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

scope.onmessage = ({ data }) => {
  write(data).then(
    () => scope.postMessage({ id: data.id }),
    (thrown: unknown) => scope.postMessage({ id: data.id, wrong: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) }),
  );
};
