import { fileURLToPath } from "node:url";

export default {
  // Static files in dist/, for any host; without these two lines it is served by Next.js just as well.
  output: "export",
  distDir: "dist",
  // Turbopack takes no package from outside of its root: needed while torchtab comes from ../../pkg, not from npm.
  turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) },
};
