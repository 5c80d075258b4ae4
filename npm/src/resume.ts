import { compile } from './compile.js'
import { ConfigError } from './errors.js'
import type { RetryOptions } from './options.js'
import { launch } from './run.js'
import { Place } from './table.js'
import type { AttemptContext, Snapshot } from './types.js'

/**
 * Goes on with a retry that another process began: waits until its next attempt is due, and keeps its
 * count, its delays and its deadline.
 *
 * Rejects with a `ConfigError` when `snapshot` is not one of `onRetry`'s.
 */
export async function resume<T>(fn: (context: AttemptContext) => T | PromiseLike<T>, snapshot: Snapshot, options: Omit<RetryOptions, 'seed' | 'key'> = {}): Promise<T> {
  const { version, policy, began, due, delay, state, key, taskType, payload } = snapshot ?? {}
  if (typeof snapshot == 'string') throw new ConfigError('snapshot', 'is a text; write resume(fn, JSON.parse(text))')
  if (version !== 1) throw new ConfigError('version', `= ${version} is not known; this version reads 1`)
  if (!Array.isArray(state) || state.length != Place.Delay - Place.Seed || ![began, due, delay, ...state].every((n) => typeof n == 'number' && n >= 0)) {
    throw new ConfigError('state', 'is not a task; keep what snapshot() gave as it is')
  }
  return launch(fn, compile(policy, true), { taskType, payload, ...options, key }, (run) => {
    run.state_ = [...state]
    run.attempts_ = state[Place.Attempts - Place.Seed]!
    run.began_ = began
    run.delay_ = delay
    return Math.max(due - run.now_(), 0)
  })
}
