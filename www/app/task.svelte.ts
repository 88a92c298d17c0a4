// Long work that can be cancelled, and how far it is.
import type { Progress } from "torchtab";

/** Long work that can be cancelled. */
export class Task {
  readonly title: string;
  readonly started: number = performance.now();
  progress: Progress | undefined = $state.raw();
  #controller = new AbortController();

  constructor(title: string) {
    this.title = title;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly onProgress = (progress: Progress): void => {
    this.progress = progress;
  };

  readonly cancel = (): void => this.#controller.abort();
}
