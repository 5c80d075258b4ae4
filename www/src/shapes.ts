// Generated from the structs of wasm/page, which a test of theirs compares with this file; written anew by
// REDRIVE_BLESS=1 cargo test -p redrive-page.

/** A line of the scale. */
export interface Tick {
  /** Where, as a share of the height. */
  at: number
  /** What it says. */
  text: string
}

/** One retry. */
export interface Mark {
  /** Its number. */
  retry: number
  /** Least, p5, p25, median, p75, p95, largest: shares of the height. */
  band: Float64Array
  /** The same as texts. */
  bandText: string[]
  /** This seed's delay: share of the height. */
  sample: number
  /** The same as a text. */
  delay: string
  /** When the attempt starts. */
  starts: string
  /** This seed's delay, the start, and the band, in seconds. */
  seconds: Float64Array
}

/** The schedule of one policy. */
export interface PolicyPlot {
  /** `A` or `B`. */
  name: string
  /** The retries. */
  retries: Mark[]
  /** Whether there are more than are drawn. */
  more: boolean
  /** How it ends, in words: "dead letter after 10 attempts (attempts used up)". */
  end: string | null
  /** The same in one word, for the axis. */
  endWord: string | null
  /** The cap. */
  cap: Tick | null
  /** The deadline. */
  deadline: string | null
  /** Whether the bands were measured and are not exact. */
  sampled: boolean
}

/** The schedules of all policies on one scale. */
export interface Plot {
  /** The lines of the scale. */
  ticks: Tick[]
  /** One a policy. */
  policies: PolicyPlot[]
}

/** One story. */
export interface Story {
  /** Its name in a query. */
  name: string
  /** A few words. */
  title: string
  /** What to look at, and why it happens. */
  text: string
  /** The state that shows it. */
  query: string
}

/** A built-in scenario. */
export interface Scene {
  /** What to set. */
  name: string
  /** What happens, in one line. */
  title: string
}

/** One of a few. */
export interface Named {
  /** What to set. */
  value: string
  /** What to call it. */
  label: string
}

/** Policies to begin with. */
export interface BaseGroup {
  /** What they have in common. */
  label: string
  /** The policies. */
  bases: Named[]
}

/** One of the policies of the page. */
export interface PolicyState {
  /** `A` or `B`. */
  name: string
  /** A preset's name, or `~` and the name of a policy of the scenario. */
  base: string
  /** What to call it. */
  label: string
  /** What it was picked as, in a sentence. */
  about: string
  /** Whether it was changed since. */
  changed: boolean
  /** The policy in its wire format. */
  policy: any
}

/** One field in which A and B differ. */
export interface FieldDifference {
  /** What it is called. */
  label: string
  /** What A has. */
  a: string
  /** What B has. */
  b: string
}

/** How A and B differ. */
export interface Differences {
  /** In a sentence. */
  text: string
  /** Every field. */
  fields: FieldDifference[]
}

/** The state of the page. */
export interface State {
  /** Its query. */
  query: string
  /** What was wrong with the link, in words. */
  notices: string[]
  /** The seed. */
  seed: string
  /** The key of the task whose schedule is shown. */
  key: string
  /** The built-in scenario that it began with. */
  builtin: string
  /** What happens, in one line. */
  title: string
  /** What to look at and why it happens. */
  about: string
  /** What is looked at. */
  view: any
  /** The policies, A first. */
  policies: PolicyState[]
  /** How A and B differ. */
  differences: Differences | null
  /** The scenario in its format, without policies. */
  scenario: any
  /** What a policy may begin with. */
  bases: BaseGroup[]
}

/** A row of a panel. */
export interface ControlRow {
  /** What to set. */
  name: string
  /** `policy` or `scenario`. */
  group: string
  /** Whether it is one of those that are rarely turned. */
  advanced: boolean
  /** What to call it. */
  label: string
  /** What it means. */
  doc: string
  /** Its value, as it is written. */
  value: string
  /** What it was before it was changed. */
  default: string
  /** The stops of its slider, where it has one. */
  stops: string[] | null
  /** The nearest stop. */
  at: number | null
  /** What there is to choose from, where it is a choice. */
  choices: Named[] | null
}

