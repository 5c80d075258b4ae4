// What an import weighs, bundled and minified by esbuild and gzipped: ours against their limits, which keep
// them from growing, and against their goals, which they are to come back to.
import { buildSync } from 'esbuild'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import { tools } from './tools.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = (file) => JSON.stringify(join(root, 'dist', file))

function size(contents, resolveDir = root) {
  const { outputFiles } = buildSync({ stdin: { contents, resolveDir }, bundle: true, minify: true, format: 'esm', write: false, logLevel: 'error' })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

const rows = [
  ["import { retry } from 'redrive', the engine inside", `export { retry } from ${dist('index.js')}`, 10_800, 8_000],
  ['import { retry, RetryPolicy }', `export { retry, RetryPolicy } from ${dist('index.js')}`, 23_500, 13_000],
  ['everything of redrive without ./sim', `export * from ${dist('index.js')}; export * from ${dist('testing.js')}`, 36_800, 21_000],
]
// Downloaded as it is where it is imported as a module, and otherwise as text in the bundle, which is 1 % longer.
const simulator = gzipSync(readFileSync(join(root, 'dist/sim.wasm')), { level: 9 }).length
let failed = 0
for (const [name, code, limit, goal] of [...rows, ['the WebAssembly of redrive/sim', simulator, 176_000, 130_000], ["import { simulate } from 'redrive/sim', the engine inside", `export { simulate } from ${dist('sim.js')}`, 191_000, 145_000]]) {
  const bytes = typeof code == 'number' ? code : size(code)
  if (bytes > limit) failed += 1
  console.log(`${bytes > limit ? 'OVER' : 'ok  '}  ${String(bytes).padStart(6)} of ${limit} bytes  ${name}${bytes > goal ? ` (goal: ${goal})` : ''}`)
}
if (process.argv.includes('--peers')) {
  const folder = tools('peers')
  for (const [name, code] of [
    ['p-retry 9.0.0', "export { default } from 'p-retry'"],
    ['async-retry 1.3.3', "export { default } from 'async-retry'"],
    ['exponential-backoff 3.1.3', "export { backOff } from 'exponential-backoff'"],
    ['@lifeomic/attempt 3.1.0', "export { retry } from '@lifeomic/attempt'"],
    ['cockatiel 4.0.0, retry and backoff', "export { retry, handleAll, ExponentialBackoff } from 'cockatiel'"],
    ['cockatiel 4.0.0, all', "export * from 'cockatiel'"],
    ['@smithy/util-retry 4.6.2, standard', "export { StandardRetryStrategy } from '@smithy/util-retry'"],
  ]) {
    console.log(`peer  ${String(size(code, folder)).padStart(6)} bytes           ${name}`)
  }
}
process.exitCode = failed ? 1 : 0
