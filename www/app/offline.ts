// The service worker's registration, and files that the system opens with the installed page.
import { intake } from "./open/intake.svelte.js";

interface Launch {
  readonly files: readonly FileSystemFileHandle[];
}
declare global {
  interface Window {
    readonly launchQueue?: { setConsumer(consumer: (launch: Launch) => void): void };
  }
}

/** Once the page stands, so that its own first loading has the network for itself. */
export function workOffline(): void {
  if (!import.meta.env.PROD || navigator.serviceWorker === undefined) return;
  const begin = async (): Promise<void> => {
    try {
      await navigator.serviceWorker.register("./sw.js");
      const { active } = await navigator.serviceWorker.ready;
      active?.postMessage("samples");
    } catch {
      // Private windows and odd hosts have none: the page works, online.
    }
  };
  if (document.readyState === "complete") void begin();
  else addEventListener("load", () => void begin(), { once: true });
}

/** A checkpoint that was opened in the system's file manager. */
export function openLaunched(): void {
  window.launchQueue?.setConsumer((launch) => {
    const [handle] = launch.files;
    if (handle === undefined) return;
    void handle.getFile().then((file) => intake.files([{ file, path: file.name, handle }], true));
  });
}
