// A link that brings somebody else to the same setup: where the checkpoint is, and the settings. Never weights, never data.
import type { DeviceChoice } from "torchtab";
import type { Settings } from "../train/settings.svelte.js";

/** What a link may hold besides the place of the checkpoint. */
export interface Setup {
  /** The file's name, where it has no place that a link can tell. */
  readonly name?: string | undefined;
  readonly source?: string | undefined;
  readonly construct?: string | undefined;
  readonly stateDict?: string | undefined;
  readonly device?: DeviceChoice | undefined;
  readonly training?: Partial<Record<Trained, string | number | null>> | undefined;
}

const TRAINED = ["optimizer", "lr", "weightDecay", "momentum", "more", "scheduler", "schedulerArguments", "loss", "epochs", "batchSize", "share", "seed"] as const;
type Trained = (typeof TRAINED)[number];

/** Longer addresses are cut off by some programs that pass them on. */
const MAX_LINK = 8000;
/** A link's settings are no larger than this once they are unpacked. */
const MAX_TEXT = 256 * 1024;

/** The settings of training that a link holds. */
export function training(settings: Settings): NonNullable<Setup["training"]> {
  return Object.fromEntries(TRAINED.map((key) => [key, settings[key] ?? null]));
}

/** Puts a link's settings of training into the form; what is no setting of the right kind is passed over. */
export function apply(settings: Settings, given: Setup["training"]): void {
  const form = settings as unknown as Record<Trained, unknown>;
  for (const key of TRAINED) {
    const value: unknown = given?.[key];
    const fits = typeof form[key] === "string" ? typeof value === "string" : value === null || (typeof value === "number" && Number.isFinite(value));
    if (value !== undefined && fits) form[key] = typeof form[key] === "string" || value !== null ? value : undefined;
  }
}

/** The link, and whether the source was too long for it. */
export async function link(page: string, place: { sample: string } | { url: string } | undefined, setup: Setup): Promise<{ href: string; sourceLeftOut: boolean }> {
  const make = async (what: Setup): Promise<string> => {
    const hash = new URLSearchParams({ ...place, setup: await pack(JSON.stringify(what)) });
    return `${page.split("#")[0]}#${hash.toString()}`;
  };
  const whole = await make(setup);
  if (whole.length <= MAX_LINK) return { href: whole, sourceLeftOut: false };
  const { source: _, ...rest } = setup;
  return { href: await make(rest), sourceLeftOut: true };
}

/** What a link's hash holds besides the place; nothing where it holds none. Throws where it holds something else. */
export async function setupOf(hash: string): Promise<Setup | undefined> {
  const packed = new URLSearchParams(hash.replace(/^#/, "")).get("setup");
  if (packed === null) return undefined;
  const given = JSON.parse(await unpack(packed)) as Record<string, unknown> | null;
  if (typeof given !== "object" || given === null) throw new Error("no settings");
  const text = (key: string): string | undefined => (typeof given[key] === "string" ? (given[key] as string) : undefined);
  const device = (["auto", "webgpu", "cpu"] as const).find((choice) => choice === given["device"]);
  const form = given["training"];
  return {
    name: text("name"),
    source: text("source"),
    construct: text("construct"),
    stateDict: text("stateDict"),
    device,
    training: typeof form === "object" && form !== null ? form : undefined,
  };
}

async function pack(text: string): Promise<string> {
  const squeezed = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(squeezed).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

async function unpack(packed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: BlobPart[] = [];
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return new Blob(parts).text();
    size += value.byteLength;
    if (size > MAX_TEXT) throw new Error("too large");
    parts.push(value);
  }
}
