// The record of a dead letter, `redrive-dead-letter/1`: one line of NDJSON, the same in Rust and here. What Rust
// refuses is refused here: one that only one of the two reads would be lost at the other.
import { compile } from './compile.js'
import { ConfigError } from './errors.js'
import type { DeadLetter, Failure, PastAttempt } from './letter.js'
import { LONGEST } from './options.js'
import { fields, show } from './read.js'
import { REASONS } from './table.js'
import type { Reason } from './types.js'

const SCHEMA = 'redrive-dead-letter/1'
const FIELDS = ['schema', 'id', 'lineage', 'key', 'type', 'payload', 'reason', 'attempts', 'earlierAttempts', 'redrives', 'parked', 'firstFailedAtNs', 'lastFailedAtNs', 'diedAtNs', 'lastError', 'history', 'forgotten', 'policy', 'policyFingerprint', 'seed']

const REDRIVEN = 'redrive-redriven/1'
/** The largest number of 64 bits, and of 32. */
const U64 = 2n ** 64n - 1n
const U32 = 2 ** 32 - 1
/** The most attempts that a history has. */
const HISTORY = 10_000

type Record = { [name: string]: any }

/**
 * What a letter, or an attempt of its history, was read from. Rust counts nanoseconds, and a number of
 * milliseconds cannot hold those of a date: what was not changed is written as it was read.
 */
const sources = new WeakMap<object, Record>()

/** Says that `letter` is `old` with some fields changed. */
export function inherit<T extends object>(letter: T, old: object): T {
  const source = sources.get(old)
  if (source) sources.set(letter, source)
  const payload = raw.get(old)
  if (payload !== undefined && (letter as any).payload === (old as any).payload) raw.set(letter, payload)
  return letter
}

const whole = (number: bigint) => (number <= 9007199254740991n ? Number(number) : String(number))

/** A count, as it was read where a number would not hold its last digits. */
function count(letter: any, field: string): unknown {
  const source = sources.get(letter)?.[field]
  return typeof source == 'string' && Number(source) === letter[field] ? source : letter[field]
}

/** The nanoseconds of `thing[field]`, in milliseconds: a number where that is exact, else decimal text. */
function ns(thing: any, field: string): unknown {
  const [name, ms, source] = [field + 'Ns', thing[field], sources.get(thing)]
  if (source && name in source && Number(source[name] ?? 0) / 1e6 === ms) return source[name]
  if (!(Math.abs(ms) < 1.85e13)) throw new ConfigError(field, `= ${show(ms)} is not a time in milliseconds`)
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
    lineage: count(letter, 'lineage'),
    key: letter.key,
    type: letter.taskType,
    payload: letter.payload,
    reason: letter.reason,
    attempts: letter.attempts,
    earlierAttempts: count(letter, 'earlierAttempts'),
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
    forgotten: count(letter, 'forgotten'),
    policy: letter.policy,
  }
  // Rust's, of the same policy: a redrive changes neither.
  const print = sources.get(letter)?.['policyFingerprint']
  if (print != null) record['policyFingerprint'] = print
  record['seed'] = /^\d+$/.test(letter.seed) ? whole(BigInt(letter.seed)) : letter.seed
  return record
}

/** Payloads as they were written, where a number in them says more than JavaScript can keep. */
const raw = new WeakMap<object, string>()

/** The text of a payload that is kept as it was written. */
export const rawPayload = (letter: object): string | undefined => raw.get(letter)

/** One record a line. Half a surrogate pair, which JavaScript's texts may hold and no other's, is replaced. */
export const toLines = (letters: readonly DeadLetter[]): string => letters.map((letter) => toLine(letter) + '\n').join('')

function toLine(letter: DeadLetter): string {
  const record = toRecord(letter)
  const payload = raw.get(letter)
  const text = JSON.stringify(record, payload === undefined ? undefined : (name, value) => (name == 'payload' && value === record['payload'] ? PLACE : value))
  const line = text.replace(/\\\\|\\ud[89a-f]../g, (found) => (found == '\\\\' ? found : '\\ufffd'))
  return payload === undefined ? line : line.replace(`"payload":${PLACE}`, () => `"payload":${payload}`)
}

/** A number in the place of a payload until its text takes it. */
const PLACE = 1

/** What a letter is in a storage: an object, or its line where an object would lose digits. */
export const toStored = (letter: DeadLetter): unknown => (raw.has(letter) ? LINE + toLine(letter) : toRecord(letter))
const LINE = 'line:'

/** The text of a field of a JSON object that is known to be valid, where there is one. */
function textOfField(text: string, wanted: string): string | undefined {
  let [depth, start, name] = [0, -1, '']
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    if (depth == 1 && (token == ',' || token == '}')) {
      if (start >= 0 && name == wanted) return text.slice(start, index).trim()
      start = -1
    }
    if (depth == 1 && token == ':' && start < 0) start = index + 1
    else if (depth == 1 && token[0] == '"' && start < 0) name = JSON.parse(token)
    depth += { '{': 1, '[': 1, '}': -1, ']': -1 }[token] ?? 0
  }
  return undefined
}

