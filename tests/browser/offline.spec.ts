// The page without a network, after one visit; a new version; the installed page. A server of the test's own stands before the real one, so
// that it can go away and change.
import { expect, test, type Page } from "@playwright/test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CPU_ONLY, openSample, run, sample } from "./tour.ts";

test.use({ ...CPU_ONLY, serviceWorkers: "allow" });

/** Passes on what the real server has, until it is cut off. */
class Front {
  readonly #server: Server;
  readonly #behind: string;
  #down = false;
  readonly changed = new Map<string, (text: string) => string>();

  constructor(behind: string) {
    this.#behind = behind;
    this.#server = createServer((request, response) => {
      if (this.#down) {
        request.socket.destroy();
        return;
      }
      const path = request.url ?? "/";
      void (async () => {
        const answer = await fetch(new URL(path, this.#behind));
        const change = this.changed.get(path.split("?")[0] ?? "");
        const body = change === undefined ? Buffer.from(await answer.arrayBuffer()) : Buffer.from(change(await answer.text()));
        response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "", "Cache-Control": "no-cache" });
        response.end(body);
      })().catch(() => request.socket.destroy());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "localhost", resolve));
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/`;
  }

  cut(): void {
    this.#down = true;
    this.#server.closeAllConnections();
  }

  mend(): void {
    this.#down = false;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Every address in the cache. */
const kept = (page: Page): Promise<string[]> =>
  page.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))).flat().map(({ url }) => url));

/** Waits until everything is there. */
async function stored(page: Page): Promise<void> {
  await expect.poll(async () => (await kept(page)).some((url) => /denoise\.pt\?revision/.test(url)) && (await kept(page)).some((url) => /\.wasm$/.test(url)), { timeout: 60_000 }).toBe(true);
  await expect.poll(() => page.evaluate(() => navigator.serviceWorker.controller?.state)).toBe("activated");
}

let front: Front;
let home: string;
test.beforeEach(async ({ baseURL }) => {
  front = new Front(baseURL ?? "");
  home = await front.start();
});
test.afterEach(() => front.stop());

test("after one visit it opens, runs and trains without a network", async ({ page }) => {
  await page.goto(home);
  await stored(page);
  front.cut();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("PyTorch checkpoint");
  await openSample(page, /Handwritten digits/);
  await run(page);
  const panel = page.getByRole("region", { name: "Train", exact: true });
  await expect(panel).toContainText("1,397 pictures");
  await panel.getByRole("button", { name: "Step", exact: true }).click();
  // The curves come in a chunk of their own.
  await expect(panel.getByRole("img", { name: /^Loss over/ })).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await openSample(page, /Which iris/);
});

test("a new version shows with the first reload, and takes the old one's place once no page of that is open", async ({ page }) => {
  await page.goto(home);
  await stored(page);
  const before = await kept(page);
  const title = (text: string): string => text.replace("<title>torchtab</title>", "<title>torchtab, newer</title>");
  for (const path of ["/", "/index.html"]) front.changed.set(path, title);
  front.changed.set("/sw.js", (text) => text.replace(/"version":"\w+"/, '"version":"newer"').replace(/index\.html\?revision=\w+/, "index.html?revision=newer"));
  await page.reload();
  await expect(page).toHaveTitle("torchtab, newer");
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state)).toBe("installed");
  // What it was given stays whole: the old page is still there for the old worker.
  expect(await kept(page)).toEqual(expect.arrayContaining(before));
  const context = page.context();
  await page.close();
  const fresh = await context.newPage();
  await fresh.goto(home);
  await expect.poll(() => fresh.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting ?? null), { timeout: 30_000 }).toBe(null);
  await expect.poll(async () => (await kept(fresh)).filter((url) => url.includes("index.html")).length).toBe(1);
  front.cut();
  await fresh.reload();
  await expect(fresh).toHaveTitle("torchtab, newer");
  await expect(fresh.getByRole("heading", { level: 1 })).toContainText("PyTorch checkpoint");
});

test("it can be installed, and opens what the system hands to it", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "launchQueue", { value: { setConsumer: (consumer: unknown) => Object.assign(window, { consumer }) } });
  });
  await page.goto(home);
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? "{}") as { icons: { src: string }[]; file_handlers: { accept: Record<string, string[]> }[] };
  for (const { src } of manifest.icons) expect((await page.request.get(new URL(src, home).href)).ok()).toBe(true);
  expect(Object.values(manifest.file_handlers[0]?.accept ?? {}).flat()).toEqual(expect.arrayContaining([".pth", ".pt"]));
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
  await page.evaluate((bytes) => {
    const file = new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], "launched.pth");
    (window as unknown as { consumer: (launch: unknown) => void }).consumer({ files: [{ kind: "file", name: file.name, getFile: () => Promise.resolve(file) }] });
  }, sample("iris/iris.pth").toString("base64"));
  await expect(page.getByRole("heading", { name: "launched.pth" })).toBeVisible();
});
