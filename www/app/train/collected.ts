// What was drawn or filmed, by class, as samples.
import type { Tensor } from "torchtab";
import { count } from "../format.js";
import { classes, type Targets, type TrainingSet } from "./set.js";

/** A class and its pictures. */
export interface Collected {
  readonly key: number;
  readonly name: string;
  readonly pictures: readonly Tensor[];
}

/** As floats these are 1.5 GiB: more does not go through a tab's memory. */
export const MAX_ELEMENTS = 400_000_000;

/**
 * The samples of all classes. Names of the network's own classes, and numbers, say which class is meant; new names are the first classes,
 * in the order in which they were made, so that a class that is added later changes no other's number.
 */
export function gathered(all: readonly Collected[], labels: readonly string[]): { set?: TrainingSet; wrong?: string } {
  const some = all.filter(({ pictures }) => pictures.length > 0);
  const [first] = some.flatMap(({ pictures }) => pictures);
  if (first === undefined) return {};
  const doubled = some.find(({ name }, i) => some.findIndex((other) => other.name === name) !== i);
  if (doubled !== undefined) return { wrong: `Two classes are called ${doubled.name}` };
  const one = first.shape.slice(1);
  const size = one.reduce((sum, length) => sum * length, 1);
  const rows = some.flatMap(({ name, pictures }) => pictures.map((tensor, i) => ({ name, tensor, place: `picture ${i + 1} of ${name}` })));
  const odd = rows.find(({ tensor }) => tensor.data.length !== size);
  if (odd !== undefined) return { wrong: `${odd.place} has another size than the first: take it away` };
  const data = new Float32Array(rows.length * size);
  rows.forEach(({ tensor }, i) => data.set(tensor.data as Float32Array, i * size));
  return {
    set: {
      about: `${count(rows.length)} ${rows.length === 1 ? "picture" : "pictures"} made here`,
      count: rows.length,
      inputs: [{ dtype: "float32", shape: [rows.length, ...one], data }],
      targets: targets(all, rows.map(({ name }) => name), labels),
      places: rows.map(({ place }) => place),
    },
  };
}

function targets(all: readonly Collected[], names: readonly string[], labels: readonly string[]): Targets {
  const own = new Set(labels.map((label) => label.toLowerCase()));
  const known = (name: string): boolean => own.has(name.toLowerCase());
  if (names.every(known) || names.every((name) => /^\d{1,6}$/.test(name))) return classes(names, labels);
  const order = all.map(({ name }) => name);
  return { kind: "classes", names: order, indices: names.map((name) => order.indexOf(name)) };
}
