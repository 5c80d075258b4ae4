// Texts of things that may resist it: getters that throw, Proxies, Symbols, circles.

/** What `read` gives, and `undefined` where it throws: errors come from anywhere. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** A text of anything. */
export const textOf = (thing: unknown): string => attempt(() => String(thing)) ?? 'something without a text'

/**
 * What an error says, and what its causes say: `fetch failed: connect ECONNREFUSED ::1:443`. An
 * AggregateError without a message says what its errors say.
 */
export function messageOf(error: unknown, depth = 4): string {
  const { message, errors, cause } = (attempt(() => {
    const { message, errors, cause } = Object(error)
    return { message, errors, cause }
  }) ?? {}) as Record<string, unknown>
  let text = message || !Array.isArray(errors) ? textOf(message || error) : errors.slice(0, 8).map((one) => messageOf(one, depth - 1)).join('; ')
  if (cause != null && depth > 0) {
    const why = messageOf(cause, depth - 1)
    if (!text.includes(why)) text += ': ' + why
  }
  return text
}

/** A text as UTF-8, one character a byte. Half a surrogate pair is replaced, as everywhere. */
export const utf8 = (text: string): string => unescape(encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd')))

/** `text`, or as much of it as fits into so many bytes of UTF-8 with `…` behind it. */
export function cut(text: string, limit: number): string {
  let bytes = 0
  let fits = ''
  // By whole characters; no more of them than bytes are wanted.
  for (const char of text.slice(0, limit + 1)) {
    const point = char.codePointAt(0)!
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > limit) return fits + '…'
    if (bytes <= limit - 3) fits += char
  }
  return text
}
