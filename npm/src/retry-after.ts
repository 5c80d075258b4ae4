/** Anything with headers: `Headers`, a `Response`, an error with a `response`, a plain object of headers. */
export type HeaderSource = { get?(name: string): string | null; headers?: unknown; response?: unknown } | Record<string, unknown>

/** Seconds above this are a point in time since 1970, not a wait: about the year 2001. */
const EPOCH = 1e9

function header(source: any, name: string): string | undefined {
  const headers = source?.headers ?? source?.response?.headers ?? source
  const value = typeof headers?.get == 'function' ? headers.get(name) : headers?.[name]
  return value == null ? undefined : String(value).trim()
}

/** Milliseconds of a value: seconds, an HTTP date, or a time in seconds since 1970. */
function wait(value: string, now: number): number | undefined {
  if (/^\d+(\.\d+)?$/.test(value)) {
    const seconds = Number(value)
    return seconds > EPOCH ? Math.max(seconds * 1000 - now, 0) : seconds * 1000
  }
  // A date has letters; `-5` has none and would be read as a year.
  const date = /[a-z]/i.test(value) ? Date.parse(value) : NaN
  return date == date ? Math.max(date - now, 0) : undefined
}

/**
 * How long a server asks to wait, in milliseconds; `undefined` where it does not ask, or where what it says
 * is no time at all. A date in the past is 0.
 *
 * Reads `Retry-After` (seconds or an HTTP date), `Retry-After-Ms`, `RateLimit-Reset` and
 * `X-RateLimit-Reset`; a text or a number is taken for the value of `Retry-After`. How long it may be is the
 * policy's business (`retryAfter.max`, five minutes).
 */
export function parseRetryAfter(source: HeaderSource | string | number | null | undefined, now = Date.now()): number | undefined {
  if (source == null) return undefined
  if (typeof source != 'object') return wait(String(source).trim(), now)
  const ms = header(source, 'retry-after-ms')
  if (ms && /^\d+(\.\d+)?$/.test(ms)) return Number(ms)
  for (const name of ['retry-after', 'ratelimit-reset', 'x-ratelimit-reset']) {
    const value = header(source, name)
    const found = value && wait(value, now)
    if (typeof found == 'number') return found
  }
  return undefined
}
