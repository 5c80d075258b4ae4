// Which rule is meant by a failure.
import { identify, matches } from './causes.js'
import type { Terms } from './core.js'

/** A rule with the terms that hold for what it matches. */
export interface TermsOf {
  match: string[]
  terms: Terms
}

/** The terms of the first rule that matches. */
export function choose(rules: readonly TermsOf[], error: unknown, answer: unknown): Terms | undefined {
  const { words, kind } = identify(error, answer)
  return rules.find((rule) => rule.match.some((pattern) => matches(pattern, words, kind)))?.terms
}
