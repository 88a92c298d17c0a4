// The browser tests: Playwright on the specs beside this file. `TORCHTAB_URL` is where the page is served, and below it the checkout.

import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

if (process.env.TORCHTAB_URL === undefined) {
  console.error("TORCHTAB_URL is not set: `cargo xtask test` serves the page and sets it");
  process.exit(2);
}
const cli = createRequire(import.meta.url).resolve("@playwright/test/cli");
const config = fileURLToPath(new URL("playwright.config.ts", import.meta.url));
const { status } = spawnSync(process.execPath, [cli, "test", "--config", config, ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(status ?? 1);
