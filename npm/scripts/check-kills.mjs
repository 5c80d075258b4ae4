// What is left in a storage when its processes are killed, and what several of them do to one another. KILLS says how
// often (20 if it is not set).
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { open, profileIn, removeProfile, serve } from './browser.mjs'

const kills = Number(process.env.KILLS ?? 20)
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const linesOf = (file) => { try { return readFileSync(file, 'utf8').split('\n').filter(Boolean) } catch { return [] } }

/** A process of a script in the project, once it has said that it is up. */
async function started(folder, file, ...words) {
  const child = spawn(process.execPath, [file, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise((resolve) => child.on('exit', resolve))
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), gone])
  return { gone, send: (signal) => child.kill(signal), kill: () => { child.kill('SIGKILL'); return gone } }
}

/** What is in the storage, as one that opens it finds it. */
async function found({ folder, execute, imports }, kind, options) {
  writeFileSync(join(folder, `${kind}-counted.mjs`), `${imports(kind)}
const storage = createStorage({ driver: driver(${options}) })
const deadLetters = new DeadLetterQueue({ storage, capacity: null })
await deadLetters.ready
console.log(JSON.stringify({ damaged: deadLetters.stats().damaged, letters: [...deadLetters].map(({ key, payload, redrives, attempts, earlierAttempts }) => ({ key, payload, redrives, lives: attempts + earlierAttempts })) }))
await storage.dispose()
`)
  const { stdout } = await execute(process.execPath, [`${kind}-counted.mjs`], { cwd: folder, maxBuffer: 1 << 28 })
  return JSON.parse(stdout)
}

/** Pushes and redrives, killed again and again: every letter that was acknowledged is there once, or was handled. */
export async function killed(around, kind, options) {
  const { folder, imports } = around
  const home = join(folder, `${kind}-kills`)
  mkdirSync(home)
  writeFileSync(join(folder, `${kind}-killed.mjs`), `${imports(kind)}
const home = './${kind}-kills/'
const storage = createStorage({ driver: driver(${options}) })
${KILLED}`)
  for (let n = 0; n < kills; n++) {
    const child = await started(folder, `${kind}-killed.mjs`, n % 2 ? 'redrive' : 'push')
    // A redrive takes its letters in a batch, and needs some time to begin.
    await sleep(n % 2 ? 40 + ((n * 37) % 300) : 5 + ((n * 37) % 80))
    await child.kill()
  }
  const { letters, damaged } = await found(around, kind, options)
  const acknowledged = linesOf(join(home, 'ledger'))
  const there = new Set([...letters.map(({ key }) => key), ...linesOf(join(home, 'done'))])
  const lost = acknowledged.filter((key) => !there.has(key))
  if (lost.length) throw new Error(`${lost.length} lost of ${acknowledged.length}: ${lost.slice(0, 3)}`)
  if (new Set(letters.map(({ key }) => key)).size != letters.length) throw new Error('a letter is there twice')
  const torn = letters.filter(({ payload, redrives, lives }) => payload.pad.length != 2000 || lives != redrives + 1)
  if (torn.length) throw new Error(`${torn.length} are not whole: ${JSON.stringify(torn[0]).slice(0, 300)}`)
  return `${kills} kills, none lost of ${acknowledged.length}, ${letters.length} left, ${damaged} torn ones that had not been acknowledged`
}

/** Pushes, or redrives, until it is killed; what was acknowledged and what was handled is noted. */
const KILLED = `
import { openSync, writeSync } from 'node:fs'
const deadLetters = new DeadLetterQueue({ storage, capacity: null, lease: 100 })
await deadLetters.ready
const [ledger, done] = ['ledger', 'done'].map((name) => openSync(home + name, 'a'))
writeSync(1, 'up')
const policy = RetryPolicy.constant({ delay: 0, maxAttempts: 1 })
let n = 0
const push = async (lane) => {
  // No more than the next process can redrive before it is killed in its turn.
  for (let pushed = 0; pushed < 10; pushed++) {
    const key = process.pid + '-' + lane + '-' + n++
    const error = await retry(() => { throw new Error('down') }, policy, { key, payload: { pad: 'x'.repeat(2000) }, deadLetters }).catch((error) => error)
    if (!error.queueError) writeSync(ledger, key + '\\n')
  }
}
if (process.argv[2] == 'push') {
  await Promise.all([0, 1, 2, 3].map(push))
  setInterval(() => {}, 1000)
  await new Promise(() => {})
}
for (;;) {
  await deadLetters.redrive({ rate: Infinity, concurrency: 8, maxRedrives: null, policy }, (letter) => {
    if (letter.id % 2 && !letter.redrives) throw new Error('still down')
    writeSync(done, letter.key + '\\n')
  })
  await new Promise((resolve) => setTimeout(resolve, 1))
}
`

