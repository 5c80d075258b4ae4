// The few assertions that the suites need, in every runtime.

export function assert(condition, message = 'it is not so') {
  if (!condition) throw new Error(message)
}

export const show = (value) => JSON.stringify(value, (_, v) => (typeof v == 'bigint' ? `${v}n` : v === undefined ? 'undefined' : v))

export const equal = (actual, expected, message = '') =>
  assert(Object.is(actual, expected), `${message} ${show(actual)} is not ${show(expected)}`)

export const same = (actual, expected, message = '') =>
  assert(show(actual) == show(expected), `${message} ${show(actual)} is not ${show(expected)}`)

/** What a promise is rejected with. */
export async function rejects(promise) {
  let value
  try {
    value = await promise
  } catch (error) {
    return error
  }
  throw new Error(`it resolved with ${show(value)}`)
}

/** What a function throws. */
export function throws(fn) {
  try {
    fn()
  } catch (error) {
    return error
  }
  throw new Error('it did not throw')
}
