/**
 * The page's side of the worker: starts it with the first call, notices its death, even a silent one, starts another for the next `open`. Callers
 * may say where the worker's script is, or bring a worker.
 * @module
 */
import { aborted, fromPlain } from "./errors.js";
import type { TorchtabError } from "./errors.js";
import type { Backend, CallName, Calls, Reply, Request } from "./protocol.js";
import { mourn } from "./pulse.js";
import { absolute } from "./source.js";
import { start } from "./start.js";
import type { OpenOptions, Progress } from "./types.js";

/** A call that waits for its answer. */
interface Waiting {
  readonly resolve: (gives: unknown) => void;
  readonly reject: (error: TorchtabError) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** How long an empty worker is kept: wasm memory never shrinks, so ending it is how memory is given back. */
const IDLE_MS = 15_000;

/** How long a worker that a caller brings may be silent at first: another script than the package's never answers. */
const SILENCE_MS = 20_000;

const AGAIN = "Open the file again: that starts a new worker.";
const FOREIGN = 'A worker that is brought runs "torchtab/worker", or a script that imports it.';
const UNHEARD = "Its script may be missing (worker says where it is), or the page's policy may forbid it (CSP worker-src).";

function died(message: string, hint = AGAIN): TorchtabError {
  return fromPlain({ kind: "device", code: "worker_died", message, hint });
}

/** One worker, until it dies. */
class WorkerBackend implements Backend {
  #worker: Worker;
  #waiting = new Map<number, Waiting>();
  #calls = 0;
  #open = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #ours: boolean;
  #heard = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  /** Ends the wait for the worker's end. */
  #vigil = new AbortController();
  /** The lock that the worker holds while it lives. */
  readonly #pulse = `torchtab-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  /** Why no call can succeed any more. */
  death: TorchtabError | undefined;

  constructor(worker: string | Worker | undefined) {
    this.#ours = worker === undefined || typeof worker === "string";
    this.#worker = worker === undefined || typeof worker === "string" ? start(worker) : worker;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => this.#answer(data));
    this.#worker.addEventListener("messageerror", () => this.#die(died("A message of the worker could not be read")));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (event.message) this.#die(died(`The worker stopped: ${event.message}`, this.#heard ? AGAIN : UNHEARD));
      else this.#die(died("The worker could not be started", UNHEARD));
    });
    this.#send({ hello: this.#pulse }, []);
  }

  call<K extends CallName>(
    call: K,
    takes: Calls[K]["takes"],
    options: { signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined; transfer?: Transferable[] } = {},
  ): Promise<Calls[K]["gives"]> {
    const { signal, onProgress, transfer = [] } = options;
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    if (this.death !== undefined) return call === "free" ? Promise.resolve(null as Calls[K]["gives"]) : Promise.reject(this.death);
    clearTimeout(this.#idle);
    this.#listen();
    const id = ++this.#calls;
    return new Promise<Calls[K]["gives"]>((resolve, reject) => {
      const onAbort = (): void => {
        this.#send({ abort: id }, []);
        reject(aborted(signal as AbortSignal));
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const settle = (): void => {
        signal?.removeEventListener("abort", onAbort);
        this.#rest();
      };
      this.#waiting.set(id, {
        onProgress: (progress) => {
          if (signal?.aborted !== true) onProgress?.(progress);
        },
        resolve: (gives) => {
          if (call === "open" || call === "build") {
            this.#open += 1;
            // The caller has been told of the abort and will never dispose what came all the same.
            if (signal?.aborted === true) void this.call("free", { handle: (gives as { handle: number }).handle });
          }
          if (call === "free") this.#open -= 1;
          settle();
          resolve(gives as Calls[K]["gives"]);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      this.#send({ id, call, takes } as Request, transfer);
    });
  }

  #send(request: Request, transfer: Transferable[]): void {
    this.#worker.postMessage(request, transfer);
  }

  /** A worker of ours that does not start has an error event; one that was brought may be anything. */
  #listen(): void {
    if (this.#ours || this.#heard || this.#silence !== undefined) return;
    this.#silence = setTimeout(() => {
      this.#silence = undefined;
      if (!this.#heard) this.#refuse(died(`The worker that was brought did not answer in ${SILENCE_MS / 1000} seconds`, FOREIGN));
    }, SILENCE_MS);
  }

  #answer(reply: Reply): void {
    if (!this.#heard) {
      this.#heard = true;
      clearTimeout(this.#silence);
    }
    if ("holds" in reply) {
      if (reply.holds) mourn(this.#pulse, () => this.#die(died("The worker was ended, by the browser or by the page")), this.#vigil.signal);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ("progress" in reply) {
      waiting.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if ("gives" in reply) {
      waiting.resolve(reply.gives);
      return;
    }
    const error = fromPlain(reply.error);
    waiting.reject(error);
    if (reply.dead === true) this.#die(error.code === "worker_died" ? error : died(error.message));
  }

  #die(error: TorchtabError): void {
    if (this.death !== undefined) return;
    this.death = error;
    if (this.#ours) this.#worker.terminate();
    clearTimeout(this.#idle);
    this.#vigil.abort();
    this.#refuse(error);
  }

  /** Every call that waits ends with the error. */
  #refuse(error: TorchtabError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  #rest(): void {
    clearTimeout(this.#idle);
    if (!this.#ours || this.#open > 0 || this.#waiting.size > 0 || this.death !== undefined) return;
    this.#idle = setTimeout(() => this.#die(died("The worker was closed when nothing was open any more")), IDLE_MS);
  }
}

/** The workers that were started here, by their address; the package's own has none. */
const started = new Map<string | undefined, WorkerBackend>();
/** The callers' own. */
const brought = new WeakMap<Worker, WorkerBackend>();

/** The worker that the next checkpoint opens in: the living one, or a new one. A caller's own is never replaced. */
export function worker({ worker }: OpenOptions): Backend {
  if (worker !== undefined && typeof worker !== "string" && !(worker instanceof URL)) {
    let backend = brought.get(worker);
    if (backend === undefined) brought.set(worker, (backend = new WorkerBackend(worker)));
    return backend;
  }
  const address = worker === undefined ? undefined : absolute(worker);
  let backend = started.get(address);
  if (backend === undefined || backend.death !== undefined) started.set(address, (backend = new WorkerBackend(address)));
  return backend;
}
