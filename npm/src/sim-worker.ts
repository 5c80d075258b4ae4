// The other side of simulateInWorker. `import 'redrive/sim/worker'` in a worker of your own makes it one.
import { glue, run, tell, type Work } from './sim-run.js'

/** What a worker, seen from inside, has in common with a port of Node's. */
interface Port {
  onmessage: ((event: { data: any }) => void) | null
  postMessage(message: unknown): void
}

/** Progress is told so often at most, in milliseconds: each message costs the page a little. */
const OFTEN = 50

/** Waits for one simulation, runs it, and says how it went. */
export function serve(port: Port) {
  port.onmessage = async ({ data }: { data: { bytes: BufferSource; work: Work } }) => {
    try {
      let last = performance.now()
      const engine = glue(await WebAssembly.compile(data.bytes))
      const outcome = await run(engine, data.work, (progress) => {
        const now = performance.now()
        if (now - last < OFTEN && progress.done < progress.total) return
        last = now
        port.postMessage({ progress })
      })
      port.postMessage({ outcome })
    } catch (error) {
      port.postMessage({ error: tell(error) })
    }
  }
}
