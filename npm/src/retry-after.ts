// How long a server asks to wait. The law is the core's (src/failure/retry_after.rs), which weighs as much as all of
// the engine; every case of its golden file is read here in the suite, so that the two say the same.
import { nanoseconds } from './duration.js'
import { attempt, textOf } from './text.js'

/** Anything with headers: `Headers`, a `Response`, an error with a `response`, gRPC metadata, headers in an object, Map or list. */
export type HeaderSource = { get?(name: string): string | null; headers?: unknown; response?: unknown } | Record<string, unknown>

/** Headers of whatever shape, as pairs of name and value. */
function pairs(headers: any): [string, string | ArrayLike<number>][] {
  // gRPC metadata gives its values as a map.
  if (typeof headers?.getMap == 'function') headers = headers.getMap()
  const list: unknown[] = Array.isArray(headers) ? headers : typeof headers?.entries == 'function' ? [...headers.entries()] : Object.entries(headers ?? {})
  // Names and values in turn, as Node's `rawHeaders` are.
  const flat = list.length > 0 && list.every((item) => typeof item == 'string')
  const found = flat ? list.flatMap((name, i) => (i % 2 ? [] : [[name, list[i + 1]]])) : list
  return found.flatMap((pair: any) => {
    if (!Array.isArray(pair) || pair.length < 2) return []
    return [pair[1]].flat().filter((value) => value != null && typeof value != 'function').map((value): [string, string | ArrayLike<number>] => [String(pair[0]), value instanceof Uint8Array ? value : textOf(value)])
  })
}

const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec'
const ZONE = '(?: (?:GMT|UTC|UT|Z|\\+0000))?$'
const CLOCK = '(\\d\\d:\\d\\d:\\d\\d)'

/** Milliseconds since 1970 of a date as RFC 9110 or RFC 3339 have it; always in GMT where no zone is said. */
function dateOf(text: string, now: number): number {
  const two = (n: string) => n.padStart(2, '0')
  let [, day, month, year, clock, zone = 'Z'] = (RegExp(`^[a-z]{3,9},? +(\\d{1,2})[- ]([a-z]{3})[- ](\\d{4}|\\d\\d) ${CLOCK}${ZONE}`, 'i').exec(text) ?? []) as (string | undefined)[]
  if (!day) [, month, day, clock, year] = RegExp(`^[a-z]{3,9} +([a-z]{3}) +(\\d{1,2}) ${CLOCK} (\\d{4})${ZONE}`, 'i').exec(text) ?? []
  if (month) month = String(MONTHS.indexOf(month.toLowerCase()) / 3 + 1)
  else [, year, month, day, clock, zone = ''] = RegExp(`^(\\d{4})-(\\d\\d)-(\\d\\d)[T ]${CLOCK}(?:\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$`, 'i').exec(text) ?? []
  if (!day || !month || !year || !clock) return NaN
  if (year.length == 2) {
    // At most 50 years ahead.
    const this_ = new Date(now).getUTCFullYear()
    const full = this_ - (this_ % 100) + +year
    year = String(full > this_ + 50 ? full - 100 : full)
  }
  const date = `${year}-${two(month)}-${two(day)}T`
  // JavaScript makes of the 31st of February the 3rd of March.
  if (attempt(() => new Date(date + '00:00:00Z').toISOString().slice(0, 11)) != date) return NaN
  return Date.parse(date + clock.replace(/60$/, '59') + zone) + (clock.endsWith('60') ? 1000 : 0)
}

const decimal = (text: string) => (/^\d*\.?\d*$/.test(text) && /\d/.test(text) ? Number(text) : NaN)

/** Milliseconds of a value: seconds, a time since 1970 in seconds or finer, a date, a duration. */
function waitOf(value: string, now: number): number {
  let number = decimal(value)
  if (number < 1e9) return number * 1000
  if (number == number) {
    let unit = 1000
    for (let size = number; size >= 1e11 && unit > 1e-6; size /= 1000) unit /= 1000
    return Math.max(number * unit - now, 0)
  }
  const date = value.length > 64 ? NaN : dateOf(value, now)
  if (date == date) return Math.max(date - now, 0)
  const span = nanoseconds(value) / 1e6
  if (span == span || !value.includes(',')) return span
  // A header that was sent twice: "120, 120".
  const parts = value.split(',').map((part) => decimal(part.trim()))
  return parts.every((part) => part == part) ? Math.max(...parts.map((part) => waitOf(String(part), now))) : NaN
}

