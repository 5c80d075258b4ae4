// From a policy as it is written to rows of numbers. Which fields there are, what they default to and
// how far they go comes from the core's own table; here is only how to read them.
import { RetryBudget } from './budget.js'
import { choose, type TermsOf } from './classes.js'
import type { Terms } from './core.js'
import { ConfigError } from './errors.js'
import { withHints } from './hints.js'
import { fields, kind, number, numbers, optional, show, word } from './read.js'
import * as t from './table.js'
import { Place } from './table.js'
import type { PolicyOptions } from './types.js'

/** A policy, ready to be used. */
export interface Plan {
  json: PolicyOptions
  terms: Terms
  /** The terms that a rule has for this failure; absent without rules. */
  choose?: (error: unknown, answer: unknown) => Terms | undefined
  /** Milliseconds. */
  timeout: number
  deadline: number
  /** Neither attempts nor time end it: a signal has to. */
  unbounded?: boolean
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

const random = (row: number[]) => t.BACKOFFS[row[Place.Backoff]!]![2]

/** Writes a backoff to its places: of its durations the first is the scale. */
function backoff(value: unknown, path: string, row: number[]): { table: number[]; first: number } {
  const { index, rows, group } = kind(value, path, t.BACKOFFS, ['firstDelay'])
  let table: number[] = []
  row[Place.Backoff] = index
  row.fill(0, Place.Scale, Place.Added + 1)
  rows.forEach((field, i) => {
    const given = numbers(group, path, field)
    if (field[1] == 3) table = given
    row[field[1] ? (i ? Place.Added : Place.Scale) : Place.Factor] = table.length || given[0]!
  })
  return { table, first: optional(group, path, t.FIRST_DELAY) }
}

/** Writes a jitter to its seven places. */
function jitter(value: unknown, path: string, row: number[], at: number, random?: 1) {
  if (value === undefined) value = random ? 'none' : 'proportional'
  const { index, rows, group } = kind(value, path, t.JITTERS)
  const given = rows.flatMap((field) => numbers(group, path, field))
  row[at] = index
  for (let i = 0; i < 6; i++) row[at + 1 + i] = given[i] ?? 0
  // Ends may cross; a low end that is nowhere below the high one is a mistake.
  const ends = [0, 1, 2].map((i) => given[i]! - given[i + 3]!)
  if (ends.every((above) => above >= 0) && ends.some((above) => above)) throw new ConfigError(path + '.low', 'lies above the high end; swap them')
  if (random && index) throw new ConfigError(path, `= ${show(value)} makes no sense with a backoff that draws its own; remove it`)
}

const COMPAT = ['capStage', 'rounding', 'elapsedMeasure', 'feedback', 'resampleAbove', 'uncappedFirst', 'falling', 'jitterOnce', 'jitterSteps']

/** Reads a policy and refuses a wrong one. */
export function compile(value: PolicyOptions, stops = false): Plan {
  withHints()
  const policy = fields(value, '', t.POLICY)
  word(policy, '', 'version', [1])
  // Where an editor finds the schema of the file.
  const { $schema = '', ...json } = value
  if (typeof $schema != 'string') throw new ConfigError('$schema', `= ${show($schema)} is not a text`)
  const hints = fields(policy['retryAfter'] ?? {}, 'retryAfter', ['mode', 'max', 'whenLonger', 'jitter'])
  const compat = fields(policy['compat'] ?? {}, 'compat', COMPAT)
  const unlimited = [null, 'unlimited', Infinity].includes(policy['maxAttempts'])
  const rounding = compat['rounding'] && fields(compat['rounding'], 'compat.rounding', ['unit', 'mode', 'eachStep', 'amplitude'])
  const resample = compat['resampleAbove'] && fields(compat['resampleAbove'], 'compat.resampleAbove', ['low', 'high'])
  const row: number[] = Array(Place.Seed).fill(0)
  row[Place.MinDelay] = number(policy, '', t.MIN_DELAY)
  row[Place.MaxDelay] = optional(policy, '', t.MAX_DELAY)
  if (!unlimited) row[Place.MaxAttempts] = number(policy, '', t.MAX_ATTEMPTS)
  row[Place.MaxElapsed] = optional(policy, '', t.MAX_ELAPSED)
  row[Place.ResetAfter] = optional(policy, '', t.RESET_AFTER)
  row[Place.ElapsedRule] = word(policy, '', 'elapsedRule', t.ELAPSED_RULES)
  row[Place.Action] = word(policy, '', 'defaultAction', t.ACTIONS)
  row[Place.HintMode] = word(hints, 'retryAfter.', 'mode', t.MODES)
  row[Place.HintMax] = number(hints, 'retryAfter', t.RETRY_AFTER_MAX)
  row[Place.WhenLonger] = word(hints, 'retryAfter.', 'whenLonger', t.WHEN_LONGER)
  jitter(hints['jitter'], 'retryAfter.jitter', row, Place.HintJitter)
  row[Place.CapStage] = word(compat, 'compat.', 'capStage', t.CAP_STAGES)
  row[Place.Measure] = word(compat, 'compat.', 'elapsedMeasure', t.MEASURES)
  row[Place.Feedback] = word(compat, 'compat.', 'feedback', [false, true])
  row[Place.RoundingUnit] = rounding ? number(rounding, 'compat.rounding', t.ROUNDING_UNIT) : NaN
  row[Place.RoundingMode] = rounding ? word(rounding, 'compat.rounding.', 'mode', t.ROUNDING_MODES) : 0
  row[Place.RoundingSteps] = rounding ? word(rounding, 'compat.rounding.', 'eachStep', [false, true]) : 0
  row[Place.RoundingAmplitude] = rounding ? word(rounding, 'compat.rounding.', 'amplitude', [false, true]) : 0
  row[Place.UncappedFirst] = word(compat, 'compat.', 'uncappedFirst', [false, true])
  row[Place.Falling] = word(compat, 'compat.', 'falling', [false, true])
  row[Place.JitterOnce] = word(compat, 'compat.', 'jitterOnce', [false, true])
  row[Place.JitterSteps] = number(compat, 'compat', t.JITTER_STEPS)
  row[Place.ResampleLow] = resample ? number(resample, 'compat.resampleAbove', t.RESAMPLE_LOW) : NaN
  row[Place.ResampleHigh] = resample ? number(resample, 'compat.resampleAbove', t.RESAMPLE_HIGH) : NaN
  const { table, first } = backoff(policy['backoff'] ?? { kind: 'exponential' }, 'backoff', row)
  jitter(policy['jitter'], 'jitter', row, Place.Jitter, random(row))
  row[Place.FirstDelay] = first
  const [min, max] = [row[Place.MinDelay]!, row[Place.MaxDelay]!]
  if (min > max) throw new ConfigError('minDelay', `= ${show(policy['minDelay'])} is above maxDelay = ${show(policy['maxDelay'])}`)
  if (first < min || first > max) throw new ConfigError('backoff.firstDelay', 'does not lie between minDelay and maxDelay')
  const unbounded = unlimited && !(row[Place.MaxElapsed]! >= 0)
  if (unbounded && !stops) throw new ConfigError('maxAttempts', `= ${show(policy['maxAttempts'])} is unlimited, without a maxElapsed to end it; set one, or write RetryPolicy.untilStopped() and give a signal`)
  if (row[Place.Falling] && row[Place.Backoff] != 1) throw new ConfigError('compat.falling', 'is for a linear backoff; remove it, or make the backoff linear')
  if (row[Place.ResampleLow]! > row[Place.ResampleHigh]!) throw new ConfigError('compat.resampleAbove.low', 'is above high')
  if (row[Place.ResampleLow]! >= 0 && max != max) throw new ConfigError('compat.resampleAbove', 'needs a cap to resample above; set maxDelay')
  const timeout = optional(policy, '', t.ATTEMPT_TIMEOUT)
  const plan: Plan = { json: { ...json, version: 1 }, terms: { row, table }, timeout: timeout / 1e6, unbounded, deadline: row[Place.MaxElapsed]! / 1e6 }
  if (policy['budget']) plan.budget = new RetryBudget(policy['budget'])
  const list = rules(policy['classify'] ?? [], plan.terms)
  if (list.length) plan.choose = (error, answer) => choose(list, error, answer)
  return plan
}

/** Each rule with terms of its own: the policy's, its action, and its backoff and jitter if it has them. */
function rules(list: any, base: Terms): TermsOf[] {
  if (!Array.isArray(list) || list.length > 1000) throw new ConfigError('classify', `= ${show(list)} is not a list of up to 1000 rules`)
  return list.map((item, index) => {
    const path = `classify[${index}]`
    const rule = fields(item, path, ['match', 'action', 'backoff', 'jitter'])
    const match: string[] = [rule['match']].flat()
    for (const text of match) if (typeof text != 'string') throw new ConfigError(path + '.match', `= ${show(text)} is not a text${typeof text == 'number' ? `; write "${text}"` : '; name a failure kind or code'}`)
    if (!match.length || !match.every(Boolean)) throw new ConfigError(path + '.match', 'is empty; name a failure kind or code, or "*" for all')
    const row = [...base.row]
    let { table } = base
    row[Place.Action] = word(rule, path + '.', 'action', t.ACTIONS)
    if (rule['backoff']) {
      table = backoff(rule['backoff'], path + '.backoff', row).table
      row[Place.FirstDelay] = NaN
    }
    if (rule['jitter']) jitter(rule['jitter'], path + '.jitter', row, Place.Jitter, random(row))
    else if (random(row)) row.fill(0, Place.Jitter, Place.Jitter + 7)
    return { match, terms: { row, table } }
  })
}
