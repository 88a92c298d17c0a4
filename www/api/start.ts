/**
 * Makes workers: the package's own, or one at another address. A page may not run another site's script as a worker, but a script of its own
 * may import one: that is what a page does which takes the package from a CDN.
 * @module
 */
import { UnsupportedError } from "./errors.js";

/** Starts the worker at an absolute address, or the package's own. */
export function start(address?: string): Worker {
  if (typeof Worker === "undefined") {
    throw new UnsupportedError({
      kind: "unsupported",
      code: "no_worker",
      message: "There is no Worker here to run in",
      hint: 'Import from "torchtab/core": it runs in the caller\'s own thread.',
    });
  }
  // Bundlers put a file's place on the builder's disk here, which is no address of another site.
  const own = import.meta.url;
  if (address === undefined && foreign(own)) return imported(own.replace(/[^/]*$/, "worker.js"));
  if (address !== undefined) return foreign(address) ? imported(address) : new Worker(address, { type: "module" });
  // Bundlers look for exactly this expression.
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
}

function foreign(address: string): boolean {
  const { protocol, origin } = new URL(address);
  return /^https?:$/.test(protocol) && origin !== globalThis.location.origin;
}

function imported(address: string): Worker {
  const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" }));
  const worker = new Worker(script, { type: "module" });
  const release = (): void => URL.revokeObjectURL(script);
  // Not before it has been read, which the first message shows.
  for (const event of ["message", "error"]) worker.addEventListener(event, release, { once: true });
  return worker;
}
