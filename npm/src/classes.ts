// What a failure is called, and which rule is meant by that.
import type { Terms } from './core.js'

/** A rule with the terms that hold for what it matches. */
export interface TermsOf {
  match: string[]
  terms: Terms
}

/** What a failure may be called in a rule: its kind, name, code, HTTP status. */
export function kindsOf(error: any, wish: unknown): string[] {
  const status = error?.status ?? error?.statusCode ?? error?.response?.status
  const words = [wish, error?.kind, error?.name, error?.code, status, status && 'http' + status]
  if (status == 429) words.push('throttle')
  if (error?.name == 'TimeoutError' || error?.code == 'ETIMEDOUT') words.push('timeout')
  return words.filter((word) => typeof word == 'string' || typeof word == 'number').map(String).concat('')
}

const matches = (pattern: string, word: string) =>
  pattern.endsWith('*') ? word.startsWith(pattern.slice(0, -1)) : pattern == word

/** The terms of the first rule that matches. */
export function choose(rules: readonly TermsOf[], error: unknown, wish: unknown): Terms | undefined {
  const words = kindsOf(error, wish)
  return rules.find((rule) => rule.match.some((pattern) => words.some((word) => matches(pattern, word))))?.terms
}
