// The page in WebKitGTK, by WebDriver: `cargo xtask www --webkit`. Not among the tests that CI runs, since
// few systems have it; the behaviours are those in which WebKit differs from the others.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '../serve.mjs'

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
const KEYS = { left: '\uE012', right: '\uE014' }

/** A session of WebDriver, as much of it as is used here. */
class Session {
  static async open(root) {
    const session = new Session(root)
    const { sessionId } = await session.#ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': { args: ['--automation'] } } } })
    session.at = `/session/${sessionId}`
    await session.#ask('POST', `${session.at}/timeouts`, { script: 60_000, pageLoad: 60_000 })
    await session.#ask('POST', `${session.at}/window/rect`, { width: 1440, height: 900 })
    return session
  }

  constructor(root) {
    this.root = root
  }

  async #ask(method, path, body) {
    const response = await fetch(this.root + path, { method, body: body && JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    const { value } = await response.json()
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`)
    return value
  }

  go(url) { return this.#ask('POST', `${this.at}/url`, { url }) }
  back() { return this.#ask('POST', `${this.at}/back`, {}) }
  close() { return this.#ask('DELETE', this.at) }

  /** What a function of the page gives. */
  run(body, ...args) {
    return this.#ask('POST', `${this.at}/execute/sync`, { script: `return (${body}).apply(null, arguments)`, args })
  }

  async until(body, ...args) {
    for (let tries = 0; tries < 300; tries++) {
      if (await this.run(body, ...args)) return
      await sleep(100)
    }
    throw new Error(`never came: ${body}`)
  }

  async find(selector) {
    const found = await this.#ask('POST', `${this.at}/element`, { using: 'css selector', value: selector })
    return found[ELEMENT]
  }

  async click(selector) {
    await this.#ask('POST', `${this.at}/element/${await this.find(selector)}/click`, {})
  }

  async type(selector, text) {
    await this.#ask('POST', `${this.at}/element/${await this.find(selector)}/value`, { text })
  }
}

/** Waits until the herd of the address's state is drawn. */
const ran = session => session.until(() => {
  const { ran, asked } = document.documentElement.dataset
  return ran !== undefined && ran === asked
})

const figures = session => session.run(() => Object.fromEntries([...document.querySelectorAll('.tiles tbody tr')].map(row => [row.dataset.name, {
  ...Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.name, cell.dataset.value === '' ? null : Number(cell.dataset.value)])),
  traceHash: row.dataset.hash,
}])))

const golden = JSON.parse(await readFile(new URL('../../tests/golden/page.json', import.meta.url), 'utf8'))

const behaviours = {
  'the figures and traces of every story are the native ones': async (session, visit) => {
    for (const { query, policies } of golden) {
      await visit(query)
      assert.deepEqual(await figures(session), policies, query)
    }
  },
  'every panel draws': async (session, visit) => {
    await visit('story=cap')
    for (const id of ['schedule', 'timeline', 'state', 'latency', 'letters', 'export']) {
      assert.ok(await session.run(id => document.getElementById(id).offsetHeight > 80, id), id)
    }
    const drawn = await session.run(() => [...document.querySelectorAll('#herd canvas')].every(canvas =>
      canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0)))
    assert.ok(drawn)
  },
  'a slider moves the herd and the address': async (session, visit) => {
    await visit('')
    await session.type('#c-a-jitter-factor', KEYS.right.repeat(5))
    await ran(session)
    assert.match(await session.run(() => location.search), /^\?a\.jitter\.factor=/)
  },
  'a key that is held makes one entry of the history and throws nothing': async (session, visit) => {
    await visit('')
    const before = await session.run(() => history.length)
    await session.run(() => {
      const slider = document.querySelector('#c-a-jitter-factor')
      for (let i = 0; i < 150; i++) {
        slider.value = String(i % 40)
        for (const type of ['input', 'change']) slider.dispatchEvent(new Event(type, { bubbles: true }))
      }
    })
    await ran(session)
    assert.equal(await session.run(() => history.length), before + 1)
  },
  'the slider of the replay is moved by keys': async (session, visit) => {
    await visit('')
    const at = () => session.run(() => Number(document.querySelector('#moment').value))
    const before = await at()
    await session.type('#moment', KEYS.left.repeat(3))
    assert.ok(await at() < before)
  },
  'back from another page the fields and canvases are still there': async (session, visit) => {
    await visit('a=none')
    await session.go(`${site.url}icon.svg`)
    await session.back()
    await session.until(() => document.querySelector('#seed')?.value === '42')
    await ran(session)
    const drawn = await session.run(() => {
      const canvas = document.querySelector('#herd canvas')
      return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0)
    })
    assert.ok(drawn)
  },
  'the page starts where the language is "C"': async (session, visit) => {
    await visit('')
    assert.ok(await session.run(() => document.documentElement.dataset.ready !== undefined), await session.run(() => navigator.language))
  },
}

const free = () => new Promise((done, failed) => {
  const server = createServer().once('error', failed).listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => done(port))
  })
})

const site = await serve()
const port = await free()
const driver = spawn('WebKitWebDriver', [`--port=${port}`], { stdio: 'ignore', env: { ...process.env, LANG: 'C' } })
let failed = 0
try {
  const root = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 100 && !(await fetch(`${root}/status`).catch(() => null)); tries++) await sleep(100)
  const session = await Session.open(root)
  const visit = async query => {
    await session.go(site.url + (query && `?${query}`))
    await session.run(() => { window.faults = []; addEventListener('error', event => window.faults.push(event.message)) })
    await ran(session)
  }
  for (const [name, behaviour] of Object.entries(behaviours)) {
    try {
      await behaviour(session, visit)
      assert.deepEqual(await session.run(() => window.faults ?? []), [])
      console.log(`ok      ${name}`)
    } catch (error) {
      failed++
      console.log(`failed  ${name}: ${error.message}`)
    }
  }
  await session.close()
} finally {
  driver.kill()
  await site.close()
}
console.log(`${Object.keys(behaviours).length - failed} of ${Object.keys(behaviours).length} pass in WebKitGTK`)
process.exitCode = failed ? 1 : 0
