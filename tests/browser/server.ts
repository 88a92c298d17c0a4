// A static server for tests that need another origin, or answers of their own.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: { readonly [ending: string]: string } = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

export interface Served extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at its end. */
  readonly origin: string;
  /** The paths asked for. */
  readonly asked: readonly string[];
}

/** Serves the first of `folders` that has a file, with these headers besides. Ranges are not answered, as on the plainest of hosts. */
export async function serve(folders: readonly string[], headers: { readonly [name: string]: string } = {}): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname));
    asked.push(path);
    const found = folders.map((folder) => join(folder, path.endsWith("/") ? `${path}index.html` : path)).find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
    if (found === undefined) {
      response.writeHead(404, headers).end("not found");
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[extname(found)] ?? "application/octet-stream", "Content-Length": statSync(found).size, ...headers });
    createReadStream(found).pipe(response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
