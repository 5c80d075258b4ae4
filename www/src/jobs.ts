// What takes seconds and may be given up: ten seeds, the search for a policy. Each has a worker of its own,
// which ends with it.
import type { Found, Seeds, Slot } from './engine'
import { script } from './trusted'
import workerUrl from './worker?worker&url'

export type Job =
  | { job: 'seeds'; query: string; seeds: number }
  | { job: 'find'; query: string; slot: Slot; goal: string; condition: string }
export type JobReply = { done: number } | { result: Seeds | Found } | { error: string }

export interface Running { cancel(): void }

export function start<R extends Seeds | Found>(
  module: WebAssembly.Module, job: Job, on: { progress(share: number): void; result(result: R): void; error(message: string): void },
): Running {
  const worker = new Worker(script(workerUrl), { type: 'module' })
  const end = () => worker.terminate()
  worker.addEventListener('error', event => { event.preventDefault(); end(); on.error('The simulator crashed: the scenario may be too big.') })
  worker.addEventListener('message', ({ data }: MessageEvent<JobReply | { ready: true }>) => {
    if ('ready' in data) worker.postMessage(job)
    else if ('done' in data) on.progress(data.done)
    else {
      end()
      if ('error' in data) on.error(data.error)
      else on.result(data.result as R)
    }
  })
  worker.postMessage({ module })
  return { cancel: end }
}
