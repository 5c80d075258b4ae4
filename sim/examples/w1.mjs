// Workload W1 in WebAssembly, as w1.rs runs it natively: node w1.mjs MODULE TASKS REPEATS
import { createRequire } from 'node:module'

const [module, tasks, repeats] = process.argv.slice(2)
const { Simulation } = createRequire(import.meta.url)(module)
const scenario = {
  seed: 42,
  arrivals: { kind: 'herd', tasks: Number(tasks) },
  server: { workers: 1, service: '1ms', queue: { limit: 1999 } },
  faults: [{ until: '30s', mode: 'down' }],
  policies: ['full'],
  report: { rasterRows: 0 },
}

const seconds = []
let outcome
for (let run = 0; run < Number(repeats); run++) {
  const began = performance.now()
  const simulation = new Simulation(scenario, 1)
  while (simulation.step());
  outcome = simulation.outcome(false)
  simulation.free()
  seconds.push((performance.now() - began) / 1e3)
}
seconds.sort((a, b) => a - b)
const { attempts, succeeded, traceHash } = outcome.policies[0]
const medianSeconds = seconds[seconds.length >> 1]
console.log(JSON.stringify({
  tasks: Number(tasks), events: attempts + succeeded, bestSeconds: seconds[0], medianSeconds, traceHash,
}))
