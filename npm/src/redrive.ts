// Sending dead letters back to work: which, when, under which policy, and what became of them.
import { ConfigError, DeadLetterError, RetryAbortedError, StorageError } from './errors.js'
import type { DeadLetter, RedriveReport } from './letter.js'
import { failureOf, remembered, type Filter } from './letters.js'
import type { RetryOptions } from './options.js'
import { RetryPolicy } from './policy.js'
import { retry } from './retry.js'
import { messageOf } from './text.js'
import type { AttemptContext, Clock, Duration, Seed } from './types.js'

/** How letters are sent back to work. */
export interface RedrivePlan {
  /** Which letters; all but the parked ones if not given. `{ parked: true }` sends parked ones back. */
  filter?: Filter
  /** How many at most. */
  limit?: number
  /** How many a second. Default 50; `Infinity` is as fast as `concurrency` allows. */
  rate?: number
  /** A random wait of up to this for each letter, so that a redrive is no herd of its own. Default: one slot of `rate`. */
  spread?: Duration
  /** Attempts of the next life: all of the policy's (default), one more, or so many more. */
  counter?: 'reset' | 'keep' | { add: number }
  /** A letter redriven so often is parked instead. Default 3; `null` is no limit. */
  maxRedrives?: number | null
  /** How many handlers run at once. Default 16. */
  concurrency?: number
  /** The policy of the next life. Default: the letter's own. */
  policy?: RetryPolicy
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
  get(id: number): DeadLetter | undefined
  remove(id: number): Promise<unknown>
  replace(letter: DeadLetter): Promise<void>
}

/** Runs a redrive to its end. What the storage refuses ends it: the letters in work are waited for. */
export async function redrive(queue: Source, plan: RedrivePlan, handler: Handler): Promise<RedriveReport> {
  const { limit = Infinity, rate = 50, maxRedrives = 3, concurrency = 16, signal, filter } = plan
  if (!(rate > 0)) throw new ConfigError('rate', `= ${rate} is no number of letters a second; write one like 50`)
  if (!(concurrency >= 1)) throw new ConfigError('concurrency', `= ${concurrency} is below 1`)
  const parked = typeof filter == 'object' && filter.parked === true
  const letters = queue.list(filter).filter((letter) => parked || !letter.parked).slice(0, limit)
  const report = { selected: letters.length, scheduled: 0, succeeded: 0, failed: 0, parked: 0, skipped: 0 }
  // The spread is drawn by the engine, like every other wait.
  const spread = RetryPolicy.constant({ delay: plan.spread ?? (rate < Infinity ? 1000 / rate : 0), jitter: 'full', maxAttempts: 2 })
  const policyOf = policies(plan)
  const began = queue.clock.now()
  const faults: unknown[] = []
  let slot = 0
  const work = async () => {
    for (let letter = letters.shift(); letter; letter = letters.shift()) {
      if (!parked && maxRedrives !== null && letter.redrives >= maxRedrives) {
        report.parked++
        await queue.replace({ ...letter, parked: true })
        continue
      }
      const [wait] = spread.delays({ seed: plan.seed ?? letter.seed, key: letter.id })
      await sleep(queue.clock, began + (slot++ * 1000) / rate + wait! - queue.clock.now(), signal)
      if (signal?.aborted || faults.length || !queue.get(letter.id)) report.skipped++
      else await again(queue, letter, policyOf(letter), plan, handler, report)
    }
  }
  const guarded = () => work().catch((fault) => {
    faults.push(fault)
    report.skipped += letters.splice(0).length
  })
  await Promise.all(Array.from({ length: Math.min(concurrency, letters.length) }, guarded))
  if (!faults.length) return report
  if (faults[0] instanceof StorageError) faults[0].report = report
  throw faults[0]
}

/** The policy of each letter's next life: one object for all letters of one policy, so that they share its budget. */
function policies(plan: RedrivePlan): (letter: DeadLetter) => RetryPolicy {
  const known = new Map<string, RetryPolicy>()
  return (letter) => {
    const text = JSON.stringify(letter.policy)
    let policy = known.get(text)
    if (!policy) {
      policy = plan.policy ?? new RetryPolicy(letter.policy ?? {})
      const { counter = 'reset' } = plan
      if (counter != 'reset') policy = new RetryPolicy({ ...policy.toJSON(), maxAttempts: counter == 'keep' ? 1 : counter.add })
      known.set(text, policy)
    }
    return policy
  }
}

async function again(queue: Source, letter: DeadLetter, policy: RetryPolicy, plan: RedrivePlan, handler: Handler, report: RedriveReport) {
  report.scheduled++
  const options: RetryOptions = { key: letter.key, seed: letter.seed, clock: queue.clock, signal: plan.signal }
  const failed = await retry((context) => handler(letter, context), policy, options).then(() => undefined, (error: unknown) => ({ error }))
  if (!failed) {
    report.succeeded++
    await queue.remove(letter.id)
    return
  }
  const { error } = failed
  // It was neither done nor given up: it stays as it was.
  if (error instanceof RetryAbortedError) return void report.skipped++
  report.failed++
  await queue.replace(deadAgain(letter, error, queue.clock.now()))
}

/** The letter after a life that ended as the ones before. */
function deadAgain(letter: DeadLetter, error: unknown, now: number): DeadLetter {
  const dead = error instanceof DeadLetterError ? error : undefined
  const attempts = dead?.attempts ?? 1
  const tried = dead?.errors ?? [{ attempt: 1, startedAt: now, endedAt: now, delay: 0, error }]
  const { history, forgotten } = remembered(tried.map((attempt) => ({ ...attempt, error: failureOf(attempt.error, messageOf(attempt.error)) })), attempts)
  return {
    ...letter,
    reason: dead && dead.reason != 'discarded' ? dead.reason : 'permanent',
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
