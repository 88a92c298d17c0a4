// Many inputs through the network, and a table of its answers.
import { MismatchError, numbers, type Model, type Output, type Tensor } from "torchtab";
import { areChances, sigmoid, softmax } from "../output/chances.js";
import { cell } from "../output/output.js";
import { firstTensor } from "../train/set.js";
import type { Item, Items } from "./items.js";

/** An answer, or why there is none. */
export interface Answer {
  readonly item: Item;
  readonly wrong?: string;
  /** The likeliest class, where the output is of classes. */
  readonly name?: string;
  readonly share?: number;
  /** Whether it is the right one, where that is known. */
  readonly right?: boolean;
  /** All values, or the shares of the likeliest. */
  readonly values?: readonly number[];
  readonly top?: readonly { readonly name: string; readonly share: number }[];
}

/** Outputs with more classes are told by their likeliest. */
const MOST_COLUMNS = 200;
const TOP = 5;

/**
 * Runs item after item, `size` together. An input that cannot be read is an answer with its reason; a network that does not take several
 * at once gets them one by one.
 */
export async function* answers(model: Model, { items, together }: Items, size: number, labels: readonly string[], signal: AbortSignal): AsyncGenerator<Answer[], void> {
  let batch = together ? Math.max(1, size) : 1;
  let at = 0;
  let first = true;
  while (at < items.length) {
    signal.throwIfAborted();
    const some = items.slice(at, at + batch);
    const loaded = await Promise.all(some.map((item) => item.load().then((tensor) => ({ item, tensor }), (thrown: unknown) => ({ item, wrong: thrown instanceof Error ? thrown.message : String(thrown) }))));
    const good = loaded.filter((each): each is { item: Item; tensor: Tensor } => "tensor" in each);
    let outputs: number[][] = [];
    if (good.length > 0) {
      try {
        outputs = lines(await model.run<Output>([stacked(good.map(({ tensor }) => tensor))], { signal }), good.length);
      } catch (thrown) {
        if (!(thrown instanceof MismatchError) || batch === 1 || !first) throw thrown;
        batch = 1;
        continue;
      }
      first = false;
    }
    at += some.length;
    yield loaded.map((each) => ("tensor" in each ? answer(each.item, outputs[good.indexOf(each)] ?? [], labels) : { item: each.item, wrong: each.wrong }));
  }
}

function stacked(all: readonly Tensor[]): Tensor {
  const [one] = all as [Tensor];
  const data = new (one.data.constructor as new (length: number) => Tensor["data"])(one.data.length * all.length);
  all.forEach((tensor, i) => (data as Float32Array).set(tensor.data as Float32Array, i * one.data.length));
  return { dtype: one.dtype, shape: [all.length, ...one.shape.slice(1)], data };
}

/** The first tensor of the output, a line for each input. */
function lines(output: Output, count: number): number[][] {
  const tensor = firstTensor(output)?.tensor;
  if (tensor === undefined) throw new MismatchError({ kind: "mismatch", code: "output", message: "forward returns no tensor" });
  if (tensor.shape[0] !== count && !(count === 1 && tensor.shape.length === 0)) {
    throw new MismatchError({
      kind: "mismatch", code: "output",
      message: `forward gave shape [${tensor.shape.join(", ")}] for ${count} inputs: its first dimension does not count them`,
    });
  }
  const all = numbers(tensor);
  const width = all.length / count;
  return Array.from({ length: count }, (_, i) => all.slice(i * width, (i + 1) * width));
}

function answer(item: Item, values: readonly number[], labels: readonly string[]): Answer {
  const binary = values.length === 1 && labels.length === 2;
  if (values.length < 2 && !binary) return { item, values };
  const own = areChances(values);
  const chance = own ? (values[0] ?? 0) : sigmoid(values[0] ?? 0);
  const shares = binary ? [1 - chance, chance] : own ? values : softmax(values);
  const order = shares.map((share, i) => ({ share, i })).sort((a, b) => b.share - a.share).slice(0, TOP);
  const [best] = order as [{ share: number; i: number }];
  const name = (i: number): string => labels[i] ?? `class ${i}`;
  const { label } = item;
  const known = label !== undefined && (/^\d+$/.test(label) || labels.some((each) => each.toLowerCase() === label.toLowerCase()));
  return {
    item,
    name: name(best.i),
    share: best.share,
    ...(known ? { right: label?.toLowerCase() === name(best.i).toLowerCase() || label === String(best.i) } : {}),
    ...(values.length > MOST_COLUMNS ? { top: order.map(({ share, i }) => ({ name: name(i), share })) } : { values }),
  };
}

/** The table of answers: what was given, the answer and its share, and all values or the likeliest classes. */
export function table({ header }: Items, all: readonly Answer[], labels: readonly string[]): string {
  const some = all.find(({ wrong }) => wrong === undefined);
  const classed = some?.name !== undefined;
  const width = all.reduce((most, { values }) => Math.max(most, values?.length ?? 0), 0);
  const heads = [
    ...header,
    ...(classed ? ["prediction", "probability"] : []),
    ...Array.from({ length: width }, (_, i) => (classed && width > 1 ? `score ${labels[i] ?? i}` : width === 1 ? "output" : `output ${i}`)),
    ...(some?.top ?? []).slice(1).flatMap((_, i) => [`prediction ${i + 2}`, `probability ${i + 2}`]),
    ...(all.some(({ wrong }) => wrong !== undefined) ? ["error"] : []),
  ];
  const rows = all.map(({ item, wrong, name, share, values, top }) => {
    const cells: (string | number)[] = [...item.cells];
    if (wrong === undefined) {
      if (classed) cells.push(name ?? "", share ?? "");
      cells.push(...(values ?? []), ...(top ?? []).slice(1).flatMap((each) => [each.name, each.share]));
    }
    const padded = [...cells, ...Array<string>(Math.max(0, heads.length - cells.length)).fill("")];
    if (wrong !== undefined) padded[heads.length - 1] = wrong;
    return padded.map((each) => cell(String(each))).join(",");
  });
  return `${[heads.map(cell).join(","), ...rows].join("\n")}\n`;
}
