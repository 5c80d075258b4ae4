// What a wrong name may mean: a slip of the pen, or what another library calls it.
import { teach } from './read.js'

/** How many letters have to change to make one word of the other. */
function distance(a: string, b: string): number {
  let row = [...b, ''].map((_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++) next.push(Math.min(row[j]! + +(a[i] != b[j]), row[j + 1]! + 1, next[j]! + 1))
    row = next
  }
  return row[b.length]!
}

/** The known word that is meant, where one is near. */
function near(word: string, known: readonly string[]): string | undefined {
  const rank = (name: string) => distance(word.slice(0, 40).toLowerCase(), name.toLowerCase())
  const best = known.reduce((best, name) => (rank(name) < rank(best) ? name : best), '')
  return rank(best) <= Math.max(2, word.length / 3) && rank(best) < word.length ? best : undefined
}

/** What other libraries call it, and what it is called here. */
const ELSEWHERE: Record<string, string> = {
  retries: 'maxAttempts, which counts the first call: one more than retries',
  maxRetries: 'maxAttempts, which counts the first call: one more than maxRetries',
  attempts: 'maxAttempts', numOfAttempts: 'maxAttempts',
  minTimeout: 'initial, of the backoff', startingDelay: 'initial, of the backoff', initialDelay: 'initial, of the backoff',
  factor: 'multiplier, of the backoff', timeMultiple: 'multiplier, of the backoff', exponent: 'multiplier, of the backoff',
  maxTimeout: 'maxDelay', maxRetryTime: 'maxElapsed', timeout: 'attemptTimeout',
  randomize: 'jitter: "proportional" with factor 1',
  initial: 'RetryPolicy.exponential({ initial }), or put it into backoff',
  multiplier: 'RetryPolicy.exponential({ multiplier }), or put it into backoff',
  delay: 'RetryPolicy.constant({ delay }), or put it into backoff',
  abortSignal: 'signal', onFailedAttempt: 'onRetry', shouldRetry: 'retryOn', bail: 'retryOn', retryIfResult: 'retryIf',
}

function suggest(name: string, known: readonly string[], hints: Record<string, string> = ELSEWHERE): string | undefined {
  const theirs = Object.hasOwn(hints, name) ? hints[name]! : undefined
  const word = theirs && /^\w+/.exec(theirs)![0]
  const ours = word && (known.includes(word) || known.includes('maxAttempts')) ? theirs : near(name, known)
  if (ours) return 'write ' + ours
  // What is not an option of `retry` may be one of the policy.
  const policy = theirs ?? (known.includes('signal') && /^(max|min|backoff|jitter|classify|attempt|elapsed)/.test(name) ? name : '')
  return policy ? 'it belongs to the policy, as ' + policy : undefined
}

/** Has refusals say what is meant. */
export const withHints = () => teach(suggest)
