// Everything comes in here: files, folders, addresses, samples, links. It knows what it got, opens what is a checkpoint, gives what lies beside
// it to the network, and keeps the rest to choose from. A checkpoint that is dropped while one is open waits for the person's word.
import { SvelteSet } from "svelte/reactivity";
import type { Alphabet } from "../write/writer.js";
import { samples, type Sample, type SampleKit, type Vocabulary } from "../samples.js";
import { naming } from "../naming.svelte.js";
import { bench } from "../workbench.svelte.js";
import { address } from "./address.js";
import type { Given } from "./given.js";
import { lonely, together, type Weights } from "./parts.js";
import { INDEX } from "./opened.js";
import { offers, repository, type Offer, type Repository } from "./repository.js";
import { forget, forgetAll, recent, remember, reopened, type Recent, type Remembered } from "./recent.js";
import { sort, type Sorted } from "./sort.js";

/** What lies beside a checkpoint. */
interface Beside {
  readonly source?: string | undefined;
  readonly vocabulary?: Vocabulary | undefined;
  readonly alphabet?: Alphabet | undefined;
  readonly labels?: readonly string[] | undefined;
}

/** A line of what arrived: the file, what it is, and what became of it. */
export interface Arrival {
  readonly sorted: Sorted;
  readonly fate: "open" | "waiting" | "used" | "kept" | "unused";
  readonly why?: string | undefined;
}

/** A repository whose files are asked for, or were. */
export interface Listing {
  readonly repository: Repository;
  readonly offers: readonly Offer[] | undefined;
}

/** Files of a training run that are no weights of a network. */
const SIDE_FILES = /(^|[/_.-])(optimizer|optim|scheduler|scaler|rng_state|training_args)[^/]*$/i;
const SHARD = /-\d{5}-of-\d{5}\./;

class Intake {
  /** What came last, where that was more than one checkpoint. */
  arrivals: readonly Arrival[] = $state.raw([]);
  /** A repository to choose a checkpoint from. */
  listing: Listing | undefined = $state.raw();
  /** Why something was not taken in. */
  trouble: string | undefined = $state();
  recent: readonly Recent[] = $state.raw(recent());
  /** Data that was dropped anywhere, for the panel that trains. */
  data: readonly Given[] | undefined = $state.raw();
  /** Recent entries that are being opened. */
  readonly busy = new SvelteSet<string>();
  /** What came before its checkpoint. */
  #beside: Beside = {};
  /** What came with the checkpoints that wait. */
  #arrived: Beside = {};

  /** Takes files in. `instead` says that a checkpoint among them replaces what is open without asking. */
  async files(all: readonly Given[], instead: boolean, more = false): Promise<void> {
    if (all.length === 0) {
      if (more) this.#trouble("The folder is too large to be looked through. Drop the file itself.");
      return;
    }
    this.trouble = undefined;
    this.listing = undefined;
    const sorted = together(await sort(all, bench.inputs.some(({ kind }) => kind === "tokens")));
    const checkpoints = sorted.filter((one): one is Weights => one.kind === "checkpoint").sort((a, b) => rank(b.given) - rank(a.given));
    const beside = pick(sorted);
    const first = checkpoints[0];
    const asks = first !== undefined && bench.checkpoint !== undefined && !instead;
    const used = new Set<Sorted>([beside.source, beside.vocabulary, beside.labels].filter((found) => found !== undefined));
    const fate = (one: Sorted): Arrival["fate"] => {
      if (one === first && !asks) return "open";
      if (one.kind === "checkpoint") return "waiting";
      if (used.has(one)) return first === undefined && bench.checkpoint === undefined ? "kept" : "used";
      return one.kind === "data" && bench.checkpoint !== undefined ? "used" : "unused";
    };
    const shown = sorted.length > 1 || asks || first === undefined || lonely(first) !== undefined;
    this.arrivals = shown ? sorted.filter(({ kind }) => kind !== "data").map((one) => ({ sorted: one, fate: fate(one), why: why(one) })) : [];
    const given = { source: beside.source?.source, vocabulary: beside.vocabulary?.vocabulary, alphabet: beside.vocabulary?.alphabet, labels: beside.labels?.labels };
    const data = sorted.filter(({ kind }) => kind === "data").map((one) => one.given);
    this.#arrived = given;
    if (first !== undefined && !asks) {
      const before = bench.opened;
      await this.#open(first, given);
      if (bench.opened === before) this.arrivals = this.arrivals.map((one) => (one.fate === "open" ? { ...one, fate: "unused", why: "not opened" } : one));
    } else if (bench.checkpoint !== undefined && !asks) {
      await this.#apply(given);
    } else if (asks) {
      bench.said = `${first.given.file.name} arrived: open it instead, or compare it`;
    } else {
      this.#beside = { ...this.#beside, ...present(given) };
      if (used.size > 0) bench.said = "Kept for the checkpoint that is opened next";
    }
    if (data.length > 0 && bench.takes?.(data) === true) bench.said = `${data[0]?.path} is the input now`;
    else if (data.length > 0 && bench.model !== undefined) this.data = data;
    else if (data.length > 0 && sorted.length === data.length) {
      this.#trouble(`${data[0]?.path} is data for a network. ${bench.checkpoint === undefined ? "Open a checkpoint" : "Build the network"} first.`);
    }
    if (more) this.#trouble("The folder holds more than was looked through.");
  }

