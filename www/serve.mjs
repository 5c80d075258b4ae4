// A server for www/dist and nothing else, for tests and to look at the page: `node serve.mjs [PORT]`.
// What a link leads to outside of the folder is not there.
import { createServer } from 'node:http'
import { readFile, realpath } from 'node:fs/promises'
import { extname, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css',
  '.wasm': 'application/wasm', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json',
}
const DIST = new URL('./dist/', import.meta.url)

/** The bytes of a path of the folder. */
export async function fileOf(path, folder = DIST) {
  const file = new URL(path || 'index.html', folder)
  if (!file.href.startsWith(folder.href)) throw new Error('outside')
  const [root, real] = await Promise.all([realpath(fileURLToPath(folder)), realpath(fileURLToPath(file))])
  if (!real.startsWith(root + sep)) throw new Error('outside')
  return readFile(real)
}

/** Serves www/dist below `prefix`, on this machine alone. */
export async function serve(prefix = '/', port = 0) {
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url, 'http://localhost')
      if (!['GET', 'HEAD'].includes(request.method) || !pathname.startsWith(prefix)) throw new Error('outside')
      const path = `./${pathname.slice(prefix.length)}`
      const bytes = await fileOf(path === './' ? './index.html' : path)
      response.writeHead(200, { 'content-type': TYPES[extname(pathname) || '.html'] ?? 'application/octet-stream', 'cache-control': 'no-cache' })
      response.end(request.method === 'HEAD' ? undefined : bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done))
  const origin = `http://127.0.0.1:${server.address().port}`
  return { url: origin + prefix, origin, close: () => new Promise(done => { server.closeAllConnections(); server.close(done) }) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve('/', Number(process.argv[2] ?? 4173))
  console.log(`${url}  (Ctrl-C ends it)`)
}
