// How letters are chosen and grouped, and what of an error they keep.
import { ConfigError } from './errors.js'
import { nanoseconds } from './duration.js'
import type { DeadLetter, Failure } from './letter.js'
import { identify } from './causes.js'
import { known, own, show } from './read.js'
import { REASONS } from './table.js'
import { attempt, cut, messageOf } from './text.js'
import { patternOf } from './words.js'
import type { Duration, Reason, Seed } from './types.js'

/** Which letters. All that is given has to hold; a function decides by itself. */
export type Filter =
  | ((letter: DeadLetter) => boolean)
  | {
      ids?: readonly number[]
      key?: Seed
      /** One reason, or any of several. */
      reason?: Reason | readonly Reason[]
      /** The kind of the last error. */
      kind?: string
      taskType?: string
      /** A part of the last error's message. */
      message?: string
      /** Died at least this long ago. */
      olderThan?: Duration
      /** Died less than this long ago. */
      youngerThan?: Duration
      /** Only parked ones, or only others. */
      parked?: boolean
    }

/** How many attempts a letter remembers. */
const HISTORY = 10

/** What Rust keeps of a failure: the bytes of a kind or code, and of a message. */
const KIND = 128
const MESSAGE = 1024
/** The longest wait in milliseconds that a letter can hold: 64 bits of nanoseconds. */
const LONGEST = 1.8e13

/** What a header says that lets its reader in; a client's errors may quote the headers of a request or an answer. */
const SECRETS = /((?:cookie2?|authorization|x-[\w-]{0,30}(?:key|token))["']?\s*[:=]\s*)(?:("|').*?\2|\[.*?\]|[^\n,}]*)|\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}/gi

const withoutSecrets = (text: string) => text.replace(SECRETS, '$1$3[redacted]')

/** What of an error survives the process. Nothing in it can throw: a letter is stored whatever was thrown. */
export function failureOf(error: unknown): Failure {
  const own = (name: string) => attempt(() => Object(error)[name])
  const { name: kind, code } = identify(error)
  const failure: Failure = { kind: cut(kind, KIND), message: cut(withoutSecrets(messageOf(error)), MESSAGE) }
  if (code != null) failure.code = cut(code, KIND)
  const hint = own('retryAfter')
  if (typeof hint == 'number' && hint >= 0) failure.retryAfter = Math.min(hint, LONGEST)
  return failure
}

/** The attempts that a letter remembers, and how many it does not. */
export const remembered = <T>(attempts: readonly T[], made: number) => {
  const history = attempts.slice(-HISTORY)
  return { history, forgotten: Math.max(made - history.length, 0) }
}

const NAMES = ['ids', 'key', 'reason', 'kind', 'taskType', 'message', 'olderThan', 'youngerThan', 'parked']

/** The predicate of a filter. An empty one would choose every letter, to be purged. */
export function chooser(filter: Filter, now: number): (letter: DeadLetter) => boolean {
  if (typeof filter == 'function') return filter
  known(filter, 'filter', NAMES, HINTS)
  filter = own(filter)
  const wrong = (name: string, value: unknown, what: string): never => {
    throw new ConfigError('filter.' + name, `= ${show(value)} is not ${what}`)
  }
  const given = Object.entries(filter)
  for (const [name, value] of given) {
    if (value === null || (value === undefined && given.every(([, value]) => value === undefined))) {
      throw new ConfigError('filter.' + name, `is ${value}, so every letter would be chosen; leave the filter out where that is meant`)
    }
  }
  const ms = (name: 'olderThan' | 'youngerThan') => {
    const value = filter[name]
    const span = value === undefined ? NaN : nanoseconds(value) / 1e6
    return value === undefined || span >= 0 ? span : wrong(name, value, 'a duration; write one like "2h"')
  }
  const [older, younger] = [ms('olderThan'), ms('youngerThan')]
  const { key, parked } = filter
  const reasons = filter.reason === undefined ? undefined : [filter.reason].flat()
  for (const reason of reasons ?? []) if (!REASONS.includes(reason)) wrong('reason', reason, 'one of: ' + REASONS.join(', '))
  if (reasons?.length === 0) wrong('reason', [], 'a reason')
  if (filter.ids && !(Array.isArray(filter.ids) && filter.ids.every(Number.isSafeInteger))) wrong('ids', filter.ids, 'a list of numbers of letters')
  if (key !== undefined && !/string|number|bigint/.test(typeof key)) wrong('key', key, 'a text or a number')
  const ids = filter.ids && new Set(filter.ids)
  for (const name of ['kind', 'taskType', 'message'] as const) if (filter[name] !== undefined && typeof filter[name] != 'string') wrong(name, filter[name], 'a text')
  if (parked !== undefined && typeof parked != 'boolean') wrong('parked', parked, 'true or false')
  return (letter) =>
    !(ids && !ids.has(letter.id)) &&
    !(key !== undefined && letter.key != String(key)) &&
    !(reasons && !reasons.includes(letter.reason)) &&
    !(filter.kind !== undefined && letter.lastError?.kind != filter.kind) &&
    !(filter.taskType !== undefined && letter.taskType != filter.taskType) &&
    !(filter.message !== undefined && !letter.lastError?.message.includes(filter.message)) &&
    !(parked !== undefined && letter.parked != parked) &&
    !(now - letter.diedAt < older) &&
    !(now - letter.diedAt >= younger)
}

const HINTS = { id: 'ids', reasons: 'reason', type: 'taskType', maxAge: 'youngerThan', minAge: 'olderThan' }

/** What letters can be grouped by. */
export const GROUPS = {
  reason: (letter: DeadLetter) => letter.reason as string,
  kind: (letter: DeadLetter) => letter.lastError?.kind ?? '',
  taskType: (letter: DeadLetter) => letter.taskType,
  key: (letter: DeadLetter) => letter.key,
  message: (letter: DeadLetter) => letter.lastError?.message ?? '',
  /** With its kind: one group a problem. */
  pattern: ({ lastError }: DeadLetter) => [lastError?.kind, patternOf(lastError?.message ?? '')].filter(Boolean).join(': '),
}
