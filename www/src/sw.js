// Keeps the page for when there is no network. One cache a build: a new build fetches everything
// anew, then drops the old cache; within a build nothing is asked of the network again.
const CACHE = 'redrive-__NAME__'
const FILES = __FILES__

self.addEventListener('install', event => {
  event.waitUntil(caches.open(CACHE).then(cache => cache.addAll(FILES)).then(() => self.skipWaiting()))
})

self.addEventListener('activate', event => {
  const drop = names => Promise.all(names
    .filter(name => name.startsWith('redrive-') && name !== CACHE).map(name => caches.delete(name)))
  event.waitUntil(caches.keys().then(drop).then(() => self.clients.claim()))
})

self.addEventListener('fetch', event => {
  const { request } = event
  if (request.method !== 'GET' || new URL(request.url).origin !== location.origin) return
  const page = request.mode === 'navigate'
  event.respondWith(caches.open(CACHE)
    .then(cache => cache.match(page ? './' : request, { ignoreSearch: page }))
    .then(found => found ?? fetch(request)))
})