/** A piece of a sentence. */
export interface Part {
  /** What it says. */
  text: string
  /** The policy that it names, `a` or `b`. */
  slot: string | null
}

/** One figure of a run. */
export interface Tile {
  /** Its name. */
  name: string
  /** What to call it. */
  label: string
  /** What it means. */
  doc: string
  /** The figure as it is read. */
  text: string
  /** The figure itself. */
  value: number | null
  /** Whether it is the better of the two. */
  better: boolean
}

/** The figures of one policy. */
export interface Tiles {
  /** `A` or `B`. */
  name: string
  /** What the policy was picked as. */
  label: string
  /** The hash of the run's trace. */
  hash: string
  /** Why it is the better one, if it is. */
  better: string | null
  /** The figures. */
  tiles: Tile[]
}

/** What happened. */
export interface Headline {
  /** The sentences, the one that matters most first. */
  sentences: Part[][]
  /** Which policy is better and why, in a sentence. */
  better: Part[]
  /** All of it for those who cannot see the picture. */
  spoken: string
  /** The figures of each policy. */
  policies: Tiles[]
}

/** A fault of the scenario. */
export interface Fault {
  /** When it begins, seconds. */
  from: number
  /** When it is over; open at the end without. */
  until: number | null
  /** What it is. */
  what: string
}

/** What the server can do from some second on. */
export interface Limit {
  /** From when on. */
  from: number
  /** Requests a second; no limit without. */
  rate: number | null
}

/** The attempts of one task. */
export interface RasterRow {
  /** Its key. */
  key: string
  /** When each attempt ended, seconds. */
  at: Float64Array
  /** How: 0 failed, 1 refused, 2 timed out, 3 succeeded, 4 became a dead letter. */
  kinds: Uint8Array
}

/** What reached one of the services that call each other. */
export interface Layer {
  /** Its name. */
  name: string
  /** Attempts that reached it. */
  attempts: string
  /** The same for each task. */
  each: string
  /** The same over the most of all layers. */
  share: number
  /** The most of them in a second. */
  peak: string
  /** Attempts a second over time, in equal spans. */
  rates: Float64Array
  /** The most requests that waited for it. */
  queue: string
}

/** What one of the services that call each other did over time, in the columns of the whole. */
export interface LayerTime {
  /** Its name. */
  name: string
  /** Requests that reached it, a second. */
  requests: Float64Array
  /** Those that it answered with success, a second. */
  goodput: Float64Array
  /** The most that waited for it at one moment. */
  queue: Float64Array
}

/** Figures over time, by the moment at which tasks ended. */
export interface OverTime {
  /** When each column begins, seconds. */
  seconds: Float64Array
  /** Tasks that succeeded, a second. */
  goodput: Float64Array
  /** Tasks that became dead letters, a second. */
  dead: Float64Array
  /** The median time to success, seconds; NaN where none succeeded. */
  p50: Float64Array
  /** 99 % took no longer; NaN where none succeeded. */
  p99: Float64Array
  /** The most requests that waited for the server at one moment. */
  queue: Float64Array
  /** The services, outermost first; none where there is one. */
  layers: LayerTime[]
}

/** How long successes took. */
export interface Histogram {
  /** The end of the last span. */
  toText: string
  /** The share of all tasks in each span. */
  shares: Float64Array
  /** The share of tasks that never succeeded, if there are any. */
  never: string
}

