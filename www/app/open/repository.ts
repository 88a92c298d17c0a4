// Pages about a whole repository of Hugging Face or GitHub: which checkpoints it holds, as the host's own list of files says.
import { shardName } from "torchtab";
import { bytes } from "../format.js";
import { direct } from "./address.js";
import type { Given } from "./opened.js";

/** A repository, and where the list of its files is. */
export interface Repository {
  readonly host: "Hugging Face" | "GitHub";
  readonly name: string;
  readonly list: URL;
  /** Only files below this folder. */
  readonly folder: string;
  /** A file's address. */
  file(path: string): URL;
}

/** A checkpoint of a repository. */
export interface Offer {
  readonly path: string;
  readonly about: string;
  readonly source: Given;
}

const WEIGHTS = /\.(pth?|bin|ckpt|safetensors|pt2|th)$/i;
/** Weights of other libraries, and what training keeps beside weights. */
const OTHERS = /(^|\/)(flax_model|tf_model|rust_model|openvino|onnx|coreml)|(optimizer|scheduler|scaler|rng_state|training_args)[^/]*$/i;
const LATE = 15_000;

/** The repository that an address is a page of; undefined for an address of a file. */
export function repository(url: URL): Repository | undefined {
  const host = url.hostname.replace(/^www\./, "");
  const path = url.pathname.replace(/\/+$/, "");
  if (host === "huggingface.co" || host === "hf.co") {
    const [, name, revision = "main", folder = ""] = /^\/(?!(?:datasets|spaces|docs|api|models|collections)\/)([^/]+\/[^/]+)(?:\/tree\/([^/]+)(?:\/(.+))?)?$/.exec(path) ?? [];
    if (name === undefined) return undefined;
    return {
      host: "Hugging Face",
      name,
      folder,
      list: new URL(`https://huggingface.co/api/models/${name}/tree/${revision}?recursive=true`),
      file: (file) => new URL(`https://huggingface.co/${name}/resolve/${revision}/${file}`),
    };
  }
  if (host === "github.com") {
    const [, name, revision = "HEAD", folder = ""] = /^\/([^/]+\/[^/]+)(?:\/tree\/([^/]+)(?:\/(.+))?)?$/.exec(path) ?? [];
    if (name === undefined) return undefined;
    const own = name.replace(/\.git$/, "");
    return {
      host: "GitHub",
      name: own,
      folder,
      list: new URL(`https://api.github.com/repos/${own}/git/trees/${revision}?recursive=1`),
      file: (file) => direct(new URL(`https://github.com/${own}/raw/${revision}/${file}`)),
    };
  }
  return undefined;
}

/** Asks the host for the repository's checkpoints; parts of one are one offer. */
export async function offers(repository: Repository): Promise<Offer[]> {
  const { host, name, folder } = repository;
  let response: Response;
  try {
    response = await fetch(repository.list, { signal: AbortSignal.timeout(LATE) });
  } catch {
    throw new Error(`${host} did not answer. Paste the address of the file itself.`);
  }
  if (response.status === 401 || response.status === 403 || response.status === 404) {
    throw new Error(`${host} shows no repository ${name}: it may be private, need a login, or be called otherwise (${response.status}). Download the file and drop it here.`);
  }
  if (!response.ok) throw new Error(`${host} answered ${response.status}. Paste the address of the file itself.`);
  return list(repository, (await response.json()) as unknown).filter(({ path }) => folder === "" || path.startsWith(`${folder}/`));
}

function list(repository: Repository, answer: unknown): Offer[] {
  const rows = (Array.isArray(answer) ? answer : ((answer as { tree?: unknown } | null)?.tree ?? [])) as { path?: unknown; size?: unknown }[];
  const files = rows.flatMap(({ path, size }) => (typeof path === "string" && WEIGHTS.test(path) && !OTHERS.test(path) ? [{ path, size: typeof size === "number" ? size : undefined }] : []));
  const wholes = new Map<string, typeof files>();
  for (const one of files) {
    const folder = one.path.slice(0, one.path.lastIndexOf("/") + 1);
    const whole = shardName(one.path.slice(folder.length))?.whole;
    const key = whole === undefined ? one.path : folder + whole;
    wholes.set(key, [...(wholes.get(key) ?? []), one]);
  }
  const out = [...wholes].map(([path, parts]): Offer => {
    const size = parts.reduce<number | undefined>((sum, part) => (sum === undefined || part.size === undefined ? undefined : sum + part.size), 0);
    const sources = parts.map((part) => repository.file(part.path));
    const [first] = sources;
    const about = [size === undefined ? undefined : bytes(size), parts.length > 1 ? `${parts.length} files` : undefined].filter((text) => text !== undefined).join(", ");
    return { path, about, source: parts.length === 1 && first !== undefined ? first : sources };
  });
  // What is nearest to the top is meant most often.
  return out.sort((a, b) => a.path.split("/").length - b.path.split("/").length || a.path.localeCompare(b.path));
}
