// As much of jest as the suite in exponential-backoff's tarball asks for: tests are collected, and run by our runner.
import { assert, equal } from '../test/assert.mjs'

/** What runs a suite's text: the names that jest gives it, and the tests that it then has. */
export function jest() {
  const tests = {}
  const path = []
  const before = [[]]
  const globals = {
    describe: (name, body) => {
      path.push(String(name).replace(/\s+/g, ' '))
      before.push([])
      body()
      before.pop()
      path.pop()
    },
    beforeEach: (run) => void before.at(-1).push(run),
    it: (name, run) => {
      const first = before.flat()
      tests[[...path, String(name).replace(/\s+/g, ' ')].join(' > ')] = async () => {
        for (const one of first) await one()
        await run()
      }
    },
    jest: { fn: (work) => Object.assign(function counted(...given) { counted.calls++; return work(...given) }, { calls: 0 }) },
    expect: (actual) => ({
      toBe: (expected) => equal(actual, expected),
      toHaveBeenCalledTimes: (times) => assert(actual.calls == times, `called ${actual.calls} times and not ${times}`),
    }),
  }
  return { globals, tests }
}
