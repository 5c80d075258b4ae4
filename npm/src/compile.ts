// From a policy as it is written to rows of numbers. Which fields there are, what they default to and
// how far they go comes from the core's own table; here is only how to read them.
import { RetryBudget } from './budget.js'
import { choose, type TermsOf } from './classes.js'
import type { Terms } from './core.js'
import { ConfigError } from './errors.js'
import { fields, kind, number, optional, show, word } from './read.js'
import * as t from './table.js'
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

/** A policy that can be run: what `new RetryPolicy` makes. */
export interface Policy {
  /** @internal */
  readonly plan: Plan
  /** The policy as plain JSON. */
  toJSON(): PolicyOptions
  /** The longest that a task can wait in all, in milliseconds. */
  worstCase(): number
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

const POLICY = ['version', 'backoff', 'minDelay', 'maxDelay', 'jitter', 'maxAttempts', 'maxElapsed', 'elapsedRule', 'attemptTimeout', 'retryAfter', 'classify', 'defaultAction', 'budget', 'compat', '$schema']
const COMPAT = ['capStage', 'rounding', 'elapsedMeasure', 'feedback', 'resampleAbove']

/** Reads a policy and refuses a wrong one. */
export function compile(value: PolicyOptions): Plan {
  const policy = fields(value, '', POLICY)
  word(policy, '', 'version', [1])
  // Where an editor finds the schema of the file.
  const { $schema = '', ...json } = value
  if (typeof $schema != 'string') throw new ConfigError('$schema', `= ${show($schema)} is no text`)
  const hints = fields(policy['retryAfter'] ?? {}, 'retryAfter', ['mode', 'max', 'whenLonger', 'jitter'])
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
  row[35] = word(hints, 'retryAfter.', 'whenLonger', t.WHEN_LONGER)
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
