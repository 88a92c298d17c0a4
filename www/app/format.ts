// Numbers as people read them.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 150437 → "146.9 KiB" */
export function bytes(count: number): string {
  let unit = 0;
  let value = count;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** 11930 → "11,930" */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** 25557032 → "25.6 M" */
export function short(value: number): string {
  if (value < 10_000) return count(value);
  if (value < 1e6) return `${(value / 1e3).toFixed(1)} k`;
  if (value < 1e9) return `${(value / 1e6).toFixed(1)} M`;
  return `${(value / 1e9).toFixed(2)} G`;
}

/** A class as people know it: without what TorchScript puts around names to keep them apart. */
export function className(name: string): string {
  return name.replace(/^__torch__\./, "").replace(/___torch_mangle_\d+\./g, "");
}

/** [16, 1, 3, 3] → "16 × 1 × 3 × 3" */
export function shape(sizes: readonly number[]): string {
  return sizes.length === 0 ? "scalar" : sizes.map((size) => (size < 0 ? "any" : String(size))).join(" × ");
}

/** Four significant digits, exponents only where they help. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return count(value).replace("-", "−");
  const size = Math.abs(value);
  const text = size >= 1e6 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
  return text.replace(/-/g, "−");
}

export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value >= 100 ? Math.round(value) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

export function percent(value: number): string {
  return `${(100 * value).toFixed(value > 0.9995 || value < 0.0005 ? 2 : 1)} %`;
}

/** "no adapter" → "No adapter." */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
