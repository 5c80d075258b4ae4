// The border to the engine: rows of numbers in one buffer. Its places are named in table.ts.
import { open, type Engine } from './engine.js'
import { randomBits } from './entropy.js'
import { Place } from './table.js'
import { utf8 } from './text.js'
import type { Seed } from './types.js'

/** A policy for one class of failures, as numbers; the delays of a table are beside it. */
export interface Terms {
  row: number[]
  table: number[]
}

/** What the core remembers of a task: seed, key (two halves each), began, attempts, bits, previous. */
export type State = number[]

/** Verdicts other than a retry; a dead letter is `Dead` and the index of its reason. */
export const enum Said {
  Discard = 1,
  Fail = 2,
  Dead = 8,
  Permanent = 10,
}

let engine: Engine | undefined
let io: Float64Array
let bytes: Uint8Array

function start(): Engine {
  if (!engine) {
    engine = open()
    io = new Float64Array(engine.memory.buffer, engine.io(), Place.End)
    bytes = new Uint8Array(io.buffer, io.byteOffset + Place.Rest * 8, (Place.End - Place.Rest) * 8)
  }
  return engine
}

/** Puts the number of a seed or key into two places of a state. */
function put(state: State, place: number, word: Seed) {
  const text = utf8(String(word))
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  // The text was written where a table of delays is.
  loaded = undefined
  engine!.key(text.length, Place.Seed)
  state[place] = io[Place.Seed]!
  state[place + 1] = io[Place.Seed + 1]!
}

/** A fresh task. Without a seed it gets one of its own, so that tasks of one key do not wait in step. */
export function newState(seed: Seed | undefined, key: Seed | undefined): State {
  start()
  // An array: V8 keeps one of doubles on its heap, and a typed array of more than 64 bytes elsewhere.
  const state = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  if (seed == null) {
    state[0] = randomBits()
    state[1] = randomBits()
  } else put(state, 0, seed)
  if (key != null) put(state, 2, key)
  return state
}

/** The 64-bit number at `place` as decimal text. */
export const decimal = (row: ArrayLike<number>, place = 0) => String((BigInt(row[place]!) << 32n) + BigInt(row[place + 1]!))

let loaded: Terms | undefined

/** Sends a policy's numbers, unless they are still there from the last time. */
function load(terms: Terms) {
  const core = start()
  if (loaded != terms) {
    io.set(terms.row)
    io.set(terms.table, Place.Rest)
    loaded = terms
  }
  return core
}

/** The verdict on the failed attempt: 0 to retry after `delay()`, or why not. Changes `state`. */
export function verdict(terms: Terms, state: State, now: number, started: number, hint: number, cost: number, budget?: Float64Array) {
  const core = load(terms)
  // By hand: `set` of an array costs more than nine stores.
  for (let i = 0; i < Place.Delay - Place.Seed; i++) io[Place.Seed + i] = state[i]!
  if (budget) io.set(budget, Place.Budget)
  const said = core.fail(now, started, hint, cost, budget ? 1 : 0)
  if (budget) budget.set(io.subarray(Place.Budget, Place.Rest))
  for (let i = Place.Began - Place.Seed; i < Place.Delay - Place.Seed; i++) state[i] = io[Place.Seed + i]!
  return said
}

/** The delay that the last verdict gave, in milliseconds. */
export const delay = () => io[Place.Delay]!
/** The same in nanoseconds, exact. */
export const delayNs = () => BigInt(decimal(io, Place.DelayNs))
/** When that delay ends, in milliseconds. */
export const due = () => io[Place.Due]!

/** The p-quantile of a delay over all keys, in milliseconds; negative without a closed form. */
export const quantile = (terms: Terms, retries: number, p: number) => load(terms).quantile(retries, p)

/** When the letter in `slot` of a redrive starts, in milliseconds after it. */
export function startOf(seed: Seed, key: string, slot: number, redrives: number, every: number, spread: number): number {
  const state = newState(seed, key)
  for (let i = 0; i < 4; i++) io[Place.Seed + i] = state[i]!
  return engine!.start(slot, redrives, every, spread)
}

/** Tells a budget what happened and returns what is left of it; the events are those of lib.rs. */
export function tellBudget(budget: Float64Array, event: number, now: number, state?: State) {
  const core = start()
  io.set(budget, Place.Budget)
  // Before the first failure there is not a task yet, and so not a retry.
  for (let i = 0; i < Place.Delay - Place.Seed; i++) io[Place.Seed + i] = state?.[i] ?? 0
  const left = core.budget(event, now)
  budget.set(io.subarray(Place.Budget, Place.Rest))
  return left
}
