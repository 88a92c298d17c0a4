// Pictures by class, as the tensor that the network takes: the folder that a picture lies in is its class.
import type { Tensor } from "torchtab";
import { count as shown } from "../format.js";
import { MAX_ELEMENTS } from "./collected.js";
import { decode } from "../../api/image/decode.js";
import { fitted, values, wrongWith, type Preparation } from "../image/prepare.js";
import { classes, DataError, type TrainingSet } from "./set.js";

/** A picture and its class. */
export interface Picture {
  readonly path: string;
  readonly label: string;
  read(): Promise<Blob>;
}

/** Whether a path is a picture's. */
export const isPicture = (path: string): boolean => /\.(png|jpe?g|gif|webp|bmp|avif)$/i.test(path);

/** `train/cats/1.png` → `cats`; nothing for a picture that lies in no folder. */
export function folder(path: string): string | undefined {
  return path.split("/").at(-2);
}

/** Decodes each and prepares it as the network was taught, in the way that a run does. */
export async function pictures(all: readonly Picture[], how: Preparation, labels: readonly string[], onDone?: (done: number) => void): Promise<TrainingSet> {
  if (all.length === 0) throw new DataError("There are no pictures");
  const slip = wrongWith(how);
  if (slip !== undefined) throw new DataError(slip);
  const { channels, height, width } = how;
  const size = channels * height * width;
  if (all.length * size > MAX_ELEMENTS) {
    throw new DataError(`${shown(all.length)} pictures of ${channels} × ${height} × ${width} take ${shown(Math.round((all.length * size) / 2 ** 28))} GiB, more than a tab can hold`, "Take fewer pictures, or smaller ones.");
  }
  const data = new Float32Array(all.length * size);
  for (const [i, { path, read }] of all.entries()) {
    const pixels = await decode(await read(), path).catch((thrown: unknown) => {
      throw new DataError(thrown instanceof Error ? thrown.message : String(thrown));
    });
    data.set(values(fitted(pixels, how), how), i * size);
    onDone?.(i + 1);
  }
  const input: Tensor = { dtype: "float32", shape: [all.length, channels, height, width], data };
  const targets = classes(all.map(({ label }) => label), labels);
  return { about: `${shown(all.length)} pictures`, count: all.length, inputs: [input], targets, places: all.map(({ path }) => path) };
}
