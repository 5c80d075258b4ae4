import type { Policy } from './compile.js'
import { systemClock } from './clock.js'
import { AttemptTimeoutError, ConfigError } from './errors.js'
import type { RetryOptions } from './options.js'
import { show } from './read.js'
import { retry } from './retry.js'
import { parseRetryAfter } from './retry-after.js'
import { hub, type Context } from './run.js'
import type { AttemptContext } from './types.js'

/** A response whose status says that another try may help. Its body has not been read. */
export class HttpStatusError extends Error {
  override name = 'HttpStatusError'
  /** The response's. */
  readonly status: number
  /** What the server asks to wait, in milliseconds. */
  readonly retryAfter: number | undefined
  /** @internal Not enumerable: a log of the error is not to show cookies. */
  declare readonly response: Response
  constructor(response: Response, now?: number) {
    super(`HTTP ${response.status} ${response.statusText}`.trim())
    Object.defineProperty(this, 'response', { value: response })
    this.status = response.status
    this.retryAfter = parseRetryAfter(response, now)
  }
}

/** Statuses that may be gone at the next try. */
export const RETRYABLE: readonly number[] = [408, 425, 429, 500, 502, 503, 504]

/** How `retryHttp` is run. */
export interface HttpOptions extends RetryOptions {
  /** Which statuses are failures. Default: 408, 425, 429, 500, 502, 503, 504. */
  statuses?: readonly number[] | undefined
}

/** How `policy.fetch` is run. */
export interface FetchOptions extends HttpOptions {
  /** Methods that may be sent twice. Default: those that do the same when done twice (RFC 9110): all but POST and PATCH. */
  methods?: readonly string[] | undefined
}

const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']

/** What reads a body to its end. */
const READERS = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const

/** Keeps what can abort a response alive as long as the response or its body is. */
const kept = /* @__PURE__ */ new WeakMap<object, AbortController>()

/** Until the body is read, the caller's signal and the attempt's deadline end it still. */
function follow(context: Context, response: Response, options: RetryOptions) {
  const { controller_ } = context
  const { body } = response
  if (!controller_ || !body) return
  const { signal, clock = systemClock } = options
  kept.set(response, controller_)
  kept.set(body, controller_)
  // Weak: a response that is never read is not held by a signal that lives as long as the process.
  const weak = new WeakRef(controller_)
  const listener = { abort_: () => end(signal!.reason) }
  const release = () => {
    if (timer !== undefined) clock.clearTimeout(timer)
    if (signal) hub(signal, listener, false)
  }
  const end = (reason: unknown) => {
    release()
    weak.deref()?.abort(reason)
  }
  const { timeout } = context.run_.plan_
  const timer: any = timeout && clock.setTimeout(() => end(new AttemptTimeoutError('the body took longer than what was left of ' + timeout + ' ms')), Math.max(timeout - context.ran_(), 0))
  // A body that still comes keeps the process alive by its connection; one that was read, or let go, does not.
  timer?.unref?.()
  if (signal) hub(signal, listener, true)
  for (const name of READERS) {
    const read = response[name] as undefined | (() => Promise<unknown>)
    if (read) Object.defineProperty(response, name, { configurable: true, value: () => read.call(response).finally(release) })
  }
}

/**
 * `retry` for `fetch`: a response with a retryable status is a failure, and its Retry-After is used.
 *
 * Any other response, 404 included, is the result, as with `fetch`; its body can be aborted, and runs into the
 * attempt's deadline, until it is read. The last failed response is kept whole: `error.cause.response` of the
 * `DeadLetterError`. The bodies of those before it are let go.
 */
export async function retryHttp(fn: (context: AttemptContext) => Response | PromiseLike<Response>, policy?: Policy, options: HttpOptions = {}): Promise<Response> {
  const { statuses = RETRYABLE, ...rest } = Object(options) as HttpOptions
  if (!Array.isArray(statuses) || !statuses.every(Number.isInteger)) throw new ConfigError('statuses', `= ${show(statuses)} is not a list of statuses, like [503]`)
  if (typeof fn != 'function') throw new ConfigError('fn', `= ${show(fn)} is not a function; write retryHttp(({ signal }) => fetch(url, { signal }))`)
  const { onRetry, clock } = rest
  return retry(
    async (context) => {
      const response = await fn(context)
      if (typeof response?.status != 'number') throw new ConfigError('fn', `gave ${show(response)} and not a Response`)
      if (statuses.includes(response.status)) throw new HttpStatusError(response, clock?.now())
      follow(context as Context, response, rest)
      return response
    },
    policy,
    {
      ...rest,
      onRetry(event) {
        // There will be another response: this one's connection is free to go.
        if (event.error instanceof HttpStatusError) event.error.response.body?.cancel().catch(() => {})
        return onRetry?.(event)
      },
    },
  )
}

/**
 * `fetch` under a policy, for the place of `fetch`: it gives the last response, whatever its status, and rejects
 * with what `fetch` rejects with (`historyOf` tells what was tried). Requests that may not be done twice are
 * sent once.
 */
export const fetcher = (policy: Policy, options: FetchOptions = {}): typeof fetch => async (input, init) => {
  const { methods = IDEMPOTENT, ...rest } = options
  const given = input instanceof Request ? input : undefined
  const method = (init?.method ?? given?.method ?? 'GET').toUpperCase()
  // A body that can be read once is read from a copy each time.
  const stream = init?.body instanceof ReadableStream
  const request = given || stream ? new Request(input, init) : undefined
  const signals = [options.signal, init?.signal ?? given?.signal].filter((signal) => signal != null)
  const once = methods.includes(method) ? {} : { retryOn: () => false }
  try {
    return await retryHttp(({ signal }) => (request ? fetch(request.clone(), { signal }) : fetch(input, { ...init, signal })), policy, {
      unwrap: true, ...rest, ...once, signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
    })
  } catch (error) {
    if (error instanceof HttpStatusError) return error.response
    throw error
  }
}
