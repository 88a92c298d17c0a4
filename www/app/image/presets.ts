// How well-known networks want their pictures: the numbers of torchvision's weights, and which of them a network is likely to want.
import type { InputSpec, Recognised } from "torchtab";
import type { Preparation } from "./prepare.js";

export interface Preset {
  readonly name: string;
  readonly title: string;
  readonly how: Preparation;
}

const IMAGENET = { channels: 3, resize: "short", filter: "bilinear", invert: false, scale: true, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

function imagenet(name: string, title: string, side: number, crop: number, more: Partial<Preparation> = {}): Preset {
  return { name, title, how: { ...IMAGENET, side, height: crop, width: crop, ...more } };
}

const plain = (channels: 1 | 3, height: number, width: number): Preparation => ({
  channels, resize: "short", side: Math.min(height, width), filter: "bilinear", height, width, invert: false, scale: true,
  mean: Array<number>(channels).fill(0), std: Array<number>(channels).fill(1),
});

const BICUBIC = { filter: "bicubic" } as const;

/** By the names that torchvision gives its weights; `_v2` are those of `IMAGENET1K_V2`. */
export const PRESETS: readonly Preset[] = [
  imagenet("imagenet", "ImageNet, 256 → 224", 256, 224),
  imagenet("imagenet_v2", "ImageNet V2, 232 → 224", 232, 224),
  imagenet("inception_v3", "Inception, 342 → 299", 342, 299),
  imagenet("efficientnet_b0", "EfficientNet B0", 256, 224, BICUBIC),
  imagenet("efficientnet_b1", "EfficientNet B1", 256, 240, BICUBIC),
  imagenet("efficientnet_b2", "EfficientNet B2", 288, 288, BICUBIC),
  imagenet("efficientnet_b3", "EfficientNet B3", 320, 300, BICUBIC),
  imagenet("efficientnet_b4", "EfficientNet B4", 384, 380, BICUBIC),
  imagenet("efficientnet_b5", "EfficientNet B5", 456, 456, BICUBIC),
  imagenet("efficientnet_b6", "EfficientNet B6", 528, 528, BICUBIC),
  imagenet("efficientnet_b7", "EfficientNet B7", 600, 600, BICUBIC),
  imagenet("efficientnet_v2_s", "EfficientNet V2 S", 384, 384),
  imagenet("efficientnet_v2_m", "EfficientNet V2 M", 480, 480),
  imagenet("efficientnet_v2_l", "EfficientNet V2 L", 480, 480, { ...BICUBIC, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }),
  imagenet("convnext_tiny", "ConvNeXt tiny", 236, 224),
  imagenet("convnext_small", "ConvNeXt small", 230, 224),
  imagenet("convnext_base", "ConvNeXt base, large", 232, 224),
  imagenet("vit_l_16", "ViT L/16", 242, 224),
  imagenet("swin_t", "Swin T", 232, 224, BICUBIC),
  imagenet("swin_s", "Swin S", 246, 224, BICUBIC),
  imagenet("swin_b", "Swin B", 238, 224, BICUBIC),
  imagenet("swin_v2_t", "Swin V2 T, S", 260, 256, BICUBIC),
  imagenet("swin_v2_b", "Swin V2 B", 272, 256, BICUBIC),
  { name: "cifar10", title: "CIFAR-10", how: { ...IMAGENET, side: 32, height: 32, width: 32, mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] } },
  { name: "half", title: "−1 to 1", how: { ...plain(3, 224, 224), mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } },
  { name: "mnist", title: "MNIST", how: { ...plain(1, 28, 28), mean: [0.1307], std: [0.3081] } },
  { name: "none", title: "None: 0 to 1", how: plain(3, 224, 224) },
];

/** Networks whose weights are prepared like those of another name. */
const ALIKE: Record<string, string> = {
  convnext_large: "convnext_base",
  swin_v2_s: "swin_v2_t",
  shufflenet_v2_x1_5: "imagenet_v2",
  shufflenet_v2_x2_0: "imagenet_v2",
  resnext101_64x4d: "imagenet_v2",
};

export function preset(name: string): Preset | undefined {
  return PRESETS.find((each) => each.name === name);
}

/** A preset's numbers for another size or number of channels: the picture keeps the preset's margin, the means are averaged. */
export function adapted({ how }: Preset, channels: 1 | 3, height: number | undefined, width: number | undefined): Preparation {
  const [h, w] = [height ?? how.height, width ?? how.width];
  const short = Math.min(h, w);
  const side = h === how.height && w === how.width ? how.side : Math.round((how.side * short) / Math.min(how.height, how.width));
  const spread = (values: readonly number[]): readonly number[] =>
    values.length === channels ? values : Array<number>(channels).fill(Number((values.reduce((a, b) => a + b, 0) / values.length).toPrecision(4)));
  return { ...how, channels, height: h, width: w, side, mean: spread(how.mean), std: spread(how.std) };
}

/** What a network is likely to want: by its name where it is known, else by its input's size. */
export function likely(spec: InputSpec | undefined, recognised: Recognised | undefined): { readonly preset: Preset; readonly how: Preparation } {
  const [channels, height, width] = [-3, -2, -1].map((dim) => spec?.shape?.at(dim)).map((size) => (size === undefined || size < 0 ? undefined : size));
  const own: 1 | 3 = channels === 1 ? 1 : 3;
  const found = preset(guess(recognised?.name.toLowerCase(), own, height)) ?? (PRESETS.at(-1) as Preset);
  return { preset: found, how: adapted(found, own, height, width) };
}

function guess(name: string | undefined, channels: 1 | 3, side: number | undefined): string {
  if (name !== undefined) {
    // Whole modules are known by their class: `torchvision.models.vgg.VGG`.
    const last = name.split(".").at(-1) ?? name;
    const known = ALIKE[last] ?? last;
    if (preset(known) !== undefined) return known;
    if (/unet/.test(name)) return "none";
    if (/dcgan/.test(name)) return "half";
    if (/cifar/.test(name)) return "cifar10";
    if (!/lenet/.test(name)) return "imagenet";
  }
  if (channels === 1) return side === undefined || side === 28 || side === 32 ? "mnist" : "none";
  if (side === 32) return "cifar10";
  return side === undefined || side >= 160 ? "imagenet" : "none";
}
