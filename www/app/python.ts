// The Python lines that load a saved file.
import type { Checkpoint } from "torchtab";

export type Format = "pth" | "safetensors";
export type As = "same" | "state_dict" | "checkpoint";

interface Asked {
  readonly checkpoint: Pick<Checkpoint, "kind" | "stateDicts" | "hasModule" | "moduleClass">;
  readonly format: Format;
  readonly as: As;
  readonly file: string;
  /** The constructor call, as the person wrote it. */
  readonly construct: string;
  readonly source: string;
  readonly stateDict: string;
}

/** Lines to paste: from the file to a network in eval mode. */
export function lines({ checkpoint, format, as, file, construct, source, stateDict }: Asked): string {
  const name = JSON.stringify(file);
  const classes = [...source.matchAll(/^class\s+(\w+)\s*\(/gm)].map((match) => match[1] as string);
  const network = construct.trim() || (classes.length > 0 ? `${classes.at(-1)}(...)` : "Net(...)");
  const made = `model = ${network}  # your class`;
  if (format === "safetensors") {
    return `from safetensors.torch import load_file\n\n${made}\nmodel.load_state_dict(load_file(${name}))\nmodel.eval()\n`;
  }
  if (as === "same" && checkpoint.kind === "module") {
    return `import torch\n\n# A whole module names its class, which must be importable; weights_only=False trusts the file.\nmodel = torch.load(${name}, weights_only=False)\nmodel.eval()\n`;
  }
  const path = as === "checkpoint" ? "model_state_dict" : as === "state_dict" ? "" : stateDict || (checkpoint.stateDicts[0]?.path ?? "");
  const index = path === "" ? "" : path.split(".").map((key) => `[${JSON.stringify(key)}]`).join("");
  return `import torch\n\ncheckpoint = torch.load(${name}, weights_only=True)\n${made}\nmodel.load_state_dict(checkpoint${index})\nmodel.eval()\n`;
}
