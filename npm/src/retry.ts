import type { Plan, Policy } from './compile.js'
import type { RetryOptions } from './options.js'
import { launch } from './run.js'
import { DEFAULT_ROW } from './table.js'
import type { AttemptContext } from './types.js'

/** `new RetryPolicy()`, as numbers: three attempts, 2 s and 4 s apart, and up to 10 % more. */
const STANDARD: Plan = {
  json: {},
  terms: { row: DEFAULT_ROW, table: [] },
  timeout: NaN,
  deadline: NaN,
}

/**
 * Calls `fn` until it succeeds or the policy says that it is enough, and gives what it gave.
 *
 * ```ts
 * const policy = RetryPolicy.exponential({ initial: '200ms', maxDelay: '30s', jitter: 'full', maxAttempts: 5 })
 * await retry(({ signal }) => fetch(url, { signal }), policy)
 * ```
 *
 * Rejects with a `DeadLetterError` (its `cause` is the last error, its `errors` are all of them), with a
 * `RetryAbortedError` when `signal` is aborted, or, where a rule says `fail` or with `unwrap: true`, with the
 * error itself.
 *
 * @param fn the work: whatever it throws or rejects with is a failure.
 * @param policy the rules; without one three attempts, 2 s and 4 s apart with up to 10 % of jitter.
 */
export const retry = <T>(
  fn: (context: AttemptContext) => T | PromiseLike<T>,
  policy?: Policy,
  options: RetryOptions = {},
): Promise<T> => launch(fn, policy === undefined ? STANDARD : Object(policy).plan, options)
