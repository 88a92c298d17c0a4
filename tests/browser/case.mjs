// What a case holds, read in the page: its files and networks, its tensors as inputs, and the comparison of ours with what torch wrote.

import { TorchtabError, numbers, open } from "/pkg/dist/index.js";

export const passed = (text) => ({ outcome: "passed", text });
export const failed = (text) => ({ outcome: "failed", text });
export const told = (error) =>
  error instanceof TorchtabError ? `${error.kind}/${error.code} at ${error.location}: ${error.message}` : `not one of our errors: ${error}`;

export async function file(name) {
  const response = await fetch(`/case/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Error(`${name} is not there`);
  return new File([await response.blob()], name);
}

export const text = async (name) => new TextDecoder().decode(await (await file(name)).arrayBuffer());

const BYTES = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, int16: 2, uint8: 1, int8: 1, bool: 1, complex64: 8 };
const ARRAYS = { float64: Float64Array, float32: Float32Array, int64: BigInt64Array, int32: Int32Array, int16: Int16Array, uint8: Uint8Array, int8: Int8Array, bool: Uint8Array };

/** An input as `{dtype, shape, data}`, its raw bytes beside it for slicing. */
export async function input({ dtype, shape, data, file: name }) {
  if (name !== undefined) return { dtype, shape, bytes: new Uint8Array(await (await file(name)).arrayBuffer()) };
  const make = ARRAYS[dtype];
  if (make === undefined) throw new Error(`inputs of dtype ${dtype} are not written inline`);
  const items = data.map((x) => (make === BigInt64Array ? BigInt(x) : Number(x)));
  const typed = make.from(items);
  return { dtype, shape, bytes: new Uint8Array(typed.buffer) };
}

export function tensor({ dtype, shape, bytes }) {
  const make = ARRAYS[dtype] ?? Uint16Array;
  const copy = bytes.slice();
  return { dtype, shape, data: new make(copy.buffer) };
}

/** `torch.narrow` on contiguous bytes. */
export function narrow({ dtype, shape, bytes }, { dim, start, stop }) {
  const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1) * BYTES[dtype];
  const outer = shape.slice(0, dim).reduce((a, b) => a * b, 1);
  const wide = shape[dim] * inner;
  const out = new Uint8Array(outer * (stop - start) * inner);
  for (let i = 0; i < outer; i++) out.set(bytes.subarray(i * wide + start * inner, i * wide + stop * inner), i * (stop - start) * inner);
  return { dtype, shape: shape.with(dim, stop - start), bytes: out };
}

// A named tuple comes as an object: its fields count as places too.
const step = (value, key) => (Array.isArray(value) || value?.[key] !== undefined ? value?.[key] : Object.values(value ?? {})[key]);
export const at = (result, path) => path.reduce(step, result);

/** Every input of the case by its name. */
export async function inputsOf(expected) {
  return Object.fromEntries(await Promise.all(expected.inputs.map(async (i) => [i.name, await input(i)])));
}

/** The arguments of a call: a nested list is a tuple, null is None. */
export function argumentsOf(call, inputs) {
  const argument = (item) => (Array.isArray(item) ? item.map(argument) : item === null ? null : tensor(inputs[item]));
  return call.map(argument);
}

/** The largest difference of a leaf from what torch wrote; throws when it is too large, or something else is wrong. */
export function compare(result, want, atol, rtol) {
  const got = at(result, want.path);
  const where = want.path.length > 0 ? ` at ${JSON.stringify(want.path)}` : "";
  if ("value" in want) {
    if (got === want.value || (typeof got === "number" && Math.abs(got - want.value) <= atol + rtol * Math.abs(want.value))) return 0;
    throw new Error(`${JSON.stringify(got)}${where}, and ${JSON.stringify(want.value)} was expected`);
  }
  if (got?.data === undefined) throw new Error(`no tensor${where}`);
  if (got.dtype !== want.dtype.replace("torch.", "") || `${got.shape}` !== `${want.shape}`) {
    throw new Error(`${got.dtype} [${got.shape}]${where}, and ${want.dtype} [${want.shape}] was expected`);
  }
  const ours = numbers(got);
  const places = want.index ?? [...want.data.keys()];
  if (places.length !== want.data.length || (want.index === undefined && ours.length !== want.data.length)) {
    throw new Error(`${ours.length} elements${where}, and ${want.data.length} were expected`);
  }
  let worst = 0;
  for (const [i, place] of places.entries()) {
    const gap = apart(ours[place], parsed(want.data[i]), atol, rtol);
    if (gap === undefined) throw new Error(`element ${place}${where} is ${ours[place]}, and ${parsed(want.data[i])} was expected`);
    worst = Math.max(worst, gap);
  }
  whole(ours, want, (name, got, wanted) => {
    if (apart(got, wanted, atol, rtol) === undefined) throw new Error(`${name}${where} is ${got}, and ${wanted} was expected`);
  });
  return worst;
}

/** How far apart two numbers are; nothing where that is too far. */
export function apart(got, want, atol, rtol) {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0;
  const gap = Math.abs(got - want);
  return gap < Infinity && gap <= atol + rtol * Math.abs(want) ? gap : undefined;
}

/** Where only some positions are given, the mean and its relatives cover the rest. */
function whole(ours, want, check) {
  if (ours.length === 0) return;
  const mean = ours.reduce((a, b) => a + b, 0) / ours.length;
  const [least, most] = [ours.reduce((a, b) => Math.min(a, b)), ours.reduce((a, b) => Math.max(a, b))];
  for (const [name, got] of Object.entries({ mean, min: least, max: most })) {
    if (typeof want[name] === "number") check(name, got, want[name]);
  }
  if (typeof want.std !== "number") return;
  // Either of torch's two: the case format does not say whether it is corrected.
  const spread = ours.reduce((a, b) => a + (b - mean) ** 2, 0);
  const [whole, corrected] = [ours.length, Math.max(ours.length - 1, 1)].map((n) => Math.sqrt(spread / n));
  check("std", Math.abs(whole - want.std) < Math.abs(corrected - want.std) ? whole : corrected, want.std);
}

const parsed = (x) => (typeof x === "string" ? { inf: Infinity, "-inf": -Infinity, nan: NaN, Infinity, "-Infinity": -Infinity, NaN }[x] : Number(x));

/** The network of one file of the case, on the device that was asked for. */
export async function load(how, expected, device) {
  const checkpoint = await open(await file(how.file));
  try {
    const source = expected.source ? await text(expected.source) : undefined;
    // A whole module brings its own constructor arguments.
    const construct = how.content === "module" ? undefined : (expected.construct ?? undefined);
    const network = source === undefined ? (expected.zoo ?? undefined) : { source, construct };
    const stateDict = how.state_key ?? undefined;
    const model = await checkpoint.build(network, { device, ...(stateDict === undefined ? {} : { stateDict }) });
    if (model.device.kind !== device) throw new Error(`runs on the ${model.device.kind}: ${model.device.reason ?? model.device.name}`);
    return [checkpoint, model];
  } catch (error) {
    await checkpoint.dispose();
    throw error;
  }
}
