// The summary table of a network, as far as what is known of its inputs lets it be traced.
import type { InputSpec, Model, SummaryRow } from "torchtab";
import type { SampleKit } from "./samples.js";
import { firstShape } from "./written.js";

/** With output shapes where forward's inputs are known well enough to trace it, else without. */
export async function summarise(model: Model, inputs: readonly InputSpec[], kit: SampleKit | undefined): Promise<readonly SummaryRow[]> {
  const required = inputs.filter((spec) => spec.optional !== true);
  const own = required.length === 1 ? kit?.sample.input.shape : undefined;
  const shapes = required.map((spec) => firstShape(own === undefined ? spec : { ...spec, shape: own }));
  if (own !== undefined || required.every((spec) => spec.shape !== undefined)) {
    try {
      return await model.summary(shapes);
    } catch {
      // A shape that was guessed may not fit; the table does without.
    }
  }
  return model.summary().catch(() => []);
}
