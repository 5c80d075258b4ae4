// The readers of the package, with whatever may come in: none throws but by name, none hangs, none changes what all
// objects inherit, and no letter is lost without being counted.
//
//   node fuzz/run.mjs TOOLS [WORD]     in a project that has redrive installed; TOOLS has fast-check
//
// FUZZ_CASES says how many in all (5,000 if it is not set), FUZZ_SEED with which seed: a failure names it.
import { createRequire } from 'node:module'
import { join } from 'node:path'

import * as redrive from 'redrive'
import { VirtualClock } from 'redrive/testing'

import { inputs, live } from './inputs.mjs'

const { ConfigError, DeadLetterError, DeadLetterQueue, parseRetryAfter, resume, retry, RetryAbortedError, RetryBudget, RetryPolicy } = redrive
const [, , tools, word = ''] = process.argv
const fc = createRequire(join(tools, 'x.js'))('fast-check')
const given = inputs(fc)
const cases = Number(process.env.FUZZ_CASES ?? 5000)
const seed = Number(process.env.FUZZ_SEED ?? 42)

function assert(condition, message) {
  if (!condition) throw new Error(message)
}
/** What a call gives; `undefined` where it refuses by name. */
async function refusing(call, ...also) {
  try {
    return await call()
  } catch (error) {
    // What the program's own object throws is the program's.
    if (error instanceof ConfigError || error?.message == 'trap' || also.some((kind) => error instanceof kind)) return undefined
    throw error
  }
}
const once = RetryPolicy.constant({ delay: 0, jitter: 'none', maxAttempts: 1 })
/** All that can be asked of a queue. */
async function use(queue) {
  for (const field of ['reason', 'kind', 'taskType', 'key', 'message', 'pattern']) queue.groupBy(field)
  queue.stats()
  const text = queue.toNDJSON()
  const again = new DeadLetterQueue({ capacity: null })
  const count = await again.fromNDJSON(text)
  assert(count == queue.size && again.setAside.length == 0, `of ${queue.size} letters ${count} come back: ${again.setAside[0]?.error}\n${text}`)
  DeadLetterQueue.restore(queue.snapshot())
}
/** Sends all of a queue back to work that fails: it ends, and keeps every letter. */
async function redriven(queue, plan = {}) {
  const clock = new VirtualClock()
  const { size } = queue
  let calls = 0
  const own = DeadLetterQueue.restore(queue.snapshot(), { capacity: null, clock })
  const report = await clock.run(own.redrive({ rate: Infinity, spread: 0, maxAttempts: 3, ...plan }, () => { calls++; throw new Error('still down') }))
  assert(own.size == size, `of ${size} letters ${own.size} are left`)
  assert(calls <= 4 * size, `${calls} calls for ${size} letters`)
  assert(report.succeeded == 0 && report.failed + report.parked + report.skipped + report.heldBack == report.selected, JSON.stringify(report))
}

