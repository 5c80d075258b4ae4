import { identify, matches } from './causes.js'
import { tellBudget, type State } from './core.js'
import { ConfigError } from './errors.js'
import { withHints } from './hints.js'
import { kind, number, optional, word, type Fields } from './read.js'
import * as t from './table.js'
import type { BudgetRule } from './types.js'

/** A budget's rule as numbers. */
function compileBudget(value: unknown) {
  withHints()
  const { index, rows, group } = kind(value, 'budget', t.BUDGETS, ['onEmpty'])
  const row = [index, ...rows.filter((field) => field[1] != 5).map((field) => number(group, 'budget', field))]
  const bucket = rows.some((field) => field[0] == 'costByClass')
  const costs: Fields = bucket ? { ...group['costByClass'] } : {}
  for (const name in costs) number(costs, 'budget.costByClass', t.COST, name)
  if (bucket) {
    const refund = group['refundOnRetrySuccess'] ?? 'cost'
    row.push(refund == 'cost' ? NaN : number(group, 'budget', t.REFUND, 'refundOnRetrySuccess'))
    row.push(word(group, 'budget.', 'debitOn', t.DEBITS), optional(group, 'budget', t.THRESHOLD))
  }
  const waits = word(group, 'budget.', 'onEmpty', t.ON_EMPTY)
  if (rows.some((field) => field[0] == 'onEmpty')) row.push(waits)
  else if (waits) throw new ConfigError('budget.onEmpty', '= "wait" has no meaning for this kind: only other tasks give back what it lends, and those may all wait; use the kind rate or ratio')
  if (waits && !group['minPerSecond'] && group['minPerSecond'] != null) throw new ConfigError('budget.minPerSecond', '= 0, at which a retry that waits never gets its turn; raise it, or set onEmpty to "fail"')
  while (row.length < t.Place.Rest - t.Place.Budget) row.push(NaN)
  return { row, cost: bucket ? row[2]! : 1, costs: Object.assign(Object.create(null), costs) }
}

/**
 * An allowance of retries that many tasks share: while a service is down, retries become a small share of
 * the load and not a multiple of it. Give one to every `retry` that calls the same service.
 *
 * A budget counts successes too, so with one even a success asks the engine.
 */
export class RetryBudget {
  /** @internal */
  readonly row: Float64Array
  /** @internal */
  readonly cost: number
  /** @internal */
  readonly costs: Record<string, number>

  /** @throws {ConfigError} that names the field, the value and the limit. */
  constructor(rule: BudgetRule = { kind: 'ratio' }) {
    const { row, cost, costs } = compileBudget(rule)
    this.row = new Float64Array(row)
    this.cost = cost
    this.costs = costs
  }

  /** @internal What a retry after this failure costs. */
  costOf(error: unknown, answer: unknown): number {
    if (!Object.keys(this.costs).length) return this.cost
    const { words, kind } = identify(error, answer)
    // The first in the order in which they are written, as with rules.
    return this.costs[Object.keys(this.costs).find((pattern) => matches(pattern, words, kind))!] ?? this.cost
  }

  /** @internal */
  tell(event: number, now: number, state?: State): number {
    return tellBudget(this.row, event, now, state)
  }

  /** What is left: tokens, retries of the window, or retries in flight. */
  get balance(): number {
    return this.tell(0, 0)
  }

  /** Retries refused so far. */
  get denied(): number {
    return this.tell(7, 0)
  }

  /** Retries granted so far. */
  get granted(): number {
    return this.tell(8, 0)
  }
}
