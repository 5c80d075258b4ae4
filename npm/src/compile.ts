// From a policy as it is written to rows of numbers. Which fields there are, what they default to and
// how far they go comes from the core's own table; here is only how to read them.
import { RetryBudget } from './budget.js'
import { choose, type TermsOf } from './classes.js'
import type { Terms } from './core.js'
import { nanoseconds } from './duration.js'
import { ConfigError } from './errors.js'
import * as t from './table.js'
import type { Kinds, Row } from './table.js'
import type { PolicyOptions } from './types.js'

/** A policy, ready to be used. */
export interface Plan {
  json: PolicyOptions
  terms: Terms
  /** The terms that a rule has for this failure; absent where there are no rules. */
  choose?: (error: unknown, wish: unknown) => Terms | undefined
  /** Milliseconds. */
  timeout: number
  deadline: number
  /** Shared by all that use this policy object. */
  budget?: RetryBudget
}

/** A budget's rule as numbers. */
export interface BudgetPlan {
  row: number[]
  cost: number
  costs: Record<string, number>
}

type Fields = Record<string, any>

const show = (value: unknown) => (/bigint|number/.test(typeof value) ? String(value) : JSON.stringify(value) ?? String(value))

/** What other libraries call it. */
const ELSEWHERE: Record<string, string> = {
  retries: 'maxAttempts, which counts the first call: one more than retries',
  numOfAttempts: 'maxAttempts',
  minTimeout: 'initial', startingDelay: 'initial', initialDelay: 'initial',
  factor: 'multiplier', timeMultiple: 'multiplier', exponent: 'multiplier',
  maxTimeout: 'maxDelay', maxRetryTime: 'maxElapsed', timeout: 'attemptTimeout',
  randomize: 'jitter: "full"',
  initial: 'RetryPolicy.exponential({ initial }), or put it into backoff',
  multiplier: 'RetryPolicy.exponential({ multiplier }), or put it into backoff',
  delay: 'RetryPolicy.constant({ delay }), or put it into backoff',
}

/** The fields of a group: only known ones, snake_case read as camelCase. */
export function fields(value: unknown, path: string, known: readonly string[]): Fields {
  if (typeof value != 'object' || !value || Array.isArray(value)) {
    throw new ConfigError(path, `= ${show(value)} is no group of fields, out of: ${known.join(', ')}`)
  }
  const out: Fields = {}
  for (const [name, field] of Object.entries(value)) {
    const camel = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
    if (!known.includes(camel)) {
      const ours = Object.hasOwn(ELSEWHERE, name) && known.includes('maxAttempts') ? `write ${ELSEWHERE[name]}` : `there are: ${known.join(', ')}`
      throw new ConfigError((path && path + '.') + name, `is not known; ${ours}`)
    }
    if (field !== undefined) out[camel] = field
  }
  return out
}

/** A number or duration by its row of the table. */
export function number(group: Fields, path: string, row: Row, name = row[0]): number {
  const [, unit, min, max, fallback] = row
  const given = group[name]
  if (given === undefined && fallback != null) return fallback
  const value = unit == 1 ? nanoseconds(given) : given
  if (typeof value != 'number' || !(value >= min && value <= max) || (unit == 2 && value % 1)) {
    const limits = unit == 1 ? `a duration${max < 1e19 || min ? ` from ${min / 1e6} to ${max / 1e6} ms` : ''}, like "2s" or 2000` : `${unit ? 'a whole number ' : ''}from ${min} to ${max}`
    throw new ConfigError((path && path + '.') + name, `= ${show(given)} is not ${limits}`)
  }
  return value
}

/** The same, `NaN` where it is absent, null, or infinite, which JSON writes as null. */
export const optional = (group: Fields, path: string, row: Row) => ([null, undefined, Infinity].includes(group[row[0]]) ? NaN : number(group, path, row))

export function word(group: Fields, path: string, name: string, words: readonly unknown[]): number {
  const given = group[name]
  const index = given === undefined ? 0 : words.indexOf(given)
  if (index < 0) throw new ConfigError(path + name, `= ${show(given)} is none of: ${words.join(', ')}`)
  return index
}

/** A group whose `kind` says which fields it has; a bare text is a kind without fields. */
export function kind(value: unknown, path: string, table: Kinds, more: string[] = []) {
  const group: any = typeof value == 'string' ? { kind: value } : value
  const index = table.findIndex(([name]) => name == group?.kind)
  if (index < 0) {
    throw new ConfigError(path, `= ${show(value)} is of no known kind; there are: ${table.map(([name]) => name).join(', ')}`)
  }
  const rows = table[index]![1]
  return { index, rows, group: fields(group, path, ['kind', ...rows.map((row) => row[0]), ...more]) }
}

