/**
 * Ways to give a network its input: numbers in fields, a picture, a text, or a tensor in JSON. Which one is told by the network's first layers,
 * or by the page's author.
 * @module
 */
import type { InputSpec } from "../types.js";
import type { Inputs } from "../tensor.js";
import { decode, grab, imageData } from "../image/decode.js";
import { grey, resize } from "../image/resample.js";
import type { Pixels } from "../image/resample.js";
import { h, list, text } from "./dom.js";

/** A way to give input. */
export interface Kit {
  readonly element: HTMLElement;
  /** What there is now, or a sentence that says what is missing. */
  read(): Inputs | string;
}

/** What kits are told of: attributes, forward's first parameter, and when to run at once. */
export interface Setting {
  attribute(name: string): string | null;
  readonly spec: InputSpec | undefined;
  readonly signal: AbortSignal;
  run(): void;
}

const MOST_FIELDS = 32;
/** What torchvision's networks were trained with. */
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The kit that fits. */
export async function kit(setting: Setting): Promise<Kit> {
  const { spec } = setting;
  const width = spec?.shape?.at(-1) ?? -1;
  const kind =
    setting.attribute("input") ??
    (spec?.kind === "image"
      ? "image"
      : setting.attribute("vocabulary") !== null
        ? "text"
        : setting.attribute("fields") !== null || (spec?.shape?.length === 2 && width > 0 && width <= MOST_FIELDS)
          ? "numbers"
          : "json");
  if (kind === "image") return picture(setting);
  if (kind === "text") return sentence(setting);
  return kind === "numbers" ? fields(setting) : json(setting);
}

function fields({ attribute, spec, run }: Setting): Kit {
  const names = list(attribute("fields"));
  const count = names.length || Math.max(1, spec?.shape?.at(-1) ?? 1);
  const values = list(attribute("value"));
  const inputs = Array.from({ length: count }, (_, i) => h("input", { type: "number", step: "any", required: true, value: values[i] ?? "0", onchange: run }));
  const element = h("div", { className: "fields" }, ...inputs.map((input, i) => h("label", {}, names[i] ?? `Number ${i + 1}`, input)));
  return {
    element,
    read() {
      const wrong = inputs.find((input) => !input.reportValidity());
      return wrong === undefined ? { data: [inputs.map((input) => input.valueAsNumber)] } : "Each field takes a number.";
    },
  };
}

