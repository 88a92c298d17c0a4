// How the browser tests run: system Chromium, WebGPU on its software renderer where there is no GPU.
import { defineConfig } from "@playwright/test";

const GPU = ["--enable-unsafe-webgpu", "--enable-features=Vulkan", "--use-vulkan=swiftshader", "--use-webgpu-adapter=swiftshader", "--ignore-gpu-blocklist"];
const QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"];

export default defineConfig({
  testDir: ".",
  outputDir: "results/artifacts",
  snapshotPathTemplate: "{testDir}/references/{arg}{ext}",
  timeout: 120_000,
  expect: { timeout: 30_000 },
  // A machine that is busy with a build may miss a deadline once.
  retries: 1,
  fullyParallel: false,
  workers: 1,
  reporter: [["list"]],
  use: {
    baseURL: process.env["TORCHTAB_URL"] ?? "http://localhost:8080",
    launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: [...QUIET, ...GPU] },
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
    // Each test has a fresh browser: what it would keep for later is fetched in vain. `offline.spec.ts` lets it.
    serviceWorkers: "block",
    trace: "retain-on-failure",
  },
});
