// The ways in which an input can be given, the likeliest first.
import type { InputSpec } from "torchtab";
import type { SampleKit } from "./samples.js";

export type Kind = "draw" | "image" | "text" | "write" | "row" | "random" | "json";
export const NAMES: Record<Kind, string> = { draw: "Draw", image: "Image", text: "Text", write: "Write", row: "Row", random: "Random", json: "JSON" };

/** More fields than these are no form. */
const MAX_FIELDS = 64;

/** What an input is: as the sample says, else as the network's first layers tell. */
export function nature(spec: InputSpec | undefined, kit: SampleKit | undefined): "image" | "text" | "writing" | "row" | undefined {
  const own = kit?.sample.input.kind;
  if (own !== undefined) return own;
  if (spec?.kind === "tokens") return "text";
  return spec?.kind === "features" ? "row" : spec?.kind;
}

/** The sample's shape, else the network's own; -1 where any size does. */
export const shapeOf = (spec: InputSpec | undefined, kit: SampleKit | undefined): readonly number[] | undefined => kit?.sample.input.shape ?? spec?.shape;

/** The names of a row's numbers; nothing where it is no row, or too long for a form. */
export function columnsOf(spec: InputSpec | undefined, kit: SampleKit | undefined): readonly string[] | undefined {
  if (kit?.sample.input.columns !== undefined) return kit.sample.input.columns;
  const shape = shapeOf(spec, kit);
  const size = nature(spec, kit) === "row" && shape?.length === 2 ? (shape[1] ?? -1) : -1;
  return size < 1 || size > MAX_FIELDS ? undefined : Array.from({ length: size }, (_, i) => `feature ${i}`);
}

/** `even` says that black and white are the same in every channel, so that drawings have a meaning. */
export function kindsOf(spec: InputSpec | undefined, kit: SampleKit | undefined, even: boolean): Kind[] {
  const what = nature(spec, kit);
  const shape = shapeOf(spec, kit);
  if (what === "image" && shape?.length === 4) {
    const channels = shape[1] ?? 0;
    const sampled = kit?.sample.input.kind === "image";
    const pictures: Kind[] = [1, 3].includes(channels) ? ["image"] : [];
    const draw: Kind[] = even || sampled ? ["draw"] : [];
    return [...(sampled || channels === 1 ? [...draw, ...pictures] : [...pictures, ...draw]), "random", "json"];
  }
  if (what === "text") return kit?.sample.input.kind === "text" ? ["text", "random", "json"] : ["text", "write", "random", "json"];
  if (what === "writing") return ["write", "random", "json"];
  if (columnsOf(spec, kit) !== undefined) return ["row", "random", "json"];
  return shape === undefined ? ["json", "random", "image", "text"] : ["json", "random"];
}
