// The build's part in working offline: lists what was built, with revisions, and writes the service worker with that list.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Plugin } from "vite";

/** Every file below a folder, by its path from there. */
function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** Where the cache has a file: by its name where that has a hash, else by name and revision. */
function key(out: string, path: string): string {
  if (path.startsWith("assets/")) return path;
  return `${path}?revision=${createHash("sha256").update(readFileSync(join(out, path))).digest("hex").slice(0, 16)}`;
}

/** Runs after everything else is in `out`. */
export function offline(root: string, out: string): Plugin {
  return {
    name: "offline",
    enforce: "post",
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        const all = files(out).filter((path) => path !== "sw.js" && !path.endsWith(".map"));
        const own = (path: string): boolean => path.startsWith("samples/");
        const pairs = (which: string[]): [string, string][] => which.map((path) => [path, key(out, path)]);
        const needed = pairs(all.filter((path) => !own(path)));
        const samples = pairs(all.filter(own));
        const version = createHash("sha256").update(JSON.stringify([needed, samples])).digest("hex").slice(0, 16);
        const source = readFileSync(resolve(root, "www/pwa/sw.js"), "utf8");
        writeFileSync(join(out, "sw.js"), source.replace('"__FILES__"', () => JSON.stringify({ version, needed, samples })));
      },
    },
  };
}
