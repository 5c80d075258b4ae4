// How a queue is kept, what it says of itself, and what its methods share.
import { ConfigError, LetterError, StorageError } from './errors.js'
import type { DeadLetter } from './letter.js'
import type { Storage } from './store.js'
import { messageOf } from './text.js'
import type { Clock, Duration } from './types.js'

/** Why a letter left the queue without anybody asking. */
export type DropCause = 'full' | 'retention'

/** How a queue is kept. */
export interface QueueOptions {
  /** The most letters that it holds; `null` is unlimited. Default 10,000. */
  capacity?: number | null
  /** What happens when it is full: refuse the new one (default), or drop the oldest, or the new one. */
  full?: 'reject' | 'dropOldest' | 'dropNew'
  /** How long after its death a letter is kept. Default: for ever. */
  retention?: Duration | null
  /** Where letters outlive the process: an `unstorage` instance. */
  storage?: Storage
  /** The first part of every key in the storage. Default `redrive`. */
  prefix?: string
  /** How long the storage may take to answer before that counts as a failure. Default 10 s. */
  storageTimeout?: Duration
  /**
   * How long a letter that a redrive has in work is its own, without a sign of life: no other process with this
   * storage runs it meanwhile. Renewed while the redrive lives. Default 1 minute; the clocks of the processes have
   * to agree by less.
   */
  lease?: Duration
  /**
   * What a letter is to be without: called with each before anything else sees it, also when it has died again. Gives
   * the letter, or the fields that change: `({ payload }) => ({ payload: { ...payload, card: '…' } })`. Of one for
   * which it throws only the kinds of its failures are kept, without payload and messages, and the caller is told.
   */
  redact?: (letter: DeadLetter) => Partial<DeadLetter>
  /** Called with every letter that came in. */
  onPush?: (letter: DeadLetter) => unknown
  /** Called with every letter that was dropped, and why. */
  onDrop?: (letter: DeadLetter, cause: DropCause) => unknown
  /** Where time comes from. */
  clock?: Clock
}

/** What a queue holds, and what came and went since it was made. */
export interface QueueStats {
  size: number
  pushed: number
  /** Taken out by `remove`, `purge` or a redrive that succeeded. */
  removed: number
  dropped: { full: number; retention: number }
  /** Turned away because the queue was full. */
  refused: number
  /** Changes that the storage has not taken yet: see `flush`. */
  unsaved: number
  /** Items of the storage, and lines of imports, that are not letters: left where they are, and in `setAside`. */
  damaged: number
  byReason: Record<string, number>
}

/** Letters are data: what they hold is what JSON can hold. */
export function plain(value: unknown, name: string) {
  try {
    return value === undefined ? null : JSON.parse(JSON.stringify(value) ?? 'null')
  } catch (error) {
    throw new ConfigError(name, `cannot be written as JSON: ${messageOf(error)}`)
  }
}

/** Takes down the first thing that went wrong, so that the rest is done all the same. */
export class Faults {
  first: { fault: unknown } | undefined
  /** What a callback threw: the letter is where it should be. */
  heard: { name: string; fault: unknown } | undefined
  readonly note = (fault: unknown) => void (this.first ??= { fault })
  async hear(name: string, call: () => unknown) {
    try {
      await call()
    } catch (fault) {
      this.heard ??= { name, fault }
    }
  }
  throw(letter?: DeadLetter) {
    if (this.first) throw new StorageError(this.first.fault, letter)
    if (this.heard) throw new LetterError(`${this.heard.name} threw: ${messageOf(this.heard.fault)}`, letter, { cause: this.heard.fault })
  }
}

/** A line of an import that is not a letter. */
export interface SetAside {
  /** Its number, from 1. */
  line: number
  /** The line itself: what could not be read is not lost. */
  text: string
  error: unknown
}

export const OPTIONS = ['capacity', 'full', 'retention', 'storage', 'prefix', 'storageTimeout', 'lease', 'redact', 'onPush', 'onDrop', 'clock']
export const HINTS = { maxSize: 'capacity', max: 'capacity', limit: 'capacity', size: 'capacity', onFull: 'full', ttl: 'retention', maxAge: 'retention', timeout: 'storageTimeout' }
export const LETTER = ['id', 'lineage', 'key', 'taskType', 'payload', 'reason', 'attempts', 'earlierAttempts', 'redrives', 'parked', 'firstFailedAt', 'lastFailedAt', 'diedAt', 'lastError', 'history', 'forgotten', 'policy', 'seed']
