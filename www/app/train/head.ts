// A network for other classes, made and tried before anything that is open is closed.
import { load, newHead, type Model, type NetworkSource, type NewHead } from "torchtab";
import { problem } from "../problem.js";
import { DataError } from "./set.js";

interface Asked {
  /** What the model was built from. */
  readonly network: NetworkSource | undefined;
  /** How many scores it gives. */
  readonly outputs: number | undefined;
  readonly signal: AbortSignal;
}

/** The checkpoint with a new last layer; throws a sentence where it could not be built. */
export async function headed(model: Model, classes: number, { network, outputs, signal }: Asked): Promise<NewHead> {
  const made = await newHead(model, classes, { network, outputs });
  if (!(await builds(made, signal))) {
    throw new DataError("The network was known by its file alone, and with another last layer it is not", "Paste the source of its class, build it, and try again.");
  }
  return made;
}

/** Whether keys and shapes, or the source, tell the network; what else is wrong is thrown. */
async function builds({ file, network }: NewHead, signal: AbortSignal): Promise<boolean> {
  try {
    await (await load(file, { network, device: "cpu", signal })).dispose();
    return true;
  } catch (thrown) {
    if (problem(thrown)?.code === "needs_source") return false;
    throw thrown;
  }
}
