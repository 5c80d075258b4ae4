// Sending dead letters back to work: which, when, under which policy, and what became of them.
import { startOf } from './core.js'
import { ConfigError, DeadLetterError, RetryAbortedError, StorageError } from './errors.js'
import type { DeadLetter, RedriveReport } from './letter.js'
import { failureOf, GROUPS, remembered, type Filter } from './letters.js'
import type { RetryOptions } from './options.js'
import { RetryPolicy } from './policy.js'
import { known, own, show } from './read.js'
import { retry } from './retry.js'
import { nanoseconds } from './duration.js'
import type { AttemptContext, Clock, Duration, Seed } from './types.js'

/** How letters are sent back to work. */
export interface RedrivePlan {
  /** Which letters; all but the parked ones if not given. `{ parked: true }` sends parked ones back. */
  filter?: Filter
  /** How many at most, the oldest first. */
  limit?: number | undefined
  /** How many a second. Default 50; `Infinity` is as fast as `concurrency` allows. */
  rate?: number
  /** A random wait of up to this for each letter, so that a redrive does not become a herd. Default: one slot of `rate`. */
  spread?: Duration
  /** Attempts of the next life: all of the policy's (default), one more, or so many more. */
  counter?: 'reset' | 'keep' | { add: number }
  /** A letter redriven so often is parked instead. Default 3; `null` is unlimited. */
  maxRedrives?: number | null
  /** How many handlers run at once. Default 16. */
  concurrency?: number
  /** The policy of the next life. Default: the letter's own, with no more than `maxAttempts` attempts. */
  policy?: RetryPolicy
  /** The most attempts of a life under a letter's own policy, which may come from anywhere; free ones count. Default 100. */
  maxAttempts?: number
  /** The longest that a life under a letter's own policy may take. Default: a day. */
  maxElapsed?: Duration
  /**
   * Tries a few before the rest: the first `count` of each group (by `by`, default `pattern`) go alone, and the rest
   * of a group follows only if at least the share `needs` (default 0.8) of its first succeeded.
   */
  canary?: { count: number; by?: keyof typeof GROUPS; needs?: number }
  /** Ends the redrive when, of the last `of` letters (default 20), more than the share `failures` died again. */
  stopWhen?: { failures: number; of?: number }
  /** What the spread is drawn from. Default: each letter's own seed. */
  seed?: Seed
  /** Ends the redrive: letters that were not started, or are in the middle of it, stay in the queue. */
  signal?: AbortSignal
}

/** What becomes of a letter. */
export type Handler = (letter: DeadLetter, context: AttemptContext) => unknown

/** What a redrive needs of its queue. */
export interface Source {
  clock: Clock
  list(filter?: Filter): DeadLetter[]
  /** Takes letters into work that no other redrive has, as they are now; the others are left out. */
  take(letters: readonly DeadLetter[]): Promise<DeadLetter[]>
  /** Whether a letter is still in work here, and not taken by another process since. */
  keep(id: number): Promise<boolean>
  /** Out of work again. */
  release(ids: Iterable<number>): Promise<void>
  get(id: number): DeadLetter | undefined
  remove(id: number): Promise<unknown>
  replace(letter: DeadLetter): Promise<void>
}

const PLAN = ['filter', 'limit', 'rate', 'spread', 'counter', 'maxRedrives', 'concurrency', 'policy', 'maxAttempts', 'maxElapsed', 'canary', 'stopWhen', 'seed', 'signal']
const HINTS = { filters: 'filter', ratePerSecond: 'rate', perSecond: 'rate', max: 'limit', parallel: 'concurrency', attempts: 'counter' }
/** How many letters are taken into work at once: each time costs a look at what others have. */
const BATCH = 500

