/**
 * A network as plain JSON: the graphs that were traced of it, and its tree of modules.
 * @module
 */
import type { InputSpec } from "./types.js";

/** A value of a traced graph. */
export interface GraphValue {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** An ATen operator with its operands; numbers are places in {@link TracedGraph.values}. */
export interface GraphNode {
  /** `"relu"`, or the operator with its arguments: `{ conv: { stride: [1, 1], … } }`. */
  readonly op: string | { readonly [name: string]: unknown };
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The module it belongs to: `layer1.0.conv1`. */
  readonly scope: string;
  /** The line of the source. */
  readonly line: number | null;
}

/** Forward's result in a graph: values in Python's structure. */
export type GraphOutput =
  | { readonly value: number }
  | "none"
  | { readonly scalar: number | boolean | string }
  | { readonly str: string }
  | { readonly tuple: readonly GraphOutput[] }
  | { readonly list: readonly GraphOutput[] }
  | { readonly dict: readonly (readonly [string, GraphOutput])[] };

/** `forward` for one set of input shapes, as operators in an order in which they can run. */
export interface TracedGraph {
  readonly values: readonly GraphValue[];
  readonly inputs: readonly { readonly name: string; readonly value: number }[];
  /** Parameters and buffers; tied weights have several names. */
  readonly leaves: readonly {
    readonly value: number;
    readonly names: readonly string[];
    readonly kind: "parameter" | "buffer";
    readonly requires_grad: boolean;
    readonly init: number | null;
  }[];
  readonly constants: readonly { readonly value: number; readonly data: { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: readonly number[] } }[];
  readonly nodes: readonly GraphNode[];
  readonly output: GraphOutput;
  /** Buffers that a run in train mode changes, and what they become. */
  readonly updates: readonly { readonly buffer: number; readonly value: number }[];
}

/** A network without its source and its weights, as plain JSON: {@link Model.graph} makes it, `build` takes it. */
export interface NetworkGraph {
  readonly format: "torchtab.graph";
  readonly version: 1;
  /** Forward's parameters, with the shapes that were traced. */
  readonly inputs: readonly InputSpec[];
  readonly modules: readonly { readonly path: string; readonly class: string }[];
  /** `state_dict().keys()` */
  readonly keys: readonly string[];
  /** One graph a mode and set of input shapes; `forward` takes the one that fits. Graphs of the same network may be put together. */
  readonly traces: readonly { readonly training: boolean; readonly graph: TracedGraph }[];
}
