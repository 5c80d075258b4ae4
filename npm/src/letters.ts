// How letters are chosen and grouped, and what of an error they keep.
import { ConfigError } from './errors.js'
import { nanoseconds } from './duration.js'
import type { DeadLetter, Failure } from './letter.js'
import { fields } from './read.js'
import { textOf } from './text.js'
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
const HISTORY = 20

/** What Rust keeps of a failure: the bytes of a kind or code, and of a message. */
const KIND = 128
const MESSAGE = 1024

/** `text`, or as much of it as fits into so many bytes of UTF-8 with `…` behind it. */
function cut(text: string, limit: number): string {
  const encoder = new TextEncoder()
  if (encoder.encodeInto(text, new Uint8Array(limit)).read == text.length) return text
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(limit - 3)).read) + '…'
}

/** What of an error survives the process. */
export function failureOf(error: unknown, message: string): Failure {
  const { name, code, kind, retryAfter } = (error ?? {}) as Record<string, unknown>
  const failure: Failure = { kind: cut(textOf(kind ?? name ?? typeof error), KIND), message: cut(message, MESSAGE) }
  if (code != null) failure.code = cut(textOf(code), KIND)
  if ((retryAfter as number) >= 0) failure.retryAfter = Number(retryAfter)
  return failure
}

/** The attempts that a letter remembers, and how many it does not. */
export const remembered = <T>(attempts: readonly T[], made: number) => {
  const history = attempts.slice(-HISTORY)
  return { history, forgotten: Math.max(made - history.length, 0) }
}

/** The predicate that a filter stands for. */
export function chooser(filter: Filter, now: number): (letter: DeadLetter) => boolean {
  if (typeof filter == 'function') return filter
  // A misspelt field would let every letter through, to be purged.
  fields(filter, 'filter', ['ids', 'key', 'reason', 'kind', 'taskType', 'message', 'olderThan', 'youngerThan', 'parked'])
  const ms = (value: Duration | undefined, name: string) => {
    const span = value === undefined ? NaN : nanoseconds(value) / 1e6
    if (value !== undefined && !(span >= 0)) throw new ConfigError('filter.' + name, `= ${value} is no duration; write one like "2h"`)
    return span
  }
  const [older, younger] = [ms(filter.olderThan, 'olderThan'), ms(filter.youngerThan, 'youngerThan')]
  const reasons = filter.reason === undefined ? undefined : [filter.reason].flat()
  return (letter) =>
    !(filter.ids && !filter.ids.includes(letter.id)) &&
    !(filter.key !== undefined && letter.key != String(filter.key)) &&
    !(reasons && !reasons.includes(letter.reason)) &&
    !(filter.kind !== undefined && letter.lastError?.kind != filter.kind) &&
    !(filter.taskType !== undefined && letter.taskType != filter.taskType) &&
    !(filter.message !== undefined && !letter.lastError?.message.includes(filter.message)) &&
    !(filter.parked !== undefined && letter.parked != filter.parked) &&
    !(now - letter.diedAt < older) &&
    !(now - letter.diedAt >= younger)
}

/** What letters can be grouped by. */
export const GROUPS = {
  reason: (letter: DeadLetter) => letter.reason as string,
  kind: (letter: DeadLetter) => letter.lastError?.kind ?? '',
  taskType: (letter: DeadLetter) => letter.taskType,
  key: (letter: DeadLetter) => letter.key,
  message: (letter: DeadLetter) => letter.lastError?.message ?? '',
  pattern: (letter: DeadLetter) => (letter.lastError?.message ?? '').replace(/\d+(?:[.,:/-]\d+)*/g, '#'),
}
