/**
 * From files and camera frames to pixels, and back to a canvas. The file's own numbers count, as for PIL: no colour management. Photographs are
 * turned upright. The page and the custom element share it.
 * @module
 */
import type { Pixels } from "./resample.js";

/** Larger pictures are refused: as pixels they would take gigabytes. */
const MAX_PIXELS = 100_000_000;

/** Reads a picture file; throws a sentence for people where it is none. */
export async function decode(file: Blob, name: string): Promise<Pixels> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => undefined);
  if (bitmap === undefined) throw new Error(`${name} is no picture that the browser can decode: give a PNG, JPEG, WebP, GIF, BMP or AVIF`);
  try {
    return grab(bitmap, bitmap.width, bitmap.height, name);
  } finally {
    bitmap.close();
  }
}

/** The pixels of what can be drawn; where it is transparent, on white. */
export function grab(source: CanvasImageSource, width: number, height: number, name = "The picture"): Pixels {
  if (width * height > MAX_PIXELS) throw new Error(`${name} has ${width} × ${height} pixels; at most ${MAX_PIXELS / 1e6} million are read`);
  const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (pen === null) throw new Error("This browser cannot read the pixels of pictures");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(source, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  const out = new Uint8ClampedArray(3 * width * height);
  for (let i = 0, j = 0; i < data.length; i += 4) {
    out[j++] = data[i] as number;
    out[j++] = data[i + 1] as number;
    out[j++] = data[i + 2] as number;
  }
  return { width, height, channels: 3, data: out };
}

/** Pixels as the canvas wants them. */
export function imageData({ width, height, channels, data }: Pixels): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = data[channels * i + (channels === 3 ? c : 0)] as number;
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** Whether a file is likely a picture. */
export function isPictureFile(file: File): boolean {
  return file.type.startsWith("image/") || /\.(png|jpe?g|gif|webp|bmp|avif)$/i.test(file.name);
}
