import type { RetryOptions } from './options.js'
import type { RetryPolicy } from './policy.js'
import { retry } from './retry.js'
import { parseRetryAfter } from './retry-after.js'
import type { AttemptContext } from './types.js'

/** A response whose status says that another try may help. Its body has not been read. */
export class HttpStatusError extends Error {
  override name = 'HttpStatusError'
  /** The response's. */
  readonly status: number
  /** What the server asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined
  constructor(
    readonly response: Response,
    now?: number,
  ) {
    super(`HTTP ${response.status} ${response.statusText}`.trim())
    this.status = response.status
    this.retryAfter = parseRetryAfter(response.headers, now)
  }
}

/** Statuses that may be gone at the next try. */
export const RETRYABLE: readonly number[] = [408, 425, 429, 500, 502, 503, 504]

/** How `retryHttp` is run. */
export interface HttpOptions extends RetryOptions {
  /** Which statuses are failures. Default: 408, 425, 429, 500, 502, 503, 504. */
  statuses?: readonly number[]
}

/**
 * `retry` for `fetch`: a response with a retryable status is a failure, and its Retry-After is heard.
 *
 * Any other response, 404 included, is the result, as with `fetch`. The last failed response is kept whole:
 * `error.cause.response` of the `DeadLetterError`. The bodies of those before it are let go.
 */
export function retryHttp(fn: (context: AttemptContext) => Promise<Response>, policy?: RetryPolicy, options: HttpOptions = {}): Promise<Response> {
  const { statuses = RETRYABLE, ...rest } = options
  const { onRetry, clock } = rest
  return retry(
    async (context) => {
      const response = await fn(context)
      if (statuses.includes(response.status)) throw new HttpStatusError(response, clock?.now())
      return response
    },
    policy,
    {
      ...rest,
      onRetry(event) {
        // There will be another response: this one's connection is free to go.
        if (event.error instanceof HttpStatusError) event.error.response.body?.cancel().catch(() => {})
        onRetry?.(event)
      },
    },
  )
}
