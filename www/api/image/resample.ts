/**
 * Resizing as PIL does it, pixel for pixel: two passes (rows, then columns), a filter that widens when the picture shrinks, weights as
 * integers of 22 bits, and each pass rounded to 8 bits. torchvision's presets resize PIL pictures, so this is what networks have seen.
 * (Pillow 13 begins with the columns where a picture is tall, which may round a value to the next byte; all before begin with the rows.)
 * @module
 */

/** Pixels of 8 bits, channels side by side: grey, or red, green and blue. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export type Filter = "bilinear" | "bicubic";

/** The filters' radii and shapes; bicubic is Keys' with a = -1/2. */
const FILTERS: Record<Filter, { readonly support: number; at(x: number): number }> = {
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    at(x) {
      const far = Math.abs(x);
      if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
      return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
    },
  },
};

const BITS = 22;

/** For each output pixel: the first input pixel that counts, how many do, and their weights. */
interface Weights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly most: number;
  readonly weights: Int32Array;
}

function weigh(from: number, to: number, filter: Filter): Weights {
  const { support, at } = FILTERS[filter];
  const scale = from / to;
  const wide = Math.max(1, scale);
  const reach = support * wide;
  const most = Math.ceil(reach) * 2 + 1;
  const [first, count, weights] = [new Int32Array(to), new Int32Array(to), new Int32Array(to * most)];
  const row = new Float64Array(most);
  for (let i = 0; i < to; i += 1) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const length = Math.min(from, Math.trunc(center + reach + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < length; k += 1) sum += row[k] = at((k + start - center + 0.5) * (1 / wide));
    first[i] = start;
    count[i] = length;
    for (let k = 0; k < length; k += 1) {
      const share = ((row[k] as number) / (sum || 1)) * (1 << BITS);
      weights[i * most + k] = Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    }
  }
  return { first, count, most, weights };
}

/** Resizes one axis: `lines` lines of `from` pixels that stand `step` apart, each line `next` after the other. */
function pass(data: Pixels["data"], from: number, to: number, filter: Filter, channels: number, lines: number, across: boolean): Uint8ClampedArray {
  const { first, count, most, weights } = weigh(from, to, filter);
  const out = new Uint8ClampedArray(to * lines * channels);
  const [step, next, outStep, outNext] = across ? [channels, from * channels, channels, to * channels] : [lines * channels, channels, lines * channels, channels];
  for (let i = 0; i < to; i += 1) {
    const [start, length] = [first[i] as number, count[i] as number];
    for (let line = 0; line < lines; line += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 1 << (BITS - 1);
        let at = line * next + start * step + channel;
        for (let k = 0; k < length; k += 1, at += step) sum += (data[at] as number) * (weights[i * most + k] as number);
        out[line * outNext + i * outStep + channel] = sum >> BITS;
      }
    }
  }
  return out;
}

/** `Image.resize((width, height), filter)`; an axis that keeps its size is left as it is. */
export function resize(picture: Pixels, width: number, height: number, filter: Filter): Pixels {
  const { channels } = picture;
  let { data } = picture;
  if (width !== picture.width) data = pass(data, picture.width, width, filter, channels, picture.height, true);
  if (height !== picture.height) data = pass(data, picture.height, height, filter, channels, width, false);
  return { width, height, channels, data };
}

/** `Image.convert("L")`: ITU-R 601's weights, in integers. */
export function grey(picture: Pixels): Pixels {
  if (picture.channels === 1) return picture;
  const { width, height, data } = picture;
  const out = new Uint8ClampedArray(width * height);
  for (let i = 0; i < out.length; i += 1) {
    out[i] = ((data[3 * i] as number) * 19595 + (data[3 * i + 1] as number) * 38470 + (data[3 * i + 2] as number) * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: out };
}

/** `Image.convert("RGB")` of a grey picture. */
export function coloured(picture: Pixels): Pixels {
  if (picture.channels === 3) return picture;
  const { width, height, data } = picture;
  const out = new Uint8ClampedArray(3 * data.length);
  data.forEach((value, i) => out.fill(value, 3 * i, 3 * i + 3));
  return { width, height, channels: 3, data: out };
}
