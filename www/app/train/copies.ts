// Files of what is trained, made outside of the worker's memory while it trains: to go on from when the worker dies.
import type { Model, SavedFile } from "torchtab";

/** A file is made at most this often, in milliseconds, and takes at most a twentieth of the time. */
const EVERY = 8000;

/** Makes copies of a model, not so often that it would take long. */
export class Copies {
  #made = 0;
  #took = 0;

  /** A copy, if it is time for one or `now` asks for it. */
  async make(model: Model, now: boolean): Promise<SavedFile | undefined> {
    const began = performance.now();
    if (!now && began - this.#made < Math.max(EVERY, 20 * this.#took)) return undefined;
    try {
      const file = await model.save(model.checkpoint.format === "safetensors" ? { format: "safetensors" } : { format: "pth", as: "same" });
      this.#made = performance.now();
      this.#took = this.#made - began;
      return file;
    } catch {
      // A copy is a convenience; the next one may succeed.
      return undefined;
    }
  }
}
