// Scores of classes as shares of one: for showing, and for a table of answers.

/** Whether values are probabilities already: a single one, or all of them adding up to one. */
export function areChances(values: readonly number[]): boolean {
  return values.length > 0 && values.every((value) => value >= 0 && value <= 1) && (values.length === 1 || Math.abs(values.reduce((a, b) => a + b, 0) - 1) < 1e-3);
}

export function softmax(values: readonly number[]): number[] {
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
