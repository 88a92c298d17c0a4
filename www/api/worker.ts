/**
 * The worker: messages in, the host's answers out. Buffers are transferred, not copied.
 * @module
 */
import { toPlain } from "./errors.js";
import { Host } from "./host.js";
import { hold } from "./pulse.js";
import type { Reply, Request } from "./protocol.js";

/** The part of `DedicatedWorkerGlobalScope` used here; TypeScript cannot load its library beside the DOM's. */
interface Scope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as Scope;
const host = new Host();
const running = new Map<number, AbortController>();

/** The buffers inside an answer that travel without a copy: whole ones only, and never wasm's own memory. */
function buffers(value: unknown, found: Set<Transferable> = new Set()): Set<Transferable> {
  if (value instanceof Uint8Array) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer);
  } else if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object" && item !== null) buffers(item, found);
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) if (typeof item === "object" && item !== null) buffers(item, found);
  }
  return found;
}

scope.onmessage = ({ data: request }) => {
  if ("hello" in request) {
    void hold(request.hello).then((holds) => scope.postMessage({ holds }, []));
    return;
  }
  if ("abort" in request) {
    running.get(request.abort)?.abort();
    return;
  }
  const { id, call, takes } = request;
  const controller = new AbortController();
  running.set(id, controller);
  host
    .call(call, takes, { signal: controller.signal, onProgress: (progress) => scope.postMessage({ id, progress }, []) })
    .then(
      (gives) => scope.postMessage({ id, gives }, call === "open" ? [] : [...buffers(gives)]),
      (thrown: unknown) => scope.postMessage({ id, error: toPlain(thrown), ...(host.dead ? { dead: true } : {}) }, []),
    )
    .finally(() => running.delete(id));
};
