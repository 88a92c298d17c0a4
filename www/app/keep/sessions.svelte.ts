// What was trained, kept in this browser, so that a crash or a reload loses little. A convenience: the download is what lasts.
import { bytes } from "../format.js";
import { canKeep, clear, forget, newest, put, type Kept, type Session } from "./store.js";

const KEY = "torchtab.keep";

function wanted(): boolean {
  try {
    return localStorage.getItem(KEY) !== "no";
  } catch {
    return true;
  }
}

class Sessions {
  /** A session of before, to go on with. */
  found: Kept | undefined = $state.raw();
  /** Where training was when it was last kept. */
  at: string | undefined = $state();
  /** Why it is not kept. */
  trouble: string | undefined = $state();
  on = $state(wanted());
  #next: { file: Blob; session: Session } | undefined;
  #working: Promise<void> | undefined;

  /** Looks for a session of before. */
  async look(): Promise<void> {
    if (!canKeep()) return;
    await this.#working;
    this.found = await newest().catch(() => undefined);
  }

  /** Keeps a file; while one is being written only the last that comes waits. */
  keep(file: Blob, session: Session): void {
    if (!this.on) return;
    if (!canKeep()) {
      this.trouble = "This browser has no storage for it.";
      return;
    }
    this.#next = { file, session };
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async #work(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      try {
        await put(next.file, next.session);
        this.at = next.session.at;
        this.trouble = undefined;
      } catch (thrown) {
        const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
        this.trouble = /quota/i.test(text)
          ? `The browser's storage has no room for ${bytes(next.file.size)}.`
          : /NotReadable|NotFound/.test(text)
            ? "The file on the disk changed or is gone, and it cannot be copied any more."
            : `The browser refused (${text}).`;
        this.at = undefined;
      }
    }
  }

  /** Forgets what this page kept. */
  async drop(): Promise<void> {
    this.#next = undefined;
    await this.#working;
    this.at = this.trouble = undefined;
    if (canKeep()) await clear().catch(() => undefined);
  }

  /** Forgets the session of before. */
  async forget(): Promise<void> {
    const { found } = this;
    this.found = undefined;
    if (found !== undefined) await forget(found).catch(() => undefined);
  }

  /** The choice is kept. */
  async choose(on: boolean): Promise<void> {
    this.on = on;
    try {
      localStorage.setItem(KEY, on ? "yes" : "no");
    } catch {
      // It counts until the page closes.
    }
    if (!on) await this.drop();
  }
}

export const sessions = new Sessions();
