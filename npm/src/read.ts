// Readers of what a caller wrote: groups of fields, numbers, words and kinds, by rows of the core's table.
import { nanoseconds } from './duration.js'
import { ConfigError } from './errors.js'
import { DELAY, ENDS, type Kinds, type Row } from './table.js'
import { textOf } from './text.js'

export type Fields = Record<string, any>

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (typeof value == 'function') return 'a function'
  let text
  try {
    text = typeof value == 'number' ? '' + value : JSON.stringify(value)
  } catch {}
  text ??= textOf(value)
  return text.length > 80 ? text.slice(0, 77) + '...' : text
}

/** Says which known name is meant by another. */
type Suggest = (name: string, known: readonly string[], hints?: Record<string, string>) => string | undefined
let suggest: Suggest | undefined

/** Has refusals say what is meant: once a policy, a budget or a queue is made. `retry` alone lists what there is. */
export const teach = (how: Suggest) => void (suggest = how)

/** Refuses a name that is not known, with the one that is meant. */
export function refuse(path: string, name: string, known: readonly string[], hints?: Record<string, string>): never {
  throw new ConfigError((path && path + '.') + name, 'is not known; ' + (suggest?.(name, known, hints) ?? 'there are: ' + known.join(', ')))
}

/** Only known names, and a group at all. */
export function known(value: unknown, path: string, names: readonly string[], hints?: Record<string, string>): asserts value is Fields {
  if (typeof value != 'object' || !value || Array.isArray(value)) {
    throw new ConfigError(path || 'policy', `= ${show(value)} is not an object with some of: ${names.join(', ')}`)
  }
  for (const name of Object.keys(value)) if (!names.includes(name)) refuse(path, name, names, hints)
}

/** What an object itself has: not what a page, or a class, has put into its prototype. */
export const own = <T extends object>(given: T): T => ({ __proto__: null, ...given })

/** The fields of a group: only known ones, its own, snake_case read as camelCase. */
export function fields(value: unknown, path: string, names: readonly string[], hints?: Record<string, string>): Fields {
  const camel = (name: string) => (name.includes('_') ? name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase()) : name)
  // Without a prototype: what a page puts into Object.prototype is not a field.
  const out: Fields = Object.create(null)
  const own = typeof value == 'object' && value && !Array.isArray(value)
  if (!own) known(value, path, names)
  for (const [name, field] of Object.entries(value as object)) {
    if (!names.includes(camel(name))) refuse(path, name, names, hints)
    if (field !== undefined) out[camel(name)] = field
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
    const limits = unit == 1 ? `a duration${max < 1e19 ? ` from ${min / 1e6} to ${max / 1e6} ms` : min ? ' above 0' : ''}: milliseconds, or a text with ns, us, ms, s, m, h or d like "1m30s"` : `${unit ? 'a whole number ' : ''}from ${min} to ${max}`
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
    throw new ConfigError(at, `= ${show(value)} is not a list of 1 to 16000 delays, like ["1s", "5s"]`)
  }
  return value.map((delay, i) => number({ [`${name}[${i}]`]: delay }, path, DELAY, `${name}[${i}]`))
}

/** The same, `NaN` where it is absent, null, or infinite, which JSON writes as null. */
export const optional = (group: Fields, path: string, row: Row) => ([null, undefined, Infinity].includes(group[row[0]]) ? NaN : number(group, path, row))

/** The index of a word in its list; the first is the default. */
export function word(group: Fields, path: string, name: string, words: readonly unknown[]): number {
  const given = group[name]
  const index = given === undefined ? 0 : words.indexOf(given)
  if (index < 0) throw new ConfigError(path + name, `= ${show(given)} must be one of: ${words.join(', ')}`)
  return index
}

/** A group whose `kind` says which fields it has; a bare text is a kind without fields. */
export function kind(value: unknown, path: string, table: Kinds, more: string[] = []) {
  const group: any = typeof value == 'string' ? { kind: value } : value
  const index = table.findIndex(([name]) => name == group?.kind)
  if (index < 0) {
    throw new ConfigError(path, `= ${show(value)} is of unknown kind; kind must be one of: ${table.map(([name]) => name).join(', ')}`)
  }
  const [, rows, random] = table[index]!
  return { index, rows, random, group: fields(group, path, ['kind', ...rows.map((row) => row[0]), ...more]) }
}
