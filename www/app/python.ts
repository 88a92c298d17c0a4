// The Python lines that load a saved file, and go on training where it holds an optimizer's state.
import type { Checkpoint, OptimizerState } from "torchtab";

export type Format = "pth" | "safetensors";
export type As = "same" | "state_dict" | "checkpoint";

interface Asked {
  readonly checkpoint: Pick<Checkpoint, "format" | "kind" | "name" | "stateDicts" | "hasModule" | "moduleClass">;
  readonly format: Format;
  readonly as: As;
  readonly file: string;
  /** The constructor call, as the person wrote it. */
  readonly construct: string;
  readonly source: string;
  readonly stateDict: string;
  /** What has trained here, where its state is in the file. */
  readonly optimizer?: OptimizerState | undefined;
}

/** What gives a network from a file that holds its code. */
const CODE: { readonly [format: string]: (file: string) => string } = {
  torchscript: (file) => `torch.jit.load(${file})`,
  pt2: (file) => `torch.export.load(${file}).module()`,
};

/** Where a saved file has the optimizer's state; nothing where it has no place for it. */
export function optimizerPath(as: As, optimizer: OptimizerState | undefined): string | undefined {
  if (optimizer === undefined || as === "state_dict") return undefined;
  return as === "checkpoint" ? "optimizer_state_dict" : optimizer.path;
}

/** Lines to paste: from the file to a network in eval mode, or to one that trains on. */
export function lines({ checkpoint, format, as, file, construct, source, stateDict, optimizer }: Asked): string {
  const name = JSON.stringify(file);
  const classes = [...source.matchAll(/^class\s+(\w+)\s*\(/gm)].map((match) => match[1] as string);
  const network = construct.trim() || (classes.length > 0 ? `${classes.at(-1)}(...)` : "Net(...)");
  // A file that holds the network's code makes it without the class.
  const opened = source === "" ? CODE[checkpoint.format]?.(JSON.stringify(checkpoint.name ?? "model.pt")) : undefined;
  // An exported program has no mode to be put in.
  const [evals, trains] = opened !== undefined && checkpoint.format === "pt2" ? ["", ""] : ["model.eval()\n", "model.train()  # and go on\n"];
  const made = opened === undefined ? `model = ${network}  # your class` : `model = ${opened}`;
  if (format === "safetensors") {
    return `${opened === undefined ? "" : "import torch\n"}from safetensors.torch import load_file\n\n${made}\nmodel.load_state_dict(load_file(${name}))\n${evals}`;
  }
  const code = CODE[checkpoint.format];
  if (as === "same" && code !== undefined) return `import torch\n\nmodel = ${code(name)}\n${checkpoint.format === "torchscript" ? "model.eval()\n" : ""}`;
  if (as === "same" && checkpoint.kind === "module") {
    return `import torch\n\n# Python must find its class, and trusts the file.\nmodel = torch.load(${name}, weights_only=False)\nmodel.eval()\n`;
  }
  const path = as === "checkpoint" ? "model_state_dict" : as === "state_dict" ? "" : stateDict || (checkpoint.stateDicts[0]?.path ?? "");
  const loaded = `import torch\n\ncheckpoint = torch.load(${name}, weights_only=True)\n${made}\nmodel.load_state_dict(checkpoint${index(path)})\n`;
  const at = optimizerPath(as, optimizer);
  if (optimizer === undefined || at === undefined) return `${loaded}${evals}`;
  return `${loaded}${constructed(optimizer)}\noptimizer.load_state_dict(checkpoint${index(at)})\n${trains}`;
}

/** `a.0.b` → `["a"][0]["b"]` */
function index(path: string): string {
  return path === "" ? "" : path.split(".").map((key) => (/^\d+$/.test(key) ? `[${key}]` : `[${JSON.stringify(key)}]`)).join("");
}

/** The optimizer with its parameters in the same groups; its arguments come with its state. */
function constructed({ class: name, groups }: OptimizerState): string {
  const lr = typeof groups[0]?.lr === "number" ? `, lr=${groups[0].lr}` : "";
  if (groups.length <= 1) return `optimizer = torch.optim.${name}(model.parameters()${lr})`;
  const each = groups.map(({ params }) => `    {"params": [named[name] for name in ${JSON.stringify(params)}]},`);
  return `named = dict(model.named_parameters())\noptimizer = torch.optim.${name}([\n${each.join("\n")}\n]${lr})`;
}
