// Text from a network that scores the next character: the last characters go in, one is drawn from the scores, and so on.
import { numbers, type Model, type Output, type Tensor } from "torchtab";
import { firstTensor } from "../train/set.js";
import { uniform } from "../uniform.js";

/** Characters and their numbers. */
export interface Alphabet {
  readonly characters: readonly string[];
  /** How many characters the network sees at once. */
  readonly context: number;
}

/** How a text goes on. */
export interface Manner {
  /** 0 takes the likeliest character each time. */
  readonly temperature: number;
  readonly seed: number;
  readonly length: number;
  readonly context: number;
}

/** One character, and what else there could have been. */
export interface Written {
  readonly character: string;
  /** The likeliest, best first. */
  readonly choices: readonly { readonly character: string; readonly chance: number }[];
}

const SHOWN = 5;
/** Where nobody says how far the network sees. */
const CONTEXT = 64;

/** An alphabet from JSON: `{"characters": "abc", "context": 64}`, `["a", "b"]`, `{"a": 0, "b": 1}`, or nothing where that is none. */
export function alphabet(text: string): Alphabet | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof given !== "object" || given === null) return undefined;
  const { characters, context } = given as { characters?: unknown; context?: unknown };
  const size = typeof context === "number" && Number.isInteger(context) && context > 1 ? context : CONTEXT;
  if (typeof characters === "string") return { characters: [...characters], context: size };
  const pairs: [string, unknown][] = Array.isArray(given) ? given.map((word, i) => [String(word), i]) : Object.entries(given);
  return fromWords(new Map(pairs.filter((pair): pair is [string, number] => typeof pair[1] === "number")), size);
}

/** A vocabulary whose words are single characters, apart from a few with a meaning of their own (`<pad>`), as an alphabet. */
export function fromWords(words: ReadonlyMap<string, number>, context = CONTEXT): Alphabet | undefined {
  const own = [...words].filter(([word]) => !/^(<.+>|\[.+\])$/.test(word));
  if (own.length < 2 || own.some(([word]) => [...word].length !== 1)) return undefined;
  const characters: string[] = [];
  for (const [word, number] of words) characters[number] = [...word].length === 1 ? word : "";
  return { characters: Array.from(characters, (character) => character ?? ""), context };
}

/** Goes on with a text, character by character, until it is long enough or nobody asks on. */
export async function* write(model: Model, { characters }: Alphabet, beginning: string, manner: Manner, signal: AbortSignal): AsyncGenerator<Written, void, undefined> {
  const numberOf = new Map(characters.map((character, i) => [character, i]));
  const strange = [...beginning].find((character) => !numberOf.has(character));
  if (strange !== undefined) throw new Error(`The network does not know ${JSON.stringify(strange)}: it knows ${shown(characters)}`);
  const text = [...beginning].map((character) => numberOf.get(character) as number);
  if (text.length === 0) throw new Error("Write a beginning: one character is enough");
  const next = uniform(manner.seed);
  // Networks that answer at each place are given windows of one length, filled up behind the text: what comes later changes nothing that
  // stands before, and one shape is traced once.
  let filled = true;
  for (let made = 0; made < manner.length; made += 1) {
    const seen = text.slice(-manner.context);
    let scores = await ask(model, characters.length, seen, filled ? manner.context : seen.length, signal);
    if (scores === "last") {
      filled = false;
      scores = await ask(model, characters.length, seen, seen.length, signal);
    }
    if (scores === "last") return;
    const chances = softmax(scores, manner.temperature);
    const chosen = manner.temperature === 0 ? chances.indexOf(chances.reduce((a, b) => Math.max(a, b))) : draw(chances, next());
    const choices = chances
      .map((chance, i) => ({ character: characters[i] ?? "", chance }))
      .sort((a, b) => b.chance - a.chance)
      .slice(0, SHOWN);
    text.push(chosen);
    yield { character: characters[chosen] ?? "", choices };
  }
}

/** Scores of the character after `seen`; `"last"` where the network answers for the last place alone and was given more than `seen`. */
async function ask(model: Model, classes: number, seen: readonly number[], length: number, signal: AbortSignal): Promise<number[] | "last"> {
  const data = new BigInt64Array(Math.max(length, seen.length));
  seen.forEach((number, i) => (data[i] = BigInt(number)));
  const output = await model.run<Output>({ dtype: "int64", shape: [1, data.length], data }, { signal });
  const tensor: Tensor | undefined = firstTensor(output)?.tensor;
  const rows = tensor === undefined || tensor.shape.at(-1) !== classes ? 0 : tensor.data.length / classes;
  if (tensor === undefined || (rows !== data.length && rows !== 1)) {
    throw new Error(`The network gives ${tensor === undefined ? "no tensor" : `shape [${tensor.shape.join(", ")}]`}, and a text needs scores of ${classes} characters for each place or for the last`);
  }
  if (rows === 1 && data.length > seen.length) return "last";
  const row = rows === 1 ? 0 : seen.length - 1;
  return numbers({ dtype: tensor.dtype, data: tensor.data.subarray(row * classes, (row + 1) * classes) });
}

function softmax(scores: readonly number[], temperature: number): number[] {
  const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((score) => Math.exp((score - largest) / (temperature || 1)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

function draw(chances: readonly number[], at: number): number {
  let sum = 0;
  for (let i = 0; i < chances.length; i += 1) {
    sum += chances[i] as number;
    if (at < sum) return i;
  }
  return chances.length - 1;
}

/** A character that can be seen. */
export function visible(character: string): string {
  return { " ": "space", "\n": "line end", "\t": "tab", "": "other" }[character] ?? character;
}

function shown(characters: readonly string[]): string {
  return characters.map((character) => (/^\s$/.test(character) ? JSON.stringify(character) : character)).join(" ");
}