/**
 * Three processes on one storage: one is killed in the middle, one is stopped for longer than its lease and goes on.
 * No letter is with two that live, but for what the stopped one had in its hands.
 */
export async function shared(around, kind, options) {
  const { folder, imports } = around
  const home = join(folder, `${kind}-shared`)
  mkdirSync(home)
  writeFileSync(join(folder, `${kind}-shared.mjs`), `${imports(kind)}
const [home, lease] = ['./${kind}-shared/', ${LEASE}]
const storage = createStorage({ driver: driver(${options}) })
${SHARED}`)
  const file = `${kind}-shared.mjs`
  await (await started(folder, file, 'fill')).gone
  const workers = await Promise.all(['a', 'b', 'hang'].map((name) => started(folder, file, name)))
  const read = () => linesOf(join(home, 'log')).map((line) => JSON.parse(line))
  for (let look = 0; look < 10_000 && !read().some(({ who }) => who == 'b'); look++) await sleep(1)
  workers[1].send('SIGSTOP')
  await sleep(LEASE * 2)
  // Begun and not over, or over and not yet told to the storage.
  const lately = read().filter(({ who }) => who == 'b').slice(-16)
  const inHand = new Set(lately.map(({ key }) => key))
  const killedAt = Date.now()
  await workers[2].kill()
  await sleep(LEASE)
  workers[1].send('SIGCONT')
  await Promise.all(workers.slice(0, 2).map(({ gone }) => gone))
  const log = read()
  // Who has which letter, by the order in which they say so.
  const [owners, handled, twice] = [new Map(), new Map(), []]
  let freed = Infinity
  for (const { what, key, who, at } of log) {
    const owner = owners.get(key)
    if (what == 'start') {
      const dead = owner == 'hang' && at > killedAt
      if (dead) freed = Math.min(freed, at - killedAt)
      if (((owner && !dead) || handled.get(key) == 'done') && !inHand.has(key)) twice.push([key, owner, who])
      owners.set(key, who)
    } else {
      owners.delete(key)
      handled.set(key, what)
    }
  }
  const done = [...handled.values()].filter((what) => what == 'done').length
  // Between its last look and the call of the handler a process can be stopped, too: once a lane.
  const lanes = twice.filter(([, , who]) => who == 'b').length
  if (twice.length > lanes || lanes > 4) throw new Error(`${twice.length} of ${log.length} letters were with two at once: ${twice.slice(0, 3)}`)
  const { letters } = await found(around, kind, options)
  if (done != LETTERS || letters.length) throw new Error(`${done} of ${LETTERS} are done, ${letters.length} are left`)
  if (!(freed > LEASE / 3 && freed < 20 * LEASE)) throw new Error(`what the killed one had was taken ${freed} ms after it`)
  return `${LETTERS} letters, each with one at a time; what the killed one had was free ${freed} ms later (lease ${LEASE} ms)`
}

const LEASE = 600
const LETTERS = 300

/** Fills the storage, or redrives all that is there: half of it dies once more. One takes letters and never ends. */
const SHARED = `
import { openSync, writeSync } from 'node:fs'
const who = process.argv[2]
const policy = RetryPolicy.constant({ delay: 0, maxAttempts: 1 })
const deadLetters = new DeadLetterQueue({ storage, capacity: null, lease })
await deadLetters.ready
if (who == 'fill') {
  await Promise.all(Array.from({ length: ${LETTERS} }, (_, key) => deadLetters.push({ reason: 'exhausted', key: String(key), policy: policy.toJSON() })))
  console.log('up')
  await storage.dispose()
  process.exit()
}
const log = openSync(home + 'log', 'a')
const say = (what, { key }) => writeSync(log, JSON.stringify({ what, key, who, at: Date.now() }) + '\\n')
console.log('up')
while (deadLetters.size) {
  await deadLetters.redrive({ rate: Infinity, concurrency: 4, maxRedrives: null, policy, limit: 20, ...(who == 'hang' && { filter: ({ id }) => id > ${LETTERS - 20} }) }, async (letter) => {
    say('start', letter)
    if (who == 'hang') await new Promise((resolve) => setTimeout(resolve, 1e6))
    await new Promise((resolve) => setTimeout(resolve, 1 + letter.id % 5))
    const again = letter.redrives == 0 && letter.id % 2
    say(again ? 'again' : 'done', letter)
    if (again) throw new Error('still down')
  })
  await deadLetters.refresh()
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await storage.dispose()
process.exit()
`

