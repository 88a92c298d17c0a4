// Every tensor of the file looked through for what training gone wrong leaves: NaN, infinities, nothing but zeros, one value throughout.
import type { Checkpoint, Entry, Stats } from "torchtab";
import { problem, type Problem } from "../problem.js";

export type Finding = "NaN" | "Inf" | "all zero" | "constant";

/** A tensor with something to tell. */
export interface Found {
  readonly name: string;
  readonly findings: readonly { readonly what: Finding; readonly count: number }[];
}

export class Check {
  running = $state(false);
  /** Bytes read, of all. */
  done = $state(0);
  tensors = $state(0);
  finished = $state(false);
  found: readonly Found[] = $state.raw([]);
  wrong: Problem | undefined = $state.raw();
  readonly entries: readonly Entry[];
  readonly total: number;
  #controller: AbortController | undefined;
  #checkpoint: Checkpoint;

  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
    this.entries = checkpoint.entries.filter(({ unloadable }) => unloadable === undefined);
    this.total = this.entries.reduce((all, { bytes }) => all + bytes, 0);
  }

  async run(): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    Object.assign(this, { running: true, finished: false, done: 0, tensors: 0, found: [], wrong: undefined });
    let before = 0;
    try {
      for (const { name, bytes } of this.entries) {
        const stats = await this.#checkpoint.stats(name, {
          bins: 1,
          signal: controller.signal,
          onProgress: ({ done }) => (this.done = before + Math.min(done, bytes)),
        });
        before += bytes;
        this.done = before;
        this.tensors += 1;
        const findings = told(stats);
        if (findings.length > 0) this.found = [...this.found, { name, findings }];
      }
      this.finished = true;
    } catch (thrown) {
      this.wrong = problem(thrown);
    } finally {
      this.running = false;
    }
  }

  readonly cancel = (): void => this.#controller?.abort();
}

function told({ count, nan, inf, zeros, min, max }: Stats): { what: Finding; count: number }[] {
  const all: { what: Finding; count: number }[] = [];
  if (nan > 0) all.push({ what: "NaN", count: nan });
  if (inf > 0) all.push({ what: "Inf", count: inf });
  // One number, as a step or an epsilon, is rightly zero or constant.
  if (count > 1 && nan + inf === 0) {
    if (zeros === count) all.push({ what: "all zero", count });
    else if (min === max) all.push({ what: "constant", count });
  }
  return all;
}
