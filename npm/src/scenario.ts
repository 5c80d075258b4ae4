// Made from the rows of fields in sim/src/scenario by `cargo xtask golden --bless`. Do not edit.
import type { Duration, PolicyOptions } from './types.js'

/** A law from which times are drawn; a bare duration is always the same. */
export type Distribution = Duration | DistributionLaw

/** A law with its parameters. */
export type DistributionLaw = {
  /** Always the same. */
  kind: 'fixed'
  /** Every sample is this. A duration. */
  value: Duration
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** Memoryless. */
  kind: 'exponential'
  /** The mean. A duration. */
  mean: Duration
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** The usual shape of latencies, by its median or its mean. */
  kind: 'lognormal'
  /** The median. A duration. */
  median?: Duration
  /** The mean. A duration. */
  mean?: Duration
  /** Standard deviation of the logarithm. Default: 1. */
  sigma?: number
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** Heavy tails: P(X > x) = (min / x)^shape. */
  kind: 'pareto'
  /** The smallest value. A duration. */
  min: Duration
  /** The tail's exponent: the smaller, the heavier; the mean is infinite up to 1. Default: 2. */
  shape?: number
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** Normal, folded at zero. */
  kind: 'normal'
  /** The mean. A duration. */
  mean: Duration
  /** The standard deviation, before negative samples are folded. A duration. */
  sd: Duration
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** Uniform from low to high. */
  kind: 'uniform'
  /** The lower end. A duration. Default: 0s. */
  low?: Duration
  /** The upper end. A duration. */
  high: Duration
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** One of given values, from a list or a file. */
  kind: 'empirical'
  /** The values, all equally likely. */
  values: readonly Duration[]
  /** What every count or value is multiplied by. Default: 1. */
  scale?: number
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
} | {
  /** One of several distributions, by weight. */
  kind: 'mixture'
  /** Distributions with a weight, one of which is drawn. */
  parts: readonly Distribution[]
  /** How often this part is drawn, relative to the others. Default: 1. */
  weight?: number
}

/** When tasks arrive. */
export type Arrivals = {
  /** All at once, or spread uniformly. */
  kind: 'herd'
  /** How many tasks arrive in a herd. Default: 10000. */
  tasks?: number
  /** When it happens. A duration. Default: 0s. */
  at?: Duration | null
  /** Over how long the start is spread, uniformly. A duration. Default: 0s. */
  spread?: Duration | null
} | {
  /** Independent users. */
  kind: 'poisson'
  /** Mean rate at which tasks arrive. Per second. Default: 100. */
  ratePerSecond?: number
  /** When it happens. A duration. Default: 0s. */
  at?: Duration | null
  /** How long tasks keep arriving. A duration. */
  for?: Duration | null
} | {
  /** Poisson with a rate that changes. */
  kind: 'rate'
  /** From when on how many tasks arrive a second; the times rise. */
  steps: readonly {
    /** When it happens. A duration. Default: 0s. */
    at?: Duration | null
    /** Rate of this step. Per second. */
    perSecond: number
  }[]
  /** Whether the rate runs in a line from step to step. Default: false. */
  ramp?: boolean
  /** How long tasks keep arriving. A duration. */
  for?: Duration | null
} | {
  /** A closed system: each client starts its next task when the last one ended. */
  kind: 'serial'
  /** How many clients send tasks. Default: 100. */
  clients?: number
  /** How long a client waits after a task ended before it starts the next. A duration. Default: 100ms. */
  think?: Distribution
  /** When it happens. A duration. Default: 0s. */
  at?: Duration | null
  /** How long tasks keep arriving. A duration. */
  for?: Duration | null
} | {
  /** Every client at the full period. */
  kind: 'cron'
  /** How many clients send tasks. Default: 100. */
  clients?: number
  /** The period. A duration of 1ns or more. */
  every: Duration
  /** How far each client's clock is off, uniformly from 0. A duration. Default: 0s. */
  skew?: Duration | null
  /** When it happens. A duration. Default: 0s. */
  at?: Duration | null
  /** How long tasks keep arriving. A duration. */
  for?: Duration | null
} | {
  /** What was counted or logged; uniform within a row. */
  kind: 'trace'
  /** Tasks in each bin. */
  counts: readonly number[]
  /** How long each row of the trace lasts. A duration of 1ns or more. */
  bin: Duration
  /** What every count or value is multiplied by. Default: 1. */
  scale?: number
  /** When it happens. A duration. Default: 0s. */
  at?: Duration | null
}

