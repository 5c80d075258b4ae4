// What several adapters need.
import { historyOf } from 'redrive'

/** Without what is not given: `null` and `undefined`. */
export const compact = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value != null))

/** A signal that is never aborted: where a peer retries for ever, redrive asks for something that could end it. */
export const forever = new AbortController().signal

/** What a peer's caller gets: what a callback threw, else the error itself. */
export function ended(error) {
  const history = historyOf(error)
  return history && 'callbackError' in history && history.callbackError !== undefined ? history.callbackError : error
}
