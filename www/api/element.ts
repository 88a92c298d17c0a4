/**
 * `<torchtab-model>`: a checkpoint as a card with a panel that runs it, for pages without a line of JavaScript. Importing this module defines
 * the element, and does nothing else.
 *
 * | attribute | |
 * | --- | --- |
 * | `src` | the checkpoint's address |
 * | `network` | a known network (`resnet18`), or the address of PyTorch source that ends with `.py`; without it the file's own, or recognised |
 * | `construct` | the Python expression that makes it, where weights do not tell |
 * | `labels` | names of classes between commas, or the address of a `.txt` (one a line) or `.json` (a list) |
 * | `name` | a heading; default: the file's name |
 * | `input` | `numbers`, `image`, `text` or `json`, where the network's first layers do not tell |
 * | `fields`, `value` | names and first values of numbers, between commas; `value` is also a first text or tensor |
 * | `vocabulary` | for `text`: the address of a JSON list of words, or of an object from words to numbers |
 * | `size`, `mean`, `std` | for `image`: `224` or `64x48` (height first); per channel between commas, or `mean="imagenet"` for both |
 * | `device` | `auto` (default), `webgpu`, `cpu` |
 * | `loading` | `lazy` (default) opens the file when the card comes into view, `eager` at once |
 *
 * Events `torchtab-load`, `torchtab-result` and `torchtab-error` bubble, with the model, the output or the error in `detail`. It is light or dark as the
 * page's `color-scheme` is. Style it by `--torchtab-accent`, `--torchtab-ground`, `--torchtab-ink`, `--torchtab-font` and the parts `card`, `title`, `run`.
 * @module
 */
import { answer } from "./element/answer.js";
import { bytes, h, list, text } from "./element/dom.js";
import { kit } from "./element/kits.js";
import type { Kit } from "./element/kits.js";
import { STYLE } from "./element/style.js";
import { AbortError, TorchtabError } from "./errors.js";
import { open } from "./index.js";
import type { Checkpoint } from "./checkpoint.js";
import type { Model } from "./model.js";
import type { DeviceChoice, NetworkChoice, Output, Progress } from "./types.js";

/** Where modules are only imported, on a server, there is no HTMLElement to extend. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;
/** Attributes that mean another model or another panel. */
const WATCHED = ["src", "network", "construct", "labels", "name", "input", "fields", "value", "vocabulary", "size", "mean", "std", "device"];
const MOST_ROWS = 500;

/** The element `<torchtab-model>`. */
export class TorchtabModel extends Base {
  static readonly observedAttributes: readonly string[] = WATCHED;
  #heading: HTMLElement;
  #facts: HTMLElement;
  #panel: HTMLElement;
  #alert: HTMLElement;
  #inside: HTMLElement;
  #model: Model | undefined;
  #kit: Kit | undefined;
  #labels: readonly string[] = [];
  #life: AbortController | undefined;
  #view: IntersectionObserver | undefined;
  #changed = false;
  #busy = false;

  constructor() {
    super();
    this.#heading = h("h2", { part: "title" });
    this.#facts = h("p", { className: "facts", "aria-live": "polite" });
    this.#panel = h("div");
    this.#alert = h("p", { role: "alert" });
    this.#inside = h("div");
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#heading.id = "title";
    root.append(h("section", { part: "card", "aria-labelledby": "title" }, this.#heading, this.#facts, this.#panel, this.#alert, this.#inside));
  }

  /**
   * The built model, once there is one.
   *
   * @example
   * ```ts
   * document.querySelector("torchtab-model")?.addEventListener("torchtab-load", (event) => {
   *   console.log((event.target as TorchtabModel).model?.device);
   * });
   * ```
   */
  get model(): Model | undefined {
    return this.#model;
  }

  /** @internal */
  connectedCallback(): void {
    if (this.getAttribute("loading") === "eager") {
      void this.#begin();
      return;
    }
    this.#head();
    this.#view = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) void this.#begin();
    }, { rootMargin: "200px" });
    this.#view.observe(this);
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#end();
  }

  /** @internal */
  attributeChangedCallback(): void {
    if (this.#life === undefined || this.#changed) return;
    // Attributes that are set one after another are one change.
    this.#changed = true;
    queueMicrotask(() => {
      this.#changed = false;
      if (this.#life !== undefined) void this.#begin();
    });
  }

  #head(): void {
    const src = this.getAttribute("src") ?? "";
    this.#heading.textContent = this.getAttribute("name") ?? (decodeURIComponent(src.split(/[?#]/)[0]?.split("/").at(-1) ?? "") || "Model");
  }

  #end(): void {
    this.#view?.disconnect();
    this.#life?.abort();
    this.#life = undefined;
    void this.#model?.dispose();
    void this.#model?.checkpoint.dispose();
    this.#model = undefined;
    this.#kit = undefined;
  }

