// A layered layout, from the top down, after Sugiyama: boxes in layers by their longest way from the start, arrows that pass layers by as places in
// those, orders by their neighbours' means, then coordinates that keep chains straight.
import type { Arrow, Box, Drawing } from "./collapse.js";

export interface Placed {
  readonly box: Box;
  readonly layer: number;
  /** The middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Routed {
  readonly arrow: Arrow;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Whether it is the first to leave its box with this value, and carries the label. */
  readonly labelled: boolean;
}

export interface Layout {
  readonly boxes: readonly Placed[];
  readonly arrows: readonly Routed[];
  readonly width: number;
  readonly height: number;
}

export const BOX_HEIGHT = 42;
const LAYER = 84;
const GAP = 22;
const MARGIN = 16;
const SWEEPS = 6;

/** A box, or a place that an arrow passes through. */
interface Spot {
  readonly layer: number;
  readonly width: number;
  /** Room that is needed to the right of the middle, for a label too. */
  readonly right: number;
  readonly above: Spot[];
  readonly below: Spot[];
  x: number;
}

const textWidth = (text: string, size: number): number => text.length * size;

export function layout({ boxes, arrows }: Drawing): Layout {
  const layers: Spot[][] = [];
  const spots = new Map<string, Spot>();
  const add = (layer: number, width: number, label = 0): Spot => {
    const spot: Spot = { layer, width, right: Math.max(width / 2, label), above: [], below: [], x: 0 };
    (layers[layer] ??= []).push(spot);
    return spot;
  };
  const incoming = new Map<string, Arrow[]>();
  const labels = new Map<string, number>();
  for (const arrow of arrows) {
    incoming.set(arrow.to, [...(incoming.get(arrow.to) ?? []), arrow]);
    labels.set(arrow.from, Math.max(labels.get(arrow.from) ?? 0, 6 + textWidth(arrow.shape.join(" × "), 6.8)));
  }
  // Boxes come in an order in which they can run, so what is before is placed already.
  for (const box of boxes) {
    const before = (incoming.get(box.id) ?? []).map(({ from }) => spots.get(from)?.layer ?? 0);
    const width = Math.max(72, Math.min(230, Math.max(textWidth(box.title, 8.2), textWidth(box.about, 6.4)) + 24));
    spots.set(box.id, add(box.kind === "input" ? 0 : Math.max(0, ...before.map((layer) => layer + 1)), width, labels.get(box.id)));
  }
  const ways = arrows.map((arrow) => {
    const [from, to] = [spots.get(arrow.from) as Spot, spots.get(arrow.to) as Spot];
    const way = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer += 1) way.push(add(layer, 12));
    way.push(to);
    for (let i = 1; i < way.length; i += 1) {
      (way[i] as Spot).above.push(way[i - 1] as Spot);
      (way[i - 1] as Spot).below.push(way[i] as Spot);
    }
    return { arrow, way };
  });
  order(layers);
  place(layers);
  const left = Math.min(...layers.flat().map(({ x, width }) => x - width / 2));
  const right = Math.max(...layers.flat().map((spot) => spot.x + spot.right));
  const middle = ({ x }: Spot): number => x - left + MARGIN;
  const top = ({ layer }: Spot): number => MARGIN + layer * LAYER;
  const labelled = new Set<string>();
  return {
    boxes: boxes.map((box) => {
      const spot = spots.get(box.id) as Spot;
      return { box, layer: spot.layer, x: middle(spot), y: top(spot), width: spot.width };
    }),
    arrows: ways.map(({ arrow, way }) => {
      const key = `${arrow.from} ${arrow.value}`;
      const first = !labelled.has(key);
      labelled.add(key);
      const points = way.map((spot, i): [number, number] => [middle(spot), i === 0 ? top(spot) + BOX_HEIGHT : i === way.length - 1 ? top(spot) : top(spot) + BOX_HEIGHT / 2]);
      return { arrow, points, labelled: first };
    }),
    width: right - left + 2 * MARGIN,
    height: layers.length * LAYER - LAYER + BOX_HEIGHT + 2 * MARGIN,
  };
}

/** Fewer crossings: each layer by the means of its neighbours, down and up. */
function order(layers: Spot[][]): void {
  const number = (layer: Spot[] | undefined): void => layer?.forEach((spot, i) => (spot.x = i));
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const mean = (spot: Spot): number => average(down ? spot.above : spot.below) ?? spot.x;
      const means = new Map(layer.map((spot) => [spot, mean(spot)]));
      layer.sort((a, b) => (means.get(a) ?? 0) - (means.get(b) ?? 0));
      number(layer);
    }
  }
}

/** Coordinates: each spot under its neighbours' mean, as near as the gaps allow; boxes on long ways come last, so that chains stay straight. */
function place(layers: Spot[][]): void {
  for (const layer of layers) {
    let x = 0;
    for (const spot of layer) {
      spot.x = x + spot.width / 2;
      x += spot.width + GAP;
    }
    for (const spot of layer) spot.x -= x / 2;
  }
  for (let sweep = 0; sweep < SWEEPS * 2; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      settle(layer, layer.map((spot) => average(down ? spot.above : spot.below) ?? spot.x));
    }
  }
}

/** The nearest positions to those wished that keep order and gaps: the mean of packing from the left and from the right. */
function settle(layer: Spot[], wished: readonly number[]): void {
  const apart = (a: Spot, b: Spot): number => a.right + b.width / 2 + GAP;
  const fromLeft = [...wished];
  for (let i = 1; i < layer.length; i += 1) fromLeft[i] = Math.max(fromLeft[i] as number, (fromLeft[i - 1] as number) + apart(layer[i - 1] as Spot, layer[i] as Spot));
  const fromRight = [...wished];
  for (let i = layer.length - 2; i >= 0; i -= 1) fromRight[i] = Math.min(fromRight[i] as number, (fromRight[i + 1] as number) - apart(layer[i] as Spot, layer[i + 1] as Spot));
  layer.forEach((spot, i) => (spot.x = ((fromLeft[i] as number) + (fromRight[i] as number)) / 2));
}

function average(spots: readonly Spot[]): number | undefined {
  return spots.length === 0 ? undefined : spots.reduce((all, { x }) => all + x, 0) / spots.length;
}