/** What tasks are sent to. */
export interface Server {
  /** Requests that the server works on at the same time; unlimited when left out. */
  workers?: number | null
  /** How long each request takes. Default: no time. */
  service?: Distribution
  /** Shorthand: a fixed service time of workers / capacityPerSecond. Per second. */
  capacityPerSecond?: number | null
  /** By how much each request in service makes a new one slower: service x (1 + this x requests). Default: 0. */
  slowdownPerInFlight?: number
  /** What each pair of requests in service adds to the service time of a new one. Default: 0. */
  crosstalkPerInFlight?: number
  /** Where requests wait. */
  queue?: {
    /** Requests that may wait; unlimited when left out. */
    limit?: number | null
    /** Who is next: first in, first out (fifo, the default), last in, first out (lifo), or fifo that drops from the front while the wait stays above target for an interval (codel). */
    discipline?: 'fifo' | 'lifo' | 'codel'
    /** Waiting time that CoDel tolerates for good. A duration of 1ns or more. Default: 5ms. */
    target?: Duration | null
    /** How long the wait must stay above the target before CoDel drops. A duration of 1ns or more. Default: 100ms. */
    interval?: Duration | null
  }
  /** With a full queue: refused at once (reject, the default), or swallowed, so that the client has to time out (timeout). */
  onFull?: 'reject' | 'timeout'
}

/** A service between the clients and the server, which calls the next one and retries. */
export interface Layer {
  /** Requests that the server works on at the same time; unlimited when left out. */
  workers?: number | null
  /** How long each request takes. Default: no time. */
  service?: Distribution
  /** Shorthand: a fixed service time of workers / capacityPerSecond. Per second. */
  capacityPerSecond?: number | null
  /** By how much each request in service makes a new one slower: service x (1 + this x requests). Default: 0. */
  slowdownPerInFlight?: number
  /** What each pair of requests in service adds to the service time of a new one. Default: 0. */
  crosstalkPerInFlight?: number
  /** Where requests wait. */
  queue?: {
    /** Requests that may wait; unlimited when left out. */
    limit?: number | null
    /** Who is next: first in, first out (fifo, the default), last in, first out (lifo), or fifo that drops from the front while the wait stays above target for an interval (codel). */
    discipline?: 'fifo' | 'lifo' | 'codel'
    /** Waiting time that CoDel tolerates for good. A duration of 1ns or more. Default: 5ms. */
    target?: Duration | null
    /** How long the wait must stay above the target before CoDel drops. A duration of 1ns or more. Default: 100ms. */
    interval?: Duration | null
  }
  /** With a full queue: refused at once (reject, the default), or swallowed, so that the client has to time out (timeout). */
  onFull?: 'reject' | 'timeout'
  /** The name of the layer. Default: layer. */
  name?: string
  /** How the layer retries its calls to the next one: a preset's name, a policy, or same, the policy under comparison. Default: same. */
  policy?: PolicyOptions | string
  /** How long the layer waits for an answer of the next one. Default: client.timeout. */
  timeout?: Duration | null
  /** A circuit breaker for the layer's calls. */
  breaker?: {
    /** Share of failed attempts above which the breaker opens. Default: 0.5. */
    threshold?: number
    /** Attempts that must be counted before the breaker may open. Default: 10. */
    minCalls?: number
    /** Over how long attempts are counted; from the start when left out. A duration of 1ns or more. */
    window?: Duration | null
    /** How long an open breaker refuses before it lets a probe pass; without it, it closes as soon as the share of failures allows. A duration. */
    openFor?: Duration | null
    /** Whether it refuses all attempts, which needs openFor, or only retries. Default: all. */
    stops?: 'all' | 'retries'
  } | null
  /** Adaptive throttling of the layer's calls. */
  throttle?: {
    /** How many times what the backend accepts may be sent to it; nearer to 1 spares the backend more, and takes longer to notice that it is well again. Default: 2. */
    k?: number
    /** Over how long requests and accepts are counted. A duration of 1ms or more. Default: 2m. */
    window?: Duration | null
  } | null
}

