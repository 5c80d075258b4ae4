// Where redrive, behind an adapter of some lines, is not what a peer is: each test of the peers' suites that does not
// pass, and why. A failure that is not here, and a row whose test passes, fail the command.
//
// "better here": the peer's way loses something. "not expressible": redrive cannot say it. "message text": the same
// refusal in our words.
const AT_ONCE = 'an abort ends an attempt at once, and the caller gets its reason'
const WORDS = "it is refused, under redrive's name for it: "

export const EXPECTED = {
  'p-retry': {
    'a factor below 1 makes the waits shorter': ['not expressible', 'a backoff does not fall; write the waits down as a table'],
    'a wait longer than a timer can run is cut to what a timer can': ['better here', 'it is waited for, in slices'],
    'the wait begins when onFailedAttempt is done': ['better here', 'the wait counts from the failure: a slow log does not make it longer'],
    'an abort during an attempt is told when the attempt is over': ['better here', AT_ONCE],
    'a wrong number of retries is refused': ['message text', WORDS + 'maxAttempts'],
    'a wrong factor is refused': ['message text', WORDS + 'multiplier'],
    'wrong times are refused': ['message text', WORDS + 'initial, maxDelay, maxElapsed'],
  },
  'async-retry': {
    'a minTimeout above maxTimeout is refused': ['better here', 'the cap holds from the first wait on'],
  },
  'exponential-backoff': {},
  '@lifeomic/attempt': {
    'options that are not whole numbers are refused by name': ['message text', WORDS + 'initial, maxDelay, maxAttempts, attemptTimeout; fractions are durations like others'],
  },
  '@humanwhocodes/retry': {},
  cockatiel: {
    'after an abort it is the error of the attempt that is thrown': ['better here', AT_ONCE],
    'an abort during a wait: the wait ends, and one more attempt is made': ['better here', AT_ONCE + '; no attempt follows'],
  },
}
