// Draws the PNG icons from icon.svg with Chromium: `node www/pwa/icons.mjs`.
import { chromium } from "@playwright/test";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("public/icons/", import.meta.url));
const svg = readFileSync(`${folder}icon.svg`, "utf8");
const browser = await chromium.launch({ executablePath: process.env.TORCHTAB_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

/** A maskable icon fills its square and keeps to the inner four fifths. */
async function draw(name, size, maskable) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  const inner = maskable ? `${0.8 * size}px` : `${size}px`;
  const ground = maskable ? "#1d2a33" : "transparent";
  await page.setContent(`<style>body{margin:0;height:${size}px;display:grid;place-items:center;background:${ground}}svg{width:${inner};height:${inner}}</style>${svg}`);
  await page.screenshot({ path: `${folder}${name}.png`, omitBackground: true });
  await page.close();
}

await draw("icon-192", 192, false);
await draw("icon-512", 512, false);
await draw("maskable-512", 512, true);
await draw("apple-180", 180, true);
await browser.close();