/** What goes wrong, and when. */
export type Fault = {
  /** Requests are refused at once, and what waits is not served. */
  mode: 'down'
  /** What is lost when it begins: nothing (the default), what is in service (running), or what waits as well (all, a crash). Their callers see the connection break. */
  loses?: 'nothing' | 'running' | 'all'
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** Requests are swallowed: the client has to time out. */
  mode: 'hang'
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** A share of the requests fails. */
  mode: 'errors'
  /** Share of attempts that fail. Default: 0.5. */
  rate?: number
  /** Whether an attempt fails only after having been served. Default: false. */
  served?: boolean
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** Service takes longer. */
  mode: 'slow'
  /** What service times are multiplied by. Default: 3. */
  factor?: number
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** Only a share of the capacity is there. */
  mode: 'brownout'
  /** Share of the capacity that is left. Default: 0.5. */
  capacityFactor?: number
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** What is above the limit is refused at once, as throttled. */
  mode: 'rateLimit'
  /** Requests a second that pass; the others get 429 at once. Per second. Default: 100. */
  perSecond?: number
  /** Requests that pass at once after a pause; one second's worth when left out. */
  burst?: number | null
  /** The wait that a refused client is told. A duration. */
  retryAfter?: Duration | null
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
} | {
  /** Errors that come in bursts (Gilbert-Elliott). */
  mode: 'bursts'
  /** Chance, at each attempt, to go from the good state to the bad one. Default: 0.01. */
  enter?: number
  /** Chance, at each attempt, to go from the bad state to the good one. Default: 0.1. */
  exit?: number
  /** Share of attempts that fail in the good state. Default: 0. */
  goodRate?: number
  /** Share of attempts that fail in the bad state. Default: 1. */
  badRate?: number
  /** When it begins. A duration. Default: 0s. */
  from?: Duration | null
  /** When it is over (the end itself is outside); for ever when left out. A duration. */
  until?: Duration | null
  /** The layer that it hits, by its name. Default: the server. */
  layer?: string
}

/** How the clients behave, apart from the policy. */
export interface Client {
  /** How long a client waits for an answer; a policy's attemptTimeout counts too if shorter. A duration of 1ns or more. */
  timeout?: Duration | null
  /** A limit of its own for each attempt; the shorter of it and timeout counts. Default: none. */
  patience?: Distribution | null
  /** Whether requests carry their deadline, and servers drop them afterwards. Default: false. */
  propagateDeadline?: boolean
  /** Whether the server learns that a request is abandoned. Default: false, it does the work in vain. */
  cancelOnTimeout?: boolean
  /** A success that comes after the timeout is ignored (the default), or ends its task (accept). */
  lateResponses?: 'ignore' | 'accept'
  /** Share of tasks that can never succeed. Default: 0. */
  permanentRate?: number
  /** Clients that the tasks belong to, in turn; when left out, each task of a herd is a client of its own, and there is one client otherwise. Default: 1. */
  count?: number
  /** Hosts that the clients run on, in turn. Default: 1. */
  hosts?: number
  /** Who shares a policy's budget, and a throttle. Default: client. */
  budgetScope?: 'client' | 'host' | 'all'
  /** A circuit breaker for each client. */
  breaker?: {
    /** Share of failed attempts above which the breaker opens. Default: 0.5. */
    threshold?: number
    /** Attempts that must be counted before the breaker may open. Default: 10. */
    minCalls?: number
    /** Over how long attempts are counted; from the start when left out. A duration of 1ns or more. */
    window?: Duration | null
    /** How long an open breaker refuses before it lets a probe pass; without it, it closes as soon as the share of failures allows. A duration. */
    openFor?: Duration | null
    /** Whether it refuses all attempts, which needs openFor, or only retries. Default: all. */
    stops?: 'all' | 'retries'
  } | null
  /** Adaptive throttling at the client, as in Google's book Site Reliability Engineering: it sends no more than k times what the backend accepts. */
  throttle?: {
    /** How many times what the backend accepts may be sent to it; nearer to 1 spares the backend more, and takes longer to notice that it is well again. Default: 2. */
    k?: number
    /** Over how long requests and accepts are counted. A duration of 1ms or more. Default: 2m. */
    window?: Duration | null
  } | null
}

/** One class of clients. */
export interface ClientClass {
  /** The name of the class. */
  name?: string
  /** Tasks of its own. */
  arrivals?: Arrivals
  /** Which share of the tasks is of this class. */
  share?: number | null
  /** How they retry: a preset's name, a policy, or same, the policy under comparison. Default: same. */
  policy?: PolicyOptions | string
  /** Requests of a higher one leave a queue first. Default: 0. */
  priority?: number
}

