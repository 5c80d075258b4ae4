import { compile } from './compile.js'
import { ConfigError } from './errors.js'
import { Run, type RetryOptions } from './retry.js'
import type { AttemptContext, Snapshot } from './types.js'

/**
 * Goes on with a retry that another process began: waits until its next attempt is due, and keeps its
 * count, its delays and its deadline.
 *
 * @throws {ConfigError} when it is no snapshot of `onRetry`'s.
 */
export async function resume<T>(fn: (context: AttemptContext) => T | PromiseLike<T>, snapshot: Snapshot, options: Omit<RetryOptions, 'seed' | 'key'> = {}): Promise<T> {
  const { version, policy, began, due, state, key, taskType, payload } = snapshot ?? {}
  if (version !== 1) throw new ConfigError('version', `= ${version} is not known; this version reads 1`)
  if (!Array.isArray(state) || state.length != 9 || ![began, due, ...state].every((n) => typeof n == 'number' && n >= 0)) {
    throw new ConfigError('state', 'is no task; keep what snapshot() gave as it is')
  }
  const plan = compile(policy)
  return new Promise((resolve, reject) => {
    const run = new Run(fn, plan, { taskType, payload, ...options, key }, resolve, reject)
    run.state = new Float64Array(state)
    run.attempts = state[5]!
    run.began = began
    if (options.signal?.aborted) run.start()
    else run.wait(Math.max(due - run.now(), 0), () => run.start())
  })
}
