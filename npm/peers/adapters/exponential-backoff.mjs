// exponential-backoff 3 over redrive. A wait before the first attempt is by hand.
import { ended } from './common.mjs'

export default function adapt({ retry, RetryPolicy }) {
  async function backOff(request, { delayFirstAttempt = false, jitter = 'none', maxDelay = Infinity, numOfAttempts = 10, retry: again, startingDelay = 100, timeMultiple = 2 } = {}) {
    const make = (initial) => RetryPolicy.exponential({ initial, multiplier: timeMultiple, maxDelay, jitter, maxAttempts: Math.max(numOfAttempts, 1) })
    if (delayFirstAttempt) await new Promise((resolve) => setTimeout(resolve, make(startingDelay).next({ attempt: 1 }).delay ?? startingDelay))
    const policy = make(delayFirstAttempt ? startingDelay * timeMultiple : startingDelay)
    return retry(() => request(), policy, { unwrap: true, retryOn: again && (async (error, { attempt }) => !!(await again(error, attempt))) }).catch((error) => {
      throw ended(error)
    })
  }
  return { backOff }
}
