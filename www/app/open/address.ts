// Addresses that people paste: pages about a file become the file itself, and a Git LFS pointer what it points to.

/** The address in a text, if it is one: `https://…`, `http://…`, `hf://owner/repo/path`, or Hugging Face's and GitHub's without a scheme. */
export function address(text: string): URL | undefined {
  const trimmed = text.trim();
  if (/\s/.test(trimmed)) return undefined;
  try {
    if (trimmed.startsWith("hf://")) return hub(trimmed.slice("hf://".length));
    if (/^(?:www\.)?(?:huggingface\.co|hf\.co|github\.com|raw\.githubusercontent\.com)\//.test(trimmed)) return direct(new URL(`https://${trimmed}`));
    return /^https?:\/\/./.test(trimmed) ? direct(new URL(trimmed)) : undefined;
  } catch {
    return undefined;
  }
}

/** `owner/repo@revision/path`, as the Hub's own libraries write it; data sets' and spaces' repositories have their kind in front. */
function hub(path: string): URL | undefined {
  const parts = /^((?:datasets|spaces)\/)?([^/@]+\/[^/@]+)(?:@([^/]+))?\/(.+)$/.exec(path);
  if (parts === null) return undefined;
  const [, kind = "", repository, revision = "main", file] = parts;
  return new URL(`https://huggingface.co/${kind}${repository}/resolve/${revision}/${file}`);
}

/** Hugging Face's and GitHub's pages about a file, as the file. */
export function direct(url: URL): URL {
  const host = url.hostname.replace(/^www\./, "");
  if (host === "huggingface.co" || host === "hf.co") {
    return new URL(`https://huggingface.co${url.pathname.replace(/^((?:\/(?:datasets|spaces))?\/[^/]+\/[^/]+)\/(?:blob|raw)\//, "$1/resolve/")}`);
  }
  const file = /^\/([^/]+\/[^/]+)\/(?:blob|raw)\/(.+)$/.exec(url.pathname);
  if (host === "github.com" && file !== null) return new URL(`https://raw.githubusercontent.com/${file[1]}/${file[2]}`);
  return url;
}

/** Where the file is whose LFS pointer lies at an address, if the address tells. */
export function behindPointer(url: URL): URL | undefined {
  const file = /^\/([^/]+\/[^/]+)\/(.+)$/.exec(url.pathname);
  if (url.hostname !== "raw.githubusercontent.com" || file === null) return undefined;
  return new URL(`https://media.githubusercontent.com/media/${file[1]}/${file[2]}`);
}

/** Whether what lies at an address is a pointer of Git LFS: a short text that names the file. */
export async function isPointer(url: URL, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(url, { headers: { Range: "bytes=0-255" }, signal });
  return (await response.text()).slice(0, 64).startsWith("version https://git-lfs");
}
