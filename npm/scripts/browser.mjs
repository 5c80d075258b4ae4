// Chromium, which CHROMIUM names, on pages of a folder: what they post comes back.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'

const TYPES = { '.html': 'text/html', '.mjs': 'text/javascript', '.js': 'text/javascript', '.json': 'application/json', '.wasm': 'application/wasm' }

/** Serves a folder on a free port; `post` gets the body of each POST, and its path. */
export async function serve(folder, post, headers = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x')
    if (request.method == 'POST') {
      let body = ''
      request.on('data', (part) => (body += part)).on('end', () => { response.end(); post(body, pathname) })
      return
    }
    const path = join(folder, decodeURIComponent(pathname))
    if (!path.startsWith(folder) || !existsSync(path)) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', ...headers }).end(readFileSync(path))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close() } }
}

/** Opens a page in a browser of its own; what it gives ends that browser, by `kill -9`. */
export function open(url, profile) {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  const child = spawn(process.env.CHROMIUM ?? 'chromium', [...flags, `--user-data-dir=${profile}`, url], { stdio: 'ignore', detached: true })
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.on('exit', resolve))
    // The whole group: a browser's children outlive it, and write into the profile while it is removed.
    process.kill(-child.pid, 'SIGKILL')
    await gone
  }
}

export const profileIn = (folder) => mkdtempSync(join(folder, '.profile-'))
export const removeProfile = (profile) => rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })

/** Opens a page of `folder` and waits for what it reports. */
export async function chromium(folder, page, headers = {}) {
  let report
  const reported = new Promise((resolve) => (report = resolve))
  const server = await serve(folder, (body) => report(JSON.parse(body)), headers)
  const profile = profileIn(folder)
  const close = open(`${server.url}/${page}`, profile)
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('the page reported nothing in 120 s')), 120_000).unref())
  try {
    const { failed, said } = await Promise.race([reported, late])
    if (failed || !said.length) throw new Error(said.join('\n'))
    return said.at(-1)
  } finally {
    await close()
    server.close()
    removeProfile(profile)
  }
}