/** A plan, checked. */
function check(plan: RedrivePlan, handler: Handler) {
  if (typeof plan == 'function') throw new ConfigError('plan', 'is missing; write redrive({}, handler)')
  for (const name of Object.keys(Object(plan))) {
    // One level too high, it would choose every letter.
    if (['ids', 'key', 'reason', 'kind', 'taskType', 'message', 'olderThan', 'youngerThan', 'parked'].includes(name)) throw new ConfigError(name, `belongs to the filter; write { filter: { ${name} } }`)
  }
  known(plan, 'plan', PLAN, HINTS)
  if (typeof handler != 'function') throw new ConfigError('handler', `= ${show(handler)} is not a function; write redrive(plan, async (letter) => ...)`)
  const { limit = Infinity, rate = 50, maxRedrives = 3, concurrency = 16, maxAttempts = 100, counter = 'reset', canary, stopWhen, signal, filter, policy } = own(plan)
  const need = (name: string, value: unknown, ok: boolean, what: string) => {
    if (!ok) throw new ConfigError(name, `= ${show(value)} is not ${what}`)
  }
  const whole = (name: string, value: unknown, least: number) => need(name, value, value === Infinity || (Number.isInteger(value) && (value as number) >= least), 'a whole number from ' + least)
  const share = (name: string, value: unknown) => need(name, value, typeof value == 'number' && value >= 0 && value <= 1, 'a share from 0 to 1')
  need('rate', rate, typeof rate == 'number' && rate > 0, 'a number of letters a second, like 50')
  whole('limit', limit, 1)
  whole('concurrency', concurrency, 1)
  whole('maxAttempts', maxAttempts, 1)
  if (maxRedrives !== null) whole('maxRedrives', maxRedrives, 0)
  if (typeof counter == 'object') {
    known(counter, 'counter', ['add'])
    whole('counter.add', counter.add, 1)
  } else need('counter', counter, counter == 'reset' || counter == 'keep', '"reset", "keep" or { add: 2 }')
  if (filter === null) need('filter', filter, false, 'a filter; leave it out for every letter')
  if (policy) need('policy', policy, !!Object(policy).plan, 'a RetryPolicy')
  if (signal) need('signal', signal, typeof signal.addEventListener == 'function', 'an AbortSignal; pass controller.signal')
  if (canary) {
    known(canary, 'canary', ['count', 'by', 'needs'])
    whole('canary.count', canary.count, 1)
    share('canary.needs', canary.needs ?? 0.8)
    if (!Object.hasOwn(GROUPS, canary.by ?? 'pattern')) need('canary.by', canary.by, false, 'one of: ' + Object.keys(GROUPS).join(', '))
  }
  if (stopWhen) {
    known(stopWhen, 'stopWhen', ['failures', 'of'])
    share('stopWhen.failures', stopWhen.failures)
    whole('stopWhen.of', stopWhen.of ?? 20, 1)
  }
  const most = nanoseconds(plan.maxElapsed ?? '1d') / 1e6
  need('maxElapsed', plan.maxElapsed, most > 0, 'a duration above 0, like "1h"')
  const every = rate < Infinity ? 1000 / rate : 0
  const spread = plan.spread === undefined ? every : nanoseconds(plan.spread) / 1e6
  need('spread', plan.spread, spread >= 0, 'a duration, like "2s"')
  return { limit, maxRedrives, concurrency, maxAttempts, most, counter, every, spread, parked: typeof filter == 'object' && filter.parked === true }
}