/** The fields of a protocol buffer: numbers, and bytes as arrays. */
function* protobuf(bytes: ArrayLike<number>): Generator<[field: number, value: any]> {
  let at = 0
  const varint = () => {
    for (let value = 0, unit = 1; at < bytes.length; unit *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
    return NaN
  }
  while (at < bytes.length) {
    const key = varint()
    const kind = key & 7
    const size = kind == 2 ? varint() : { 1: 8, 5: 4 }[kind]
    if (kind == 0) yield [key >> 3, varint()]
    else if (size == null || !(at + size <= bytes.length)) return
    else {
      yield [key >> 3, Array.prototype.slice.call(bytes, at, at + size)]
      at += size
    }
  }
}

/** The delay of the `google.rpc.RetryInfo` in a `google.rpc.Status`, in milliseconds. */
function retryInfo(bytes: ArrayLike<number>): number {
  for (const [field, detail] of protobuf(bytes)) {
    if (field != 3 || !Array.isArray(detail)) continue
    const [url, info] = [1, 2].map((wanted) => [...protobuf(detail)].find(([field]) => field == wanted)?.[1] ?? [])
    if (!String.fromCharCode(...url).endsWith('google.rpc.RetryInfo')) continue
    const delay = Object.fromEntries(protobuf(Object.fromEntries(protobuf(info))[1] ?? []))
    return (delay[1] ?? 0) * 1000 + (delay[2] ?? 0) / 1e6
  }
  return NaN
}

/** The wait that headers ask for; `NaN` where they ask for none. The longest of the first kind that says something. */
function read(headers: [string, string | ArrayLike<number>][], status: unknown, now: number): number {
  const said: number[] = []
  const hear = (rank: number, ms: number) => {
    if (ms == ms) said[rank] = Math.max(said[rank] ?? 0, ms)
  }
  let spent = false
  for (const [given, raw] of headers) {
    const name = given.trim().toLowerCase()
    const value = typeof raw == 'string' ? raw.trim() : ''
    if (name == 'grpc-retry-pushback-ms') hear(0, decimal(value) >= 0 ? decimal(value) : Infinity)
    else if (/^(x-ms-)?retry-after-ms$|^x-amz-retry-after$/.test(name)) hear(1, decimal(value))
    else if (name == 'retry-after') hear(2, waitOf(value, now))
    else if (name == 'retry-delay' || name == 'retrydelay') hear(3, nanoseconds(value) / 1e6)
    else if (name == 'grpc-status-details-bin') {
      hear(3, attempt(() => retryInfo(typeof raw == 'string' ? [...atob(value.replace(/-/g, '+').replace(/_/g, '/'))].map((char) => char.charCodeAt(0)) : raw)) ?? NaN)
    } else if (name == 'ratelimit' || name == 'x-ratelimit') {
      // The earlier drafts have one limit, whose parts are separated by commas.
      for (const limit of /reset/i.test(value) ? [value] : value.split(',')) {
        const part = (names: string) => RegExp(`(?:^|[;,])\\s*(?:${names})\\s*=\\s*([^;,]*)`).exec(limit)?.[1]?.trim() ?? ''
        hear(decimal(part('r|remaining')) === 0 ? 4 : 5, waitOf(part('t|reset'), now))
      }
    } else if (/rate-?limit-/.test(name)) {
      if (/-reset-after/.test(name)) hear(5, decimal(value) * 1000)
      else if (/-remaining/.test(name)) spent ||= decimal(value) === 0
      else if (/-reset/.test(name)) hear(5, waitOf(value, now))
    }
  }
  const refused = status == 429 || status == 503 || status == 403
  return said.slice(0, refused || spent ? 6 : 5).find((ms) => ms >= 0) ?? NaN
}

/**
 * How long a server asks to wait, in milliseconds; `undefined` where it does not ask, or where what it says
 * is not a time. A date in the past is 0.
 *
 * Every form that the core reads, in headers of any shape and case: `Retry-After` in seconds or as a date,
 * `Retry-After-Ms`, the `RateLimit` fields and what other services send in their place, gRPC's pushback and
 * RetryInfo. The reset of a rate limit counts only where the answer is a refusal (429, 503, 403) or where nothing
 * remains. A text or a number is taken for the value of `Retry-After`. How long it may be is the policy's business
 * (`retryAfter.max`, five minutes).
 */
export function parseRetryAfter(source: HeaderSource | string | number | Date | null | undefined, now = Date.now()): number | undefined {
  if (source == null) return undefined
  const found = attempt(() => {
    if (source instanceof Date) return Math.max(source.getTime() - now, 0)
    if (typeof source != 'object') return waitOf(textOf(source).trim(), now)
    const answer: any = (source as any).headers ?? (source as any).metadata ? source : ((source as any).response ?? source)
    return read(pairs(answer.headers ?? answer.metadata ?? answer), answer.status ?? answer.statusCode, now)
  })
  return found! >= 0 ? found : undefined
}
