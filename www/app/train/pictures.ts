// Pictures by class, as the tensor that the network takes: the folder that a picture lies in is its class.
import type { Tensor } from "torchtab";
import { count as shown } from "../format.js";
import { planes, type ImageInput } from "../pixels.js";
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

/** Decodes and resizes; a picture is cut to the network's proportions, from its middle. */
export async function pictures(all: readonly Picture[], to: ImageInput, labels: readonly string[], onDone?: (done: number) => void): Promise<TrainingSet> {
  if (all.length === 0) throw new DataError("There are no pictures");
  const { channels, height, width } = to;
  const size = channels * height * width;
  const data = new Float32Array(all.length * size);
  for (const [i, { path, read }] of all.entries()) {
    const bitmap = await createImageBitmap(await read()).catch(() => undefined);
    if (bitmap === undefined) throw new DataError(`${path} is no picture that the browser can decode`);
    data.set(scaled(bitmap, bitmap.width, bitmap.height, to), i * size);
    bitmap.close();
    onDone?.(i + 1);
  }
  const input: Tensor = { dtype: "float32", shape: [all.length, channels, height, width], data };
  const targets = classes(all.map(({ label }) => label), labels);
  return { about: `${shown(all.length)} pictures`, count: all.length, inputs: [input], targets, places: all.map(({ path }) => path) };
}

/** A picture, or the camera's present one, as planes; what does not have the network's proportions is cut, from its middle. */
export function scaled(source: CanvasImageSource, from: number, high: number, to: ImageInput): Float32Array {
  // Several pixels to each of the tensor's, which are their mean: no detail is skipped.
  const times = Math.max(1, Math.min(4, Math.floor(Math.min(from / to.width, high / to.height))));
  const [width, height] = [to.width * times, to.height * times];
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new DataError("This browser cannot read the pixels of pictures");
  const scale = Math.max(width / from, height / high);
  const [w, h] = [from * scale, high * scale];
  pen.imageSmoothingQuality = "high";
  pen.drawImage(source, (width - w) / 2, (height - h) / 2, w, h);
  return planes(pen.getImageData(0, 0, width, height), to, 255);
}
