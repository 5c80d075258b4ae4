// Runs the simulator beside the page. A policy whose run was not touched is not run again.
import * as engine from './engine'
import type { Advised, Answer, Question } from './herd'
import type { Job } from './jobs'

const runs = new Map<string, { run: engine.Run; picture: engine.Picture }>()
const KEPT = 8

function runOf(query: string, slot: engine.Slot) {
  const key = engine.runKey(query, slot)
  let known = runs.get(key)
  if (known) runs.delete(key)
  else {
    const run = engine.run(query, slot)
    known = { run, picture: engine.picture(run) }
  }
  runs.set(key, known)
  for (const [oldest, { run }] of runs) {
    if (runs.size <= KEPT) break
    run.free()
    runs.delete(oldest)
  }
  return known
}

const slots = (query: string) => engine.read(query).policies.map(({ name }) => name.toLowerCase() as engine.Slot)

function answer({ id, query, letters }: Question): Answer {
  const found = slots(query).map(slot => runOf(query, slot))
  const all = found.map(({ run }) => run)
  const end = all.reduce((most, run) => Math.max(most, run.latencyEnd()), 0)
  const lists = letters ? all.map(engine.letters) : null
  // A handful is not worth a redrive, or a question.
  const first = all.find((_, index) => {
    const { open, succeeded, dead } = found[index]!.picture
    const tasks = [open, succeeded, dead].reduce((sum, counts) => sum + (counts.at(-1) ?? 0), 0)
    return (lists?.[index]?.count ?? 0) > 0.005 * tasks
  })
  return {
    id,
    query,
    pictures: found.map(({ picture }) => picture),
    headline: engine.headline(query, all),
    histograms: all.map(run => engine.histogram(run, end, 48)),
    letters: lists,
    redrive: first ? { once: engine.redrive(query, first, false), paced: engine.redrive(query, first, true) } : null,
  }
}

/** Each policy's advice as soon as it is known: trying the changes takes several runs. */
function* advised({ id, query }: Question): Generator<Advised> {
  const advice: Advised['advice'] = []
  const all = slots(query)
  for (const slot of all) {
    advice.push({ slot, advice: engine.advice(query, slot) })
    yield { id, query, advice, more: advice.length < all.length }
  }
}

/** Does a job, and says now and then how far it is. */
function work(job: Job) {
  let said = 0
  const tell = (done: number) => {
    const now = performance.now()
    if (now - said < 50) return
    said = now
    self.postMessage({ done })
  }
  try {
    const result = job.job === 'seeds' ? engine.seeds(job.query, job.seeds, tell)
      : engine.find(job.query, job.slot, job.goal, job.condition, (done, all) => tell(done / all))
    self.postMessage({ result })
  } catch (error) {
    self.postMessage({ error: String((error as Error).message ?? error) })
  }
}

self.addEventListener('message', async ({ data }: MessageEvent<{ module: WebAssembly.Module } | Question | Job>) => {
  if ('module' in data) {
    await engine.start(data.module)
    self.postMessage({ ready: true })
    return
  }
  if ('job' in data) return work(data)
  try {
    if (data.what === 'advice') for (const known of advised(data)) self.postMessage(known)
    else self.postMessage(answer(data))
  } catch (error) {
    // A trap leaves the engine in no state to go on with; an error of ours is an answer.
    const fatal = error instanceof WebAssembly.RuntimeError
    self.postMessage({ id: data.id, error: String((error as Error).message ?? error), fatal })
  }
})
