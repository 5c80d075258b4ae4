// Texts of things that may resist it.

/** A text of anything that can be thrown. */
export function messageOf(error: unknown): string {
  try {
    return String((error as Error)?.message ?? error)
  } catch {
    return 'an error without a text'
  }
}

/** A text of anything. */
export function textOf(thing: unknown): string {
  try {
    return String(thing)
  } catch {
    return 'a thing without a text'
  }
}
