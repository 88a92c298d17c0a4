/**
 * Whether a worker lives. A browser that ends one, for want of memory say, tells nobody, and one that computes does not answer. But a lock that a
 * worker holds comes free when it is gone, however it went: the page stands in line for it.
 * @module
 */

/** `navigator.locks`; pages that are not served securely have none, and hear of a worker's end by its error event alone. */
const locks = (): LockManager | undefined => (globalThis.navigator as Partial<Navigator> | undefined)?.locks;

/** In the worker: takes the lock, for good. Gives whether it is held: a sandbox refuses locks, and the worker works all the same. */
export function hold(name: string): Promise<boolean> {
  return new Promise((told) => {
    const asked = locks()?.request(name, () => {
      told(true);
      return new Promise<never>(() => undefined);
    });
    if (asked === undefined) told(false);
    else asked.catch(() => told(false));
  });
}

/** In the page, once the worker holds it: calls when the lock comes free. The signal ends the wait. */
export function mourn(name: string, gone: () => void, signal: AbortSignal): void {
  locks()
    ?.request(name, { signal }, gone)
    .catch(() => undefined);
}
