// The record of a dead letter, `redrive-dead-letter/1`: one line of NDJSON, the same in Rust and here.
import { compile } from './compile.js'
import { ConfigError } from './errors.js'
import type { DeadLetter, Failure, PastAttempt } from './letter.js'
import { fields } from './read.js'
import { REASONS } from './table.js'
import type { Reason } from './types.js'

const SCHEMA = 'redrive-dead-letter/1'
const FIELDS = ['schema', 'id', 'lineage', 'key', 'type', 'payload', 'reason', 'attempts', 'earlierAttempts', 'redrives', 'parked', 'firstFailedAtNs', 'lastFailedAtNs', 'diedAtNs', 'lastError', 'history', 'forgotten', 'policy', 'policyFingerprint', 'seed']

type Record = { [name: string]: any }

/**
 * What a letter, or an attempt of its history, was read from. Rust counts nanoseconds, and a number of
 * milliseconds cannot hold those of a date: what nobody changed is written as it was read.
 */
const sources = new WeakMap<object, Record>()

/** Says that `letter` is `old` with some fields changed. */
export function inherit<T extends object>(letter: T, old: object): T {
  const source = sources.get(old)
  if (source) sources.set(letter, source)
  return letter
}

const whole = (number: bigint) => (number <= 9007199254740991n ? Number(number) : String(number))

/** The nanoseconds of `thing[field]`, in milliseconds: a number where that is exact, else decimal text. */
function ns(thing: any, field: string): unknown {
  const [name, ms, source] = [field + 'Ns', thing[field], sources.get(thing)]
  if (source && name in source && Number(source[name] ?? 0) / 1e6 === ms) return source[name]
  return whole(BigInt(Math.round(Math.max(ms, 0) * 1000)) * 1000n)
}

function failureRecord(failure: Failure | null) {
  if (!failure) return null
  const { retryAfter, ...rest } = failure
  return retryAfter === undefined ? rest : { ...rest, retryAfterNs: ns(failure, 'retryAfter') }
}

/** A letter as it is written. */
export function toRecord(letter: DeadLetter): Record {
  const record: Record = {
    schema: SCHEMA,
    id: letter.id,
    lineage: letter.lineage,
    key: letter.key,
    type: letter.taskType,
    payload: letter.payload,
    reason: letter.reason,
    attempts: letter.attempts,
    earlierAttempts: letter.earlierAttempts,
    redrives: letter.redrives,
    parked: letter.parked,
    firstFailedAtNs: ns(letter, 'firstFailedAt'),
    lastFailedAtNs: ns(letter, 'lastFailedAt'),
    diedAtNs: ns(letter, 'diedAt'),
    lastError: failureRecord(letter.lastError),
    history: letter.history.map((past) => ({
      attempt: past.attempt,
      startedAtNs: ns(past, 'startedAt'),
      endedAtNs: ns(past, 'endedAt'),
      delayNs: ns(past, 'delay'),
      error: failureRecord(past.error),
    })),
    forgotten: letter.forgotten,
    policy: letter.policy,
  }
  // Rust's, of the same policy: a redrive changes neither.
  const print = sources.get(letter)?.['policyFingerprint']
  if (print != null) record['policyFingerprint'] = print
  record['seed'] = whole(BigInt(letter.seed))
  return record
}

/** One record a line. Half a surrogate pair, which JavaScript's texts may hold and no other's, is replaced. */
export const toLines = (letters: readonly DeadLetter[]): string =>
  letters.map((letter) => JSON.stringify(toRecord(letter)).replace(/\\\\|\\ud[89a-f]../g, (found) => (found == '\\\\' ? found : '\\ufffd')) + '\n').join('')

/** @throws {ConfigError} that names the field. */
export function fromRecord(value: unknown): DeadLetter {
  const record = fields(typeof value == 'string' ? JSON.parse(value) : value, 'letter', FIELDS)
  if (record['schema'] != SCHEMA) throw new ConfigError('schema', `= ${record['schema']} is not "${SCHEMA}"`)
  if (!REASONS.includes(record['reason'])) throw new ConfigError('reason', `= ${record['reason']} is none of: ${REASONS.join(', ')}`)
  if (record['key'] == null) throw new ConfigError('key', 'is missing')
  if (record['diedAtNs'] == null) throw new ConfigError('diedAtNs', 'is missing')
  if (record['policy']) compile(record['policy'])
  const list = record['history'] ?? []
  if (!Array.isArray(list)) throw new ConfigError('history', 'is no list of attempts')
  const history = list.map(attempt)
  number(record, 'seed')
  const letter: DeadLetter = Object.freeze({
    id: number(record, 'id'),
    lineage: number(record, 'lineage'),
    key: String(record['key']),
    taskType: String(record['type'] ?? ''),
    payload: record['payload'] ?? null,
    reason: record['reason'] as Reason,
    attempts: number(record, 'attempts'),
    earlierAttempts: number(record, 'earlierAttempts'),
    redrives: number(record, 'redrives'),
    parked: record['parked'] ?? false,
    firstFailedAt: ms(record, 'firstFailedAt'),
    lastFailedAt: ms(record, 'lastFailedAt'),
    diedAt: ms(record, 'diedAt'),
    lastError: history.at(-1)?.error ?? null,
    history,
    forgotten: number(record, 'forgotten'),
    policy: record['policy'] ?? null,
    seed: String(record['seed'] ?? 0),
  })
  sources.set(letter, record)
  return letter
}

function number(record: Record, name: string): number {
  const given = record[name] ?? 0
  if (!/^\d+$/.test(String(given))) throw new ConfigError(name, `= ${given} is no whole number`)
  return Number(given)
}

const ms = (record: Record, name: string) => number(record, name + 'Ns') / 1e6

function attempt(value: unknown, index: number): PastAttempt {
  const record = fields(value, `history[${index}]`, ['attempt', 'startedAtNs', 'endedAtNs', 'delayNs', 'error'])
  const past = {
    attempt: number(record, 'attempt'),
    startedAt: ms(record, 'startedAt'),
    endedAt: ms(record, 'endedAt'),
    delay: ms(record, 'delay'),
    error: failure(record['error'], `history[${index}].error`),
  }
  sources.set(past, record)
  return past
}

function failure(value: unknown, path: string): Failure {
  const record = fields(value, path, ['kind', 'message', 'code', 'retryAfterNs'])
  const { kind, message = '', code, retryAfterNs } = record
  if (typeof kind != 'string') throw new ConfigError(path + '.kind', 'is missing')
  const failure: Failure = { kind, message }
  if (code != null) failure.code = code
  if (retryAfterNs != null) failure.retryAfter = ms(record, 'retryAfter')
  sources.set(failure, record)
  return failure
}
