// Sentences as numbers of their words, all of one length.
import type { Tensor } from "torchtab";
import { encode, type Vocabulary } from "../samples.js";
import { DataError } from "./set.js";

export type { Vocabulary };

/** A batch of sentences, padded to the longest. */
export function encodeAll(texts: readonly string[], vocabulary: Vocabulary, places: readonly string[]): Tensor {
  const encoded = texts.map((text, i) => {
    const { tensor, tokens } = encode(text, vocabulary);
    if (tokens.length === 0) throw new DataError(`${places[i] ?? `text ${i}`}: no words`);
    return tensor.data as BigInt64Array;
  });
  const length = encoded.reduce((most, one) => Math.max(most, one.length), vocabulary.shortest);
  const data = new BigInt64Array(texts.length * length).fill(BigInt(vocabulary.padding));
  encoded.forEach((one, i) => data.set(one, i * length));
  return { dtype: "int64", shape: [texts.length, length], data };
}
