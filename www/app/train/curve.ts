// TensorBoard's smoothing: an exponential moving average without its bias towards zero at the start.

/** Smooths with a weight of 0 (nothing) to 1; values that are no numbers are passed over. */
export function smooth(values: readonly number[], weight: number): (number | null)[] {
  let [last, debias] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return null;
    last = last * weight + (1 - weight) * value;
    debias = debias * weight + (1 - weight);
    return debias > 0 ? last / debias : value;
  });
}

/** At most `most` points, each the mean of its neighbours, so that long runs stay quick to draw. */
export function thin(x: readonly number[], y: readonly number[], most: number): [number[], number[]] {
  const every = Math.ceil(x.length / most);
  if (every <= 1) return [[...x], [...y]];
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let at = 0; at < x.length; at += every) {
    const part = y.slice(at, at + every).filter(Number.isFinite);
    xs.push(x[Math.min(x.length - 1, at + every - 1)] as number);
    ys.push(part.length === 0 ? NaN : part.reduce((a, b) => a + b, 0) / part.length);
  }
  return [xs, ys];
}
