// How pictures are prepared for the network that is open: one choice for everything that is run and trained, so that both see alike.
import type { InputSpec, Recognised } from "torchtab";
import type { Sample } from "../samples.js";
import type { Preparation } from "./prepare.js";
import { adapted, likely, preset, PRESETS } from "./presets.js";

class Preparing {
  /** The preset that the numbers began with. */
  name = $state("none");
  how: Preparation = $state.raw((PRESETS.at(-1) as (typeof PRESETS)[number]).how);
  #begun: string | undefined;
  #first: Preparation = this.how;
  /** Sizes that the network leaves no choice of. */
  #fixed: readonly (number | undefined)[] = [];

  /** Begins anew for another network; the same one on another device keeps what was edited. */
  begin(opened: number, spec: InputSpec | undefined, recognised: Recognised | undefined, sample: Sample | undefined): void {
    const shape = sample?.input.shape ?? spec?.shape ?? [];
    const key = JSON.stringify([opened, shape, recognised?.name]);
    if (key === this.#begun) return;
    this.#begun = key;
    this.#fixed = [-2, -1].map((dim) => shape.at(dim)).map((size) => (size === undefined || size < 0 ? undefined : size));
    const found = likely(spec === undefined ? undefined : { ...spec, shape }, recognised);
    this.name = sample === undefined ? found.preset.name : "none";
    this.how = this.#first = sample === undefined ? found.how : ranged(found.how, sample.input.range ?? [0, 1]);
  }

  get edited(): boolean {
    return JSON.stringify(this.how) !== JSON.stringify(this.#first);
  }

  /** Takes a preset's numbers, for the sizes that the network takes. */
  choose(name: string): void {
    const found = preset(name);
    if (found === undefined) return;
    this.name = name;
    const [height, width] = this.#fixed;
    this.how = this.#first = adapted(found, this.how.channels, height, width);
  }

  set(change: Partial<Preparation>): void {
    this.how = { ...this.how, ...change };
  }

  /** What black and white become, where that is the same in every channel: then drawings are values too. */
  get range(): readonly [number, number] | undefined {
    const { mean, std, scale } = this.how;
    if (!scale || new Set(mean).size !== 1 || new Set(std).size !== 1) return undefined;
    return [-(mean[0] as number) / (std[0] as number), (1 - (mean[0] as number)) / (std[0] as number)];
  }
}

/** The numbers whose result for black and white is the sample's range. */
function ranged(how: Preparation, [low, high]: readonly [number, number]): Preparation {
  const std = 1 / (high - low || 1);
  const each = (value: number): readonly number[] => Array<number>(how.channels).fill(value);
  return { ...how, scale: true, mean: each(low === 0 ? 0 : -low * std), std: each(std) };
}

export const preparing = new Preparing();
