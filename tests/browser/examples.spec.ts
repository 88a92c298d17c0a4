// Every project of examples/, with the package as npm would bring it: installed, built, served, and used as a person would.
import { expect, test, type Page } from "@playwright/test";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { install, pack, tool } from "./pack.js";
import { serve } from "./server.js";

// The CPU is what every machine has, and quicker than WebGPU in software.
test.use({ launchOptions: { executablePath: process.env["TORCHTAB_CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] } });

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
let installed: string;

test.beforeAll(() => {
  installed = install(pack());
});

/** An example's folder, its dependencies installed: npm's as the lockfile says, unless they are, and torchtab from its tarball. */
function ready(name: string): string {
  const folder = resolve(examples, name);
  const lock = resolve(folder, "package-lock.json");
  const stamp = resolve(folder, "node_modules/.torchtab-lock");
  if (existsSync(lock)) {
    const wanted = readFileSync(lock, "utf8");
    expect(wanted, "lockfiles name no registry").not.toMatch(/"resolved": "https?:/);
    if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
      execFileSync("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
      writeFileSync(stamp, wanted);
    }
  }
  rmSync(resolve(folder, "node_modules/torchtab"), { recursive: true, force: true });
  cpSync(installed, resolve(folder, "node_modules/torchtab"), { recursive: true });
  return folder;
}

const build = (folder: string): void =>
  void execFileSync("npm", ["run", "--silent", "build"], { cwd: folder, stdio: "pipe", env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" } });

/** Three flowers, three answers; every request stays on this server. */
async function use(page: Page, address: string): Promise<void> {
  const heard: string[] = [];
  page.on("pageerror", (error) => heard.push(error.message));
  page.on("console", (message) => {
    // Browsers ask for an icon by themselves.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) heard.push(message.text());
  });
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (/^https?:/.test(request.url()) && new URL(request.url()).origin !== new URL(address).origin) elsewhere.push(request.url());
  });
  await page.goto(address);
  const output = page.getByRole("status");
  await expect(output).toHaveText(/^versicolor, 99\.\d % \(/, { timeout: 60_000 });
  await page.getByLabel("Petal length").fill("1.5");
  await page.getByLabel("Petal width").fill("0.2");
  await expect(output).toHaveText(/^setosa, 9\d\.\d % \(/);
  await page.getByLabel("Petal length").fill("5.6");
  await page.getByLabel("Petal width").fill("2.1");
  await expect(output).toHaveText(/^virginica, (99|100)\.\d % \(/);
  expect(page.workers()).toHaveLength(1);
  expect(heard).toEqual([]);
  expect(elsewhere).toEqual([]);
}

test("plain: an import map and no build", async ({ page }) => {
  await using site = await serve([ready("plain")]);
  await use(page, `${site.origin}/`);
});

for (const [name, out] of [["vite", "dist"], ["webpack", "."], ["esbuild", "."], ["react", "dist"], ["worker", "dist"]] as const) {
  test(`${name}: built, then used`, async ({ page }) => {
    const folder = ready(name);
    build(folder);
    await using site = await serve([resolve(folder, out)]);
    await use(page, `${site.origin}/`);
  });
}

test("next: rendered on the server, exported, then used", async ({ page }) => {
  // Next.js brings a compiler of a hundred megabytes.
  test.setTimeout(600_000);
  const folder = ready("next");
  build(folder);
  expect(readFileSync(resolve(folder, "dist/index.html"), "utf8"), "the server's own rendering").toContain("Which iris is it?");
  await using site = await serve([resolve(folder, "dist")]);
  await use(page, `${site.origin}/`);
});

test("vite: the types fit, and its development server serves the package", async ({ page }) => {
  const folder = ready("vite");
  execFileSync(tool("tsc"), ["-p", folder], { encoding: "utf8", stdio: "pipe" });
  const server = spawn(process.execPath, ["node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", "5199"], { cwd: folder });
  try {
    const address = await new Promise<string>((found, failed) => {
      let said = "";
      server.stdout.on("data", (text: Buffer) => {
        // Colours come between the address and its port.
        said += text.toString().replaceAll(/\u001b\[\d+m/g, "");
        const [address] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
        if (address !== undefined) found(address);
      });
      server.once("exit", () => failed(new Error(`vite ended: ${said}`)));
    });
    await use(page, address);
  } finally {
    server.kill();
  }
});

test("element: a card without JavaScript", async ({ page }) => {
  await using site = await serve([ready("element")]);
  await page.goto(`${site.origin}/`);
  await page.getByRole("button", { name: "Run" }).click({ timeout: 60_000 });
  await expect(page.getByRole("status").getByRole("listitem").first()).toHaveText(/versicolor/);
  await page.getByLabel("Petal length").fill("5.6");
  await page.getByLabel("Petal width").fill("2.1");
  await page.getByRole("button", { name: "Run" }).click();
  await expect(page.getByRole("status").getByRole("listitem").first()).toHaveText(/virginica/);
});

test("node: the command and its test", () => {
  const folder = ready("node");
  const out = execFileSync(process.execPath, ["iris.js", "5.0", "3.4", "1.5", "0.2"], { cwd: folder, encoding: "utf8" });
  expect(out).toBe("setosa, 99.9 % (CPU)\n");
  expect(execFileSync("npm", ["test", "--silent"], { cwd: folder, encoding: "utf8" })).toMatch(/pass 2/);
});