let turn = 0
/** Each reader: what it gets, what has to hold, and its share of the cases. */
const readers = [
  ['NDJSON', 4, fc.array(given.line, { minLength: 1, maxLength: 4 }), async (lines) => {
    const queue = new DeadLetterQueue({ capacity: null })
    const text = lines.map((line) => line.replace(/\n/g, ' ')).join('\n')
    const count = await queue.fromNDJSON(text)
    assert(count + queue.setAside.length == text.replace(/^\ufeff/, '').split('\n').filter((line) => line.trim()).length, 'each line is a letter or set aside')
    assert(queue.size == count, 'every letter is held')
    for (const { error } of queue.setAside) assert(error instanceof ConfigError || error instanceof SyntaxError, String(error?.stack))
    await use(queue)
    if (lines.length < 3) await redriven(queue)
  }],
  ['a storage', 3, fc.array(fc.oneof(given.record, given.json, given.line), { maxLength: 4 }), async (items) => {
    const store = new Map(items.map((item, n) => [`redrive:dead-letters:${n}`, item]))
    const storage = { getKeys: async () => [...store.keys()], getItem: async (key) => store.get(key) ?? null, setItem: async (key, value) => void store.set(key, structuredClone(value)), removeItem: async (key) => void store.delete(key) }
    const queue = new DeadLetterQueue({ storage, capacity: null })
    await queue.ready
    assert(queue.size + queue.stats().damaged == items.filter((item) => item != null).length, 'each item is a letter or counted')
    await use(queue)
    await queue.push({ reason: 'exhausted', key: 'mine' })
    assert([...queue].some(({ key }) => key == 'mine'), 'others still come in')
  }],
  ['snapshots of a queue', 3, fc.oneof(fc.record({ version: fc.constant(1), letters: fc.array(fc.oneof(given.record, given.json), { maxLength: 4 }) }), given.things), async (snapshot) => {
    const queue = await refusing(() => DeadLetterQueue.restore(snapshot))
    if (!queue) return
    assert(queue.size + queue.setAside.length == snapshot.letters.length, 'each is a letter or set aside')
    await use(queue)
  }],
  ['push', 4, given.letter, async (letter) => {
    const queue = new DeadLetterQueue()
    const held = await refusing(() => queue.push(letter))
    assert(queue.size == (held ? 1 : 0), 'it is held or refused')
    await use(queue)
  }],
  ['policies', 20, fc.oneof(given.policy, given.things), async (options) => {
    const policy = await refusing(() => RetryPolicy.fromJSON(options))
    if (!policy) return
    const delays = policy.delays({ seed: 42, key: 'k', limit: 5 })
    assert(delays.every((ms) => ms >= 0 && ms < Infinity), String(delays))
    const again = RetryPolicy.fromJSON(JSON.stringify(policy))
    assert(JSON.stringify(again.delays({ seed: 42, key: 'k', limit: 5 })) == JSON.stringify(delays), 'its JSON is the same policy')
    policy.next({ attempt: 2, error: new Error('x') })
    assert(policy.worstCase() >= 0, 'a worst case')
  }],
  ['budgets', 10, fc.oneof(given.budget, given.things), async (rule) => {
    const budget = await refusing(() => new RetryBudget(rule))
    if (budget) assert(!Number.isNaN(budget.balance), 'a balance')
  }],
  ['filters', 12, fc.oneof(given.filter, given.things.filter((thing) => thing !== undefined && typeof thing != 'function')), async (filter) => {
    const queue = new DeadLetterQueue()
    await queue.push({ reason: 'exhausted', key: 'a' })
    const chosen = await refusing(() => queue.list(filter))
    const purged = await refusing(() => queue.purge(filter))
    assert(purged === chosen?.length, `${purged} are purged of ${chosen?.length}`)
  }],
  ['plans of a redrive', 5, fc.oneof(given.plan, given.things.filter((thing) => typeof thing != 'function')), async (plan) => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    for (const key of ['a', 'b']) await queue.push({ reason: 'exhausted', key, policy: once.toJSON() })
    await refusing(() => clock.run(queue.redrive(plan, () => { throw new Error('down') })))
    assert(queue.size == 2, 'all letters are there')
  }],
  ['Retry-After', 25, fc.oneof(given.header, given.headers, given.headers.map((headers) => ({ headers, status: 503 })), given.things), (source) => {
    const ms = parseRetryAfter(source)
    assert(ms === undefined || ms >= 0, String(ms))
  }],
  ['errors', 15, given.error, async (thrown) => {
    const deadLetters = new DeadLetterQueue()
    const policy = RetryPolicy.constant({ delay: 0, jitter: 'none', maxAttempts: 2, classify: [{ match: ['x', '5xx'], action: 'fail' }], budget: { kind: 'tokenBucket', costByClass: { throttle: 5 } }, retryAfter: { mode: 'ignore' } })
    const error = await retry(() => { throw thrown }, policy, { deadLetters, key: 'k', payload: 1 }).then(() => assert(false, 'it fails'), (error) => error)
    if (Object.is(error, thrown)) return
    assert(error instanceof DeadLetterError && Object.is(error.cause, thrown), `it is replaced by ${error?.stack}`)
    assert(error.queueError === undefined && error.callbackError === undefined && deadLetters.size == 1, `no letter: ${(error.queueError ?? error.callbackError)?.stack}`)
    JSON.parse(JSON.stringify(error))
    String(error.stack)
    if (turn++ % 8 == 0) await use(deadLetters)
    await refusing(() => policy.next({ attempt: 1, error: thrown }))
  }],
  ['snapshots of a retry', 7, fc.oneof(fc.record({ version: fc.constant(1), policy: given.policy, began: fc.double(), due: fc.double(), delay: fc.double(), state: fc.array(fc.double(), { minLength: 9, maxLength: 9 }), key: given.texts, taskType: given.json, payload: given.json }), given.things), async (snapshot) => {
    const clock = new VirtualClock()
    const controller = new AbortController()
    await refusing(() => clock.run(resume(() => 1, snapshot, { clock, signal: controller.signal })), RetryAbortedError)
  }],
]

const before = JSON.stringify([Object.prototype, Array.prototype, Function.prototype].map((thing) => Reflect.ownKeys(thing).map(String)))
const all = readers.reduce((sum, [, share]) => sum + share, 0)
let ran = 0
for (const [name, share, arbitrary, holds] of readers) {
  if (!name.includes(word)) continue
  const numRuns = Math.ceil((cases * share) / all)
  const from = Date.now()
  try {
    await fc.assert(fc.asyncProperty(arbitrary, async (input) => void (await holds(live(input)))), { numRuns, seed, endOnFailure: numRuns > 50_000 })
  } catch (error) {
    console.log(`not ok: ${name}: ${error.message.slice(0, 3000)}\n${error.cause?.stack ?? ''}`)
    process.exitCode = 1
  }
  if (before != JSON.stringify([Object.prototype, Array.prototype, Function.prototype].map((thing) => Reflect.ownKeys(thing).map(String)))) {
    console.log(`not ok: ${name} changed what all objects inherit`)
    process.exitCode = 1
  }
  ran += numRuns
  if (process.env.FUZZ_CASES) console.log(`${name}: ${numRuns} cases in ${((Date.now() - from) / 1000).toFixed(1)} s`)
}
console.log(`${ran} cases of ${readers.length} readers, seed ${seed}`)
process.exit()
