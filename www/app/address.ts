// Addresses that people paste: pages about a file become the file itself.

/** The address in a text, if it is one. */
export function address(text: string): URL | undefined {
  const trimmed = text.trim();
  if (!/^https?:\/\/\S+$/.test(trimmed)) return undefined;
  try {
    return direct(new URL(trimmed));
  } catch {
    return undefined;
  }
}

/** Hugging Face's and GitHub's pages about a file, as the file. */
export function direct(url: URL): URL {
  if (url.hostname === "huggingface.co") return new URL(url.href.replace("/blob/", "/resolve/"));
  const blob = /^\/([^/]+)\/([^/]+)\/(?:blob|raw)\/(.+)$/.exec(url.pathname);
  if (url.hostname === "github.com" && blob !== null) return new URL(`https://raw.githubusercontent.com/${blob[1]}/${blob[2]}/${blob[3]}`);
  return url;
}
