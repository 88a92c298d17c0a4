// The samples' manifest, and the files beside a sample that its input needs.
import type { Tensor } from "torchtab";
import manifest from "../../samples/samples.json" with { type: "json" };
import { likelyTarget, parse, samples as rowsOf } from "./train/csv.js";
import { fromJson } from "./train/json.js";
import type { TrainingSet } from "./train/set.js";
import { passages } from "./write/passages.js";
import { alphabet, type Alphabet } from "./write/writer.js";

/** A network to try, as `samples/samples.json` lists it; paths are relative to `samples/`. */
export interface Sample {
  readonly name: string;
  readonly title: string;
  readonly about?: string;
  readonly file: string;
  readonly source?: string;
  readonly construct?: string;
  readonly input: {
    readonly kind?: "image" | "text" | "row" | "writing";
    readonly shape?: readonly number[];
    readonly range?: readonly [number, number];
    /** Whether what is drawn is brighter or darker than its ground. */
    readonly ink?: "light" | "dark";
    readonly examples?: string;
    /** The names of a row's numbers. */
    readonly columns?: readonly string[];
  };
  readonly labels?: readonly string[];
  readonly vocabulary?: string;
  /** Samples to train on, and others to measure with where the first file holds none out. */
  readonly training?: string;
  readonly heldOut?: string;
  /** A function of the source, where torch has no loss for it. */
  readonly loss?: string;
}

/** An input ready to run. */
export interface Example {
  readonly label: string;
  readonly text?: string;
  readonly tensor?: { readonly dtype: string; readonly shape: readonly number[]; readonly data: readonly number[] };
}

/** Words and their numbers. */
export interface Vocabulary {
  readonly numbers: ReadonlyMap<string, number>;
  readonly unknown: number | undefined;
  readonly padding: number;
  readonly lowercase: boolean;
  /** Sentences with fewer words are padded. */
  readonly shortest: number;
}

/** A sample with everything but its checkpoint fetched. */
export interface SampleKit {
  readonly sample: Sample;
  readonly source: string | undefined;
  readonly examples: readonly Example[];
  readonly vocabulary: Vocabulary | undefined;
  readonly alphabet: Alphabet | undefined;
}

const at = (path: string): URL => new URL(`samples/${path}`, document.baseURI);

async function fetched(path: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(at(path), { signal: signal ?? null });
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response;
}

/** The manifest is in the page itself: the first paint shows it. */
export const samples = manifest as unknown as readonly Sample[];

export async function kit(sample: Sample, signal: AbortSignal): Promise<SampleKit> {
  const text = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : (await fetched(path, signal)).text();
  const [source, examples, words] = await Promise.all([text(sample.source), text(sample.input.examples), text(sample.vocabulary)]);
  return {
    sample,
    source,
    examples: examples === undefined ? [] : (JSON.parse(examples) as Example[]),
    vocabulary: words === undefined || sample.input.kind === "writing" ? undefined : vocabulary(words),
    alphabet: words === undefined || sample.input.kind !== "writing" ? undefined : alphabet(words),
  };
}

/** A sample's own data: to train on, and to measure with. */
export async function trainingData({ sample, vocabulary: words, alphabet: letters }: SampleKit): Promise<{ set: TrainingSet; held?: TrainingSet } | undefined> {
  if (sample.training === undefined) return undefined;
  const [training, heldOut] = await Promise.all([sample.training, sample.heldOut].map(async (path) => (path === undefined ? undefined : (await fetched(path)).text())));
  const given = { labels: sample.labels ?? [], vocabulary: words, specs: [] };
  const read = (text: string, file: string): { set: TrainingSet; held?: TrainingSet } => {
    if (letters !== undefined) return { set: passages(text, letters, file.split("/").at(-1) ?? file) };
    if (!file.endsWith(".csv")) return fromJson(text, file, given);
    const table = parse(text, file.split("/").at(-1) ?? file);
    return { set: rowsOf(table, { ...given, target: likelyTarget(table) }) };
  };
  const found = read(training ?? "", sample.training);
  return heldOut === undefined ? found : { set: found.set, held: read(heldOut, sample.heldOut ?? "").set };
}

export async function file(sample: Sample, signal: AbortSignal): Promise<File> {
  const blob = await (await fetched(sample.file, signal)).blob();
  return new File([blob], sample.file.split("/").at(-1) ?? sample.name);
}

/** A vocabulary from JSON (`["a", …]`, `{"a": 0, …}`, `{"words": […]}`) or from text with a word a line. */
export function vocabulary(text: string): Vocabulary {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    given = text.split(/\r?\n/).filter((line) => line !== "");
  }
  const options = (given ?? {}) as { words?: unknown; unknown?: number; padding?: number; lowercase?: boolean; shortest?: number };
  const words = Array.isArray(options.words) ? options.words : given;
  const numbers = new Map<string, number>(
    Array.isArray(words)
      ? words.map((word, i) => [String(word), i])
      : Object.entries(words as object).filter((pair): pair is [string, number] => typeof pair[1] === "number"),
  );
  if (numbers.size === 0) throw new Error("No words in this file: give a JSON list, a JSON object of word and number, or a word a line");
  return {
    numbers,
    unknown: options.unknown ?? numbers.get("<unk>") ?? numbers.get("[UNK]"),
    padding: options.padding ?? numbers.get("<pad>") ?? numbers.get("[PAD]") ?? 0,
    lowercase: options.lowercase ?? ![...numbers.keys()].some((word) => word !== word.toLowerCase() && /^\p{L}+$/u.test(word)),
    shortest: options.shortest ?? 1,
  };
}

/** A sentence as the numbers of its words; words that are not known are named. */
export function encode(sentence: string, words: Vocabulary): { tensor: Tensor; tokens: { word: string; number: number; known: boolean }[] } {
  const plain = words.lowercase ? sentence.toLowerCase() : sentence;
  const tokens = (plain.match(/[\p{L}\p{N}'’]+|[^\s\p{L}\p{N}]/gu) ?? []).flatMap((word) => {
    const number = words.numbers.get(word);
    return number !== undefined ? [{ word, number, known: true }] : words.unknown === undefined ? [] : [{ word, number: words.unknown, known: false }];
  });
  const ids = tokens.map((token) => BigInt(token.number));
  while (ids.length < words.shortest) ids.push(BigInt(words.padding));
  return { tensor: { dtype: "int64", shape: [1, ids.length], data: BigInt64Array.from(ids) }, tokens };
}
