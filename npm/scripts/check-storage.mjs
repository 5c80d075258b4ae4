// Dead letters in real storages: on a disk across `kill -9`, in a Redis that goes away and comes back, in
// IndexedDB. All through unstorage, as its users would.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

import { killed, killedPages, shared } from './check-kills.mjs'

export async function checkStorage({ step, skip, tools, execute, chromium, esbuild, folder, page }) {
  const modules = tools('storage')
  const from = (name) => JSON.stringify(pathToFileURL(createRequire(join(modules, 'x.mjs')).resolve(name)).href.replace(/\.cjs$/, '.mjs'))
  const imports = (driver) => `import { createStorage } from ${from('unstorage')}
import driver from ${from('unstorage/drivers/' + driver)}
import * as redrive from 'redrive'
const { retry, RetryPolicy, DeadLetterQueue, StorageError } = redrive
`
  const suite = `import { collect } from './storage.mjs'
import { runAll } from './run.mjs'
const said = []
const failed = await runAll(collect(redrive, storage), (line) => said.push(line))
`
  /** Runs a script in the project, with a program's answer as its last line. */
  const script = async (name, code, ...words) => {
    writeFileSync(join(folder, name), code)
    const { stdout } = await execute(process.execPath, [name, ...words], { cwd: folder, maxBuffer: 1 << 26 })
    return stdout.trim().split('\n').at(-1)
  }
  const report = `console.log(said.join('\\n'))
if (failed) process.exit(1)
`

  await step('unstorage on a disk', () => script('fs.mjs', `${imports('fs')}
const storage = createStorage({ driver: driver({ base: './suite-letters' }) })
${suite}${report}`))

  await step('unstorage on a disk, across kill -9', async () => {
    const open = `${imports('fs')}
const deadLetters = new DeadLetterQueue({ storage: createStorage({ driver: driver({ base: './letters' }) }) })
`
    const death = await script('dies.mjs', `${open}
await retry(() => { throw new Error('boom') }, RetryPolicy.constant({ delay: 1 }), { deadLetters, key: 'order-17', payload: { order: 17 } }).catch(() => {})
process.kill(process.pid, 'SIGKILL')
`).then(() => 'it lived', (error) => error.signal)
    const found = await script('lives.mjs', `${open}
await deadLetters.ready
const [letter] = deadLetters
await deadLetters.redrive({ spread: 0 }, () => 'done')
console.log(JSON.stringify([letter?.key, letter?.payload, letter?.history.length, deadLetters.size]))
`)
    if (death != 'SIGKILL' || found != '["order-17",{"order":17},3,0]') throw new Error(`${death} ${found}`)
    return 'the letter is there, and goes back to work'
  })

  const killing = { imports, folder, execute }
  await step('kill -9 in the middle of pushes and redrives loses no letter', () => killed(killing, 'fs', `{ base: './fs-kills/letters' }`))
  await step('several processes on one storage never run one letter at the same time', () => shared(killing, 'fs', `{ base: './fs-shared/letters' }`))

  await step('unstorage in IndexedDB, in Chromium', async () => {
    writeFileSync(join(folder, 'indexeddb.mjs'), `${imports('indexedb').replaceAll('file://', '')}
const storage = createStorage({ driver: driver({ dbName: 'redrive', storeName: 'letters' }) })
${suite}await fetch('/result', { method: 'POST', body: JSON.stringify({ failed, said }) })
`)
    await esbuild({ entryPoints: [join(folder, 'indexeddb.mjs')], bundle: true, format: 'esm', outfile: join(folder, 'out/indexeddb.js'), logLevel: 'error' })
    writeFileSync(join(folder, 'indexeddb.html'), page('<script type="module" src="out/indexeddb.js"></script>'))
    return chromium(folder, 'indexeddb.html')
  })
  await step('reloads and kill -9 of Chromium lose no letter of IndexedDB', () => killedPages({ imports, folder, esbuild, page }))

  const program = process.env.REDIS_SERVER
  if (!program) {
    skip('unstorage with a Redis', 'redis-server is not installed: install Debian\'s redis-server, or name one in REDIS_SERVER')
    return
  }
  await step('unstorage with a Redis', () => withRedis(program, (port) => script('redis.mjs', `${imports('redis')}
const storage = createStorage({ driver: driver({ host: '127.0.0.1', port: ${port} }) })
${suite}await storage.dispose()
${report}`)))
  const driver = (port) => `{ host: '127.0.0.1', port: ${port} }`
  await step('kill -9 in the middle of pushes and redrives loses no letter of a Redis', () => withRedis(program, (port) => killed(killing, 'redis', driver(port))))
  await step('several processes on one Redis never run one letter at the same time', () => withRedis(program, (port) => shared(killing, 'redis', driver(port))))
  await step('a Redis that goes away and comes back', () => withRedis(program, (port, redis) => {
    // The script stops and starts the server: it says when, by its output.
    writeFileSync(join(folder, 'outage.mjs'), `${imports('redis')}${OUTAGE}`)
    return conversation(join(folder, 'outage.mjs'), folder, String(port), redis)
  }))
}