/** What operators do at one moment, to the server or to a layer. */
export interface Change {
  /** When it happens. A duration. Default: 0s. */
  at: Duration
  /** The layer that it is done to, by its name. Default: the server. */
  layer?: string
  /** The share of the capacity that there is from then on; 2 is twice the workers. */
  capacityFactor?: number | null
  /** How much is let in from then on; null: all. */
  admission?: {
    /** Requests a second that pass; the others get 429 at once. Per second. Default: 100. */
    perSecond: number
    /** Requests that pass at once after a pause; one second's worth when left out. */
    burst?: number | null
    /** The wait that a refused client is told. A duration. */
    retryAfter?: Duration | null
  } | null
  /** Whether what waits is lost. Default: false. */
  flush?: boolean
  /** How the clients, or the layer, retry from then on. */
  policy?: PolicyOptions | string | null
}

/**
 * What is simulated: the same plain object that a scenario file of `redrive simulate` holds.
 * Files are not read here: where a scenario file names one, write its numbers (`counts`, `values`).
 */
export interface Scenario {
  /** The name of the scenario. */
  name?: string
  /** One line: what happens. */
  title?: string
  /** What to look at, and why it happens. */
  about?: string
  /** The seed of all randomness: the same seed gives the same run, bit for bit. Default: 42. */
  seed?: number | bigint | string
  /** When the run stops; what has not ended by then is reported as unfinished. A duration of 1ns or more. */
  horizon?: Duration | null
  /** When tasks arrive. Default: a herd of 10000. */
  arrivals?: Arrivals
  /** What they are sent to. */
  server?: Server
  /** Services between the clients and the server, outermost first. */
  layers?: readonly Layer[]
  /** What goes wrong, and when. */
  faults?: readonly Fault[]
  /** What messages go through. */
  network?: {
    /** The latency of one message, each way. Default: no time. */
    latency?: Distribution
    /** Chance that one message is lost, each way. Default: 0. */
    loss?: number
  }
  /** How the clients behave, apart from the policy. */
  client?: Client
  /** Several classes of clients: the same service, their own tasks or a share of them, their own policy and priority. */
  clients?: readonly ClientClass[]
  /** What operators do while it runs. */
  changes?: readonly Change[]
  /** Optimistic concurrency in place of the server: read a version, write it back, and fail if somebody else wrote first. */
  contention?: {
    /** Rows that the clients contend for, in turn. Default: 1. */
    rows?: number
  }
  /** Sending the dead letters back. */
  redrive?: {
    /** When it happens. A duration. Default: 0s. */
    at?: Duration | null
    /** Dead letters sent back a second; all at once when left out. Per second. */
    rate?: number | null
    /** Over how long the start is spread, uniformly. A duration. Default: 0s. */
    spread?: Duration | null
  }
  /** What is compared: each a preset's name, or a name with one of preset, file and policy. */
  policies: readonly ScenarioPolicy[]
  /** What is measured. */
  report?: {
    /** The width of the bins in which attempts are counted. A duration of 1us or more. Default: 100ms. */
    bin?: Duration | null
    /** How long the moving window is over which peaks are counted, beside the bins. A duration of 1us or more. Default: 1s. */
    window?: Duration | null
    /** How soon a task should have succeeded, counted from its first attempt. A duration of 1ns or more. */
    objective?: Duration | null
    /** Windows of time that get figures of their own. */
    windows?: readonly {
      /** The name of the window. */
      name: string
      /** When it begins. A duration. Default: 0s. */
      from?: Duration | null
      /** When it is over (the end itself is outside). */
      to: Duration
    }[]
    /** From when on the figures "after the fault" count. Default: the end of the last fault, or of the last change of the arrival rate. */
    after?: Duration | null
    /** How long goodput must hold 95 % of the baseline to count as recovered. A duration of 1ns or more. Default: 10s. */
    recoverFor?: Duration | null
    /** Tasks sampled for the raster of attempts. Default: 60. */
    rasterRows?: number
  }
  /** How far a run may go. */
  limits?: {
    /** Events after which a run is stopped. Default: 2000000000. */
    events?: number
    /** Megabytes that one run may need. Default: 4096. */
    memoryMb?: number
  }
  /** Where an editor finds this schema. Read past, never written. */
  $schema?: string
}

/** A policy to compare: a preset's name, or a name with a preset or a policy. */
export type ScenarioPolicy =
  | string
  | { name?: string; preset: string }
  | { name?: string; policy: string | PolicyOptions | { toJSON(): PolicyOptions } }

/** A scenario that comes with redrive: what happens, and what to look at. */
export interface BuiltinScenario extends Scenario {
  name: string
  title: string
  about: string
}
