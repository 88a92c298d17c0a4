// Tensors' dotted names as a tree of modules, with what each holds rolled up.
import type { Entry } from "torchtab";

/** A module, or a tensor where `entry` is there. */
export interface Branch {
  /** The last part of the path. */
  readonly label: string;
  /** The whole dotted path; the root's is empty. */
  readonly path: string;
  readonly depth: number;
  readonly children: Branch[];
  readonly entry: Entry | undefined;
  /** Elements in all tensors below. */
  elements: number;
  bytes: number;
  tensors: number;
  /** Elements in parameters below, tied ones once, as torch counts. */
  parameters: number;
  /** Bytes by dtype. */
  readonly dtypes: Map<string, number>;
}

/** A branch where it stands among its siblings, as a treegrid tells it. */
export interface Row {
  readonly branch: Branch;
  readonly position: number;
  readonly siblings: number;
}

/** Deeper names end in one label: no network nests so, and trees are walked by recursion. */
const MAX_DEPTH = 64;

const elements = (entry: Entry): number => entry.shape.reduce((all, size) => all * size, 1);

/** Tied tensors, which are one under several names, once. */
export function distinct(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries.filter(({ storage, offset, shape, stride }) => {
    const key = `${storage}:${offset}:${shape}:${stride}`;
    return !seen.has(key) && seen.add(key);
  });
}

export function grow(entries: readonly Entry[]): Branch {
  const make = (label: string, path: string, depth: number, entry?: Entry): Branch => ({
    label, path, depth, entry, children: [], elements: 0, bytes: 0, tensors: 0, parameters: 0, dtypes: new Map(),
  });
  const root = make("", "", 0);
  const modules = new Map<string, Branch>([["", root]]);
  const counted = new Set(distinct(entries.filter(({ role }) => role === "parameter")));
  for (const entry of entries) {
    const all = entry.name.split(".");
    const parts = all.length > MAX_DEPTH ? [...all.slice(0, MAX_DEPTH - 1), all.slice(MAX_DEPTH - 1).join(".")] : all;
    const above = [root];
    let path = "";
    for (const part of parts.slice(0, -1)) {
      path = path === "" ? part : `${path}.${part}`;
      let next = modules.get(path);
      const parent = above.at(-1) as Branch;
      if (next === undefined) {
        next = make(part, path, parent.depth + 1);
        modules.set(path, next);
        parent.children.push(next);
      }
      above.push(next);
    }
    const parent = above.at(-1) as Branch;
    const size = elements(entry);
    const own = make(parts.at(-1) as string, entry.name, parent.depth + 1, entry);
    own.parameters = counted.has(entry) ? size : 0;
    parent.children.push(own);
    for (const branch of above) {
      branch.elements += size;
      branch.parameters += own.parameters;
      branch.bytes += entry.bytes;
      branch.tensors += 1;
      branch.dtypes.set(entry.dtype, (branch.dtypes.get(entry.dtype) ?? 0) + entry.bytes);
    }
  }
  return root;
}

/** The rows to show: open branches' children, in order. With a search, what matches and what it stands in. */
export function rows(root: Branch, open: ReadonlySet<string>, search: string): Row[] {
  const wanted = search.trim().toLowerCase();
  const found: Row[] = [];
  const matches = (branch: Branch): boolean => branch.path.toLowerCase().includes(wanted) || branch.children.some(matches);
  const pending: Row[] = [];
  const push = (branch: Branch): void => {
    const children = wanted === "" ? branch.children : branch.children.filter(matches);
    for (let i = children.length - 1; i >= 0; i -= 1) {
      pending.push({ branch: children[i] as Branch, position: i + 1, siblings: children.length });
    }
  };
  push(root);
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    found.push(row);
    if (wanted !== "" || open.has(row.branch.path)) push(row.branch);
  }
  return found;
}

/** Which modules are open at first: from the top, as long as not too many rows show; an optimizer's state stays closed. */
export function openAtFirst(root: Branch, most = 60): Set<string> {
  const open = new Set<string>();
  let shown = root.children.length;
  let level = root.children;
  while (level.length > 0) {
    const modules = level.filter((branch) => branch.entry === undefined && !onlyOptimizer(branch));
    const more = modules.reduce((all, branch) => all + branch.children.length, 0);
    if (shown + more > most) break;
    for (const branch of modules) open.add(branch.path);
    shown += more;
    level = modules.flatMap((branch) => branch.children);
  }
  return open;
}

function onlyOptimizer(branch: Branch): boolean {
  return branch.entry === undefined ? branch.children.every(onlyOptimizer) : branch.entry.role === "optimizer";
}

/** What must be open for a name to show. */
export function above(name: string): string[] {
  const parts = name.split(".").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}

/** For each storage that several tensors share, their names. */
export function shared(entries: readonly Entry[]): Map<number, string[]> {
  const names = new Map<number, string[]>();
  for (const entry of entries) names.set(entry.storage, [...(names.get(entry.storage) ?? []), entry.name]);
  for (const [storage, all] of names) if (all.length < 2) names.delete(storage);
  return names;
}
