// What the first failure of a process costs beyond a later one, when the engine is compiled: ours beside p-retry, in
// fresh processes and by turns. Wall time, so that it says something on a quiet machine only.
import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'

const PROCESSES = 21
const LATER = 21

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1]

/** A process that fails once, and then again and again: the first time, and the median of the others, in ms. */
const source = (module, setup) => `
const library = await import(${JSON.stringify(module)})
${setup}
const once = async () => {
  let failed = false
  const start = performance.now()
  await run(async () => { if (!failed) { failed = true; throw new Error('x') } })
  return performance.now() - start
}
await run(async () => 1)
const first = await once()
const later = []
for (let i = 0; i < ${LATER}; i++) later.push(await once())
console.log(JSON.stringify([first, later.sort((a, b) => a - b)[${LATER >> 1}]]))
`

function cost(code) {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })
  if (!stdout) throw new Error(stderr)
  const [first, later] = JSON.parse(stdout)
  return first - later
}

/** Prints both medians; whether ours is within `limit` milliseconds. */
export function firstFailure(ours, pRetry, limit) {
  const file = (path) => pathToFileURL(path).href
  const contenders = {
    redrive: source(file(ours), "const policy = library.RetryPolicy.constant({ delay: 1, jitter: 'none', maxAttempts: 2 })\nconst run = (fn) => library.retry(fn, policy)"),
    'redrive, with rules': source(file(ours), "const policy = library.RetryPolicy.constant({ delay: 1, jitter: 'none', maxAttempts: 2, classify: [{ match: 'auth', action: 'fail' }] })\nconst run = (fn) => library.retry(fn, policy)"),
    'p-retry 9.0.0': source(file(pRetry), 'const run = (fn) => library.default(fn, { retries: 1, minTimeout: 1, factor: 1 })'),
  }
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]))
  for (let i = 0; i < PROCESSES; i++) for (const [name, code] of Object.entries(contenders)) times[name].push(cost(code))
  console.log(`\nfirst failure of a process beyond a later one, median of ${PROCESSES} processes`)
  for (const [name, list] of Object.entries(times)) console.log(`  ${name.padEnd(28)} ${median(list).toFixed(2).padStart(7)} ms (fastest ${Math.min(...list).toFixed(2)})`)
  const within = median(times.redrive) <= limit
  console.log(`  ${(within ? 'ok' : 'OVER').padEnd(5)} ${median(times.redrive).toFixed(2)} ms (budget ${limit} ms)`)
  return within
}
