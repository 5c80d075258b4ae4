// The border to the engine: rows of numbers in one buffer. The places are those of wasm/core/src/lib.rs.
import { ConfigError } from './errors.js'
import { open, type Engine } from './engine.js'
import type { Seed } from './types.js'

const STATE = 36
const KEY = 38
const DELAY = 46
const BUDGET = 52
const BUDGET_LENGTH = 30
const REST = 128
const ROOM = 16256

/** A policy for one class of failures, as numbers; the delays of a table stand beside it. */
export interface Terms {
  row: number[]
  table: number[]
}

/** What the core remembers of a task: seed, key (two halves each), began, attempts, bits, previous. */
export type State = Float64Array

/** Verdicts that are no retry; a dead letter is 8 and the index of its reason. */
export const DISCARD = 1
export const FAIL = 2
export const DEAD = 8

let engine: Engine | undefined
let io: Float64Array
let bytes: Uint8Array

function start(): Engine {
  if (!engine) {
    engine = open()
    io = new Float64Array(engine.memory.buffer, engine.io(), REST + ROOM)
    bytes = new Uint8Array(io.buffer, io.byteOffset + REST * 8, ROOM * 8)
  }
  return engine
}

let entropy: Uint32Array | undefined
let drawn = 0

/** A fresh task. Without a seed it gets one of its own, so that tasks of one key do not wait in step. */
export function newState(seed: Seed | undefined, key: Seed | undefined): State {
  const core = start()
  const state = new Float64Array(9)
  const put = (text: string, place: number) => {
    const { read, written } = new TextEncoder().encodeInto(text, bytes)
    if (read < text.length) throw new ConfigError('key', 'is longer than 128 kB')
    // The text was written where a table of delays stands.
    loaded = undefined
    core.key(written, STATE)
    state.set(io.subarray(STATE, STATE + 2), place)
  }
  if (seed == null) {
    entropy ??= crypto.getRandomValues(new Uint32Array(2))
    state[0] = entropy[0]!
    state[1] = (entropy[1]! + drawn++) >>> 0
  } else put(String(seed), 0)
  if (key != null) put(String(key), KEY - STATE)
  return state
}

/** The 64-bit number at `place` as decimal text. */
export const decimal = (row: Float64Array, place = 0) => String((BigInt(row[place]!) << 32n) + BigInt(row[place + 1]!))

let loaded: Terms | undefined

/** Sends a policy's numbers, unless they are still there from the last time. */
function load(terms: Terms) {
  const core = start()
  if (loaded != terms) {
    io.set(terms.row)
    io.set(terms.table, REST)
    loaded = terms
  }
  return core
}

/** The verdict on the failed attempt: 0 to retry after `delay()`, or why not. Changes `state`. */
export function verdict(terms: Terms, state: State, now: number, hint: number, cost: number, budget?: Float64Array) {
  const core = load(terms)
  io.set(state, STATE)
  if (budget) io.set(budget, BUDGET)
  const said = core.fail(now, hint, cost, budget ? 1 : 0)
  if (budget) budget.set(io.subarray(BUDGET, BUDGET + BUDGET_LENGTH))
  for (let i = 4; i < 9; i++) state[i] = io[STATE + i]!
  return said
}

/** The delay that the last verdict gave, in milliseconds. */
export const delay = () => io[DELAY]!
/** The same in nanoseconds, exact. */
export const delayNs = () => BigInt(decimal(io, DELAY + 1))
/** When that delay ends, in milliseconds. */
export const due = () => io[DELAY + 3]!

/** The p-quantile of a delay over all keys, in milliseconds; negative where there is no closed form. */
export const quantile = (terms: Terms, retries: number, p: number) => load(terms).quantile(retries, p)

/** Tells a budget what happened and returns what is left of it; the events are those of lib.rs. */
export function tellBudget(budget: Float64Array, event: number, now: number, state?: State) {
  const core = start()
  io.set(budget, BUDGET)
  if (state) io.set(state, STATE)
  const left = core.budget(event, now)
  budget.set(io.subarray(BUDGET, BUDGET + BUDGET_LENGTH))
  return left
}
