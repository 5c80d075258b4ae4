// The record of a dead letter, `redrive-dead-letter/1`: one line of NDJSON, the same in Rust and here.
import { compile, fields } from './compile.js'
import { ConfigError } from './errors.js'
import { REASONS } from './table.js'
import type { DeadLetter, Failure, PastAttempt } from './dead-letters.js'
import type { Reason } from './types.js'

const SCHEMA = 'redrive-dead-letter/1'
const FIELDS = ['schema', 'id', 'lineage', 'key', 'type', 'payload', 'reason', 'attempts', 'earlierAttempts', 'redrives', 'parked', 'firstFailedAtNs', 'lastFailedAtNs', 'diedAtNs', 'lastError', 'history', 'forgotten', 'policy', 'policyFingerprint', 'seed']

/** Nanoseconds of a time in milliseconds: a number where that is exact, else decimal text. */
const ns = (ms: number) => whole(BigInt(Math.round(Math.max(ms, 0) * 1000)) * 1000n)
const whole = (number: bigint) => (number <= 9007199254740991n ? Number(number) : String(number))

export function toRecord(letter: DeadLetter): Record<string, unknown> {
  return {
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
    firstFailedAtNs: ns(letter.firstFailedAt),
    lastFailedAtNs: ns(letter.lastFailedAt),
    diedAtNs: ns(letter.diedAt),
    lastError: letter.lastError,
    history: letter.history.map(({ attempt, endedAt, delay, error }) => ({
      attempt, startedAtNs: ns(endedAt), endedAtNs: ns(endedAt), delayNs: ns(delay), error,
    })),
    forgotten: letter.forgotten,
    policy: letter.policy,
    seed: whole(BigInt(letter.seed)),
  }
}

/** @throws {ConfigError} that names the field. */
export function fromRecord(value: unknown): DeadLetter {
  const record = fields(typeof value == 'string' ? JSON.parse(value) : value, 'letter', FIELDS)
  if (record['schema'] != SCHEMA) throw new ConfigError('schema', `= ${record['schema']} is not "${SCHEMA}"`)
  if (!REASONS.includes(record['reason'])) throw new ConfigError('reason', `= ${record['reason']} is none of: ${REASONS.join(', ')}`)
  if (record['key'] == null) throw new ConfigError('key', 'is missing')
  const number = (name: string, group = record) => {
    const given = group[name] ?? 0
    if (!/^\d+$/.test(String(given))) throw new ConfigError(name, `= ${given} is no whole number`)
    return Number(given)
  }
  const ms = (name: string, group = record) => number(name, group) / 1e6
  if (record['diedAtNs'] == null) throw new ConfigError('diedAtNs', 'is missing')
  if (record['policy']) compile(record['policy'])
  const history: PastAttempt[] = (record['history'] ?? []).map((item: Record<string, any>) => ({
    attempt: number('attempt', item), endedAt: ms('endedAtNs', item), delay: ms('delayNs', item), error: failure(item['error']),
  }))
  number('seed')
  return Object.freeze({
    id: number('id'),
    lineage: number('lineage'),
    key: String(record['key']),
    taskType: String(record['type'] ?? ''),
    payload: record['payload'] ?? null,
    reason: record['reason'] as Reason,
    attempts: number('attempts'),
    earlierAttempts: number('earlierAttempts'),
    redrives: number('redrives'),
    parked: record['parked'] ?? false,
    firstFailedAt: ms('firstFailedAtNs'),
    lastFailedAt: ms('lastFailedAtNs'),
    diedAt: ms('diedAtNs'),
    lastError: history.at(-1)?.error ?? null,
    history,
    forgotten: number('forgotten'),
    policy: record['policy'] ?? null,
    seed: String(record['seed'] ?? 0),
  })
}

function failure(value: any): Failure {
  if (typeof value?.kind != 'string') throw new ConfigError('history.error.kind', 'is missing')
  const { kind, message = '', code } = value
  return code === undefined ? { kind, message } : { kind, message, code }
}
