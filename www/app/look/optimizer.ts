// Which parameter an optimizer's state belongs to. torch numbers the states by the parameters' places in its groups and keeps no names, so they are
// matched by place: with the names that the file or the network tells, else in the file's order, where every shape then fits.
import type { Checkpoint, Entry, OptimizerState } from "torchtab";
import { distinct } from "../tree.js";

/** States of one parameter: `exp_avg`, `momentum_buffer`, `step`. */
export interface State {
  readonly parameter: Entry;
  readonly tensors: readonly { readonly key: string; readonly entry: Entry }[];
}

/** An optimizer's state tensors by their parameter's number. */
type Numbered = ReadonlyMap<number, State["tensors"]>;

/** The states, by the path that holds each (`optimizer.state.3`), by their parameter's name and by each tensor's. Empty where nothing fits. */
export function states(checkpoint: Checkpoint, known?: OptimizerState): Map<string, State> {
  const found = new Map<string, State>();
  const parameters = distinct(checkpoint.entries.filter(({ role }) => role === "parameter"));
  for (const [path, all] of optimizers(checkpoint.entries)) {
    const groups = placesByGroup(checkpoint, path, all);
    const names = namesInFile(checkpoint, path) ?? (known?.path === path && known.resumed ? known.groups.flatMap(({ params }) => params) : undefined);
    const owners = names === undefined ? byOrder(groups, all, parameters) : byName(groups, names, all, checkpoint.entries);
    for (const [place, parameter] of owners ?? []) {
      const state = { parameter, tensors: all.get(place) ?? [] };
      for (const name of [under(path, `state.${place}`), parameter.name, ...state.tensors.map(({ entry }) => entry.name)]) found.set(name, state);
    }
  }
  return found;
}

/** Entries like `optimizer_state_dict.state.3.exp_avg`, by the optimizer's path. */
function optimizers(entries: readonly Entry[]): Map<string, Numbered> {
  const found = new Map<string, Map<number, { key: string; entry: Entry }[]>>();
  for (const entry of entries) {
    const parts = entry.role === "optimizer" ? /^(?:(.+)\.)?state\.(\d+)\.(.+)$/.exec(entry.name) : null;
    if (parts === null) continue;
    const [, path = "", place, key = ""] = parts;
    const states = found.get(path) ?? new Map<number, { key: string; entry: Entry }[]>();
    const state = states.get(Number(place)) ?? [];
    state.push({ key, entry });
    found.set(path, states.set(Number(place), state));
  }
  return found;
}

const under = (path: string, rest: string): string => (path === "" ? rest : `${path}.${rest}`);

/** The numbers of each group's parameters, in torch's order. */
function placesByGroup(checkpoint: Checkpoint, path: string, all: Numbered): number[][] {
  const groups: number[][] = [];
  for (let i = 0; ; i += 1) {
    const places = checkpoint.values[under(path, `param_groups.${i}.params`)];
    if (!Array.isArray(places)) break;
    groups.push(places.map(Number));
  }
  return groups.length > 0 ? groups : [[...all.keys()].sort((a, b) => a - b)];
}

/** `param_names`, which torch keeps when an optimizer was made of named parameters. */
function namesInFile(checkpoint: Checkpoint, path: string): string[] | undefined {
  const all: string[] = [];
  for (let i = 0; ; i += 1) {
    const names = checkpoint.values[under(path, `param_groups.${i}.param_names`)];
    if (!Array.isArray(names)) return i === 0 ? undefined : all;
    all.push(...names.map(String));
  }
}

function byName(groups: readonly number[][], names: readonly string[], all: Numbered, entries: readonly Entry[]): Map<number, Entry> | undefined {
  const named = new Map(entries.map((entry) => [entry.name, entry]));
  const owners = new Map<number, Entry>();
  groups.flat().forEach((place, i) => {
    const entry = named.get(names[i] ?? "");
    if (entry !== undefined && fits(entry, place, all)) owners.set(place, entry);
  });
  return owners.size > 0 ? owners : undefined;
}

/** Each group keeps the network's order; all or nothing. */
function byOrder(groups: readonly number[][], all: Numbered, parameters: readonly Entry[]): Map<number, Entry> | undefined {
  const owners = new Map<number, Entry>();
  const taken = new Set<Entry>();
  if (groups.flat().length !== parameters.length) return undefined;
  for (const places of groups) {
    let from = 0;
    for (const place of places) {
      const at = parameters.findIndex((entry, i) => i >= from && !taken.has(entry) && fits(entry, place, all));
      const entry = parameters[at];
      if (entry === undefined) return undefined;
      taken.add(entry);
      owners.set(place, entry);
      from = at + 1;
    }
  }
  return owners;
}

/** States that have their parameter's shape. */
const ALIKE = /^(exp_avg|exp_inf|momentum_buffer|square_avg|sum$|max_exp|grad_avg|acc_delta)/;

function fits({ shape }: Entry, place: number, all: Numbered): boolean {
  return (all.get(place) ?? []).every(({ key, entry }) => !ALIKE.test(key) || String(entry.shape) === String(shape));
}
