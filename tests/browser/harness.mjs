// Runs one case in the page. Only `load` and `file` touch the API; the rest compares.

import { TorchtabError, numbers, open } from "/pkg/dist/index.js";

const passed = (text) => ({ outcome: "passed", text });
const failed = (text) => ({ outcome: "failed", text });
const skipped = (text) => ({ outcome: "skipped", text });
const told = (error) =>
  error instanceof TorchtabError ? `${error.kind}/${error.code} at ${error.location}: ${error.message}` : `not one of our errors: ${error}`;

async function file(name) {
  const response = await fetch(`/case/${encodeURIComponent(name)}`);
  if (!response.ok) throw new Error(`${name} is not there`);
  return new File([await response.blob()], name);
}

const text = async (name) => new TextDecoder().decode(await (await file(name)).arrayBuffer());

// --- Format cases

/** What can be seen through the API: refused or opened, every tensor's dtype, shape and values. */
export async function format(expected) {
  let checkpoint;
  try {
    checkpoint = await open(await file(expected.file));
  } catch (error) {
    return refused(error, expected);
  }
  try {
    if (expected.must === "refuse") return failed("accepted, and must be refused");
    const wanted = (expected.entries ?? []).filter((e) => e.kind === "tensor" && e.sha256 !== undefined);
    const digests = new Set();
    for (const entry of checkpoint.entries) {
      if (entry.unloadable !== undefined) continue;
      const { dtype, shape, data } = await checkpoint.tensor(entry.name);
      digests.add(`${dtype} [${shape}] ${await digest(data)}`);
    }
    for (const want of wanted) {
      const described = `${want.dtype.replace("torch.", "")} [${want.shape}] ${want.sha256}`;
      if (!digests.has(described)) return failed(`${JSON.stringify(want.path)}: no tensor is ${described}`);
    }
    return passed(`${checkpoint.entries.length} tensors`);
  } catch (error) {
    return failed(told(error));
  } finally {
    await checkpoint.dispose();
  }
}

function refused(error, expected) {
  if (!(error instanceof TorchtabError)) return failed(told(error));
  if (expected.must === "accept") return failed(`refused: ${told(error)}`);
  if (error.location === undefined) return failed(`the error has no location: ${error.message}`);
  if (error.kind === "device" || error.kind === "aborted") return failed(`a file cannot be refused so: ${told(error)}`);
  if (expected.kind !== undefined && expected.kind !== error.kind) return failed(`${expected.kind} was expected: ${told(error)}`);
  if (expected.hint !== undefined && error.hint === undefined) return failed(`refused without a hint: ${told(error)}`);
  return passed(`refused: ${told(error)}`);
}

async function digest(data) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return Array.from(hash, (b) => b.toString(16).padStart(2, "0")).join("");
}

// --- Network cases

const BYTES = { float64: 8, int64: 8, float32: 4, int32: 4, float16: 2, bfloat16: 2, int16: 2, uint8: 1, int8: 1, bool: 1, complex64: 8 };
const ARRAYS = { float64: Float64Array, float32: Float32Array, int64: BigInt64Array, int32: Int32Array, int16: Int16Array, uint8: Uint8Array, int8: Int8Array, bool: Uint8Array };

/** An input as `{dtype, shape, data}`, its raw bytes beside it for slicing. */
async function input({ dtype, shape, data, file: name }) {
  if (name !== undefined) return { dtype, shape, bytes: new Uint8Array(await (await file(name)).arrayBuffer()) };
  const make = ARRAYS[dtype];
  if (make === undefined) throw new Error(`inputs of dtype ${dtype} are not written inline`);
  const items = data.map((x) => (make === BigInt64Array ? BigInt(x) : Number(x)));
  const typed = make.from(items);
  return { dtype, shape, bytes: new Uint8Array(typed.buffer) };
}

function tensor({ dtype, shape, bytes }) {
  const make = ARRAYS[dtype] ?? Uint16Array;
  const copy = bytes.slice();
  return { dtype, shape, data: new make(copy.buffer) };
}

/** `torch.narrow` on contiguous bytes. */
function narrow({ dtype, shape, bytes }, { dim, start, stop }) {
  const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1) * BYTES[dtype];
  const outer = shape.slice(0, dim).reduce((a, b) => a * b, 1);
  const wide = shape[dim] * inner;
  const out = new Uint8Array(outer * (stop - start) * inner);
  for (let i = 0; i < outer; i++) out.set(bytes.subarray(i * wide + start * inner, i * wide + stop * inner), i * (stop - start) * inner);
  return { dtype, shape: shape.with(dim, stop - start), bytes: out };
}

// A named tuple comes as an object: its fields count as places too.
const step = (value, key) => (Array.isArray(value) || value?.[key] !== undefined ? value?.[key] : Object.values(value ?? {})[key]);
const at = (result, path) => path.reduce(step, result);

/** The largest difference of a leaf from what torch wrote; throws when it is too large, or something else is wrong. */
function compare(result, want, atol, rtol) {
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
  const positions = want.index ?? want.data.keys();
  let worst = 0;
  let i = 0;
  for (const position of positions) {
    const [a, b] = [ours[position], parsed(want.data[i++])];
    if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const gap = Math.abs(a - b);
    if (!(gap <= atol + rtol * Math.abs(b))) throw new Error(`element ${position}${where} is ${a}, and ${b} was expected`);
    worst = Math.max(worst, gap);
  }
  return worst;
}

