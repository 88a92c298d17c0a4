// What `www/api/node.ts` takes from Node. @types/node would bring Node's globals into modules that run in browsers.
declare module "node:fs" {
  export function openAsBlob(path: string): Promise<Blob>;
}
declare module "node:fs/promises" {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}
declare module "node:path" {
  export function basename(path: string): string;
}
declare module "node:url" {
  export function fileURLToPath(address: string): string;
  export function pathToFileURL(path: string): URL;
}
