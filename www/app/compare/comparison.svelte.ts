// A second checkpoint beside the one that is open: opened, compared, and closed again. What is open stays whatever comes of it.
import type { Checkpoint, Compared } from "torchtab";
import type { Given } from "../open/given.js";
import { opened } from "../open/opened.js";
import type { Weights } from "../open/parts.js";
import { problem, type Problem } from "../problem.js";
import { Task } from "../task.svelte.js";
import { bench } from "../workbench.svelte.js";

class Comparison {
  /** The other file. */
  given: Given | undefined = $state.raw();
  task: Task | undefined = $state.raw();
  rows: readonly Compared[] | undefined = $state.raw();
  wrong: Problem | undefined = $state.raw();

  async start({ given, parts }: Weights): Promise<void> {
    const { checkpoint } = bench;
    if (checkpoint === undefined) return;
    this.close();
    const task = new Task(`Comparing with ${given.file.name}`);
    Object.assign(this, { given, task });
    bench.said = task.title;
    let other: Checkpoint | undefined;
    try {
      const call = { signal: task.signal, onProgress: task.onProgress };
      other = await opened(parts ?? given.file, call);
      const rows = await checkpoint.compare(other, call);
      if (this.task !== task) return;
      this.rows = rows;
      bench.said = `${given.file.name} is compared: ${rows.filter(({ status }) => status !== "same").length} of ${rows.length} tensors differ`;
    } catch (thrown) {
      if (this.task !== task) return;
      this.wrong = problem(thrown);
      if (this.wrong === undefined) this.given = undefined;
      else bench.said = `Not compared: ${this.wrong.message}`;
    } finally {
      if (this.task === task) this.task = undefined;
      await other?.dispose().catch(() => undefined);
    }
  }

  close(): void {
    this.task?.cancel();
    Object.assign(this, { given: undefined, task: undefined, rows: undefined, wrong: undefined });
  }
}

export const comparison = new Comparison();
