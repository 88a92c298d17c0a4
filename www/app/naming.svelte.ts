// Names of the classes, for all who show or teach them: those of a file that was given go first, then the sample's, the checkpoint's own.
import type { Checkpoint } from "torchtab";
import { labelsIn } from "./labels.js";
import type { SampleKit } from "./samples.js";

/** Names, and where they come from where that is to be said. */
export interface Named {
  readonly labels: readonly string[];
  readonly from: string | undefined;
}

class Naming {
  given: Named | undefined = $state.raw();
  #opened: number | undefined;

  /** Another file has other classes. */
  begin(opened: number): void {
    if (opened !== this.#opened) this.given = undefined;
    this.#opened = opened;
  }

  /** Names from a file, for what is open now. */
  give(opened: number, labels: readonly string[], from: string | undefined): void {
    this.#opened = opened;
    this.given = { labels, from };
  }

  known(kit: SampleKit | undefined, checkpoint: Checkpoint | undefined): Named {
    if (this.given !== undefined) return this.given;
    if (kit?.sample.labels !== undefined) return { labels: kit.sample.labels, from: undefined };
    const own = checkpoint === undefined ? undefined : labelsIn(checkpoint.details);
    return { labels: own?.labels ?? [], from: own?.path };
  }
}

export const naming = new Naming();
