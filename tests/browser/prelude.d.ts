// What prelude.js gives, as the examples' types see it.
import type { Batch, Checkpoint, Model, SavedFile, Tensor, TensorInput } from "torchtab";

declare global {
  const file: File, source: string, modelPy: string, n: number, pixels: Float32Array, labels: number[], irisFile: SavedFile;
  const input: { files: File[] }, checkpoint: Checkpoint, model: Model, x: TensorInput;
  const inputs: TensorInput, targets: TensorInput, batch: Batch, batches: Batch[], heldOut: Batch;
  const link: HTMLAnchorElement, editor: HTMLTextAreaElement;
  function askForTheClass(hint: string | undefined): void;
}
