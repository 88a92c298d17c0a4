// Progress in words.
import type { Progress } from "torchtab";
import { bytes, count } from "./format.js";

const PHASES: Record<Progress["phase"], string> = {
  directory: "Reading the directory",
  pickle: "Reading the objects",
  tensors: "Reading tensors",
  upload: "Loading the weights onto the device",
  "warm-up": "Warming up",
  save: "Writing",
};

export function phase(progress: Progress | undefined): string {
  if (progress === undefined) return "Starting";
  return progress.detail ? `${PHASES[progress.phase]} · ${progress.detail}` : PHASES[progress.phase];
}

/** How far, and how fast once that can be told. */
export function figures(progress: Progress | undefined, seconds: number): string {
  if (progress === undefined) return "";
  // A warm-up counts kernels, all else bytes.
  const inBytes = progress.phase !== "warm-up";
  const one = inBytes ? bytes : count;
  const done = progress.total > 0 ? `${one(progress.done)} of ${one(progress.total)}` : one(progress.done);
  return inBytes && seconds > 0.5 ? `${done}, ${bytes(progress.done / seconds)}/s` : done;
}
