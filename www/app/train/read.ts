// From chosen or dropped files to samples: what the files are, and how they are read.
import type { InputSpec } from "torchtab";
import type { Preparation } from "../image/prepare.js";
import type { Given } from "../open/given.js";
import { likelyTarget, parse, samples, type Table } from "./csv.js";
import { fromJson } from "./json.js";
import { folder, isPicture, pictures, type Picture } from "./pictures.js";
import { DataError, type TrainingSet } from "./set.js";
import type { Share } from "./several.js";
import type { Vocabulary } from "./texts.js";
import { members } from "./zip.js";

/** What files turned out to be. */
export type Found =
  | { readonly kind: "table"; readonly table: Table }
  | { readonly kind: "pictures"; readonly pictures: readonly Picture[]; readonly classes: readonly string[] }
  | { readonly kind: "json"; readonly text: string; readonly file: string };

/** What the network is like, and what the person said. */
export interface How {
  readonly specs: readonly InputSpec[];
  /** Which columns go to which input, where there are several. */
  readonly shares: readonly Share[] | undefined;
  readonly labels: readonly string[];
  readonly vocabulary: Vocabulary | undefined;
  readonly image: Preparation;
  readonly target: number;
  readonly as: "classes" | "numbers" | undefined;
}

/** Says what files are: one table, one JSON, pictures in folders, or an archive of those. */
export async function look(all: readonly Given[]): Promise<Found> {
  const [first] = all;
  if (first === undefined) throw new DataError("There are no files in it");
  const named = (pattern: RegExp): Given | undefined => all.find(({ path }) => pattern.test(path));
  const archive = named(/\.zip$/i);
  if (archive !== undefined) {
    const inside = await members(archive.file);
    const found = inside.filter(({ path }) => isPicture(path)).map(({ path, read }) => picture(path, read));
    if (found.length > 0) return pictured(found);
    const table = inside.find(({ path }) => /\.(csv|tsv)$/i.test(path));
    if (table === undefined) throw new DataError(`${archive.path} has neither pictures nor a table in it`);
    return { kind: "table", table: parse(await (await table.read()).text(), table.path) };
  }
  const found = all.filter(({ path }) => isPicture(path)).map(({ path, file }) => picture(path, () => Promise.resolve(file)));
  if (found.length > 0) return pictured(found);
  const table = named(/\.(csv|tsv|txt)$/i);
  if (table !== undefined) return { kind: "table", table: parse(await table.file.text(), table.path) };
  const json = named(/\.json$/i);
  if (json !== undefined) return { kind: "json", text: await json.file.text(), file: json.path };
  throw new DataError(`${first.path} is no data that is known here`, "Give a CSV or TSV table, JSON, pictures in one folder a class, or a zip of those.");
}

function picture(path: string, read: () => Promise<Blob>): Picture {
  const label = folder(path);
  if (label === undefined) throw new DataError(`${path} lies in no folder: the folder's name is a picture's class`, "Choose the folder above, or a zip of it.");
  return { path, label, read };
}

function pictured(all: readonly Picture[]): Found {
  const classes = [...new Set(all.map(({ label }) => label))].sort();
  if (classes.length < 2) throw new DataError(`All pictures lie in the folder ${classes[0]}: one folder a class is needed, two or more`);
  return { kind: "pictures", pictures: all, classes };
}

/** The first guess at a table's target. */
export function guessTarget(found: Found): number {
  return found.kind === "table" ? likelyTarget(found.table) : 0;
}

/** Reads what was found. */
export async function readAll(found: Found, how: How, onDone?: (done: number) => void): Promise<{ set: TrainingSet; held?: TrainingSet }> {
  if (found.kind === "table") return { set: samples(found.table, how) };
  if (found.kind === "json") return fromJson(found.text, found.file, { labels: how.labels, vocabulary: how.vocabulary, specs: how.specs });
  if (how.specs.length > 1) {
    throw new DataError(`forward takes ${how.specs.map(({ name }) => name).join(", ")}, and pictures in folders are one input`, "A table has columns for each input, JSON their names.");
  }
  return { set: await pictures(found.pictures, how.image, how.labels, onDone) };
}
