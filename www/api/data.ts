/**
 * Samples as callers write them, and as the rim wants them: batched tensors. Mistakes are told by the sample they are in.
 * @module
 */
import { MismatchError } from "./errors.js";
import type { RawData, RawTensor } from "./rim.js";
import { isImage, toRaw, toRawInputs, transferable } from "./tensor.js";
import type { TensorLike } from "./tensor.js";
import type { Batch, BatchStream, FitData, SampleData, TrainingSample } from "./lessons.js";

function mismatch(message: string, location = "data", hint?: string): MismatchError {
  return new MismatchError({ kind: "mismatch", code: "data", message, location, ...(hint === undefined ? {} : { hint }) });
}

/** Whether batches come one by one. */
export function isStream(data: FitData): data is BatchStream {
  return typeof data === "function" || (typeof data === "object" && data !== null && Symbol.asyncIterator in data);
}

/** Samples in memory, batched. */
export function toRawData(data: SampleData): RawData {
  if (Array.isArray(data)) return stacked(data as readonly TrainingSample[]);
  if (typeof data !== "object" || data === null || !("inputs" in data) || !("targets" in data)) {
    throw mismatch("Data is { inputs, targets }, an array of { input, target }, or an async iterable of batches");
  }
  const { inputs, targets } = data as Batch;
  const all = Array.isArray(targets) ? (targets as readonly TensorLike[]) : [targets as TensorLike];
  return { inputs: toRawInputs(inputs), targets: all.map(toRaw) };
}

/** The buffers of batched samples, to be transferred. */
export function dataBuffers(data: RawData | undefined): Transferable[] {
  return data === undefined ? [] : [...transferable(data.inputs), ...data.targets.map((target) => target.data.buffer as ArrayBuffer)];
}

function stacked(samples: readonly TrainingSample[]): RawData {
  if (samples.length === 0) throw mismatch("there are no samples");
  samples.forEach((sample, i) => {
    if (typeof sample !== "object" || sample === null || sample.input === undefined || sample.target === undefined) {
      throw mismatch("A sample is { input, target }", `sample ${i}`);
    }
  });
  const whole = samples.every(({ target }) => typeof target !== "number" || Number.isInteger(target));
  const target = (value: TrainingSample["target"]): TensorLike =>
    typeof value === "number" ? { dtype: whole ? "int64" : "float32", shape: [], data: value } : value;
  return {
    inputs: [stack(samples.map(({ input }) => unbatched(input)), "input")],
    targets: [stack(samples.map((sample) => toRaw(target(sample.target))), "target")],
  };
}

/** A picture comes with a batch dimension of its own. */
function unbatched(input: TensorLike): RawTensor {
  const raw = toRaw(input);
  return isImage(input) ? { ...raw, shape: raw.shape.slice(1) } : raw;
}

function stack(tensors: readonly RawTensor[], what: string): RawTensor {
  const [first] = tensors;
  if (first === undefined) throw mismatch("there are no samples");
  tensors.forEach(({ shape, dtype }, i) => {
    if (dtype !== first.dtype) throw mismatch(`the ${what} is torch.${dtype}, and that of sample 0 torch.${first.dtype}`, `sample ${i}`);
    if (shape.length !== first.shape.length || shape.some((size, d) => size !== first.shape[d])) {
      throw mismatch(
        `the ${what} has shape [${shape.join(", ")}], and that of sample 0 [${first.shape.join(", ")}]`,
        `sample ${i}`,
        "Samples of one batch have one shape: resize pictures, pad texts.",
      );
    }
  });
  const data = new Uint8Array(first.data.byteLength * tensors.length);
  tensors.forEach((tensor, i) => data.set(tensor.data, i * first.data.byteLength));
  return { dtype: first.dtype, shape: [tensors.length, ...first.shape], data };
}