const TABLE = 5
const isRandom = (index: number) => index > TABLE

/** Writes a backoff to its four places. */
function backoff(value: unknown, path: string, row: number[]): { table: number[]; first: number } {
  const { index, rows, group } = kind(value, path, t.BACKOFFS, ['firstDelay', ...(/table/.test((value as any)?.kind) ? ['delays'] : [])])
  const table: number[] = []
  row.splice(31, 4, index, 0, 0, 0)
  rows.forEach((field, i) => (row[field[1] == 1 ? (i ? 34 : 32) : 33] = number(group, path, field)))
  if (index == TABLE) {
    const delays = group['delays']
    if (!Array.isArray(delays) || !delays.length || delays.length > 16000) {
      throw new ConfigError(path + '.delays', `= ${show(delays)} is no list of 1 to 16000 delays, like ["1s", "5s"]`)
    }
    delays.forEach((delay, i) => table.push(number({ [`delays[${i}]`]: delay }, path, t.DELAY, `delays[${i}]`)))
    row[32] = delays.length
  }
  return { table, first: optional(group, path, t.FIRST_DELAY) }
}

/** Writes a jitter to its seven places. */
function jitter(value: unknown, path: string, row: number[], at: number, random = false) {
  if (value === undefined) value = random ? 'none' : 'proportional'
  const { index, rows, group } = kind(value, path, t.JITTERS, /uniform/.test((value as any)?.kind) ? ['low', 'high'] : [])
  const ends = (name: string) => t.ENDS.map((end) => number(fields(group[name], `${path}.${name}`, t.ENDS.map((e) => e[0])), `${path}.${name}`, end))
  const numbers = index == 6 ? [...ends('low'), ...ends('high')] : rows.map((field) => number(group, path, field))
  for (let i = 0; i < 6; i++) row[at + 1 + i] = numbers[i] ?? 0
  row[at] = index
  if (index == 6 && [0, 1, 2].some((i) => numbers[i]! > numbers[i + 3]!)) throw new ConfigError(path + '.low', 'lies above the high end; swap them')
  if (random && index) throw new ConfigError(path, `= ${show(value)} makes no sense with a backoff that draws its own; remove it`)
}

/** A budget's rule as numbers. */
export function compileBudget(value: unknown): BudgetPlan {
  const bucket = (value as any)?.kind == 'tokenBucket'
  const { index, rows, group } = kind(value, 'budget', t.BUDGETS, bucket ? ['costByClass', 'refundOnRetrySuccess', 'debitOn', 'threshold'] : [])
  const row = [index, ...rows.map((field) => number(group, 'budget', field))]
  const costs: Fields = bucket ? { ...group['costByClass'] } : {}
  for (const name in costs) number(costs, 'budget.costByClass', t.COST, name)
  if (bucket) {
    const refund = group['refundOnRetrySuccess'] ?? 'cost'
    row.push(refund == 'cost' ? NaN : number(group, 'budget', t.REFUND, 'refundOnRetrySuccess'))
    row.push(word(group, 'budget.', 'debitOn', t.DEBITS), optional(group, 'budget', t.THRESHOLD))
  }
  while (row.length < 30) row.push(NaN)
  return { row, cost: bucket ? row[2]! : 1, costs: Object.assign(Object.create(null), costs) }
}

const POLICY = ['version', 'backoff', 'minDelay', 'maxDelay', 'jitter', 'maxAttempts', 'maxElapsed', 'elapsedRule', 'attemptTimeout', 'retryAfter', 'classify', 'defaultAction', 'budget', 'compat', '$schema']
const COMPAT = ['capStage', 'rounding', 'elapsedMeasure', 'feedback', 'resampleAbove']

