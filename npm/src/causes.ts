// What a failure is called: by itself, by what it wraps, by the answer that it carries; and what rules match.
import { CODES, FAMILIES, GRPC, PREFIXES, type FailureKind } from './vocabulary.js'
import { attempt } from './text.js'

type Pairs = ReadonlyMap<string, string>

let table: { kinds: readonly string[]; codes: Pairs; grpc: readonly string[]; prefixes: Pairs; families: Pairs } | undefined

/** The vocabulary, read once: at the first failure that somebody classifies. */
function vocabulary() {
  if (!table) {
    const rows = CODES.split('|').map((row) => row.split(' '))
    const pairs = (text: string) => new Map(text.split('|').map((pair) => pair.split(' ') as [string, string]))
    table = {
      kinds: rows.map(([kind]) => kind!),
      codes: new Map(rows.flatMap(([kind, ...codes]) => [kind!, ...codes].map((code) => [code, kind!] as const))),
      grpc: GRPC.split(' '),
      prefixes: pairs(PREFIXES),
      families: pairs(FAMILIES),
    }
  }
  return table
}

/** The HTTP status that a word is: `503`, `http503`. */
const statusOf = (word: string) => Number(/^(?:http)?([1-5]\d\d)$/.exec(word)?.[1])
/** The number of a gRPC code, by its name or number. */
const grpcOf = (word: string) => (/^([1-9]|1[0-6])$/.test(word) ? +word : vocabulary().grpc.indexOf(word))

/** The kind of failure that a word stands for; `undefined` for what the vocabulary does not know. */
export function kindOf(word: string): string | undefined {
  const { codes, grpc, prefixes } = vocabulary()
  const known = codes.get(word)
  if (known) return known
  const number = grpcOf(word)
  if (number > 0) return codes.get(grpc[number]!)
  const status = statusOf(word)
  if (status >= 400) return codes.get(String(status)) ?? (status < 500 ? 'invalid' : 'server')
  for (const [prefix, kind] of prefixes) if (word.startsWith(prefix)) return kind
  // Of a name with a package the last part counts.
  const last = /[.:#$/\\]([a-z][^.:#$/\\]*)$/i.exec(word)?.[1]
  return last === undefined ? undefined : codes.get(last)
}

/** Whether a rule's match covers a failure of this kind that goes by these words. */
export function matches(pattern: string, words: readonly string[], kind: string): boolean {
  const { kinds, families } = vocabulary()
  const short = families.get(pattern) ?? pattern
  if (short == '*' || short == kind || (short[0] == '!' && short.slice(1) != kind)) return true
  const [, first, last] = /^(\d+)-(\d+)$/.exec(short) ?? []
  const number = first || kinds.includes(pattern) ? -1 : grpcOf(pattern)
  const status = number >= 0 ? NaN : statusOf(pattern)
  const prefix = pattern.endsWith('*') ? pattern.slice(0, -1) : undefined
  return words.some((word) => {
    if (first) return statusOf(word) >= +first && statusOf(word) <= +last!
    if (number >= 0) return grpcOf(word) == number
    if (status == status) return statusOf(word) == status
    if (prefix === undefined) return word == pattern
    return word.startsWith(prefix) || (prefix.startsWith('http') && statusOf(word) > 0 && word.startsWith(prefix.slice(4)))
  })
}

/** Where errors of all sorts carry a status. */
const STATUSES = [['status'], ['statusCode'], ['response', 'status'], ['response', 'statusCode'], ['$metadata', 'httpStatusCode'], ['$response', 'statusCode']]

/**
 * Every word for a failure, the most telling first: what the caller says, then the error's own, then those of
 * what it wraps. Nothing that an error does to resist is heard.
 */
export function wordsOf(error: unknown, wish?: unknown): string[] {
  const words = new Set<string>()
  const add = (word: unknown) => {
    if ((typeof word == 'string' && word && word.length <= 128) || typeof word == 'number') words.add(String(word))
  }
  const walk = (thing: unknown, depth: number) => {
    const own = (...path: string[]): unknown => attempt(() => path.reduce((at: any, name) => at?.[name], thing))
    if (typeof thing == 'string') add(thing)
    if (Object(thing) !== thing) return
    add(own('kind'))
    if (own('$retryable', 'throttling') === true) add('throttle')
    const [code, name] = [own('code'), own('name')]
    // A small number is gRPC's on errors of gRPC alone; elsewhere it is an exit code, or a DOMException's.
    const rpc = () => own('details') !== undefined || own('metadata') != null || own('rawMessage') !== undefined || /^\d+ [A-Z_]+\b/.test(String(own('message')))
    if (typeof code != 'number' || code > 25 || (code < 17 && own('INDEX_SIZE_ERR') !== 1 && attempt(rpc))) add(code)
    for (const path of STATUSES) add(own(...path))
    // libuv's numbers are negative.
    if (typeof own('errno') == 'string') add(own('errno'))
    add(name)
    // `class RateLimitError extends Error {}` has no name of its own.
    add(own('constructor', 'name'))
    if (!depth) return
    walk(own('cause'), depth - 1)
    const errors = own('errors')
    if (Array.isArray(errors)) for (const one of errors.slice(0, 8)) walk(one, depth - 1)
  }
  add(wish)
  walk(error, 4)
  return [...words]
}

/** A failure by name: its words, the vocabulary's kind for them, and the code that tells it. */
export interface Identity {
  words: string[]
  kind: FailureKind
  /** What the error calls itself: its own `kind`, else the vocabulary's, else its name. */
  name: string
  code: string | undefined
}

export function identify(error: unknown, wish?: unknown): Identity {
  const text = (name: string) =>
    attempt(() => {
      const value = Object(error)[name]
      return value == null || Object(value) === value ? undefined : String(value)
    })
  const words = wordsOf(error, wish)
  const known = words.find(kindOf)
  const kind = known ? kindOf(known)! : 'other'
  return {
    words,
    kind: kind as FailureKind,
    name: text('kind') ?? (known ? kind : text('name') ?? typeof error),
    code: text('code') ?? (known && /^[A-Z\d]/.test(known) && known != text('name') ? known : undefined),
  }
}
