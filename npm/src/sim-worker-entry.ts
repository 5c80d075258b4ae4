// `redrive/sim/worker`: for pages whose Content-Security-Policy allows no worker from a blob.
import { serve } from './sim-worker.js'

serve(globalThis as never)