/** What there is to draw of one policy's run. */
export interface Picture {
  /** `A` or `B`. */
  name: string
  /** When the last thing happened, seconds. */
  end: number
  /** The highest rate of attempts after the fault. */
  peak: number | null
  /** What the server can do, as it changes. */
  limits: Limit[]
  /** What goes wrong. */
  faults: Fault[]
  /** When each column begins, seconds. Rates are a second's. */
  seconds: Float64Array
  /** All attempts. */
  attempts: Float64Array
  /** First attempts. */
  first: Float64Array
  /** Attempts refused at once. */
  rejected: Float64Array
  /** Tasks that have arrived and not ended, at the end of the column. */
  open: Float64Array
  /** Tasks that have succeeded by then. */
  succeeded: Float64Array
  /** Tasks that are dead letters then; those sent back are not. */
  dead: Float64Array
  /** The tasks of the timeline, those that did not succeed first. */
  raster: RasterRow[]
  /** The services, outermost first; none where there is one. */
  layers: Layer[]
  /** Success, its time and the queue as they go. */
  overTime: OverTime
  /** Dead letters that were sent back to work. */
  redriven: number
}

/** An attempt, or the end of a task. */
export interface Step {
  /** When it ended. */
  at: string
  /** What happened. */
  what: string
}

/** A dead letter. */
export interface Letter {
  /** The task's key. */
  key: string
  /** Why it is one. */
  reason: string
  /** Attempts made. */
  attempts: number
  /** When it died. */
  died: string
  /** The last error. */
  error: string
  /** What the task was to do, as JSON. */
  payload: string | null
  /** What happened to it. */
  history: Step[]
}

/** Dead letters that died of the same. */
export interface LetterGroup {
  /** The reason in words. */
  reason: string
  /** The last error. */
  error: string
  /** How many there are. */
  count: number
  /** When the first and the last of them died. */
  span: string
  /** Some of them. */
  letters: Letter[]
}

/** All dead letters. */
export interface LetterList {
  /** How many there are. */
  count: number
  /** How many of them are in the groups: a run keeps the histories of so many tasks. */
  grouped: number
  /** By why they died, the largest group first. */
  groups: LetterGroup[]
  /** How many died in each of equal spans of time. */
  overTime: Float64Array
  /** Which lines of a file are not letters, and why the first is not. */
  damaged: string | null
}

/** A change that was tried. */
export interface Offer {
  /** The field to set. */
  path: string
  /** Its new value. */
  value: any
  /** What it changes, in figures. */
  effect: string
}

/** A remark on a policy in this scenario. */
export interface Advice {
  /** What it is about, for programs. */
  code: string
  /** The field that it concerns. */
  field: string
  /** What will happen. */
  message: string
  /** What to do, where trying it helped. */
  offer: Offer | null
}

/** What a figure was over all seeds. */
export interface Range {
  /** The figure's name. */
  name: string
  /** What to call it. */
  label: string
  /** From what to what. */
  text: string
}

/** What one policy did over all seeds. */
export interface Band {
  /** `A` or `B`. */
  name: string
  /** When each column begins, seconds. */
  seconds: Float64Array
  /** The least attempts per second of any seed. */
  low: Float64Array
  /** The most. */
  high: Float64Array
  /** Its figures. */
  ranges: Range[]
}

/** The comparison over several seeds. */
export interface Seeds {
  /** How many. */
  runs: number
  /** How often which policy did better. */
  text: Part[]
  /** One a policy. */
  bands: Band[]
}

/** A policy in the proof. */
export interface Proven {
  /** What it is called. */
  name: string
  /** What it is. */
  policy: string
  /** The figure that was to be improved. */
  goal: string
  /** Tasks that succeeded. */
  succeeded: string
  /** Attempts per task. */
  amplification: string
}

/** What a search found. */
export interface Found {
  /** What came of it, in a sentence. */
  text: string
  /** The policy to take. */
  policy: any
  /** Under how many seeds, by which nothing had been chosen, the policies below ran. */
  seeds: number
  /** What the figure is called. */
  metric: string
  /** The policy found, the best of those that there were, and the page's own. */
  proof: Proven[]
}
