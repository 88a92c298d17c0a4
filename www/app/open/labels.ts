// Names of classes, from the files that people have them in.

export type Labels = readonly string[];

/**
 * JSON (`["cat", …]`, `{"0": "cat"}`, ImageNet's `{"0": ["n02123045", "tabby"]}`) or text with a name a line, with its number in front or without.
 */
export function labels(text: string): Labels {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = text.split(/\r?\n/).filter((line) => line.trim() !== "");
    if ((given as string[]).every((line, i) => line.startsWith(`${i} `) || line.startsWith(`${i}:`))) given = (given as string[]).map((line) => line.replace(/^\d+[ :]+/, ""));
  }
  if (typeof given !== "object" || given === null) throw new Error("Labels are a JSON list, a JSON object by number, or text with a name a line");
  const name = (value: unknown): string => (Array.isArray(value) ? String(value.at(-1)) : String(value));
  if (Array.isArray(given)) return given.map(name);
  const numbered = Object.entries(given).map(([key, value]) => [Number(key), value] as const);
  if (numbered.every(([number]) => Number.isInteger(number) && number >= 0)) return place(numbered.map(([number, value]) => [number, name(value)]));
  // The other way round, as label2id has it.
  return place(Object.entries(given).map(([label, number]) => [Number(number), label]));
}

function place(numbered: readonly (readonly [number, string])[]): Labels {
  const all: string[] = [];
  for (const [number, label] of numbered) {
    if (!Number.isInteger(number) || number < 0 || number > 1_000_000) throw new Error(`${JSON.stringify(label)} has no number of a class`);
    all[number] = label;
  }
  return Array.from(all, (label, i) => label ?? `class ${i}`);
}