/** Runs a redrive to its end. What the storage refuses ends it: the letters in work are waited for. */
export async function redrive(queue: Source, given: RedrivePlan, handler: Handler): Promise<RedriveReport> {
  const { limit, maxRedrives, concurrency, every, spread, parked, ...bounds } = check(given, handler)
  const plan = own(given)
  const { signal, canary, stopWhen, filter } = plan
  const report = { selected: 0, scheduled: 0, succeeded: 0, failed: 0, parked: 0, skipped: 0, heldBack: 0, stopped: false }
  const often = (letter: DeadLetter) => !letter.parked && maxRedrives !== null && letter.redrives >= maxRedrives
  const [chosen, park]: [DeadLetter[], DeadLetter[]] = [[], []]
  for (const letter of queue.list(filter)) {
    if (chosen.length >= limit) break
    const aside = letter.parked && !parked
    // Parked ones are passed over, unless they are named.
    if (aside && !(typeof filter == 'object' && filter.ids)) continue
    report.selected++
    if (aside) report.skipped++
    else (often(letter) ? park : chosen).push(letter)
  }
  const policyOf = policies(plan, bounds)
  let began = queue.clock.now()
  const faults: unknown[] = []
  const last: boolean[] = []
  let slot = 0

  const one = async (letter: DeadLetter, results: Map<number, boolean>) => {
    if (report.stopped) return void report.heldBack++
    if (often(letter)) {
      report.parked++
      return queue.replace({ ...letter, parked: true })
    }
    const wait = startOf(plan.seed ?? letter.seed, letter.key, slot++, letter.redrives, every, spread)
    await sleep(queue.clock, began + wait - queue.clock.now(), signal)
    if (report.stopped) return void report.heldBack++
    if (signal?.aborted || faults.length || !queue.get(letter.id)) return void report.skipped++
    if (!(await queue.keep(letter.id))) return void report.skipped++
    // As it is now: another process may have had it in between.
    letter = queue.get(letter.id)!
    const ok = await again(queue, letter, policyOf(letter), plan, bounds.maxAttempts, handler, report)
    if (ok === undefined) return
    results.set(letter.id, ok)
    if (stopWhen) {
      const { failures, of = 20 } = stopWhen
      last.push(ok)
      if (last.length > of) last.shift()
      // Those that are not known yet count as no failures.
      report.stopped ||= last.filter((ok) => !ok).length > failures * of + 1e-9
    }
    judge(letter, ok)
  }

  interface Group {
    first: number
    succeeded: number
    held: DeadLetter[]
  }
  const groups = new Map<string, Group>()
  /** What follows its canaries. */
  const released: DeadLetter[] = []
  const groupOf = (letter: DeadLetter) => groups.get(GROUPS[canary!.by ?? 'pattern'](letter))

  /** Whether the rest of a group follows, now that one of its first is known. */
  const judge = (letter: DeadLetter, ok: boolean) => {
    const group = canary && groupOf(letter)
    if (!group) return
    group.succeeded += +ok
    if (!report.stopped && group.succeeded >= Math.ceil(group.first * (canary.needs ?? 0.8) - 1e-9)) released.push(...group.held.splice(0))
  }

  /** Sends letters back, in order, and waits for all of them. */
  const run = async (letters: readonly DeadLetter[]) => {
    const results = new Map<number, boolean>()
    // What waited for others is paced from now on.
    ;[began, slot] = [Math.max(began + slot * every, queue.clock.now()), 0]
    for (let from = 0; from < letters.length; from += BATCH) {
      const batch = letters.slice(from, from + BATCH)
      if (faults.length || signal?.aborted) {
        report.skipped += batch.length
        continue
      }
      const taken = await queue.take(batch)
      report.skipped += batch.length - taken.length
      let next = 0
      const lane = async () => {
        while (next < taken.length) await one(taken[next++]!, results)
      }
      const guarded = () => lane().catch((fault) => {
        faults.push(fault)
        report.skipped += taken.length - next
        next = taken.length
      })
      await Promise.all(Array.from({ length: Math.min(concurrency, taken.length) }, guarded))
      await queue.release(taken.map((letter) => letter.id)).catch((fault) => faults.push(fault))
    }
    return results
  }

  await run(park)
  if (canary) {
    let first: DeadLetter[] = []
    for (const letter of chosen) {
      const name = GROUPS[canary.by ?? 'pattern'](letter)
      const group = groups.get(name) ?? { first: 0, succeeded: 0, held: [] }
      groups.set(name, group)
      if (group.first < canary.count) {
        group.first++
        first.push(letter)
      } else group.held.push(letter)
    }
    while (first.length) {
      const results = await run(first)
      // Where a letter could not go, another one of its group takes its place.
      const missing = report.stopped || signal?.aborted || faults.length ? [] : first.filter(({ id }) => !results.has(id))
      first = missing.flatMap((letter) => groupOf(letter)!.held.shift() ?? (groupOf(letter)!.first--, []))
    }
    await run(released)
    for (const { held } of groups.values()) report.heldBack += held.length
  } else await run(chosen)
  if (!faults.length) return report
  if (faults[0] instanceof StorageError) faults[0].report = report
  throw faults[0]
}

