// Runs one case in the page: a file of a format case, or a network case's outputs. Its training is `training.mjs`'s.

import { TorchtabError, open } from "/pkg/dist/index.js";
import { argumentsOf, compare, failed, file, inputsOf, load, narrow, passed, told } from "./case.mjs";

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
    if (!expected.outputs?.length) return failed("the case has no outputs");
    const inputs = await inputsOf(expected);
    const check = async (model, changed, outputs) => {
      const result = await model.run(argumentsOf(expected.call, { ...inputs, ...changed }));
      for (const want of outputs) worst = Math.max(worst, compare(result, want, atol, rtol));
    };
    const runs = async (how) => {
      const [checkpoint, model] = await load(how, expected, device);
      try {
        if (expected.expect === "recognise") recognised(model, how.recognised ?? expected.recognised);
        await check(model, {}, how.outputs ?? expected.outputs);
        // Further runs share the weights; one file shows them.
        for (const further of how === expected ? (expected.more ?? []) : []) {
          const cut = Object.entries(further.slice).map(([name, range]) => [name, narrow(inputs[name], range)]);
          await check(model, Object.fromEntries(cut), further.outputs);
        }
      } finally {
        await model.dispose();
        await checkpoint.dispose();
      }
    };
    for (const how of [expected, ...(expected.variants ?? [])]) {
      try {
        await runs(how);
        parts.push(how.file);
      } catch (error) {
        if (expected.expect !== "run_or_refuse" || error.kind !== "unsupported") throw error;
        parts.push(`${how.file} refused: ${error.message}`);
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
