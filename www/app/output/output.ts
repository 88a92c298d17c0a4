// What forward returned, taken apart: its tensors with the way to each, and the forms in which it is copied and downloaded.
import { numbers, type Output, type Tensor, type TensorInput } from "torchtab";

/** A tensor and the way to it, as Python writes it. */
export interface Found {
  readonly path: string;
  readonly tensor: Tensor;
}

export function isTensor(value: Output): value is Tensor {
  return typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "data" in value;
}

/** The tensors in the output with the way to each. */
export function tensors(value: Output, path = "output"): Found[] {
  if (isTensor(value)) return [{ path, tensor: value }];
  if (typeof value !== "object" || value === null) return [];
  const entries = Array.isArray(value)
    ? value.map((item: Output, i) => [`[${i}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [`[${JSON.stringify(key)}]`, item as Output] as const);
  return entries.flatMap(([step, item]) => tensors(item, path + step));
}

/** Elements for each element of the shape: complex numbers have two. */
export const width = (dtype: string): number => (dtype.startsWith("complex") ? 2 : 1);

/** Plain data of an output: at most `most` elements of each tensor. */
export function plain(value: Output, most = Infinity): unknown {
  if (isTensor(value)) {
    const { dtype, shape, data } = value;
    const left = data.length - most;
    return { dtype, shape, data: numbers({ dtype, data: data.subarray(0, Math.min(most, data.length)) }).map(finite), ...(left > 0 ? { left_out: left } : {}) };
  }
  if (Array.isArray(value)) return value.map((item: Output) => plain(item, most));
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item as Output, most)]));
  return value;
}

/** JSON has no NaN and no infinities; Python's reader takes these words. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

/** A line a dimension that is not the last, a number a cell; the first cells say where the line stands. */
export function csv({ dtype, shape, data }: Tensor, columns: readonly string[] = []): string {
  const per = width(dtype);
  const across = (shape.at(-1) ?? 1) * per;
  const leading = shape.slice(0, -1);
  const values = numbers({ dtype, data });
  const head = [...leading.map((_, i) => `dim ${i}`), ...Array.from({ length: across }, (_, i) => columns[i] ?? String(i))];
  const lines = [head.map(cell).join(",")];
  for (let row = 0; across > 0 && row * across < values.length; row += 1) {
    lines.push([...place(row, leading), ...values.slice(row * across, (row + 1) * across)].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** The indices of a line among dimensions of these sizes. */
export function place(line: number, sizes: readonly number[]): number[] {
  const at: number[] = [];
  let rest = line;
  for (let dim = sizes.length - 1; dim >= 0; dim -= 1) {
    const size = sizes[dim] as number;
    at.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return at;
}

/** A cell of a CSV file, quoted where it must be. A text that a spreadsheet would take for a formula is kept a text. */
export function cell(value: string): string {
  const safe = /^[=+@\t\r]|^-(?!\d|\.\d)/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A tensor as it may be written for a run, with its elements in a row. */
export function flat({ dtype, shape, data }: TensorInput): { dtype: string; shape: readonly number[]; values: ArrayLike<number> } {
  if (ArrayBuffer.isView(data)) {
    const as = dtype ?? "float32";
    const values = data instanceof Float32Array ? data : numbers({ dtype: as, data: data as Tensor["data"] });
    return { dtype: as, shape: shape ?? [data.length], values };
  }
  const sizes: number[] = [];
  for (let at: unknown = data; Array.isArray(at); at = at[0]) sizes.push(at.length);
  const values = (Array.isArray(data) ? data.flat(Infinity) : [data]).map(Number);
  return { dtype: dtype ?? "float32", shape: shape ?? sizes, values };
}

/** Hands a file to the browser's downloads. */
export function download(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  // The browser reads the file after the click returns.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
