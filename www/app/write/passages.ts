// A text as samples: passages as long as the network sees at once, each to be answered with the characters that follow.
import { count as shown } from "../format.js";
import { DataError, type TrainingSet } from "../train/set.js";
import type { Alphabet } from "./writer.js";

export function passages(text: string, { characters, context }: Alphabet, file: string): TrainingSet {
  const numberOf = new Map(characters.map((character, i) => [character, BigInt(i)]));
  const numbers = [...text.replace(/\r\n?/g, "\n")].flatMap((character) => numberOf.get(character) ?? []);
  // Half a passage further each time: every character is once seen with a beginning before it.
  const step = Math.max(1, context >> 1);
  const count = Math.floor((numbers.length - 1 - context) / step) + 1;
  if (count < 2) throw new DataError(`${file} has ${shown(numbers.length)} characters that the network knows: ${shown(context + step + 1)} are needed at least`);
  const [inputs, targets] = [new BigInt64Array(count * context), new BigInt64Array(count * context)];
  for (let i = 0; i < count; i += 1) {
    inputs.set(numbers.slice(i * step, i * step + context), i * context);
    targets.set(numbers.slice(i * step + 1, i * step + 1 + context), i * context);
  }
  const tensor = (data: BigInt64Array): { dtype: string; shape: number[]; data: BigInt64Array } => ({ dtype: "int64", shape: [count, context], data });
  return { about: `${shown(count)} passages of ${file}`, count, inputs: [tensor(inputs)], targets: { kind: "tensor", tensor: tensor(targets) } };
}