/** Reads a policy and refuses a wrong one. */
export function compile(value: PolicyOptions): Plan {
  const policy = fields(value, '', POLICY)
  word(policy, '', 'version', [1])
  // Where an editor finds the schema of the file.
  const { $schema = '', ...json } = value
  if (typeof $schema != 'string') throw new ConfigError('$schema', `= ${show($schema)} is no text`)
  const hints = fields(policy['retryAfter'] ?? {}, 'retryAfter', ['mode', 'max', 'jitter'])
  const compat = fields(policy['compat'] ?? {}, 'compat', COMPAT)
  const unlimited = [null, 'unlimited', Infinity].includes(policy['maxAttempts'])
  const row = [
    number(policy, '', t.MIN_DELAY),
    optional(policy, '', t.MAX_DELAY),
    NaN,
    unlimited ? 0 : number(policy, '', t.MAX_ATTEMPTS),
    optional(policy, '', t.MAX_ELAPSED),
    word(policy, '', 'elapsedRule', t.ELAPSED_RULES),
    word(policy, '', 'defaultAction', t.ACTIONS),
    word(hints, 'retryAfter.', 'mode', t.MODES),
    number(hints, 'retryAfter', t.RETRY_AFTER_MAX),
  ]
  jitter(hints['jitter'], 'retryAfter.jitter', row, 9)
  const rounding = compat['rounding'] && fields(compat['rounding'], 'compat.rounding', ['unit', 'mode', 'eachStep'])
  const resample = compat['resampleAbove'] && fields(compat['resampleAbove'], 'compat.resampleAbove', ['low', 'high'])
  row.splice(16, 15, ...Array(7).fill(0),
    word(compat, 'compat.', 'capStage', t.CAP_STAGES),
    word(compat, 'compat.', 'elapsedMeasure', t.MEASURES),
    word(compat, 'compat.', 'feedback', [false, true]),
    rounding ? number(rounding, 'compat.rounding', t.ROUNDING_UNIT) : NaN,
    rounding ? word(rounding, 'compat.rounding.', 'mode', t.ROUNDING_MODES) : 0,
    rounding ? word(rounding, 'compat.rounding.', 'eachStep', [false, true]) : 0,
    resample ? number(resample, 'compat.resampleAbove', t.RESAMPLE_LOW) : NaN,
    resample ? number(resample, 'compat.resampleAbove', t.RESAMPLE_HIGH) : 0)
  const { table, first } = backoff(policy['backoff'] ?? { kind: 'exponential' }, 'backoff', row)
  jitter(policy['jitter'], 'jitter', row, 16, isRandom(row[31]!))
  row[2] = first
  row[35] = 0
  const [min, max] = [row[0]!, row[1]!]
  if (min > max) throw new ConfigError('minDelay', `= ${show(policy['minDelay'])} is above maxDelay = ${show(policy['maxDelay'])}`)
  if (first < min || first > max) throw new ConfigError('backoff.firstDelay', 'does not lie between minDelay and maxDelay')
  if (unlimited && row[4] != row[4]) throw new ConfigError('maxAttempts', '= null is unlimited, and there is no maxElapsed to end it; set one')
  if (row[29]! > row[30]!) throw new ConfigError('compat.resampleAbove.low', 'is above high')
  if (row[29]! >= 0 && max != max) throw new ConfigError('compat.resampleAbove', 'needs a cap to resample above; set maxDelay')
  const timeout = optional(policy, '', t.ATTEMPT_TIMEOUT)
  const plan: Plan = { json: { ...json, version: 1 }, terms: { row, table }, timeout: timeout / 1e6, deadline: row[4]! / 1e6 }
  if (policy['budget']) plan.budget = new RetryBudget(policy['budget'])
  const list = rules(policy['classify'] ?? [], plan.terms)
  if (list.length) plan.choose = (error, wish) => choose(list, error, wish)
  return plan
}

/** Each rule with terms of its own: the policy's, its action, and its backoff and jitter if it has them. */
function rules(list: any, base: Terms): TermsOf[] {
  if (!Array.isArray(list) || list.length > 1000) throw new ConfigError('classify', `= ${show(list)} is no list of up to 1000 rules`)
  return list.map((item, index) => {
    const path = `classify[${index}]`
    const rule = fields(item, path, ['match', 'action', 'backoff', 'jitter'])
    const match: string[] = [rule['match']].flat()
    if (!match.length || !match.every((text) => text && typeof text == 'string')) {
      throw new ConfigError(path + '.match', 'is empty; name a failure kind or code, or "*" for all')
    }
    const row = [...base.row]
    let { table } = base
    row[6] = word(rule, path + '.', 'action', t.ACTIONS)
    if (rule['backoff']) {
      table = backoff(rule['backoff'], path + '.backoff', row).table
      row[2] = NaN
    }
    const random = isRandom(row[31]!)
    if (rule['jitter']) jitter(rule['jitter'], path + '.jitter', row, 16, random)
    else if (random) row.splice(16, 7, 0, 0, 0, 0, 0, 0, 0)
    return { match, terms: { row, table } }
  })
}
