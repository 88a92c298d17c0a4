// Networks whose forward takes several tensors: which columns of a table go to which of them, and their samples by name from JSON.
import type { InputSpec, Tensor } from "torchtab";
import type { Table } from "./csv.js";
import { DataError } from "./set.js";

/** What one input takes of a table, as it is typed. */
export interface Share {
  readonly name: string;
  /** Columns by name or number, ranges with a colon: `age, p0:p63`. */
  readonly columns: string;
  /** One sample's shape, `1, 8, 8`; empty for a row of numbers. */
  readonly shape: string;
}

/** Sizes of one sample as far as the network tells. */
const sizes = (spec: InputSpec): readonly number[] | undefined => (spec.shape?.slice(1).every((size) => size > 0) === true ? spec.shape.slice(1) : undefined);

/**
 * A first guess: columns that are called like an input (`image`, `image_0`, `image.pixel`) are its own; the others are dealt out in order among the
 * other inputs, to each as many as it takes, and the rest to the last.
 */
export function proposedShares({ header }: Table, specs: readonly InputSpec[], target: number): readonly Share[] {
  const free = header.map((_, i) => i).filter((i) => i !== target);
  const own = (name: string): number[] => free.filter((i) => new RegExp(`^${name.replace(/\W/g, "\\$&")}(?![a-z])`, "i").test(header[i] ?? ""));
  const named = specs.map(({ name }) => own(name));
  const others = free.filter((i) => !named.flat().includes(i));
  const last = named.findLastIndex((columns) => columns.length === 0);
  let at = 0;
  return specs.map((spec, i) => {
    const shape = sizes(spec);
    const wanted = i === last ? others.length : (shape?.reduce((all, size) => all * size, 1) ?? 1);
    const columns = named[i]?.length === 0 ? others.slice(at, (at += wanted)) : (named[i] ?? []);
    return { name: spec.name, columns: written(columns, header), shape: shape !== undefined && shape.length > 1 ? shape.join(", ") : "" };
  });
}

/** Columns as they are typed, neighbours as a range. */
function written(columns: readonly number[], header: readonly string[]): string {
  const runs: [first: number, last: number][] = [];
  for (const column of columns) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === column) last[1] = column;
    else runs.push([column, column]);
  }
  const title = (i: number): string => (/[:,]/.test(header[i] ?? ",") ? String(i + 1) : (header[i] as string));
  return runs.map(([first, last]) => (first === last ? title(first) : `${title(first)}:${title(last)}`)).join(", ");
}

/** The columns that are meant. */
export function chosenColumns({ name, columns }: Share, { header, file }: Table): readonly number[] {
  const find = (text: string): number => {
    const word = text.trim();
    const named = header.indexOf(word);
    const place = named >= 0 ? named : /^\d+$/.test(word) ? Number(word) - 1 : -1;
    if (place < 0 || place >= header.length) throw new DataError(`${name}: ${file} has no column "${word}"`, `Its columns are ${header.slice(0, 8).join(", ")}${header.length > 8 ? ", …" : ""}.`);
    return place;
  };
  const parts = columns.split(",").filter((part) => part.trim() !== "");
  if (parts.length === 0) throw new DataError(`${name} has no columns`, "Every input takes one or more: names or numbers, ranges with a colon.");
  return parts.flatMap((part) => {
    // A name may hold a colon of its own.
    const [from = "", to] = header.includes(part.trim()) ? [part] : part.split(":");
    const [first, last] = [find(from), find(to ?? from)];
    if (last < first) throw new DataError(`${name}: ${part.trim()} runs backwards`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The input as it takes these columns: of the shape that was typed, else a row. */
export function shaped(spec: InputSpec, { name, shape }: Share, columns: number): InputSpec {
  const typed = shape.split(/[\s,×x]+/).filter((part) => part !== "").map(Number);
  if (typed.some((size) => !Number.isInteger(size) || size < 1)) throw new DataError(`${name}: '${shape}' is no shape`, "Write the sizes of one sample: 1, 8, 8.");
  const row = typed.length > 0 ? typed : [columns];
  const size = row.reduce((all, length) => all * length, 1);
  if (size !== columns) throw new DataError(`${name}: ${columns} ${columns === 1 ? "column is" : "columns are"} chosen, and a sample of ${row.join(" × ")} has ${size} numbers`);
  return { ...spec, shape: [-1, ...row] };
}

/** Samples by the inputs' names, `{"image": […], "numbers": […]}`, one after the other; `read` makes a tensor of each. */
export function byName(given: unknown, specs: readonly InputSpec[], file: string, read: (value: unknown, spec: InputSpec) => Tensor): readonly Tensor[] {
  const names = specs.map(({ name }) => name);
  const object = typeof given === "object" && given !== null && !Array.isArray(given) ? (given as { readonly [name: string]: unknown }) : undefined;
  const missing = names.filter((name) => object?.[name] === undefined);
  if (missing.length > 0) {
    const form = names.map((name) => `"${name}": […]`).join(", ");
    throw new DataError(`${file}: forward takes ${names.join(", ")}, and ${object === undefined ? "the inputs have no names" : `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not there`}`, `Write {"inputs": {${form}}, "targets": […]}.`);
  }
  return specs.map((spec) => read(object?.[spec.name], spec));
}
