// From a picture's pixels to the tensor that a network was trained on, as torchvision's `Resize`, `CenterCrop`, `ToTensor` and `Normalize`
// do it on PIL pictures.
import type { Tensor } from "torchtab";
import { coloured, grey, resize, type Filter, type Pixels } from "../../api/image/resample.js";

/** How pictures are made ready. */
export interface Preparation {
  readonly channels: 1 | 3;
  /** `short`: the shortest side becomes `side`, then the middle is cut; `stretch`: to height and width at once; `none`: cut only. */
  readonly resize: "short" | "stretch" | "none";
  readonly side: number;
  readonly filter: Filter;
  readonly height: number;
  readonly width: number;
  /** Black and white change places, for networks that learned light ink from pictures of dark ink. */
  readonly invert: boolean;
  /** Values are taken as 0..1, else as 0..255. */
  readonly scale: boolean;
  /** One a channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Pictures above this are not made: a slip of a key should not take the tab down. */
export const MAX_SIDE = 4096;

/** What is wrong with a preparation, if anything. */
export function wrongWith(how: Preparation): string | undefined {
  const size = (value: number, what: string): string | undefined =>
    Number.isInteger(value) && value >= 1 && value <= MAX_SIDE ? undefined : `${what} is a whole number from 1 to ${MAX_SIDE}`;
  const finite = [...how.mean, ...how.std].every(Number.isFinite);
  return (
    size(how.height, "Height") ??
    size(how.width, "Width") ??
    (how.resize === "short" ? size(how.side, "The shortest side") : undefined) ??
    (how.mean.length === how.channels && how.std.length === how.channels && finite ? undefined : `Mean and std have one number for each of ${how.channels} channels`) ??
    (how.std.includes(0) ? "std is divided by, so it is not 0" : undefined)
  );
}

/** Python's `round`: halves go to the even neighbour. */
function round(value: number): number {
  const low = Math.floor(value);
  return value - low === 0.5 ? (low % 2 === 0 ? low : low + 1) : Math.round(value);
}

/** Resized and cut, still in 8 bits. */
export function fitted(picture: Pixels, how: Preparation): Pixels {
  const own = how.channels === 1 ? grey(picture) : coloured(picture);
  const { width, height } = own;
  if (how.resize === "stretch") return resize(own, how.width, how.height, how.filter);
  if (how.resize === "none") return cut(own, how.width, how.height);
  const short = Math.min(width, height);
  const long = Math.trunc((how.side * Math.max(width, height)) / short);
  const [w, h] = width <= height ? [how.side, long] : [long, how.side];
  return cut(resize(own, w, h, how.filter), how.width, how.height);
}

/** `CenterCrop`: what is missing around a picture that is too small is black. */
function cut(picture: Pixels, width: number, height: number): Pixels {
  const { channels, data } = picture;
  const left = start(picture.width, width);
  const top = start(picture.height, height);
  const out = new Uint8ClampedArray(width * height * channels);
  for (let y = Math.max(0, -top); y < height && y + top < picture.height; y += 1) {
    const [from, to] = [Math.max(0, left), Math.min(picture.width, left + width)];
    const line = (y + top) * picture.width;
    out.set(data.subarray((line + from) * channels, (line + to) * channels), (y * width + from - left) * channels);
  }
  return { width, height, channels, data: out };
}

/** Where the middle begins; below nothing where it is padded. */
function start(has: number, wants: number): number {
  return has < wants ? -Math.floor((wants - has) / 2) : round((has - wants) / 2);
}

/** The values of a picture that fits already, plane by plane, in float32 arithmetic as torch has it. */
export function values({ width, height, channels, data }: Pixels, how: Preparation): Float32Array {
  const area = width * height;
  const out = new Float32Array(channels * area);
  for (let channel = 0; channel < channels; channel += 1) {
    const [mean, std] = [Math.fround(how.mean[channel] as number), Math.fround(how.std[channel] as number)];
    // A byte has 256 values: each is worked out once.
    const table = Float32Array.from({ length: 256 }, (_, byte) => {
      const shown = how.invert ? 255 - byte : byte;
      return Math.fround(Math.fround(how.scale ? shown / 255 : shown) - mean) / std;
    });
    for (let i = 0; i < area; i += 1) out[channel * area + i] = table[data[i * channels + channel] as number] as number;
  }
  return out;
}

/** The whole way, as a batch of one. */
export function prepared(picture: Pixels, how: Preparation): Tensor {
  const fit = fitted(picture, how);
  return { dtype: "float32", shape: [1, how.channels, how.height, how.width], data: values(fit, how) };
}

/** The part of a picture that is left, as shares of its width and height. */
export function part(width: number, height: number, how: Preparation): { left: number; top: number; width: number; height: number } {
  if (how.resize === "stretch") return { left: 0, top: 0, width: 1, height: 1 };
  const scale = how.resize === "none" ? 1 : how.side / Math.min(width, height);
  const share = (cutTo: number, of: number): number => Math.min(1, cutTo / (of * scale));
  const [w, h] = [share(how.width, width), share(how.height, height)];
  return { left: (1 - w) / 2, top: (1 - h) / 2, width: w, height: h };
}

/** The steps in words. */
export function described(how: Preparation): string {
  const { height, width, mean, std } = how;
  const size = `${height} × ${width}`;
  const all = (values: readonly number[], value: number): boolean => values.every((each) => each === value);
  const steps = [
    how.channels === 1 ? "grey" : undefined,
    how.resize === "short" ? `shortest side to ${how.side}, the middle ${size}` : how.resize === "stretch" ? `stretched to ${size}` : `the middle ${size}`,
    how.resize === "none" ? undefined : how.filter,
    how.invert ? "inverted" : undefined,
    how.scale ? "0 to 1" : "0 to 255",
    all(mean, 0) && all(std, 1) ? undefined : `minus (${mean.join(", ")}), over (${std.map((value) => Number(value.toPrecision(6))).join(", ")})`,
  ];
  return steps.filter((step) => step !== undefined).join("; ");
}
