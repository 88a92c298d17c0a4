// From a canvas to an image tensor: planes of floats, as the network wants them.

export interface ImageInput {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The values of black and of white. */
  readonly low: number;
  readonly high: number;
}

/** The rectangle that holds all ink (pixels brighter than nothing), or nothing for an empty canvas. */
export function inked(image: ImageData): { x: number; y: number; width: number; height: number } | undefined {
  let [left, top, right, bottom] = [image.width, image.height, -1, -1];
  for (let y = 0; y < image.height; y += 1) {
    for (let x = 0; x < image.width; x += 1) {
      if ((image.data[4 * (y * image.width + x) + 3] as number) > 24) {
        left = Math.min(left, x);
        right = Math.max(right, x);
        top = Math.min(top, y);
        bottom = Math.max(bottom, y);
      }
    }
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** Averages a square of pixels into each element; `ground` shows where the canvas is clear. */
export function planes(image: ImageData, to: ImageInput, ground: number): Float32Array {
  const { channels, height, width, low, high } = to;
  const area = height * width;
  const out = new Float32Array(channels * area);
  for (let y = 0; y < height; y += 1) {
    const [y0, y1] = span(y, height, image.height);
    for (let x = 0; x < width; x += 1) {
      const [x0, x1] = span(x, width, image.width);
      const sum = [0, 0, 0];
      for (let sy = y0; sy < y1; sy += 1) {
        for (let sx = x0; sx < x1; sx += 1) {
          const at = 4 * (sy * image.width + sx);
          const alpha = (image.data[at + 3] as number) / 255;
          for (let c = 0; c < 3; c += 1) sum[c] = (sum[c] as number) + alpha * (image.data[at + c] as number) + (1 - alpha) * ground;
        }
      }
      const share = 255 * (y1 - y0) * (x1 - x0);
      const [red, green, blue] = sum.map((value) => value / share) as [number, number, number];
      // The weights are ITU-R 601's, as PIL converts to "L".
      const values = channels === 1 ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue];
      for (let c = 0; c < channels; c += 1) out[c * area + y * width + x] = low + (high - low) * (values[c % values.length] as number);
    }
  }
  return out;
}

function span(i: number, parts: number, size: number): [number, number] {
  const from = Math.min(size - 1, Math.floor((i * size) / parts));
  return [from, Math.max(from + 1, Math.floor(((i + 1) * size) / parts))];
}

/** The tensor as a picture, for the preview. */
export function picture(data: ArrayLike<number>, { channels, height, width, low, high }: ImageInput): ImageData {
  const image = new ImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const value = data[(channels === 1 ? 0 : c % channels) * area + i] as number;
      image.data[4 * i + c] = (255 * (value - low)) / (high - low || 1);
    }
    image.data[4 * i + 3] = 255;
  }
  return image;
}
