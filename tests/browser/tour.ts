// What the tests of the page do over and over, and the files they use.
import { expect, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

export const sample = (path: string): Buffer => readFileSync(fileURLToPath(new URL(`../../samples/${path}`, import.meta.url)));

/** Gives the page a file through its picker. */
export async function pick(page: Page, name: string, buffer: Buffer): Promise<void> {
  await page.locator("input[type=file]").first().setInputFiles({ name, mimeType: "application/octet-stream", buffer });
}

/** Drops a file on the page, as from the desktop. */
export function drop(page: Page, name: string, buffer: Buffer): Promise<void> {
  return dropAll(page, { [name]: buffer });
}

/** Drops several at once. */
export async function dropAll(page: Page, files: Record<string, Buffer>): Promise<void> {
  const transfer = await page.evaluateHandle((all) => {
    const given = new DataTransfer();
    for (const [name, bytes] of all) given.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
    return given;
  }, Object.entries(files).map(([name, buffer]) => [name, buffer.toString("base64")] as const));
  for (const type of ["dragenter", "dragover", "drop"]) await page.dispatchEvent("body", type, { dataTransfer: transfer });
}

/** Opens a sample by its card and waits for its network. */
export async function openSample(page: Page, title: RegExp): Promise<void> {
  await page.getByRole("button", { name: title }).click();
  await expect(page.getByRole("heading", { name: "Run", exact: true })).toBeVisible({ timeout: 60_000 });
}

/** Presses Run and waits for the bars. */
export async function run(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(bars(page)).toBeVisible({ timeout: 60_000 });
  await settled(page);
}

/** Waits until no run is under way. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("region", { name: "Run", exact: true })).toHaveAttribute("aria-busy", "false", { timeout: 60_000 });
}

/** Chooses a device and waits until the network is on it. */
export async function onDevice(page: Page, device: "CPU" | "WebGPU"): Promise<void> {
  await page.getByRole("radio", { name: device, exact: true }).check({ force: true });
  await expect(page.getByRole("button", { name: "Build again" })).toBeEnabled({ timeout: 60_000 });
  await expect(page.locator(".device")).toContainText(device);
}

export const bars = (page: Page) => page.getByRole("list", { name: /^Classes/ });
export const best = (page: Page) => bars(page).getByRole("listitem").first();

/** Collects what the console and the page complain of; the test asserts that it is nothing. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on("pageerror", (error) => heard.push(error.message));
  page.on("console", (message) => {
    // Chromium itself warns of slow GPU paths; only what the page does wrong counts.
    if (message.type() === "error") heard.push(message.text());
  });
  return heard;
}

/** A browser without WebGPU, for `test.use`: where the device is not the point, the software renderer only takes time. */
export const CPU_ONLY = {
  launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"] },
};

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Axe {
  run(): Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
}

/** axe's violations, a line each. The page's policy lets no inline script in, so axe comes through the debugger. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => (window as unknown as { axe: Axe }).axe.run());
  return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
}
