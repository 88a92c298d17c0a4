// Tensors that are pictures: planes of H × W, one or three of them together.

/** Where a tensor's pictures are. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Pictures of so many channels, one after the other. */
  readonly count: number;
}

/** Smaller ones are tables. */
const SMALLEST = 6;

/** Shapes that are read as pictures: (…, C, H, W). */
export function planesOf(dtype: string, shape: readonly number[]): Planes | undefined {
  const [height, width] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0];
  if (!/^b?float|^u?int|^bool/.test(dtype) || height < SMALLEST || width < SMALLEST || shape.length < 3) return undefined;
  // (N, T, C) is a sequence: three dimensions are a picture only where they look like one.
  if (shape.length === 3 && (![1, 3].includes(shape[0] as number) || Math.max(height, width) > 4 * Math.min(height, width))) return undefined;
  const channels = shape.at(-3) ?? 1;
  return { channels, height, width, count: shape.slice(0, -3).reduce((all, size) => all * size, 1) };
}

/** The values between which a picture is likely to lie. */
export function bounds(values: ArrayLike<number>): { low: number; high: number; least: number; most: number } {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  if (least > most) [least, most] = [0, 0];
  const [low, high] = least >= 0 && most <= 1 ? [0, 1] : least >= -1 && most <= 1 ? [-1, 1] : least >= 0 && most <= 255 && Number.isInteger(most) && most > 100 ? [0, 255] : [least, most];
  return { low, high, least, most };
}
