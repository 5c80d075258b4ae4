// Keeps the page for when the network is down. One cache a build: a new build fetches everything anew,
// around the cache of the browser, and drops what is older than the build before it, whose pages may
// still be open. Nothing is touched but the caches of this folder: other pages may share the origin.
const SCOPE = self.registration.scope
const OURS = `redrive ${SCOPE} `
const CACHE = `${OURS}__NAME__`
const FILES = __FILES__

self.addEventListener('install', event => {
  const fresh = FILES.map(file => new Request(file, { cache: 'reload' }))
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(fresh)).then(() => self.skipWaiting()))
})

/** Caches of this folder, oldest first, the present one apart. */
async function older() {
  return (await caches.keys()).filter(name => name.startsWith(OURS) && name !== CACHE)
}

/** Caches of the first versions, which were named without their folder, if all that they hold is of it. */
async function first() {
  const found = []
  for (const name of await caches.keys()) {
    if (!/^redrive-[0-9a-f]{16}$/.test(name)) continue
    const held = await (await caches.open(name)).keys()
    if (held.every(({ url }) => url.startsWith(SCOPE))) found.push(name)
  }
  return found
}

self.addEventListener('activate', event => {
  const drop = async () => {
    const gone = [...(await older()).slice(0, -1), ...await first()]
    await Promise.all(gone.map(name => caches.delete(name)))
    await self.clients.claim()
  }
  event.waitUntil(drop())
})

async function answer(request, isPage) {
  const options = { ignoreSearch: isPage }
  for (const name of [CACHE, ...await older()]) {
    const found = await (await caches.open(name)).match(isPage ? SCOPE : request, options)
    if (found) return found
  }
  return fetch(request)
}

self.addEventListener('fetch', event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || !(origin + pathname).startsWith(SCOPE)) return
  const place = (origin + pathname).slice(SCOPE.length)
  // Of the folder's own pages there is one.
  const isPage = request.mode === 'navigate' && (place === '' || place === 'index.html')
  event.respondWith(answer(request, isPage))
})
