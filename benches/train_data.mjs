// The weights and batches that `train.py` wrote, as typed arrays.

const ARRAYS = { float32: Float32Array, int32: Int32Array };

/** A network's description, and its tensors by name: `{dtype, shape, data}`. */
export async function read(name) {
  const spec = await (await fetch(`/benches/made/train_${name}.json`)).json();
  const bytes = await (await fetch(`/benches/made/train_${name}.bin`)).arrayBuffer();
  const view = ({ dtype, shape, at }) => ({ dtype, shape, data: new ARRAYS[dtype](bytes, at, shape.reduce((a, b) => a * b, 1)) });
  return { spec, tensors: Object.fromEntries(Object.entries(spec.tensors).map(([key, tensor]) => [key, view(tensor)])) };
}

/** Inputs and classes of a batch. */
export const batchOf = (tensors, i) => [tensors[`inputs.${i}`], tensors[`targets.${i}`]];
