// What files are, by name and by their first bytes: checkpoints and the index of their parts, the source of a class, a vocabulary, labels, data.
import { isPicture } from "../train/pictures.js";
import { labelsFrom } from "../labels.js";
import { vocabulary, type Vocabulary } from "../samples.js";
import { alphabet, type Alphabet } from "../write/writer.js";
import type { Given } from "./given.js";
import { INDEX } from "./opened.js";

/** A file and what it turned out to be. */
export type Sorted = { readonly given: Given } & (
  | { readonly kind: "checkpoint"; readonly parts?: readonly File[] | undefined }
  | { readonly kind: "index" }
  | { readonly kind: "source"; readonly source: string }
  | { readonly kind: "vocabulary"; readonly vocabulary: Vocabulary; readonly alphabet?: Alphabet | undefined }
  | { readonly kind: "labels"; readonly labels: readonly string[] }
  | { readonly kind: "data" }
  | { readonly kind: "unknown"; readonly why: string }
);

/** Suffixes of weights, those of other libraries among them: opening names what they are. */
const WEIGHTS = /\.(pth?|bin|ckpt|safetensors|pkl|pickle|th|t7|tar|model|weights|pt2|onnx|gguf|h5|keras|tflite|npz|npy)$/i;
/** Longer texts are no words and no labels. */
const MAX_TEXT = 32 * 1024 * 1024;
/** More lines than this are words rather than classes. */
const MANY = 2000;

/** Sorts files; `words` says whether the open network reads words, which decides what a bare list is. */
export function sort(all: readonly Given[], words: boolean): Promise<Sorted[]> {
  return Promise.all(all.map((given) => one(given, words, all.length === 1)));
}

async function one(given: Given, words: boolean, alone: boolean): Promise<Sorted> {
  const { file, path } = given;
  const name = file.name.toLowerCase();
  if (WEIGHTS.test(name)) return { given, kind: "checkpoint" };
  if (name.endsWith(".py")) return { given, kind: "source", source: await file.text() };
  if (isPicture(path) || /\.(csv|tsv)$/.test(name)) return { given, kind: "data" };
  const head = new Uint8Array(await file.slice(0, 512).arrayBuffer());
  if (name.endsWith(".zip")) return { given, kind: holdsPickle(head) ? "checkpoint" : "data" };
  if (/\.(json|txt)$/.test(name) && file.size <= MAX_TEXT) return text(given, await file.text(), words);
  // A lone file is opened whatever it is: the answer says what that is.
  if (alone || isWeights(head)) return { given, kind: "checkpoint" };
  return { given, kind: "unknown", why: "not needed" };
}

/** A zip's first record as torch.save writes it: `archive/data.pkl`. */
function holdsPickle(head: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(head).includes("/data.pkl");
}

function isWeights(head: Uint8Array): boolean {
  const zip = head[0] === 0x50 && head[1] === 0x4b && holdsPickle(head);
  const pickle = head[0] === 0x80 && (head[1] ?? 9) <= 5;
  return zip || pickle;
}

function text(given: Given, content: string, words: boolean): Sorted {
  const name = given.file.name.toLowerCase();
  const wordy = /vocab|token|stoi|itos|words|chars/.test(name);
  const classy = /label|class|categor|names|synset|imagenet/.test(name);
  try {
    if (name.endsWith(".txt")) {
      const lines = content.split(/\r?\n/).filter((line) => line !== "");
      if (!wordy && !classy && lines.some((line) => /[\t;,]/.test(line))) return { given, kind: "data" };
      return wordy || (!classy && (words || lines.length > MANY)) ? asWords(given, content) : asLabels(given, content);
    }
    const value: unknown = JSON.parse(content);
    if (INDEX.test(name) && typeof value === "object" && value !== null && "weight_map" in value) return { given, kind: "index" };
    if (typeof value === "object" && value !== null && "id2label" in value) return asLabels(given, JSON.stringify(value.id2label));
    if (wordy) return asWords(given, content);
    if (classy) return asLabels(given, content);
    if (typeof value === "object" && value !== null && "characters" in value) return asWords(given, content);
    if (Array.isArray(value)) {
      if (!value.every((item) => typeof item === "string")) return { given, kind: "data" };
      return words || value.length > MANY ? asWords(given, content) : asLabels(given, content);
    }
    const entries = Object.entries(value as object);
    if (entries.length > 0 && entries.every(([, number]) => Number.isInteger(number))) return asWords(given, content);
    if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))) return asLabels(given, content);
    if ("model_type" in (value as object) || "architectures" in (value as object)) return { given, kind: "unknown", why: "a configuration; keys and shapes tell the network here" };
    return { given, kind: "data" };
  } catch (thrown) {
    return { given, kind: "unknown", why: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Words, or the characters that a network writes with. */
function asWords(given: Given, content: string): Sorted {
  const letters = alphabet(content);
  if (letters === undefined) return { given, kind: "vocabulary", vocabulary: vocabulary(content) };
  const numbers = new Map(letters.characters.map((character, i) => [character, i]));
  return { given, kind: "vocabulary", vocabulary: { numbers, unknown: undefined, padding: 0, lowercase: false, shortest: 1 }, alphabet: letters };
}

const asLabels = (given: Given, content: string): Sorted => ({ given, kind: "labels", labels: labelsFrom(content, given.path) });
