// Workload W1 in WebAssembly, as w1.rs runs it natively: node w1.mjs MODULE TASKS REPEATS
import { createRequire } from 'node:module'

const [module, tasks, repeats] = process.argv.slice(2)
const { scenarios, simulate } = createRequire(import.meta.url)(module)
const { horizon: _, ...scenario } = scenarios().find(({ name }) => name === 'herd').scenario
scenario.arrivals.tasks = Number(tasks)
scenario.server = { workers: 1, service: { kind: 'fixed', value: '1ms' }, queue: { limit: 1999 } }
scenario.report = { ...scenario.report, rasterRows: 0 }
scenario.policies = ['full']

const seconds = []
let outcome
for (let run = 0; run < Number(repeats); run++) {
  const began = performance.now()
  outcome = simulate(scenario, {})
  seconds.push((performance.now() - began) / 1e3)
}
seconds.sort((a, b) => a - b)
const { attempts, succeeded, traceHash } = outcome.policies[0]
const medianSeconds = seconds[seconds.length >> 1]
console.log(JSON.stringify({
  tasks: Number(tasks), events: attempts + succeeded, bestSeconds: seconds[0], medianSeconds, traceHash,
}))