async function sentence({ attribute, run, signal }: Setting): Promise<Kit> {
  const address = attribute("vocabulary");
  if (address === null) throw new Error("A text needs the attribute vocabulary: the address of a JSON list of words, or of an object from words to numbers");
  const given = JSON.parse(await text(address, signal)) as string[] | { words?: string[] } | { [word: string]: number };
  const words = Array.isArray(given) ? given : Array.isArray(given.words) ? given.words : undefined;
  const numbers = new Map<string, number>(words === undefined ? (Object.entries(given) as [string, number][]) : words.map((word, i) => [word, i]));
  const unknown = numbers.get("<unk>") ?? numbers.get("[UNK]");
  const area = h("textarea", { rows: 3, value: attribute("value") ?? "" });
  area.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    run();
  };
  return {
    element: h("label", { className: "wide" }, "Text", area),
    read() {
      const found = area.value.match(/[\p{L}\p{N}'’]+|[^\s\p{L}\p{N}]/gu) ?? [];
      const ids = found.map((word) => numbers.get(word) ?? numbers.get(word.toLowerCase()) ?? unknown).filter((id) => id !== undefined);
      return ids.length === 0 ? "Write a few words first." : { dtype: "int64", data: [ids] };
    },
  };
}

function json({ attribute, spec }: Setting): Kit {
  const shape = spec?.shape?.map((size) => Math.max(1, size)) ?? [1];
  const zeros = (sizes: readonly number[]): unknown => (sizes.length === 0 ? 0 : Array.from({ length: sizes[0] as number }, () => zeros(sizes.slice(1))));
  const small = shape.reduce((all, size) => all * size, 1) <= 64;
  const area = h("textarea", { rows: 5, spellcheck: false, value: attribute("value") ?? (small ? JSON.stringify(zeros(shape)) : "[]") });
  return {
    element: h("label", { className: "wide" }, `Tensor as JSON: numbers in nested arrays${shape.length ? `, ${shape.join(" × ")}` : ""}`, area),
    read() {
      let given: unknown;
      try {
        given = JSON.parse(area.value);
      } catch (thrown) {
        return `This is no JSON: ${(thrown as Error).message}`;
      }
      const data = typeof given === "object" && given !== null && "data" in given ? (given as { dtype?: string; data: never }) : { data: given as never };
      return { dtype: spec?.dtype, ...data };
    },
  };
}

function picture({ attribute, spec, run }: Setting): Kit {
  const [height, width] = sizes(attribute("size"), spec?.shape);
  const channels = spec?.shape?.at(-3) === 1 ? 1 : 3;
  const scale = attribute("mean") === "imagenet" ? IMAGENET : { mean: list(attribute("mean")).map(Number), std: list(attribute("std")).map(Number) };
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  const pen = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  let empty = true;
  let refused: string | undefined;
  const clear = (): void => {
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, width, height);
    [empty, refused] = [true, undefined];
  };
  clear();
  const show = async (file: Blob | undefined | null): Promise<void> => {
    if (file == null) return;
    try {
      pen.putImageData(imageData(middle(await decode(file, file instanceof File ? file.name : "This"), width, height)), 0, 0);
      [empty, refused] = [false, undefined];
    } catch (thrown) {
      refused = thrown instanceof Error ? thrown.message : String(thrown);
    }
    run();
  };
  const chosen = h("input", { type: "file", accept: "image/*" });
  chosen.onchange = () => void show(chosen.files?.[0]);
  const draws = channels === 1;
  const element = h(
    "div",
    { className: "picture" },
    canvas,
    h("div", { className: "wide" }, h("label", { className: "wide" }, draws ? "Draw on the square, or choose a picture" : "Choose a picture, or drop one here", chosen)),
  );
  if (draws) {
    drawing(canvas, pen, () => ((empty = false), run()));
    element.lastElementChild?.append(h("button", { type: "button", className: "plain", onclick: clear }, "Clear"));
  }
  element.ondragover = (event) => event.preventDefault();
  element.ondrop = (event) => {
    event.preventDefault();
    void show(event.dataTransfer?.files[0]);
  };
  return {
    element,
    read() {
      if (refused !== undefined) return refused;
      if (empty) return draws ? "Draw something, or choose a picture." : "Choose a picture first.";
      const pixels = grab(canvas, width, height);
      const { data } = channels === 1 ? grey(pixels) : pixels;
      const area = width * height;
      const planes = new Float32Array(channels * area);
      for (let c = 0; c < channels; c += 1) {
        for (let i = 0; i < area; i += 1) planes[c * area + i] = ((data[channels * i + c] as number) / 255 - (scale.mean[c] ?? 0)) / (scale.std[c] ?? 1);
      }
      return { shape: [1, channels, height, width], data: planes };
    },
  };
}

/** The middle of a picture in the wanted proportions, as most networks are fed, resized as PIL and torchvision do. */
function middle(picture: Pixels, width: number, height: number): Pixels {
  const side = Math.min(picture.width / width, picture.height / height);
  const [w, h] = [Math.max(1, Math.round(side * width)), Math.max(1, Math.round(side * height))];
  const [left, top] = [Math.round((picture.width - w) / 2), Math.round((picture.height - h) / 2)];
  const { channels } = picture;
  const data = new Uint8ClampedArray(w * h * channels);
  for (let row = 0; row < h; row += 1) {
    const from = ((top + row) * picture.width + left) * channels;
    data.set(picture.data.subarray(from, from + w * channels), row * w * channels);
  }
  return resize({ width: w, height: h, channels, data }, width, height, "bilinear");
}

/** Height and width: the author's, the network's, or what most networks for pictures take. */
function sizes(given: string | null, shape: readonly number[] | undefined): [number, number] {
  const [height, width = height] = (given ?? "").split("x").map(Number);
  if (height !== undefined && height > 0) return [height, width as number];
  const [h, w] = (shape ?? []).slice(-2).map((size) => (size > 0 ? size : 224));
  return [h ?? 224, w ?? 224];
}

function drawing(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D, done: () => void): void {
  let down = false;
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  canvas.classList.add("drawn");
  canvas.onpointerdown = (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    down = true;
    pen.strokeStyle = "#fff";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = Math.max(1, canvas.width / 10);
    pen.beginPath();
    pen.moveTo(...at(event));
    pen.lineTo(...at(event));
    pen.stroke();
  };
  canvas.onpointermove = (event) => {
    if (!down) return;
    pen.lineTo(...at(event));
    pen.stroke();
  };
  canvas.onpointerup = () => {
    if (down) done();
    down = false;
  };
}
