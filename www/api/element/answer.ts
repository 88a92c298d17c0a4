/**
 * What a network answered, as elements: bars for classes, a picture, a number, or the tensor's own numbers. Numbers are for the eye only.
 * @module
 */
import { numbers } from "../tensor.js";
import type { Tensor } from "../tensor.js";
import type { Output } from "../types.js";
import { h, number } from "./dom.js";

const MOST_BARS = 5;
const MOST_NUMBERS = 256;

/** The first tensor inside a result: forward may return tuples and dicts. */
export function firstTensor(output: Output): Tensor | undefined {
  if (typeof output !== "object" || output === null) return undefined;
  if (!Array.isArray(output) && "dtype" in output && ArrayBuffer.isView(output["data"])) return output as Tensor;
  for (const inner of Object.values(output)) {
    const found = firstTensor(inner as Output);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Each class with its probability, best first. Two names and one number are the two sides of a sigmoid. */
export function classes(values: readonly number[], labels: readonly string[]): { label: string; share: number }[] {
  const shares = values.length === 1 && labels.length === 2 ? sides(values[0] as number) : probabilities(values);
  return shares.map((share, i) => ({ label: labels[i] ?? `Class ${i}`, share })).sort((a, b) => b.share - a.share);
}

function sides(value: number): number[] {
  const share = 1 / (1 + Math.exp(-value));
  return [1 - share, share];
}

/** The softmax, unless they are probabilities already. Logarithms of probabilities come out right too. */
function probabilities(values: readonly number[]): number[] {
  const total = values.reduce((all, value) => all + value, 0);
  if (values.every((value) => value >= 0) && Math.abs(total - 1) < 1e-3) return [...values];
  const most = Math.max(...values);
  const exps = values.map((value) => Math.exp(value - most));
  const sum = exps.reduce((all, value) => all + value, 0);
  return exps.map((value) => value / sum);
}

/** The answer for the page. */
export function answer(output: Output, labels: readonly string[]): HTMLElement {
  const tensor = firstTensor(output);
  if (tensor === undefined) return h("pre", {}, JSON.stringify(output));
  const { shape } = tensor;
  const [rows, columns] = shape.slice(-2) as [number, number];
  if (shape.length >= 3 && rows >= 16 && columns >= 16 && [1, 3].includes(shape.at(-3) as number)) return picture(tensor);
  const values = numbers(tensor);
  if (labels.length > 0 || (shape.length === 2 && shape[0] === 1 && values.length > 1 && values.length <= 1000)) return bars(classes(values, labels));
  if (values.length === 1) return h("p", { className: "number" }, number(values[0] as number));
  const shown = values.slice(0, MOST_NUMBERS).map(number).join("  ");
  return h("pre", {}, `${shape.join(" × ")}\n${shown}${values.length > MOST_NUMBERS ? " …" : ""}`);
}

function bars(found: readonly { label: string; share: number }[]): HTMLElement {
  const items = found.slice(0, MOST_BARS).map(({ label, share }) => {
    const bar = h("span", { className: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(share));
    return h("li", {}, h("span", { className: "label" }, label), bar, h("span", { className: "share" }, `${(100 * share).toFixed(1)} %`));
  });
  return h("ol", { className: "bars" }, ...items);
}

/** Planes as a picture, from the least value to the greatest. */
function picture(tensor: Tensor): HTMLElement {
  const [channels, height, width] = tensor.shape.slice(-3) as [number, number, number];
  const area = height * width;
  const values = numbers(tensor).slice(0, channels * area);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const canvas = h("canvas", { width, height, role: "img", "aria-label": `A picture of ${width} by ${height}` });
  const image = new ImageData(width, height);
  for (let i = 0; i < area; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = (255 * ((values[(c % channels) * area + i] as number) - low)) / (high - low || 1);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