  /** Opens one of several checkpoints that arrived. */
  async open(one: Arrival): Promise<void> {
    this.arrivals = this.arrivals.map((other) => (other === one ? { ...other, fate: "open" } : other.fate === "open" ? { ...other, fate: "waiting" } : other));
    const beside = this.#arrived;
    if (!this.arrivals.some(({ fate }) => fate !== "open")) this.dismiss();
    if (one.sorted.kind === "checkpoint") await this.#open(one.sorted, beside);
  }

  dismiss(): void {
    this.#arrived = {};
    this.arrivals = [];
    this.listing = undefined;
    this.trouble = undefined;
  }

  /** Closes what is open. */
  close(): void {
    this.dismiss();
    this.#beside = {};
    bench.close();
    linkTo();
  }

  async address(url: URL): Promise<void> {
    this.dismiss();
    const found = repository(url);
    if (found !== undefined) return this.#list(found);
    if (!(await bench.open(url, this.#take({})))) return;
    linkTo("url", url.href);
    await this.#remember({ kind: "url", name: bench.checkpoint?.name ?? url.href, url: url.href, bytes: bench.checkpoint?.bytes });
  }

  /** Opens one of a repository's checkpoints. */
  async choose({ source }: Offer): Promise<void> {
    if (source instanceof URL) return this.address(source);
    this.dismiss();
    if (await bench.open(source, this.#take({}))) linkTo();
  }

  /** Asks for a repository's checkpoints; a single one is opened. */
  async #list(found: Repository): Promise<void> {
    const asked = (this.listing = { repository: found, offers: undefined });
    bench.said = `Asking ${found.host} for the files of ${found.name}`;
    try {
      const there = await offers(found);
      if (this.listing !== asked) return;
      this.listing = { repository: found, offers: there };
      bench.said = `${found.name} holds ${there.length} checkpoints`;
      const [only] = there;
      if (only !== undefined && there.length === 1) await this.choose(only);
    } catch (thrown) {
      if (this.listing !== asked) return;
      this.listing = undefined;
      this.#trouble(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  async sample(sample: Sample): Promise<void> {
    this.dismiss();
    if (!(await bench.openSample(sample))) return;
    linkTo("sample", sample.name);
    await this.#remember({ kind: "sample", name: sample.title, sample: sample.name });
  }

  /** What a link's hash asks for: `#url=…` or `#sample=…`. */
  async link(hash: string): Promise<void> {
    const asked = new URLSearchParams(hash.replace(/^#/, ""));
    const name = asked.get("sample");
    const text = asked.get("url");
    if (name !== null) {
      const found = samples.find((sample) => sample.name === name);
      if (found === undefined) this.#trouble(`The link asks for the sample "${name}", which is not here.`);
      else await this.sample(found);
    } else if (text !== null) {
      const url = address(text);
      if (url === undefined) this.#trouble(`The link asks for "${text}", which is no address of a file.`);
      else await this.address(url);
    }
  }

  async again(entry: Recent): Promise<void> {
    this.busy.add(entry.key);
    try {
      if (entry.kind === "url") return await this.address(new URL(entry.url));
      if (entry.kind === "sample") return await this.link(`#sample=${encodeURIComponent(entry.sample)}`);
      const found = await reopened(entry.key);
      if (found === undefined) this.#trouble(`The browser did not give ${entry.name} again. Drop it or choose it.`);
      else await this.files([{ file: found.file, path: found.file.name, handle: found.handle }], true);
    } catch {
      this.#trouble(`${entry.name} is no longer where it was. Drop it or choose it anew.`);
    } finally {
      this.busy.delete(entry.key);
    }
  }

  async forget(entry: Recent): Promise<void> {
    this.recent = await forget(entry.key);
    bench.said = `${entry.name} is forgotten`;
  }

  async forgetAll(): Promise<void> {
    this.recent = await forgetAll();
    bench.said = "The list of recent files is empty";
  }

  async #open({ given, parts }: Weights, beside: Beside): Promise<void> {
    const { file, handle } = given;
    if (!(await bench.open(parts ?? file, this.#take(beside)))) return;
    bench.handle = handle;
    linkTo();
    if (handle !== undefined) await this.#remember({ kind: "file", name: file.name, bytes: file.size, handle });
  }

  /** What was kept goes with the checkpoint that is opened now. */
  #take(more: Beside): { source?: string | undefined; kit?: SampleKit | undefined } {
    const { source, vocabulary, alphabet, labels } = { ...this.#beside, ...present(more) };
    this.#beside = {};
    return { source, kit: vocabulary === undefined && labels === undefined ? undefined : kit(vocabulary, alphabet, labels) };
  }

  /** Source, words and labels for the network that is open. */
  async #apply({ source, vocabulary, alphabet, labels }: Beside): Promise<void> {
    if (labels !== undefined) {
      naming.give(bench.opened, labels, undefined);
      bench.said = `${labels.length} labels of classes are in use`;
    }
    if (vocabulary !== undefined) {
      const { kit: before } = bench;
      const next = kit(vocabulary, alphabet, before?.sample.labels);
      bench.vocabulary = vocabulary;
      bench.kit = before === undefined ? next : { ...before, vocabulary, alphabet };
      bench.said = `A vocabulary of ${vocabulary.numbers.size} is in use`;
    }
    if (source !== undefined) {
      bench.source = source;
      bench.construct = "";
      await bench.build();
    }
  }

  async #remember(what: Remembered): Promise<void> {
    this.recent = await remember(what);
  }

  #trouble(text: string): void {
    this.trouble = text;
    bench.said = text;
  }
}

/** The page's address follows what is open, so that a reload and a copied address bring it again. A link that says more stays as it is. */
function linkTo(kind?: "url" | "sample", what = ""): void {
  if (kind !== undefined && new URLSearchParams(location.hash.slice(1)).get(kind) === what) return;
  history.replaceState(null, "", kind === undefined ? location.pathname + location.search : `#${kind}=${encodeURIComponent(what)}`);
}

/** Which checkpoint of several is meant: a network's weights before a training run's other files, whole ones before parts, the best before the last. */
function rank({ path }: Given): number {
  const name = (path.split("/").at(-1) ?? path).toLowerCase();
  let points = 0;
  if (SIDE_FILES.test(path)) points -= 100;
  if (SHARD.test(name)) points -= 50;
  if (/^(model|pytorch_model)\.(safetensors|bin|pth?)$/.test(name)) points += 20;
  if (/best/.test(name)) points += 10;
  if (/last|final/.test(name)) points += 5;
  if (/\.(pth?|ckpt|safetensors)$/.test(name)) points += 2;
  return points - path.split("/").length;
}

/** The source, vocabulary and labels to use: of several sources the one that defines a module, the nearest to the top first. */
function pick(sorted: readonly Sorted[]) {
  const nearest = [...sorted].sort((a, b) => a.given.path.split("/").length - b.given.path.split("/").length);
  const first = <K extends Sorted["kind"]>(kind: K, fits: (one: Extract<Sorted, { kind: K }>) => boolean = () => true) =>
    nearest.find((one): one is Extract<Sorted, { kind: K }> => one.kind === kind && fits(one as Extract<Sorted, { kind: K }>));
  return {
    source: first("source", ({ source }) => /class\s+\w+\s*\([^)]*Module[^)]*\)/.test(source)) ?? first("source"),
    vocabulary: first("vocabulary"),
    labels: first("labels"),
  };
}

function why(one: Sorted): string | undefined {
  if (one.kind === "unknown") return one.why;
  if (one.kind === "index") return "it says where tensors are; drop the files that it names with it";
  if (one.kind === "checkpoint") return one.parts === undefined ? lonely(one) : `${one.parts.filter(({ name }) => !INDEX.test(name)).length} files as one`;
  if (one.kind === "vocabulary") return `${one.vocabulary.numbers.size.toLocaleString("en")} words`;
  return one.kind === "labels" ? `${one.labels.length.toLocaleString("en")} classes` : undefined;
}

function present(beside: Beside): Beside {
  return Object.fromEntries(Object.entries(beside).filter(([, value]) => value !== undefined));
}

/** Words and labels, as the panels take them from a sample. */
function kit(vocabulary: Vocabulary | undefined, alphabet: Alphabet | undefined, labels: readonly string[] | undefined): SampleKit {
  const sample: Sample = { name: "", title: "", file: "", input: alphabet === undefined ? {} : { kind: "writing" }, ...(labels === undefined ? {} : { labels }) };
  return { sample, source: undefined, examples: [], vocabulary, alphabet };
}

export const intake = new Intake();
