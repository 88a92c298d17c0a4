/**
 * 16-bit floats as bits, for browsers that have no `Float16Array` and for bfloat16, which none has.
 * @module
 */

const wide = new Float32Array(1);
const bits = new Uint32Array(wide.buffer);

function bitsOf(value: number): number {
  wide[0] = value;
  return bits[0] as number;
}

/** The bfloat16 nearest to `value`, ties to even, as torch rounds. */
export function toBfloat16(value: number): number {
  const all = bitsOf(value);
  if (Number.isNaN(value)) return 0x7fc0;
  return ((all + 0x7fff + ((all >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that bfloat16 bits stand for. */
export function fromBfloat16(half: number): number {
  bits[0] = (half << 16) >>> 0;
  return wide[0] as number;
}

/** The float16 nearest to `value`, ties to even. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 the spacing is fixed; above, it is 2^-10 of the power of two at or below.
  const exponent = size < 2 ** -14 ? -14 : Math.floor(Math.log2(size));
  const power = size < 2 ** -14 ? -14 : 2 ** exponent > size ? exponent - 1 : 2 ** (exponent + 1) <= size ? exponent + 1 : exponent;
  const steps = even(size / 2 ** (power - 10));
  // A mantissa that rounds up to the next power carries into the exponent by itself.
  return size < 2 ** -14 ? sign | steps : sign | (((power + 15) << 10) + (steps - 1024));
}

/** The number that float16 bits stand for. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

function even(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}
