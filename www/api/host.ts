/**
 * Carries calls out on the wasm rim, one at a time: wasm-bindgen objects must not be entered while one of their methods awaits,
 * so all calls stand in one promise chain.
 * @module
 */
import { aborted, fromPlain, isTrap, toPlain } from "./errors.js";
import { fetched, rim } from "./glue.js";
import type { WasmModule } from "./glue.js";
import { remote, Spliced } from "./remote.js";
import type { Backend, Built, CallName, Calls, Handle } from "./protocol.js";
import type { RawSource, RimCheckpoint, RimModel } from "./rim.js";
import type { Progress } from "./types.js";
import { Reading, Watched } from "./watched.js";

/** What a call may use besides its arguments. */
interface Context {
  readonly signal?: AbortSignal | undefined;
  readonly progress: (progress: Progress) => void;
}

/** Runs calls in the thread it lives in. */
export class Host implements Backend {
  /** Whether the module trapped: every later call would meet broken memory. */
  dead = false;
  #checkpoints = new Map<Handle, RimCheckpoint>();
  #models = new Map<Handle, RimModel>();
  #handles = 0;
  #tail: Promise<unknown> = Promise.resolve();
  /** What the call that is under way reads. */
  #reading = new Reading(undefined, undefined);
  #module: (wasmUrl?: string) => Promise<WasmModule>;

  /** `module` finds the WebAssembly module, at an address or in the package. */
  constructor(module: (wasmUrl?: string) => Promise<WasmModule> = fetched) {
    this.#module = module;
  }

  call<K extends CallName>(
    call: K,
    takes: Calls[K]["takes"],
    options: { signal?: AbortSignal | undefined; onProgress?: ((progress: Progress) => void) | undefined } = {},
  ): Promise<Calls[K]["gives"]> {
    const job = async (): Promise<Calls[K]["gives"]> => {
      if (this.dead) {
        throw fromPlain({ kind: "device", code: "worker_died", message: "The WebAssembly module stopped earlier", hint: "Load the page again." });
      }
      if (options.signal?.aborted === true) throw aborted(options.signal);
      const reading = (this.#reading = new Reading(options.signal, options.onProgress));
      try {
        return await this.#calls[call](takes, { signal: options.signal, progress: reading.progress });
      } catch (thrown) {
        if (isTrap(thrown)) this.dead = true;
        const told = toPlain(thrown);
        const { failure } = reading;
        const plain = failure !== undefined && told.message.includes(failure.message) ? failure.plain() : told;
        if (plain.kind === "aborted" && options.signal !== undefined) throw aborted(options.signal);
        throw fromPlain(plain, { cause: thrown });
      }
    };
    const result = this.#tail.then(job);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  #calls: { [K in CallName]: (takes: Calls[K]["takes"], context: Context) => Promise<Calls[K]["gives"]> } = {
    open: async ({ source, name, wasmUrl }, { progress, signal }) => {
      const Checkpoint = await rim(() => this.#module(wasmUrl));
      const blob = await this.#blob(source);
      const called = name ?? (source instanceof File ? source.name : undefined);
      const opened = await Checkpoint.open(blob, called === undefined ? {} : { name: called }, progress, signal);
      return { handle: this.#keep(this.#checkpoints, opened), description: opened.describe() };
    },
    tensor: ({ handle, name }) => this.#checkpoint(handle).tensor(name),
    code: async ({ handle }) => this.#checkpoint(handle).code(),
    slice: ({ handle, name, indices }) => this.#checkpoint(handle).slice(name, indices),
    compare: ({ handle, other }, { progress, signal }) => this.#checkpoint(handle).compare(this.#checkpoint(other), progress, signal),
    stats: ({ handle, name, bins }, { progress, signal }) =>
      this.#checkpoint(handle).stats(name, bins === undefined ? {} : { bins }, progress, signal),
    propose: async ({ handle, stateDict }) => this.#checkpoint(handle).propose(stateDict),
    build: async ({ handle, options }, { progress, signal }): Promise<Built> => {
      const model = await this.#checkpoint(handle).build(options, progress, signal);
      return {
        handle: this.#keep(this.#models, model),
        device: model.device,
        recognised: model.recognised,
        training: model.training,
        missingKeys: model.missingKeys,
        unexpectedKeys: model.unexpectedKeys,
        construct: model.construct,
        optimizer: model.optimizer() ?? null,
      };
    },
    inputs: async ({ handle }) => this.#model(handle).inputs(),
    mode: async ({ handle, training }) => {
      const model = this.#model(handle);
      if (training) model.train();
      else model.eval();
      return model.training;
    },
    to: ({ handle, device }, { progress, signal }) => this.#model(handle).to(device, progress, signal),
    run: ({ handle, inputs }, { signal }) => this.#model(handle).run(inputs, signal),
    summary: async ({ handle, inputShapes }) => this.#model(handle).summary(inputShapes),
    graph: async ({ handle, inputShapes }) => this.#model(handle).graph(inputShapes),
    stateDict: ({ handle }) => this.#model(handle).stateDict(),
    set: async ({ handle, name, tensor }) => {
      await this.#model(handle).set(name, tensor);
      return null;
    },
    prepare: ({ handle, options }) => this.#model(handle).prepare(options),
    trainingMemory: ({ handle, data }) => this.#model(handle).trainingMemory(data),
    step: ({ handle, data }, { signal }) => this.#model(handle).step(data, signal),
    schedulerStep: ({ handle, metric }) => this.#model(handle).schedulerStep(metric),
    fitBegin: ({ handle, data, validation, fit, options }) => this.#model(handle).fitBegin(data, validation, fit, options),
    fitNext: ({ handle }, { signal }) => this.#model(handle).fitNext(signal),
    fitStop: ({ handle, best }) => this.#model(handle).fitStop(best),
    evaluate: ({ handle, data, batchSize }, { signal }) => this.#model(handle).evaluate(data, batchSize, signal),
    optimizer: async ({ handle }) => this.#model(handle).optimizer() ?? null,
    diff: ({ handle }) => this.#model(handle).diff(),
    revert: async ({ handle }) => {
      await this.#model(handle).revert();
      return null;
    },
    save: ({ handle, options }, { progress, signal }) => this.#model(handle).save(options, progress, signal),
    free: async ({ handle }) => {
      this.#checkpoints.get(handle)?.free();
      this.#models.get(handle)?.free();
      this.#checkpoints.delete(handle);
      this.#models.delete(handle);
      return null;
    },
  };

  /** A source as the module reads it. */
  async #blob(source: RawSource): Promise<Blob> {
    const reading = this.#reading;
    if (source instanceof Blob) return new Watched(source, () => this.#reading);
    if ("spans" in source) return new Watched(new Spliced(source.spans), () => this.#reading);
    reading.progress({ phase: "directory", done: 0, total: 0, detail: "download" });
    const blob = await remote(source.url, reading.signal, (count, total) => {
      reading.expect(total);
      reading.heard(count);
    });
    return new Watched(blob, () => this.#reading);
  }

  #keep<T>(table: Map<Handle, T>, object: T): Handle {
    table.set(++this.#handles, object);
    return this.#handles;
  }

  #checkpoint(handle: Handle): RimCheckpoint {
    return held(this.#checkpoints.get(handle), "checkpoint");
  }

  #model(handle: Handle): RimModel {
    return held(this.#models.get(handle), "model");
  }
}

function held<T>(object: T | undefined, what: string): T {
  if (object === undefined) throw fromPlain({ kind: "mismatch", code: "disposed", message: `This ${what} was disposed` });
  return object;
}
