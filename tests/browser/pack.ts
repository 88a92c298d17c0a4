// The package as npm would bring it: packed, and installed in a folder of its own.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Where it is installed; git does not see it. */
export const consumer = resolve(root, "tests/browser/results/package");

export interface Packed {
  readonly tarball: string;
  /** Bytes of the tarball, and of what is in it. */
  readonly size: number;
  readonly unpacked: number;
  readonly files: readonly string[];
}

/** `npm pack`. */
export function pack(): Packed {
  mkdirSync(consumer, { recursive: true });
  const out = execFileSync("npm", ["pack", "--json", "--loglevel=error", "--pack-destination", consumer], { cwd: resolve(root, "pkg"), encoding: "utf8" });
  // npm 12 tells by name, older ones in an array.
  const [told] = Object.values(JSON.parse(out) as { filename: string; size: number; unpackedSize: number; files: { path: string }[] }[]);
  if (told === undefined) throw new Error(`npm pack said ${out}`);
  return { tarball: resolve(consumer, told.filename), size: told.size, unpacked: told.unpackedSize, files: told.files.map(({ path }) => path) };
}

/** `npm install` of the tarball; the folder of the package. */
export function install({ tarball }: Packed): string {
  rmSync(resolve(consumer, "node_modules"), { recursive: true, force: true });
  writeFileSync(resolve(consumer, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", tarball], { cwd: consumer });
  return resolve(consumer, "node_modules/torchtab");
}

/** A tool of the checkout's own. */
export const tool = (name: string): string => resolve(root, "node_modules/.bin", name);
