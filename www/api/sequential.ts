/**
 * Source for a whole module that is torch.nn's own layers in a row: such a file says with which arguments each was made, so the `nn.Sequential` can be
 * written as one writes it in Python. Classes of others, and containers with a forward of their own, are refused: their code is not in the file.
 * @module
 */
import type { Checkpoint } from "./checkpoint.js";
import type { NetworkSource } from "./types.js";

const CONV = "in_channels out_channels kernel_size stride padding dilation groups bias? padding_mode";
const NORM = "num_features eps momentum affine track_running_stats";
const MAX = "kernel_size stride padding dilation return_indices ceil_mode";
const AVERAGE = "kernel_size stride padding ceil_mode count_include_pad";
/** Classes by their arguments, which are attributes of the same names. `bias?` says whether there is such a parameter. */
const ARGUMENTS: readonly (readonly [classes: string, names: string])[] = [
  ["Conv1d Conv2d Conv3d", CONV],
  ["ConvTranspose1d ConvTranspose2d ConvTranspose3d", `${CONV} output_padding`],
  ["Linear", "in_features out_features bias?"],
  ["Embedding", "num_embeddings embedding_dim padding_idx"],
  ["BatchNorm1d BatchNorm2d BatchNorm3d InstanceNorm1d InstanceNorm2d InstanceNorm3d", NORM],
  ["GroupNorm", "num_groups num_channels eps affine"],
  ["LayerNorm", "normalized_shape eps elementwise_affine"],
  ["RMSNorm", "normalized_shape eps elementwise_affine"],
  ["Dropout Dropout1d Dropout2d Dropout3d AlphaDropout", "p inplace"],
  ["ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid", "inplace"],
  ["ELU CELU", "alpha inplace"],
  ["LeakyReLU", "negative_slope inplace"],
  ["GELU", "approximate"],
  ["PReLU", "num_parameters"],
  ["Softplus", "beta threshold"],
  ["Softmax LogSoftmax Softmin", "dim"],
  ["Tanh Sigmoid LogSigmoid Softsign Tanhshrink Identity", ""],
  ["Flatten", "start_dim end_dim"],
  ["Unflatten", "dim unflattened_size"],
  ["MaxPool1d MaxPool2d MaxPool3d", MAX],
  ["AvgPool1d AvgPool2d AvgPool3d", AVERAGE],
  ["AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d", "output_size"],
  ["AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d", "output_size return_indices"],
  ["Upsample", "size scale_factor mode align_corners"],
  ["PixelShuffle PixelUnshuffle", "upscale_factor downscale_factor"],
  ["ZeroPad1d ZeroPad2d ReflectionPad1d ReflectionPad2d ReplicationPad1d ReplicationPad2d", "padding"],
];

/** Arguments by the class's name in torch.nn. */
const LAYERS: ReadonlyMap<string, readonly string[]> = new Map(
  ARGUMENTS.flatMap(([classes, names]) => classes.split(" ").map((name) => [name, names.split(" ").filter((argument) => argument !== "")] as const)),
);

/** The file's module as source; undefined where it is more than layers in a row. */
export function sequential(checkpoint: Pick<Checkpoint, "format" | "hasModule" | "details" | "entries">): NetworkSource | undefined {
  const { format, hasModule, details, entries } = checkpoint;
  // TorchScript and exported programs have modules by name only.
  if (!hasModule || format === "torchscript" || format === "pt2") return undefined;
  const modules = new Map(details.filter(({ kind }) => kind === "module").map(({ path, text }) => [path, text]));
  const texts = new Map(details.map(({ path, kind, text, value }) => [path, kind === "str" ? JSON.stringify(value) : text]));
  const tensors = new Set(entries.map(({ name }) => name));
  const inside = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
  const written = (path: string, depth: number): string | undefined => {
    const name = /^torch\.nn\.modules\.\w+\.(\w+)$/.exec(modules.get(path) ?? "")?.[1];
    if (name === undefined) return undefined;
    if (name === "Sequential") {
      const indent = "    ".repeat(depth + 1);
      const lines: string[] = [];
      for (const child of modules.keys()) {
        const own = path === "" ? child : child.startsWith(`${path}.`) ? child.slice(path.length + 1) : "";
        if (own === "" || own.includes(".")) continue;
        const layer = written(child, depth + 1);
        if (layer === undefined) return undefined;
        lines.push(`${indent}(${JSON.stringify(own)}, ${layer}),`);
      }
      return `nn.Sequential(OrderedDict([\n${lines.join("\n")}\n${"    ".repeat(depth)}]))`;
    }
    const given = LAYERS.get(name)?.flatMap((argument) => {
      if (argument === "bias?") return tensors.has(inside(path, "bias")) ? [] : ["bias=False"];
      // What an older torch did not have keeps its default.
      const text = texts.get(inside(path, argument));
      return text === undefined ? [] : [`${argument}=${text}`];
    });
    return given === undefined ? undefined : `nn.${name}(${given.join(", ")})`;
  };
  const made = written("", 1);
  if (made === undefined || !made.startsWith("nn.Sequential(")) return undefined;
  return { source: `from collections import OrderedDict\nimport torch.nn as nn\n\n\ndef layers():\n    return ${made}\n`, construct: "layers()" };
}