/** A page that pushes, which is loaded anew and whose browser is killed, over and over: what it told us of is there. */
export async function killedPages({ imports, folder, esbuild, page }) {
  const build = async (name, code) => {
    writeFileSync(join(folder, name + '.mjs'), `${imports('indexedb').replaceAll('file://', '')}
const deadLetters = new DeadLetterQueue({ storage: createStorage({ driver: driver({ dbName: 'kills', storeName: 'letters' }) }), capacity: null, lease: 100 })
await deadLetters.ready
const tell = (what, body) => fetch('/' + what, { method: 'POST', body, keepalive: body.length < 1000 })
${code}`)
    await esbuild({ entryPoints: [join(folder, name + '.mjs')], bundle: true, format: 'esm', outfile: join(folder, `out/${name}.js`), logLevel: 'error' })
    writeFileSync(join(folder, name + '.html'), page(`<script type="module" src="out/${name}.js"></script>`))
  }
  await build('pushes', PUSHES)
  await build('counts', `await tell('count', JSON.stringify([...deadLetters].map(({ key, payload }) => [key, payload.pad.length])))`)
  const acknowledged = new Set()
  const handled = new Set()
  let [loads, count] = [0, undefined]
  let next = () => {}
  const server = await serve(folder, (body, path) => {
    if (path == '/pushed') acknowledged.add(body)
    else if (path == '/handled') handled.add(body)
    else if (path == '/up') loads++
    else if (path == '/count') count = JSON.parse(body)
    next()
  })
  const profile = profileIn(folder)
  /** Opens a page until something is so, and then kills the browser. */
  const until = async (name, is) => {
    const close = open(`${server.url}/${name}.html`, profile)
    const late = setTimeout(() => next(new Error('the page said nothing for 60 s')), 60_000)
    try {
      await new Promise((resolve, reject) => (next = (error) => (error ? reject(error) : is() && resolve())))
    } finally {
      clearTimeout(late)
      await close()
    }
  }
  try {
    const deaths = Math.ceil(kills / 4)
    for (let n = 0; n < deaths; n++) {
      const [from, had] = [loads, acknowledged.size]
      // In the middle of the second to fourth load.
      await until('pushes', () => loads > from + 1 + (n % 3) && acknowledged.size > had + 20 + ((n * 7) % 30))
    }
    await until('counts', () => count)
    const there = new Set([...count.map(([key]) => key), ...handled])
    const lost = [...acknowledged].filter((key) => !there.has(key))
    if (lost.length || count.some(([, length]) => length != 2000) || new Set(count.map(([key]) => key)).size != count.length) throw new Error(`${lost.length} lost of ${acknowledged.size}: ${lost.slice(0, 3)}`)
    return `${deaths} kills, ${loads - deaths} reloads, none lost of ${acknowledged.size}`
  } finally {
    server.close()
    removeProfile(profile)
  }
}

/** Pushes, redrives what is there, and loads itself anew in the middle of it. */
const PUSHES = `
await tell('up', '')
const name = crypto.randomUUID().slice(0, 8)
setTimeout(() => location.reload(), 100 + Math.trunc(performance.timeOrigin) % 300)
const policy = RetryPolicy.constant({ delay: 0, maxAttempts: 1 })
const push = async (lane) => {
  for (let n = 0; ; n++) {
    const key = name + '-' + lane + '-' + n
    await deadLetters.push({ reason: 'exhausted', key, payload: { pad: 'x'.repeat(2000) }, policy: policy.toJSON() })
    tell('pushed', key).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
push(0)
push(1)
for (;;) {
  await deadLetters.redrive({ rate: Infinity, concurrency: 4, maxRedrives: null, limit: 20 }, async (letter) => {
    if (letter.id % 10) throw new Error('still down')
    await tell('handled', letter.key)
  }).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 10))
}
`
