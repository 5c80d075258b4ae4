// The hand-tuned loop in WebAssembly, as bin/loops.rs runs it natively: node loop.mjs MODULE TASKS REPEATS
import { readFile } from 'node:fs/promises'

const [module, tasks, repeats] = process.argv.slice(2)
const { instance } = await WebAssembly.instantiate(await readFile(module))

const seconds = []
let events
for (let run = 0; run < Number(repeats); run++) {
  const began = performance.now()
  events = instance.exports.hand_tuned(Number(tasks))
  seconds.push((performance.now() - began) / 1e3)
}
seconds.sort((a, b) => a - b)
console.log(JSON.stringify({
  tasks: Number(tasks), events, bestSeconds: seconds[0], medianSeconds: seconds[seconds.length >> 1],
}))
