// Readers of what a caller wrote: groups of fields, numbers, words and kinds, by rows of the core's table.
import { nanoseconds } from './duration.js'
import { ConfigError } from './errors.js'
import { DELAY, ENDS, type Kinds, type Row } from './table.js'

export type Fields = Record<string, any>

/** A value as a message shows it. */
export const show = (value: unknown) => (/bigint|number/.test(typeof value) ? String(value) : JSON.stringify(value) ?? String(value))

/** What other libraries call it. */
const ELSEWHERE: Record<string, string> = {
  retries: 'maxAttempts, which counts the first call: one more than retries',
  numOfAttempts: 'maxAttempts',
  minTimeout: 'initial', startingDelay: 'initial', initialDelay: 'initial',
  factor: 'multiplier', timeMultiple: 'multiplier', exponent: 'multiplier',
  maxTimeout: 'maxDelay', maxRetryTime: 'maxElapsed', timeout: 'attemptTimeout',
  randomize: 'jitter: "full"',
  initial: 'RetryPolicy.exponential({ initial }), or put it into backoff',
  multiplier: 'RetryPolicy.exponential({ multiplier }), or put it into backoff',
  delay: 'RetryPolicy.constant({ delay }), or put it into backoff',
}

/** The fields of a group: only known ones, snake_case read as camelCase. */
export function fields(value: unknown, path: string, known: readonly string[]): Fields {
  if (typeof value != 'object' || !value || Array.isArray(value)) {
    throw new ConfigError(path, `= ${show(value)} is no group of fields, out of: ${known.join(', ')}`)
  }
  const out: Fields = {}
  for (const [name, field] of Object.entries(value)) {
    const camel = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
    if (!known.includes(camel)) {
      const ours = Object.hasOwn(ELSEWHERE, name) && known.includes('maxAttempts') ? `write ${ELSEWHERE[name]}` : `there are: ${known.join(', ')}`
      throw new ConfigError((path && path + '.') + name, `is not known; ${ours}`)
    }
    if (field !== undefined) out[camel] = field
  }
  return out
}

/** A number or duration by its row of the table. */
export function number(group: Fields, path: string, row: Row, name = row[0]): number {
  const [, unit, min, max, fallback] = row
  const given = group[name]
  if (given === undefined && fallback != null) return fallback
  const value = unit == 1 ? nanoseconds(given) : given
  if (typeof value != 'number' || !(value >= min && value <= max) || (unit == 2 && value % 1)) {
    const limits = unit == 1 ? `a duration${max < 1e19 || min ? ` from ${min / 1e6} to ${max / 1e6} ms` : ''}, like "2s" or 2000` : `${unit ? 'a whole number ' : ''}from ${min} to ${max}`
    throw new ConfigError((path && path + '.') + name, `= ${show(given)} is not ${limits}`)
  }
  return value
}

const group = (value: unknown, path: string, rows: readonly Row[]) => {
  const given = fields(value, path, rows.map((row) => row[0]))
  return rows.map((row) => number(given, path, row))
}

/** The numbers of a parameter: one, three for an end of a range, those of a list. */
export function numbers(given: Fields, path: string, row: Row): number[] {
  const [name, unit] = row
  const value = given[name]
  const at = `${path}.${name}`
  if (unit == 4) return group(value, at, ENDS)
  if (unit != 3) return [number(given, path, row)]
  if (!Array.isArray(value) || !value.length || value.length > 16000) {
    throw new ConfigError(at, `= ${show(value)} is no list of 1 to 16000 delays, like ["1s", "5s"]`)
  }
  return value.map((delay, i) => number({ [`${name}[${i}]`]: delay }, path, DELAY, `${name}[${i}]`))
}

/** The same, `NaN` where it is absent, null, or infinite, which JSON writes as null. */
export const optional = (group: Fields, path: string, row: Row) => ([null, undefined, Infinity].includes(group[row[0]]) ? NaN : number(group, path, row))

/** The index of a word in its list; the first is the default. */
export function word(group: Fields, path: string, name: string, words: readonly unknown[]): number {
  const given = group[name]
  const index = given === undefined ? 0 : words.indexOf(given)
  if (index < 0) throw new ConfigError(path + name, `= ${show(given)} is none of: ${words.join(', ')}`)
  return index
}

/** A group whose `kind` says which fields it has; a bare text is a kind without fields. */
export function kind(value: unknown, path: string, table: Kinds, more: string[] = []) {
  const group: any = typeof value == 'string' ? { kind: value } : value
  const index = table.findIndex(([name]) => name == group?.kind)
  if (index < 0) {
    throw new ConfigError(path, `= ${show(value)} is of no known kind; there are: ${table.map(([name]) => name).join(', ')}`)
  }
  const [, rows, random] = table[index]!
  return { index, rows, random, group: fields(group, path, ['kind', ...rows.map((row) => row[0]), ...more]) }
}
