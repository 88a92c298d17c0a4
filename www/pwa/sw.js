// The service worker: after one visit the page works without a network. The build puts the list of files in the place of FILES.
//
// One cache for all versions, keyed by content: a file whose name has its hash by its address, any other by address and revision. So an
// update fetches only what changed, an old page that is still open keeps its files, and a page and its wasm always fit each other. The page
// itself comes from the network whenever that answers: a new version shows with the first reload, never later.

/** @type {{ version: string, needed: [path: string, key: string][], samples: [path: string, key: string][] }} */
const FILES = "__FILES__";

const CACHE = "torchtab";
/** How long a slow network may take to answer with the page itself, in milliseconds. */
const PATIENCE = 3000;

const address = (path) => new URL(path, self.registration.scope).href;
const keys = new Map([...FILES.needed, ...FILES.samples].map(([path, key]) => [address(path), address(key)]));

/** Fetches what the cache lacks. */
async function fill(files) {
  const cache = await caches.open(CACHE);
  const here = new Set((await cache.keys()).map(({ url }) => url));
  await Promise.all(
    files.map(async ([path, key]) => {
      if (here.has(address(key))) return;
      // A file without a hash in its name may be an old one in the browser's own cache.
      const answer = await fetch(address(path), path === key ? {} : { cache: "no-cache" });
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      await cache.put(address(key), answer);
    }),
  );
}

/** Throws away what belongs to no version that is in use. */
async function prune() {
  const cache = await caches.open(CACHE);
  const wanted = new Set(keys.values());
  for (const request of await cache.keys()) if (!wanted.has(request.url)) await cache.delete(request);
}

self.addEventListener("install", (event) => event.waitUntil(fill(FILES.needed)));
// It activates once no page of an older version is open.
self.addEventListener("activate", (event) => event.waitUntil(prune().then(() => self.clients.claim())));
// The page says when it is idle; a sample that was not fetched by then is fetched when it is asked for.
self.addEventListener("message", (event) => {
  if (event.data === "samples") event.waitUntil(fill(FILES.samples).catch(() => undefined));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = request.url.split(/[?#]/)[0];
  // Ranges are of files that people open by their address; those are theirs, not the page's.
  if (request.method !== "GET" || request.headers.has("range")) return;
  if (request.mode === "navigate") {
    if (url === address("") || url === address("index.html")) event.respondWith(page(request));
    return;
  }
  const key = keys.get(url);
  if (key !== undefined) event.respondWith(kept(request, key));
  else if (url.startsWith(address("assets/"))) event.respondWith(kept(request, url));
});

/** The page: from the network, else as it was. */
async function page(request) {
  const cached = () => caches.match(/** @type {string} */ (keys.get(address("index.html"))));
  const slow = new Promise((resolve) => setTimeout(resolve, PATIENCE)).then(cached);
  const live = fetch(request).then((answer) => (answer.ok ? answer : undefined), () => undefined);
  return (await Promise.race([live, slow])) ?? (await cached()) ?? (await live) ?? Response.error();
}

/** A file as this version has it: from the cache, else from the network and into the cache. */
async function kept(request, key) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(key);
  if (found !== undefined) return found;
  const answer = await fetch(request);
  // What can no longer be kept is passed on all the same.
  if (answer.status === 200 && keys.has(request.url)) await cache.put(key, answer.clone()).catch(() => undefined);
  return answer;
}