/** The policy of each letter's next life: one object for all letters of one policy, so that they share its budget. */
function policies(plan: RedrivePlan, { counter, maxAttempts, most }: { counter: 'reset' | 'keep' | { add: number }; maxAttempts: number; most: number }): (letter: DeadLetter) => RetryPolicy {
  const known = new Map<string, RetryPolicy>()
  return (letter) => {
    const text = JSON.stringify(letter.policy)
    let policy = known.get(text)
    if (!policy) {
      policy = plan.policy ?? new RetryPolicy(letter.policy ?? {})
      const { terms, deadline } = policy.plan
      const own = terms.row[3] || Infinity
      let attempts = counter == 'reset' ? own : counter == 'keep' ? 1 : counter.add
      const options = policy.toJSON()
      let changed = attempts != own
      // A letter's own policy may be a stranger's: it is not to call, or to wait, for ever.
      if (!plan.policy && (attempts > maxAttempts || !(deadline <= most))) {
        attempts = Math.min(attempts, maxAttempts)
        options.maxElapsed = deadline <= most ? deadline : most
        changed = true
      }
      if (changed) policy = new RetryPolicy({ ...options, maxAttempts: attempts })
      known.set(text, policy)
    }
    return policy
  }
}

/** One life of a letter: whether it succeeded; `undefined` where it was ended in the middle. */
async function again(queue: Source, letter: DeadLetter, policy: RetryPolicy, plan: RedrivePlan, most: number, handler: Handler, report: RedriveReport): Promise<boolean | undefined> {
  report.scheduled++
  const options: RetryOptions = { key: letter.key, seed: letter.seed, clock: queue.clock, signal: plan.signal }
  // What costs no attempt has an end, too.
  if (!plan.policy) options.retryOn = (_, { attempt }) => (attempt > most ? false : undefined)
  const failed = await retry((context) => handler(letter, context), policy, options).then(() => undefined, (error: unknown) => ({ error }))
  if (!failed) {
    report.succeeded++
    await queue.remove(letter.id)
    return true
  }
  const { error } = failed
  // It was neither done nor given up: it stays as it was.
  if (error instanceof RetryAbortedError) return void report.skipped++
  report.failed++
  await queue.replace(deadAgain(letter, error, queue.clock.now()))
  return false
}

/** The letter after a life that ended as the ones before. */
function deadAgain(letter: DeadLetter, error: unknown, now: number): DeadLetter {
  const dead = error instanceof DeadLetterError ? error : undefined
  const attempts = dead?.attempts ?? 1
  const tried = dead?.errors ?? [{ attempt: 1, startedAt: now, endedAt: now, delay: 0, error }]
  const { history, forgotten } = remembered(tried.map((attempt) => ({ ...attempt, error: failureOf(attempt.error) })), attempts)
  return {
    ...letter,
    reason: dead && dead.reason != 'discarded' && dead.reason != 'failed' ? dead.reason : 'permanent',
    earlierAttempts: letter.earlierAttempts + letter.attempts,
    attempts,
    redrives: letter.redrives + 1,
    parked: false,
    lastFailedAt: history.at(-1)?.endedAt ?? now,
    diedAt: now,
    lastError: history.at(-1)?.error ?? null,
    history,
    forgotten,
  }
}

function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> | undefined {
  if (!(ms > 0) || signal?.aborted) return
  return new Promise<void>((resolve) => {
    const timer = clock.setTimeout(done, Math.ceil(ms))
    signal?.addEventListener('abort', done)
    function done() {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}