/** Whether a JSON text has a number that JavaScript would write otherwise. */
const loses = (text: string) => text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g)?.some((number) => JSON.stringify(Number(number)) != number) ?? false

/** @throws {ConfigError} that names the field. */
export function fromRecord(value: unknown): DeadLetter {
  const text = typeof value == 'string' ? value.replace(/^line:/, '') : undefined
  let given = text === undefined ? value : JSON.parse(text)
  let line = text
  if (given?.schema === REDRIVEN) {
    // On its way back to work: what it was is within.
    fields(given, 'redriven', ['schema', 'atNs', 'moreAttempts', 'letter'])
    given = given.letter
    line = line && textOfField(line, 'letter')
  }
  const record = fields(given, 'letter', FIELDS)
  if (record['schema'] !== SCHEMA) throw new ConfigError('schema', `= ${show(record['schema'])} is not "${SCHEMA}"`)
  if (!REASONS.includes(record['reason'])) throw new ConfigError('reason', `= ${show(record['reason'])} must be one of: ${REASONS.join(', ')}`)
  const { key } = record
  if (typeof key != 'string' && !(Number.isSafeInteger(key) && key >= 0)) throw new ConfigError('key', key == null ? 'is missing' : `= ${show(key)} is not a text or a whole number`)
  // What a seed and key are hashed in holds no more.
  if ((key as string).length > LONGEST) throw new ConfigError('key', `is longer than ${LONGEST} characters`)
  if (record['diedAtNs'] == null) throw new ConfigError('diedAtNs', 'is missing')
  if (record['policy'] != null) compile(record['policy'])
  const list = record['history'] ?? []
  if (!Array.isArray(list) || list.length > HISTORY) throw new ConfigError('history', `is not a list of up to ${HISTORY} attempts`)
  const history = list.map(attempt)
  if (record['lastError'] != null) failure(record['lastError'], 'lastError')
  const parked = record['parked'] ?? false
  if (typeof parked != 'boolean') throw new ConfigError('parked', `= ${show(parked)} is not true or false`)
  const print = record['policyFingerprint']
  if (print != null && !/^[\da-f]{1,16}$/i.test(print)) throw new ConfigError('policyFingerprint', `= ${show(print)} is not a hexadecimal number of 64 bits`)
  number(record, 'seed')
  const letter: DeadLetter = Object.freeze({
    id: number(record, 'id'),
    lineage: number(record, 'lineage'),
    key: String(key),
    taskType: words(record, 'type'),
    payload: record['payload'] ?? null,
    reason: record['reason'] as Reason,
    attempts: number(record, 'attempts', U32),
    earlierAttempts: number(record, 'earlierAttempts'),
    redrives: number(record, 'redrives', U32),
    parked,
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
  const payload = line && textOfField(line, 'payload')
  if (payload && loses(payload)) raw.set(letter, payload)
  return letter
}

/** A text, empty where there is none. */
function words(record: Record, name: string): string {
  const given = record[name] ?? ''
  if (typeof given != 'string') throw new ConfigError(name, `= ${show(given)} is not a text`)
  return given
}

function number(record: Record, name: string, most: number | bigint = U64): number {
  const given = record[name] ?? 0
  const valid = typeof given == 'number' ? Number.isSafeInteger(given) : typeof given == 'string' && /^\d{1,20}$/.test(given)
  if (!valid || given < 0 || BigInt(given) > most) throw new ConfigError(name, `= ${show(given)} is not a whole number from 0 to ${most}`)
  return Number(given)
}

const ms = (record: Record, name: string) => number(record, name + 'Ns') / 1e6

function attempt(value: unknown, index: number): PastAttempt {
  const record = fields(value, `history[${index}]`, ['attempt', 'startedAtNs', 'endedAtNs', 'delayNs', 'error'])
  const past = {
    attempt: number(record, 'attempt', U32),
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
  const { kind, code, retryAfterNs } = record
  if (typeof kind != 'string') throw new ConfigError(path + '.kind', kind == null ? 'is missing' : `= ${show(kind)} is not a text`)
  const failure: Failure = { kind, message: words(record, 'message') }
  if (code != null) failure.code = words(record, 'code')
  if (retryAfterNs != null) {
    // A server may ask for longer than 64 bits of nanoseconds hold: its letter is kept all the same.
    if (/^\d{20,}$/.test(retryAfterNs) && BigInt(retryAfterNs) > U64) record['retryAfterNs'] = String(U64)
    failure.retryAfter = ms(record, 'retryAfter')
  }
  sources.set(failure, record)
  return failure
}
