// What a dead letter is, and how letters are chosen and grouped.
import { fields } from './compile.js'
import { ConfigError } from './errors.js'
import { nanoseconds } from './duration.js'
import type { Duration, PolicyOptions, Reason, Seed } from './types.js'

/** What a failure was, in words that survive the process. */
export interface Failure {
  /** The error's `kind`, or else its name. At most 128 bytes. */
  kind: string
  /** What it said: at most 1024 bytes, `…` where more was cut off. */
  message: string
  /** The error's `code`, where it has one. */
  code?: string
  /** The wait that the server asked for, in milliseconds: the error's `retryAfter`. */
  retryAfter?: number
}

/** One remembered attempt of a dead letter. Times are milliseconds of the clock. */
export interface PastAttempt {
  /** Its number, from 1. */
  attempt: number
  startedAt: number
  endedAt: number
  /** The wait before it, in milliseconds: 0 before the first. */
  delay: number
  error: Failure
}

/** A task that will not be retried: why, with its history, and all that it takes to send it back to work. */
export interface DeadLetter {
  /** Its number in the queue, from 1. */
  readonly id: number
  /** The id of the first dead letter of this task: redriven letters keep it. */
  readonly lineage: number
  /** The option `key` of the `retry` that gave up. */
  readonly key: string
  /** Its option `taskType`, else empty. */
  readonly taskType: string
  /** Its option `payload`, as JSON keeps it; `null` if there was none. */
  readonly payload: unknown
  /** Why it will not be retried. */
  readonly reason: Reason
  /** Attempts of its last life. */
  readonly attempts: number
  /** Attempts of all lives before the last. */
  readonly earlierAttempts: number
  /** How often it was sent back to work, and died again. */
  readonly redrives: number
  /** Redriven as often as allowed: it waits for a person. */
  readonly parked: boolean
  /** When its first attempt failed. */
  readonly firstFailedAt: number
  readonly lastFailedAt: number
  /** When the policy gave it up: what `retention` counts from. */
  readonly diedAt: number
  /** The last failure of the history. */
  readonly lastError: Failure | null
  /** Its failed attempts, oldest first: the last 20. */
  readonly history: readonly PastAttempt[]
  /** Attempts that the history no longer holds. */
  readonly forgotten: number
  /** The policy that it died under; `null` for the default one. */
  readonly policy: PolicyOptions | null
  /** What its delays were drawn from. */
  readonly seed: string
}

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

/** A text of anything that can be thrown. */
export function textOf(thing: unknown): string {
  try {
    return String(thing)
  } catch {
    return 'a thing without a text'
  }
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
