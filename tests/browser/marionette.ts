// Firefox as the system has it, which Playwright does not drive: its own remote protocol, Marionette, over a socket. Commands and answers are
// `length:[type, id, …]` in JSON.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Firefox is, if it is anywhere. */
export const FIREFOX = [process.env["TORCHTAB_FIREFOX"], "/usr/bin/firefox-esr", "/usr/bin/firefox"].find((path) => path !== undefined && existsSync(path));

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const PATIENCE = 60_000;

type Result = { readonly value?: unknown };

/** A browser with one tab. */
export class Firefox {
  readonly downloads: string;
  #profile: string;
  #process: ChildProcess;
  #socket: Socket;
  #waiting = new Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>();
  #ids = 0;
  #heard = Buffer.alloc(0);

  private constructor(process: ChildProcess, socket: Socket, profile: string) {
    [this.#process, this.#socket, this.#profile] = [process, socket, profile];
    this.downloads = join(profile, "downloads");
    socket.on("data", (bytes) => this.#hear(bytes));
  }

  static async start(): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), "torchtab-firefox-"));
    const port = 20_000 + (process.pid % 20_000);
    const settings: { [name: string]: string | number | boolean } = {
      "marionette.port": port,
      "browser.download.folderList": 2,
      "browser.download.dir": join(profile, "downloads"),
      "browser.download.useDownloadDir": true,
      "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream",
      "browser.shell.checkDefaultBrowser": false,
      "app.update.enabled": false,
      "datareporting.policy.dataSubmissionEnabled": false,
    };
    writeFileSync(join(profile, "user.js"), Object.entries(settings).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
    const browser = spawn(FIREFOX ?? "", ["--headless", "--no-remote", "--marionette", "--profile", profile], { stdio: "ignore" });
    const socket = await reached(port);
    const firefox = new Firefox(browser, socket, profile);
    await firefox.#call("WebDriver:NewSession", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
    await firefox.#call("WebDriver:SetTimeouts", { script: PATIENCE, pageLoad: PATIENCE });
    return firefox;
  }

  async goto(address: string): Promise<void> {
    await this.#call("WebDriver:Navigate", { url: address });
  }

  /** Runs a function's body in the page; what it returns, as JSON. */
  async evaluate<T>(body: string, ...args: unknown[]): Promise<T> {
    return (await this.#call("WebDriver:ExecuteScript", { script: body, args })).value as T;
  }

  /** Waits until a body gives something that is true. */
  async until<T>(body: string, ...args: unknown[]): Promise<T> {
    const end = Date.now() + PATIENCE;
    for (;;) {
      const found = await this.evaluate<T>(body, ...args);
      if (found) return found;
      if (Date.now() > end) throw new Error(`not within ${PATIENCE / 1000} seconds: ${body}\n${await this.evaluate<string>("return document.body.innerText")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Presses the button with this text, as a pointer does. */
  async press(text: string): Promise<void> {
    const xpath = `//button[contains(normalize-space(.), ${JSON.stringify(text)}) and not(@disabled)]`;
    await this.until("return document.evaluate(arguments[0], document, null, 9).singleNodeValue !== null", xpath);
    await this.#call("WebDriver:ElementClick", { id: await this.#find("xpath", xpath) });
  }

  /** Gives a file field a file of the disk. */
  async choose(css: string, path: string): Promise<void> {
    await this.#call("WebDriver:ElementSendKeys", { id: await this.#find("css selector", css), text: path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.#call("Marionette:Quit", { flags: ["eForceQuit"] }).catch(() => this.#process.kill());
    await ended;
    this.#socket.destroy();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  async #find(using: string, value: string): Promise<string> {
    const { value: found } = await this.#call("WebDriver:FindElement", { using, value });
    return (found as { [ELEMENT]: string })[ELEMENT];
  }

  #call(name: string, parameters: object): Promise<Result> {
    const id = (this.#ids += 1);
    const text = JSON.stringify([0, id, name, parameters]);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  #hear(bytes: Buffer): void {
    this.#heard = Buffer.concat([this.#heard, bytes]);
    for (;;) {
      const colon = this.#heard.indexOf(":");
      const length = Number(this.#heard.subarray(0, Math.max(colon, 0)));
      if (colon < 0 || this.#heard.length < colon + 1 + length) return;
      const message: unknown = JSON.parse(this.#heard.subarray(colon + 1, colon + 1 + length).toString());
      this.#heard = this.#heard.subarray(colon + 1 + length);
      // The first message says who speaks.
      if (!Array.isArray(message)) continue;
      const [, id, error, result] = message as [number, number, { error: string; message: string } | null, Result | null];
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === null) waiting?.resolve(result ?? {});
      else waiting?.reject(new Error(`${error.error}: ${error.message}`));
    }
  }
}

/** The socket, once the browser listens. */
async function reached(port: number): Promise<Socket> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    if (open) return socket;
    if (Date.now() > end) throw new Error("Firefox did not start");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
