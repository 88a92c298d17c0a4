// Names of classes: from a file that people have beside a checkpoint, or from the checkpoint itself.
import type { ValueEntry } from "torchtab";

/** More names than these are no labels. */
const MAX_LABELS = 1_000_000;

/**
 * Names in the order of their classes. JSON: a list; `{"0": "cat"}`; `{"0": ["n02123045", "tabby"]}` as ImageNet's index has it;
 * `{"cat": 0}` as `class_to_idx`; any of these below `id2label`, `labels` and the like. Text: a name a line, with its number in front or without.
 */
export function labelsFrom(text: string, file: string): string[] {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    // A file that begins as JSON and is none is broken, not a list of lines.
    if (/^\s*[[{]/.test(text)) throw new Error(`${file} is no JSON: a bracket or a comma is missing`);
    const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
    while (lines.at(-1)?.trim() === "") lines.pop();
    const numbered = lines.every((line, i) => new RegExp(`^${i}[ :]`).test(line));
    return checked(lines.map((line) => (numbered ? line.replace(/^\d+[ :]+/, "") : line).trim()), file);
  }
  const found = fromData(given);
  if (found === undefined) throw new Error(`${file} has no labels: give a JSON list, {"0": "cat", …}, {"cat": 0, …}, or a text file with a name a line`);
  return checked(found, file);
}

function checked(labels: string[], file: string): string[] {
  if (labels.length === 0 || labels.every((label) => label === "")) throw new Error(`${file} is empty`);
  if (labels.length > MAX_LABELS) throw new Error(`${file} has ${labels.length} names, more than ${MAX_LABELS}`);
  return labels;
}

const KEYS = ["id2label", "idx_to_class", "idx2label", "class_to_idx", "label2id", "classes", "class_names", "labels", "label_names", "categories", "names"];

function fromData(given: unknown): string[] | undefined {
  if (Array.isArray(given)) return given.every((item) => typeof item !== "object") ? given.map(String) : undefined;
  if (typeof given !== "object" || given === null) return undefined;
  for (const key of KEYS) {
    const inside = (given as Record<string, unknown>)[key];
    const found = inside === undefined ? undefined : fromData(inside);
    if (found !== undefined) return found;
  }
  const entries = Object.entries(given);
  if (entries.length === 0) return undefined;
  const byIndex = entries.every(([key]) => /^\d{1,6}$/.test(key));
  const pairs = byIndex
    ? entries.map(([key, value]) => [Number(key), Array.isArray(value) ? String(value.at(-1)) : String(value)] as const)
    : entries.every(([, value]) => typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MAX_LABELS)
      ? entries.map(([key, value]) => [value as number, key] as const)
      : undefined;
  if (pairs === undefined) return undefined;
  const names: string[] = Array.from({ length: pairs.reduce((most, [index]) => Math.max(most, index), 0) + 1 }, (_, i) => `class ${i}`);
  for (const [index, name] of pairs) names[index] = name;
  return names;
}

/** Labels that the checkpoint holds beside its tensors: `class_to_idx` and the like, in one value or a value a class. */
export function labelsIn(details: readonly ValueEntry[]): { readonly labels: readonly string[]; readonly path: string } | undefined {
  for (const key of KEYS) {
    // A list is one value; a dict is listed key by key: `class_to_idx.cat`.
    const step = new RegExp(`^((?:.*\\.)?${key})(?:\\.(.+))?$`, "s");
    const own = details.flatMap(({ path, value }) => {
      const match = step.exec(path);
      return match === null ? [] : [{ at: match[1] as string, rest: match[2], value }];
    });
    const [first] = own;
    if (first === undefined) continue;
    const found = fromData(first.rest === undefined ? first.value : Object.fromEntries(own.filter(({ at }) => at === first.at).map(({ rest, value }) => [rest, value])));
    if (found !== undefined && found.length > 1) return { labels: found, path: first.at };
  }
  return undefined;
}
