// The page: index.html and www/app into dist/, with the package as `npm run build:api` made it and the samples beside it.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { cpSync } from "node:fs";
import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { offline } from "./www/pwa/plugin.ts";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Copies what the page fetches of `samples/`; what made the samples stays behind. */
function samples(): Plugin {
  const behind = ["samples.json", "make.py", "corpus.py", "README.md", "__pycache__"];
  return {
    name: "samples",
    closeBundle() {
      cpSync(resolve(root, "samples"), resolve(root, "dist/samples"), { recursive: true, filter: (path) => !behind.includes(basename(path)) });
    },
  };
}

export default defineConfig({
  root,
  base: "./",
  publicDir: "www/pwa/public",
  plugins: [svelte(), samples(), offline(root, resolve(root, "dist"))],
  resolve: { alias: { torchtab: resolve(root, "pkg/dist/index.js") } },
  worker: { format: "es" },
  // The content security policy allows no data: fonts or scripts, so nothing is inlined.
  build: { target: "es2022", outDir: "dist", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
});
