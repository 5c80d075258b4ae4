// One number of a result.

/** One figure of several runs. */
export interface Spread {
  mean: number
  /** Half the width of the 95 % confidence interval of the mean. */
  ci95: number
  min: number
  max: number
  /** How many runs lack the figure; absent where none does. */
  missing?: number
}

/** A number with `runs: 1`, its spread with more; `null` where it is not known. */
export type Figure = number | Spread | null
