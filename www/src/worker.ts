// Runs the simulator beside the page. A policy whose run was not touched is not run again.
import * as engine from './engine'
import type { Answer, Question } from './herd'

const runs = new Map<string, { run: engine.Run; picture: engine.Picture }>()
const KEPT = 8

function runOf(query: string, slot: engine.Slot) {
  const key = engine.runKey(query, slot)
  let known = runs.get(key)
  if (known) runs.delete(key)
  else {
    const run = engine.run(query, slot)
    known = { run, picture: run.picture() as engine.Picture }
  }
  runs.set(key, known)
  for (const [oldest, { run }] of runs) {
    if (runs.size <= KEPT) break
    run.free()
    runs.delete(oldest)
  }
  return known
}

function answer({ id, query, letters }: Question): Answer {
  const state = engine.read(query)
  const slots = state.policies.map(policy => policy.name.toLowerCase() as engine.Slot)
  const found = slots.map(slot => runOf(query, slot))
  const [a, b] = found
  const end = found.reduce((most, { run }) => Math.max(most, run.latencyEnd()), 0)
  return {
    id,
    query,
    pictures: found.map(({ picture }) => picture),
    difference: a && b ? a.run.difference(b.run) : null,
    histograms: found.map(({ run }) => run.histogram(end, 48) as engine.Histogram),
    letters: letters ? found.map(({ run }) => run.letters(query) as engine.Letters) : null,
  }
}

self.addEventListener('message', async ({ data }: MessageEvent<{ module: WebAssembly.Module } | Question>) => {
  if ('module' in data) {
    await engine.start(data.module)
    self.postMessage({ ready: true })
    return
  }
  try {
    self.postMessage(answer(data))
  } catch (error) {
    // A trap leaves the engine in no state to go on with; an error of ours is an answer.
    const fatal = error instanceof WebAssembly.RuntimeError
    self.postMessage({ id: data.id, error: String((error as Error).message ?? error), fatal })
  }
})
