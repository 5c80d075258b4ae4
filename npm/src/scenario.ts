import type { Duration, PolicyOptions } from './types.js'

/** A law from which times are drawn; a bare duration is always the same. */
export type Distribution = Duration | DistributionLaw

export type DistributionLaw =
  | { kind: 'fixed'; value: Duration }
  /** Memoryless. */
  | { kind: 'exponential'; mean: Duration }
  /** The usual shape of latencies; `median` or `mean`. */
  | { kind: 'lognormal'; median?: Duration; mean?: Duration; sigma: number }
  /** P(X > x) = (min / x)^shape: heavy tails. */
  | { kind: 'pareto'; min: Duration; shape: number }
  /** Folded at zero. */
  | { kind: 'normal'; mean: Duration; sd: Duration }
  | { kind: 'uniform'; low?: Duration; high: Duration }
  /** One of the values, all equally likely, times `scale`. */
  | { kind: 'empirical'; values: readonly Duration[]; scale?: number }
  | { kind: 'mixture'; parts: readonly (DistributionLaw & { weight: number })[] }

/** When tasks arrive. */
export type Arrivals =
  /** All at once, or spread uniformly: what a cron job, a restart or a broken connection does. */
  | { kind: 'herd'; tasks?: number; at?: Duration; spread?: Duration }
  /** Independent users. */
  | { kind: 'poisson'; ratePerSecond: number; at?: Duration; for?: Duration | null }
  /** Poisson with a rate that changes: in steps, or in a line from step to step with `ramp`. */
  | { kind: 'rate'; steps: readonly { at: Duration; perSecond: number }[]; ramp?: boolean; for?: Duration | null }
  /** A closed system: each client starts its next task when the last one ended and it has thought. */
  | { kind: 'serial'; clients: number; think?: Distribution; at?: Duration; for?: Duration | null }
  /** Every client at the full period, clocks off by up to `skew`. */
  | { kind: 'cron'; clients: number; every: Duration; skew?: Duration; at?: Duration; for?: Duration | null }
  /** Counts per bin, as a load balancer logs them, times `scale`; uniform within a bin. */
  | { kind: 'trace'; counts: readonly number[]; bin: Duration; scale?: number; at?: Duration }

/** What tasks are sent to. */
export interface Server {
  /** Requests in service at the same time; without it, unlimited. */
  workers?: number | null
  /** How long each takes; nothing when left out. */
  service?: Distribution
  /** Shorthand for a fixed service time of `workers / capacityPerSecond`. */
  capacityPerSecond?: number | null
  /** Load-dependent service: times (1 + this times the requests in service). */
  slowdownPerInFlight?: number
  /** And what each pair of them costs beside that: throughput falls again beyond a load. */
  crosstalkPerInFlight?: number
  queue?: {
    /** Requests that may wait; unlimited when left out. */
    limit?: number | null
    /** Who is next; `codel` drops from the front while the wait stays above `target` for an `interval`. */
    discipline?: 'fifo' | 'lifo' | 'codel'
    target?: Duration
    interval?: Duration
  }
  /** Without room: `reject` refuses at once, `timeout` swallows the request and the client has to time out. */
  onFull?: 'reject' | 'timeout'
}

/** A service between the clients and the server, which calls the next one and retries. */
export interface Layer extends Server {
  name?: string
  /** A preset's name, a policy, or `same`: the one under comparison. */
  policy?: string | PolicyOptions
  /** How long it waits for an answer of the next; without it: as long as a client. */
  timeout?: Duration | null
  /** A circuit breaker for its calls. */
  breaker?: Client['breaker']
  /** Adaptive throttling of its calls. */
  throttle?: Client['throttle']
}

/** What goes wrong, from `from` until `until` (without it: for ever), at the server or at a layer. */
export type Fault = { from?: Duration; until?: Duration | null; layer?: string } & (
  /** Refused at once; what waits is not served, and is lost with `loses`. */
  | { mode: 'down'; loses?: 'nothing' | 'running' | 'all' }
  /** Swallowed: the client has to time out. */
  | { mode: 'hang' }
  /** Fails with this chance: at once, or after its service with `served`. */
  | { mode: 'errors'; rate: number; served?: boolean }
  /** Service takes this much longer. */
  | { mode: 'slow'; factor: number }
  /** Only this share of the capacity is there. */
  | { mode: 'brownout'; capacityFactor: number }
  /** Above the limit: refused at once as throttled, and told when to come back. */
  | { mode: 'rateLimit'; perSecond: number; burst?: number; retryAfter?: Duration | null }
  /** Gilbert-Elliott: errors that come in bursts. */
  | { mode: 'bursts'; enter: number; exit: number; goodRate?: number; badRate?: number }
)

