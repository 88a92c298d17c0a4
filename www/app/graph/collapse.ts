// A traced network as boxes and arrows: closed modules are one box a call, open ones show what is in them. Weights are no boxes; they are told of
// in the module's own.
import type { GraphNode, NetworkGraph, TracedGraph } from "torchtab";

/** A module's call, an operator, an input or the result. */
export interface Box {
  readonly id: string;
  readonly kind: "module" | "op" | "input" | "output";
  /** The last part of the path, or the operator. */
  readonly title: string;
  /** The class, or what the operator does its work with. */
  readonly about: string;
  /** The module's path; of an operator the path that it stands in. */
  readonly path: string;
  /** How many operators are inside. */
  readonly inside: number;
  /** Elements of the parameters that it uses. */
  readonly parameters: number;
  readonly line: number | undefined;
}

/** A value on its way; `shape` and `dtype` are the value's. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly value: number;
  readonly shape: readonly number[];
  readonly dtype: string;
}

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
}

/** More boxes than this are no picture any more. */
export const MOST_BOXES = 400;

const parent = (path: string): string => path.split(".").slice(0, -1).join(".");

export function evalTrace(network: NetworkGraph): TracedGraph | undefined {
  return (network.traces.find(({ training }) => !training) ?? network.traces[0])?.graph;
}

/** The modules to open at first: level by level, while the picture stays small. */
export function openAtFirst(network: NetworkGraph, graph: TracedGraph, most = 40): Set<string> {
  const deepest = Math.max(0, ...graph.nodes.map(({ scope }) => (scope === "" ? 0 : scope.split(".").length)));
  let open = new Set<string>();
  for (let depth = 1; depth < deepest; depth += 1) {
    const next = openTo(network, graph, depth);
    if (count(graph, next) > most) break;
    open = next;
  }
  return open;
}

/** Every module above a depth, but torch's own layers: what they are is their name. */
export function openTo(network: NetworkGraph, graph: TracedGraph, depth: number): Set<string> {
  const classes = new Map(network.modules.map(({ path, class: name }) => [path, name]));
  const open = new Set<string>();
  for (const { scope } of graph.nodes) {
    const parts = scope === "" ? [] : scope.split(".");
    for (let i = 1; i <= Math.min(depth, parts.length); i += 1) {
      const path = parts.slice(0, i).join(".");
      if (i < parts.length || !/^torch\.nn\./.test(classes.get(path) ?? "")) open.add(path);
    }
  }
  return open;
}

/** How many boxes a drawing would have. */
export function count(graph: TracedGraph, open: ReadonlySet<string>): number {
  return runs(graph.nodes, open).length;
}

/** The outermost closed module around a node; nothing for one that stands in the open. */
function closed(scope: string, open: ReadonlySet<string>): string | undefined {
  const parts = scope === "" ? [] : scope.split(".");
  for (let i = 1; i <= parts.length; i += 1) {
    const path = parts.slice(0, i).join(".");
    if (!open.has(path)) return path;
  }
  return undefined;
}

/** Nodes one after the other in the same closed module are one call of it, so that arrows never turn back. */
function runs(nodes: readonly GraphNode[], open: ReadonlySet<string>): { path: string | undefined; nodes: GraphNode[] }[] {
  const all: { path: string | undefined; nodes: GraphNode[] }[] = [];
  for (const node of nodes) {
    const path = closed(node.scope, open);
    const last = all.at(-1);
    if (path !== undefined && last?.path === path) last.nodes.push(node);
    else all.push({ path, nodes: [node] });
  }
  return all;
}

export function draw(network: NetworkGraph, graph: TracedGraph, open: ReadonlySet<string>): Drawing {
  const classes = new Map(network.modules.map(({ path, class: name }) => [path, name.split(".").at(-1) ?? name]));
  const size = (value: number): number => (graph.values[value]?.shape ?? []).reduce((all, one) => all * one, 1);
  const parameters = new Set(graph.leaves.filter(({ kind }) => kind === "parameter").map(({ value }) => value));
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const maker = new Map<number, string>();
  const none = { inside: 0, parameters: 0, line: undefined, path: "" };
  for (const { name, value } of graph.inputs) {
    const id = `input ${name}`;
    boxes.push({ ...none, id, kind: "input", title: name, about: "input" });
    maker.set(value, id);
  }
  const connect = (values: Iterable<number>, to: string): void => {
    for (const value of new Set(values)) {
      const from = maker.get(value);
      const { shape, dtype } = graph.values[value] ?? { shape: [], dtype: "" };
      if (from !== undefined && from !== to) arrows.push({ from, to, value, shape, dtype });
    }
  };
  runs(graph.nodes, open).forEach(({ path, nodes }, i) => {
    const first = nodes[0] as GraphNode;
    const id = `${path ?? "op"} ${i}`;
    const used = new Set(nodes.flatMap(({ inputs }) => inputs).filter((value) => parameters.has(value)));
    const common = { id, inside: nodes.length, parameters: [...used].reduce((all, value) => all + size(value), 0), line: first.line ?? undefined };
    boxes.push(
      path === undefined
        ? { ...common, kind: "op", title: operator(first), about: told(first), path: first.scope }
        : { ...common, kind: "module", title: path.split(".").at(-1) ?? path, about: classes.get(path) ?? "", path },
    );
    connect(nodes.flatMap(({ inputs }) => inputs), id);
    for (const value of nodes.flatMap(({ outputs }) => outputs)) maker.set(value, id);
  });
  boxes.push({ ...none, id: "output", kind: "output", title: "output", about: "result" });
  connect(results(graph.output), "output");
  return { boxes, arrows };
}

/** Values in the result's structure. */
function results(output: TracedGraph["output"]): number[] {
  if (typeof output === "string") return [];
  if ("value" in output) return [output.value];
  if ("tuple" in output) return output.tuple.flatMap(results);
  if ("list" in output) return output.list.flatMap(results);
  return "dict" in output ? output.dict.flatMap(([, value]) => results(value)) : [];
}

/** `{ unary: "relu" }` → `relu`, `{ conv: {…} }` → `conv`. */
function operator({ op }: GraphNode): string {
  if (typeof op === "string") return op;
  const [name = "", argument] = Object.entries(op)[0] ?? [];
  return typeof argument === "string" ? argument : name;
}

/** An operator's arguments, as far as they are few and plain. */
function told({ op }: GraphNode): string {
  const [, argument] = typeof op === "string" ? [] : (Object.entries(op)[0] ?? []);
  if (typeof argument !== "object" || argument === null) return "";
  const plain = (value: unknown): value is number | boolean | string | number[] =>
    typeof value === "number" || typeof value === "boolean" || typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "number"));
  return Object.entries(argument)
    .filter((pair): pair is [string, number | boolean | string | number[]] => plain(pair[1]))
    .slice(0, 4)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join("×") : value}`)
    .join(", ");
}

/** What to close to see less around a box. */
export const around = (box: Box): string => (box.kind === "op" ? box.path : parent(box.path));