/** Every letter that a Redis which is away refuses is written when it is back. */
const OUTAGE = `
const [, , port] = process.argv
const say = async (word) => { console.log(word); await new Promise((resolve) => process.stdin.once('data', resolve)) }
const make = () => createStorage({ driver: driver({ host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: 1, retryStrategy: () => 50 }) })
const storage = make()
storage.getMount('').driver.getInstance().on('error', () => {})
const deadLetters = new DeadLetterQueue({ storage, storageTimeout: '10s' })
await deadLetters.ready
const die = (key) => retry(() => { throw new Error('boom') }, RetryPolicy.constant({ delay: 1, maxAttempts: 1 }), { deadLetters, key }).catch((error) => error)
const before = await die('before')
await say('stop')
const during = await Promise.all(['a', 'b', 'c'].map(die))
const { unsaved } = deadLetters.stats()
await say('start')
await deadLetters.flush()
const other = make()
const again = new DeadLetterQueue({ storage: other })
await again.ready
const said = JSON.stringify([before.queueError === undefined, during.every((error) => error.queueError instanceof StorageError && deadLetters.get(error.id)), unsaved, deadLetters.stats().unsaved, [...again].map((letter) => letter.key).sort().join()])
await Promise.all([storage.dispose(), other.dispose()])
console.log(said)
process.exit(said == '[true,true,3,0,"a,b,c"]' ? 0 : 1)
`

/** Runs a script that asks for its server to be stopped and started. */
function conversation(file, folder, port, redis) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, port], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })
    let said = ''
    child.stderr.on('data', (part) => (said += part))
    child.stdout.on('data', (part) => {
      said += part
      const word = String(part).trim().split('\n').at(-1)
      const act = { stop: redis.stop, start: redis.start }[word]
      act?.().then(() => child.stdin.write('done\n'), reject)
    })
    child.on('exit', (code) => (code ? reject(new Error(said)) : resolve('what it refused is written when it is back')))
  })
}

/** A Redis of our own on a free port of this machine, that keeps nothing on disk. */
async function withRedis(program, work) {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
  const home = mkdtempSync(join(tmpdir(), 'redrive-redis-'))
  let child
  const start = () => new Promise((resolve, reject) => {
    child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', home], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    const late = setTimeout(() => reject(new Error(`redis-server is not ready after 20 s\n${said}`)), 20_000)
    child.stdout.on('data', (part) => {
      said += part
      if (said.includes('Ready to accept connections')) { clearTimeout(late); resolve() }
    })
    child.on('error', reject)
    child.on('exit', (code) => { clearTimeout(late); reject(new Error(`redis-server ended with ${code}\n${said}`)) })
  })
  const stop = () => new Promise((resolve) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return resolve()
    child.on('exit', resolve)
    child.kill('SIGKILL')
  })
  try {
    await start()
    return await work(port, { start, stop })
  } finally {
    await stop()
    rmSync(home, { recursive: true, force: true })
  }
}
