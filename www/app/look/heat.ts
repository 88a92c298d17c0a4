// Colours for numbers, from the page's own palette, so that both themes read: through the card's ground at zero where values have both signs,
// else from the ground up.

export type Colour = readonly [red: number, green: number, blue: number];

/** What a picture's colours stand for. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** Whether zero is the middle. */
  readonly both: boolean;
}

/** The palette where an element stands: below, middle (or bottom), above, no number. */
export interface Palette {
  readonly below: Colour;
  readonly middle: Colour;
  readonly above: Colour;
  readonly none: Colour;
}

/** Values of both signs get a scale that is as wide below zero as above. */
export function scale(low: number, high: number): Scale {
  if (low < 0 && high > 0) {
    const most = Math.max(-low, high);
    return { low: -most, high: most, both: true };
  }
  return { low, high, both: false };
}

/** The extremes of the numbers among values. */
export function extremes(values: readonly number[]): { low: number; high: number } {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

/** The page's colours as numbers: a canvas of one pixel resolves whatever CSS can write. */
export function palette(element: Element): Palette {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const read = (property: string): Colour => {
    if (context === null) return [128, 128, 128];
    const probe = document.createElement("span");
    probe.style.color = `var(${property})`;
    element.append(probe);
    context.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
  return { below: read("--teal"), middle: read("--sunk"), above: read("--accent"), none: read("--ink") };
}

/** A value's colour. */
export function colour(value: number, { low, high, both }: Scale, colours: Palette): Colour {
  if (Number.isNaN(value)) return colours.none;
  const at = high === low ? (both ? 0.5 : 1) : Math.min(1, Math.max(0, (value - low) / (high - low)));
  if (!both) return high <= 0 && low < 0 ? mix(colours.below, colours.middle, at) : mix(colours.middle, colours.above, at);
  return at < 0.5 ? mix(colours.below, colours.middle, at * 2) : mix(colours.middle, colours.above, at * 2 - 1);
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const part = (i: 0 | 1 | 2): number => from[i] + (to[i] - from[i]) * share;
  return [part(0), part(1), part(2)];
}

/** The picture, a pixel a value, row by row. */
export function picture(values: readonly number[], rows: number, columns: number, of: Scale, colours: Palette): ImageData {
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows * columns; i += 1) image.data.set([...colour(values[i] ?? NaN, of, colours), 255], 4 * i);
  return image;
}