/** One class of clients. */
export interface ClientClass {
  name?: string
  /** Tasks of its own. */
  arrivals?: Arrivals
  /** Or its share of the common tasks; an equal part of what is left if neither is given. */
  share?: number | null
  /** A preset's name, a policy, or `same` (default): the one under comparison. */
  policy?: string | PolicyOptions
  /** Requests of a higher one leave a queue first. */
  priority?: number
}

/** What operators do at one moment, to the server or to a layer. */
export interface Change {
  at: Duration
  layer?: string
  /** The share of the written capacity that there is from then on. */
  capacityFactor?: number | null
  /** How much is let in from then on; `null`: all. */
  admission?: { perSecond: number; burst?: number; retryAfter?: Duration | null } | null
  /** What waits is lost. */
  flush?: boolean
  /** The clients, or the layer, retry by this one from then on. */
  policy?: string | PolicyOptions | null
}

/** How the clients behave, apart from the policy. */
export interface Client {
  /** How long a client waits for an answer. */
  timeout?: Duration | null
  /** A limit of its own for each attempt, drawn; the shorter of it and `timeout` counts. */
  patience?: Distribution | null
  /** Whether servers know until when a request is waited for, and drop it afterwards. */
  propagateDeadline?: boolean
  /** Whether the server learns that nobody waits any more; by default it does the work in vain. */
  cancelOnTimeout?: boolean
  /** `accept`: a success that comes after the timeout still ends its task. */
  lateResponses?: 'ignore' | 'accept'
  /** Share of tasks that can never succeed; they fail at the server, with the kind `poison`. */
  permanentRate?: number
  /** Clients that the tasks belong to in turn, and hosts that the clients belong to in turn. */
  count?: number
  hosts?: number
  /** Who shares a policy's budget, and a throttle. */
  budgetScope?: 'client' | 'host' | 'all'
  /** A circuit breaker for each client. */
  breaker?: {
    threshold?: number
    minCalls?: number
    window?: Duration
    openFor?: Duration
    stops?: 'all' | 'retries'
  } | null
  /**
   * Adaptive throttling as in Google's SRE book, one for each of `budgetScope`: over `window` (2 minutes)
   * more than `k` (2) times what the backend accepted is refused at the client, in proportion.
   */
  throttle?: { k?: number; window?: Duration } | null
}

/** A policy to compare: a preset's name, or a name with a preset or a policy. */
export type ScenarioPolicy =
  | string
  | { name?: string; preset: string }
  | { name?: string; policy: string | PolicyOptions | { toJSON(): PolicyOptions } }

/**
 * What is simulated: the same plain object that a scenario file of `redrive simulate` holds. Files are
 * not read here: where a scenario file names one, write its numbers (`counts`, `values`).
 */
export interface Scenario {
  /** Where an editor finds the schema of a scenario's file. Read past. */
  $schema?: string
  name?: string
  title?: string
  about?: string
  /** The same seed gives the same run, bit for bit, everywhere; 42 if not given. */
  seed?: number | bigint | string
  /** When the run stops; without it, when nothing is left to do. */
  horizon?: Duration | null
  arrivals?: Arrivals
  server?: Server
  /** Services between the clients and the server, outermost first. */
  layers?: readonly Layer[]
  faults?: readonly Fault[]
  /** What messages go through, each way. */
  network?: { latency?: Distribution; loss?: number }
  client?: Client
  /** Several classes of clients: their own tasks or a share of them, their own policy and priority. */
  clients?: readonly ClientClass[]
  /** What operators do while it runs. */
  changes?: readonly Change[]
  /** Optimistic concurrency in place of the server: read a version, write it back, fail if somebody wrote first. */
  contention?: { rows?: number }
  /** Sends the dead letters back: all at once, `rate` a second, or over `spread`. */
  redrive?: { at?: Duration; rate?: number | null; spread?: Duration }
  /** What is compared, all under the same arrivals, service times and failures. */
  policies: readonly ScenarioPolicy[]
  report?: {
    /** Width of the bins in which attempts are counted. */
    bin?: Duration
    /** Windows of time that get figures of their own. */
    windows?: readonly { name: string; from?: Duration; to: Duration }[]
    /** From when on the figures "after the fault" count; the end of the last fault if not given. */
    after?: Duration | null
    /** How long goodput must hold 95 % of the baseline to count as recovered. */
    recoverFor?: Duration
    rasterRows?: number
  }
  /** A run that would need more is refused or stopped. */
  limits?: { events?: number; memoryMb?: number }
}

/** A scenario that comes with redrive: what happens, and what to look at. */
export interface BuiltinScenario extends Scenario {
  name: string
  title: string
  about: string
}
