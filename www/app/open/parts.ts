// Checkpoints in several files, found among what arrived: the parts of one become one, and the index that lies beside them is used up.
import { shardName } from "torchtab";
import { INDEX } from "./opened.js";
import type { Sorted } from "./sort.js";

export type Weights = Extract<Sorted, { kind: "checkpoint" }>;

const folder = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** The same, with parts that belong together as one checkpoint. One that came alone stays what it is. */
export function together(sorted: readonly Sorted[]): Sorted[] {
  const groups = new Map<string, Weights[]>();
  for (const one of sorted) {
    const name = one.kind === "checkpoint" ? shardName(one.given.file.name) : undefined;
    if (name === undefined) continue;
    const key = `${folder(one.given.path)}${name.whole} of ${name.of}`;
    groups.set(key, [...(groups.get(key) ?? []), one as Weights]);
  }
  const indexes = sorted.filter((one) => one.kind === "index");
  const out = new Set<Sorted>(sorted);
  for (const parts of groups.values()) {
    const [first] = parts;
    if (first === undefined) continue;
    const { whole } = shardName(first.given.file.name) ?? { whole: first.given.file.name };
    const index = indexes.find(({ given }) => folder(given.path) === folder(first.given.path) && given.file.name.startsWith(whole));
    if (index === undefined && parts.length === 1) continue;
    for (const part of [...parts, index]) if (part !== undefined) out.delete(part);
    const path = folder(first.given.path) + whole;
    const files = [...(index === undefined ? [] : [index]), ...parts].map(({ given }) => given.file);
    out.add({ kind: "checkpoint", given: { file: first.given.file, path }, parts: files });
  }
  return [...out];
}

/** What to say of a part that came without the others. */
export function lonely(one: Sorted): string | undefined {
  const name = one.kind === "checkpoint" && one.parts === undefined ? shardName(one.given.file.name) : undefined;
  if (name === undefined || name.of === 1) return undefined;
  const others = name.all.filter((other) => other !== one.given.file.name);
  return `part ${name.part} of ${name.of}: drop ${others[0]}${others.length > 1 ? ` and the ${others.length - 1} others` : ""} together with it`;
}

/** The size of a checkpoint that arrived, all its parts together. */
export function sizeOf({ given, parts }: Weights): number {
  return parts === undefined ? given.file.size : parts.filter(({ name }) => !INDEX.test(name)).reduce((sum, { size }) => sum + size, 0);
}