const parsed = (x) => (typeof x === "string" ? { inf: Infinity, "-inf": -Infinity, nan: NaN, Infinity, "-Infinity": -Infinity, NaN }[x] : Number(x));

/** The network of one file of the case, on the device that was asked for. */
async function load(how, expected, device) {
  const checkpoint = await open(await file(how.file));
  try {
    const source = expected.source ? await text(expected.source) : undefined;
    const network = source === undefined ? (expected.zoo ?? undefined) : { source, construct: expected.construct ?? undefined };
    const stateDict = how.state_key ?? undefined;
    const model = await checkpoint.build(network, { device, ...(stateDict === undefined ? {} : { stateDict }) });
    if (model.device.kind !== device) throw new Error(`runs on the ${model.device.kind}: ${model.device.reason ?? model.device.name}`);
    return [checkpoint, model];
  } catch (error) {
    await checkpoint.dispose();
    throw error;
  }
}

export async function network(expected, device) {
  const scale = device === "webgpu" ? 10 : 1;
  const [atol, rtol] = [expected.atol * scale, expected.rtol * scale];
  const parts = [];
  let worst = 0;
  try {
    const refusal = REFUSALS[expected.expect];
    if (refusal !== undefined) return await refusedWith(refusal, expected, device);
    if (expected.expect === "guess_or_ask") {
      const verdict = await guesses(expected, device);
      if (verdict.outcome !== "guessed") return verdict;
      if (!expected.outputs?.length) return passed(verdict.text);
      parts.push(verdict.text);
    }
    if (!expected.outputs?.length) return skipped(`nothing to run: ${expected.expect ?? "no outputs"}`);
    const inputs = Object.fromEntries(await Promise.all(expected.inputs.map(async (i) => [i.name, await input(i)])));
    // A nested list of the call is a tuple, null is None.
    const called = (changed) => {
      const argument = (item) => (Array.isArray(item) ? item.map(argument) : item === null ? null : tensor(changed[item] ?? inputs[item]));
      return expected.call.map(argument);
    };
    const check = async (model, given, outputs) => {
      const result = await model.run(called(given));
      for (const want of outputs) worst = Math.max(worst, compare(result, want, atol, rtol));
    };
    for (const how of [expected, ...(expected.variants ?? [])]) {
      const [checkpoint, model] = await load(how, expected, device);
      try {
        if (expected.expect === "recognise") recognised(model, how.recognised ?? expected.recognised);
        await check(model, {}, how.outputs ?? expected.outputs);
        if (how === expected) {
          for (const further of expected.more ?? []) {
            const cut = Object.entries(further.slice).map(([name, range]) => [name, narrow(inputs[name], range)]);
            await check(model, Object.fromEntries(cut), further.outputs);
          }
        }
        parts.push(how.file);
      } finally {
        await model.dispose();
        await checkpoint.dispose();
      }
    }
    const more = expected.more?.length ? `, ${expected.more.length} more shapes` : "";
    return passed(`${parts.join(", ")}${more}; largest error ${worst.toExponential(1)}`);
  } catch (error) {
    const after = parts.length > 0 ? `after ${parts.join(", ")}: ` : "";
    return failed(after + (error instanceof TorchtabError ? told(error) : (error?.message ?? String(error))));
  }
}

/** What a case expects instead of outputs, and the code of the error that says it. */
const REFUSALS = { ask_for_source: "needs_source", ask_for_construct: "needs_construct", nothing_fits: "load_state_dict" };

async function refusedWith(code, expected, device) {
  try {
    const [checkpoint] = await load(expected, expected, device);
    await checkpoint.dispose();
    return failed(`built, and ${code} was expected`);
  } catch (error) {
    if (error instanceof TorchtabError && error.code === code) return passed(`refused: ${error.message}`);
    return failed(`${code} was expected: ${told(error)}`);
  }
}

/** Throws where the network was not recognised as what the case says. */
function recognised(model, as) {
  for (const [field, want] of Object.entries(as ?? {})) {
    const got = model.recognised?.[field];
    if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`recognised with ${field} ${JSON.stringify(got)}, and ${JSON.stringify(want)} was expected`);
  }
}

/** Whether the source is asked for, or what was guessed; a guess must not be called certain. */
async function guesses(expected, device) {
  try {
    const [checkpoint, model] = await load(expected, expected, device);
    const guess = model.recognised;
    await model.dispose();
    await checkpoint.dispose();
    if (guess === undefined) return failed("built, and does not say as what");
    if (guess.confidence === "certain") return failed(`${guess.name} is called certain, and ${JSON.stringify(expected.guess)} was to be guessed`);
    return { outcome: "guessed", text: `guesses ${guess.name}, where ${JSON.stringify(expected.guess)} is right` };
  } catch (error) {
    if (!(error instanceof TorchtabError && error.code === "needs_source")) return failed(told(error));
    return await proposed(expected, device, error);
  }
}

/** What is proposed where the source is asked for: it must take the file's weights. */
async function proposed(expected, device, asked) {
  const checkpoint = await open(await file(expected.file));
  try {
    const proposal = await checkpoint.propose(expected.state_key ?? undefined);
    if (proposal === undefined) return passed(`asks: ${asked.message}`);
    const model = await checkpoint.build({ source: proposal.source, construct: proposal.construct }, { device });
    await model.dispose();
    return passed(`asks, and proposes ${proposal.source.split("\n").length} lines`);
  } catch (error) {
    return failed(`proposes what does not fit: ${told(error)}`);
  } finally {
    await checkpoint.dispose();
  }
}