  async #begin(): Promise<void> {
    this.#end();
    const life = new AbortController();
    const { signal } = life;
    this.#life = life;
    this.#head();
    this.#facts.textContent = "Opening …";
    for (const part of [this.#panel, this.#alert, this.#inside]) part.replaceChildren();
    const src = this.getAttribute("src");
    if (src === null) {
      this.#fail(new Error("The attribute src is missing: the address of a checkpoint"));
      return;
    }
    let checkpoint: Checkpoint | undefined;
    try {
      const onProgress = (progress: Progress): void => {
        this.#facts.textContent = phase(progress);
      };
      checkpoint = await open(new URL(src, document.baseURI), { signal, onProgress });
      this.#describe(checkpoint);
      const [network, labels] = await Promise.all([this.#network(signal), this.#names(signal)]);
      const device = (this.getAttribute("device") ?? "auto") as DeviceChoice;
      const model = await checkpoint.build(network, { device, signal, onProgress });
      this.#model = model;
      this.#labels = labels;
      const [spec] = await model.inputs();
      const attribute = (name: string): string | null => this.getAttribute(name);
      this.#kit = await kit({ attribute, spec, signal, run: () => void this.#run() });
      signal.throwIfAborted();
      this.#facts.textContent = `${facts(checkpoint)} · on ${model.device.kind === "cpu" ? "the CPU" : `WebGPU (${model.device.name})`}`;
      this.#show(this.#kit);
      this.dispatchEvent(new CustomEvent("torchtab-load", { bubbles: true, composed: true, detail: model }));
    } catch (thrown) {
      if (signal.aborted) {
        void checkpoint?.dispose();
        return;
      }
      if (checkpoint !== undefined) this.#facts.textContent = facts(checkpoint);
      this.#fail(thrown);
    }
  }

  async #network(signal: AbortSignal): Promise<NetworkChoice | undefined> {
    const network = this.getAttribute("network");
    const construct = this.getAttribute("construct") ?? undefined;
    if (network === null || !/\.py([?#]|$)/.test(network)) return network ?? undefined;
    return { source: await text(network, signal), construct };
  }

  async #names(signal: AbortSignal): Promise<string[]> {
    const labels = this.getAttribute("labels");
    if (labels === null || !/\.(txt|json)([?#]|$)/.test(labels)) return list(labels);
    const content = await text(labels, signal);
    return /\.json([?#]|$)/.test(labels) ? (JSON.parse(content) as string[]) : content.trim().split(/\r?\n/);
  }

  #describe(checkpoint: Checkpoint): void {
    const rows = checkpoint.entries.slice(0, MOST_ROWS).map(({ name, dtype, shape }) => h("tr", {}, h("td", {}, name), h("td", {}, shape.join(" × ") || "scalar"), h("td", {}, dtype)));
    const head = h("tr", {}, ...["Tensor", "Shape", "dtype"].map((title) => h("th", { scope: "col" }, title)));
    const table = h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
    const scroll = h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Tensors" }, table);
    this.#inside.replaceChildren(h("details", {}, h("summary", {}, `What is inside: ${checkpoint.entries.length} tensors`), scroll));
  }

  #show(kit: Kit): void {
    const button = h("button", { type: "submit", part: "run" }, "Run");
    const output = h("div", { className: "answer", role: "status" });
    const form = h("form", { noValidate: true }, kit.element, button);
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#run();
    };
    this.#panel.replaceChildren(form, output);
  }

  async #run(): Promise<void> {
    const [model, kit, life] = [this.#model, this.#kit, this.#life];
    if (model === undefined || kit === undefined || life === undefined || this.#busy) return;
    const inputs = kit.read();
    if (typeof inputs === "string") {
      this.#alert.textContent = inputs;
      return;
    }
    const button = this.#panel.querySelector("button[type=submit]");
    this.#busy = true;
    button?.setAttribute("aria-disabled", "true");
    try {
      const output = await model.run<Output>(inputs, { signal: life.signal });
      this.#alert.replaceChildren();
      this.#panel.querySelector(".answer")?.replaceChildren(answer(output, this.#labels));
      this.dispatchEvent(new CustomEvent("torchtab-result", { bubbles: true, composed: true, detail: output }));
    } catch (thrown) {
      if (!(thrown instanceof AbortError)) this.#fail(thrown);
    } finally {
      this.#busy = false;
      button?.removeAttribute("aria-disabled");
    }
  }

  #fail(thrown: unknown): void {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const hint = thrown instanceof TorchtabError ? thrown.hint : undefined;
    if (this.#facts.textContent?.endsWith("…") === true) this.#facts.replaceChildren();
    this.#alert.textContent = hint === undefined ? message : `${message}. ${hint}`;
    this.dispatchEvent(new CustomEvent("torchtab-error", { bubbles: true, composed: true, detail: thrown }));
  }
}

function phase({ phase, done, total }: Progress): string {
  const names = { directory: "Opening", pickle: "Reading", tensors: "Reading weights", upload: "Loading weights", "warm-up": "Warming up", save: "Saving" };
  return `${names[phase]}${total > 0 ? ` ${Math.round((100 * done) / total)} %` : ""} …`;
}

function facts({ entries, bytes: size, moduleClass, kind }: Checkpoint): string {
  const parameters = entries.filter(({ role }) => role === "parameter").reduce((all, { shape }) => all + shape.reduce((a, b) => a * b, 1), 0);
  const what = moduleClass?.split(".").at(-1) ?? kind;
  return [what, parameters > 0 ? `${parameters.toLocaleString("en")} parameters` : `${entries.length} tensors`, bytes(size)].join(" · ");
}

declare global {
  interface HTMLElementTagNameMap {
    "torchtab-model": TorchtabModel;
  }
}

if (globalThis.customElements?.get("torchtab-model") === undefined) globalThis.customElements?.define("torchtab-model", TorchtabModel);
