// What has to do with real processes and other people's clocks: `unref`, the fake timers of vitest and
// node:test, memory after a million attempts, and the edge runtime that has its build as a module.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A retry that waits for an hour: with `unref` the process is over before. */
const WAITS = `import { retry, RetryPolicy } from 'redrive'
const policy = RetryPolicy.constant({ delay: '1h', jitter: 'none' })
retry(() => { throw new Error('boom') }, policy, { unref: process.argv[2] == 'unref' }).catch(() => {})
`

/** Hours pass in no time, Date.now with them; nothing is left behind. */
const FAKE = `
const policy = RetryPolicy.constant({ delay: '1h', jitter: 'none', maxAttempts: 4, attemptTimeout: '30s', maxElapsed: '1d' })
const run = async (advance, equal) => {
  let calls = 0
  const waits = []
  const options = { onRetry: ({ delay, at }) => waits.push(delay, at - Date.now()) }
  const slow = () => { calls += 1; return calls < 3 ? new Promise(() => {}) : 'done' }
  const value = retry(slow, policy, options)
  const start = Date.now()
  await advance(30_000)
  await advance(3_600_000)
  equal(calls, 2)
  await advance(30_000)
  await advance(3_600_000)
  equal(await value, 'done')
  equal(calls, 3)
  equal(Date.now() - start, 2 * 3_630_000)
  equal(waits.join(), '3600000,3600000,3600000,3600000')
  const controller = new AbortController()
  const ended = retry(() => { throw new Error('x') }, policy, { signal: controller.signal }).catch((error) => error)
  await advance(1000)
  controller.abort()
  equal((await ended).name, 'AbortError')
}
`

const VITEST = `import { expect, test, vi } from 'vitest'
import { retry, RetryPolicy } from 'redrive'
${FAKE}
test('a retry under vi.useFakeTimers', async () => {
  vi.useFakeTimers()
  await run((ms) => vi.advanceTimersByTimeAsync(ms), (actual, expected) => expect(actual).toBe(expected))
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})
`

const NODE_TEST = `import { mock, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import assert from 'node:assert'
import { retry, RetryPolicy } from 'redrive'
${FAKE}
test('a retry under node:test mock.timers', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  await run(async (ms) => { await setImmediate(); mock.timers.tick(ms); await setImmediate() }, assert.strictEqual)
  mock.timers.reset()
})
`

/** A million attempts without a limit: the heap afterwards is that of the first thousand. */
const MILLION = `import { retry, RetryPolicy } from 'redrive'
import { VirtualClock } from 'redrive/testing'
const clock = new VirtualClock()
const policy = RetryPolicy.constant({ delay: 1, jitter: 'full', maxAttempts: null, maxElapsed: '1000d' })
const heap = () => { globalThis.gc(); return process.memoryUsage().heapUsed }
const error = new Error('boom') // one: we do not measure how stacks are made
let calls = 0
let early
const value = await clock.run(retry(() => {
  calls += 1
  if (calls == 50_000) early = heap()
  if (calls <= 1_000_000) throw error
  return heap()
}, policy, { clock, signal: new AbortController().signal }))
const grown = value - early
console.log(calls + ' attempts, ' + Math.round(grown / 1024) + ' kB more than after 50,000')
process.exit(calls == 1_000_001 && grown < 512 * 1024 ? 0 : 1)
`

export async function checkTime({ step, skip, tools, execute, esbuild, folder, all, node24 }) {
  const file = (name, code) => {
    writeFileSync(join(folder, name), code)
    return name
  }
  const options = { cwd: folder, maxBuffer: 1 << 26 }
  const run = (program, ...words) => execute(program, words, options)

  const waits = file('waits.mjs', WAITS)
  const unref = (name, program, ...words) =>
    step(`unref lets the process end, ${name}`, async () => {
      const start = Date.now()
      await execute(program, [...words, waits, 'unref'], { ...options, timeout: 20_000 })
      const took = Date.now() - start
      // And without it the process waits: or the test would prove nothing.
      const ended = await execute(program, [...words, waits], { ...options, timeout: took + 1500 }).then(() => 'it ended by itself', (error) => error.signal)
      if (ended != 'SIGTERM') throw new Error(`without unref: ${ended}`)
    })
  await unref(`Node ${process.versions.node}`, process.execPath)
  await step('a million attempts do not grow', async () => (await run(process.execPath, '--expose-gc', file('million.mjs', MILLION))).stdout.trim())
  const mocked = file('mocked.test.mjs', NODE_TEST)
  const nodeTest = (program) => run(program, '--test', '--test-reporter=tap', mocked).then(({ stdout }) => {
    if (!/# pass 1\n/.test(stdout)) throw new Error(stdout)
  })
  await step(`mock timers of node:test, Node ${process.versions.node}`, () => nodeTest(process.execPath))
  if (!all) return

  await unref('Deno', join(tools('deno'), '@deno/linux-x64-glibc/deno'), 'run', '--allow-all', '--node-modules-dir=manual')
  await unref('Bun', join(tools('bun'), '@oven/bun-linux-x64/bin/bun'))
  if (node24) {
    await step('mock timers of node:test, Node 24', () => nodeTest(node24()))
    await step('fake timers of vitest, Node 24', async () => {
      const vitest = join(tools('vitest'), 'vitest')
      file('fake.test.mjs', VITEST.replace("'vitest'", JSON.stringify(pathToFileURL(join(vitest, 'dist/index.js')).href)))
      const { stdout } = await run(node24(), join(vitest, 'vitest.mjs'), 'run', '--reporter=tap', 'fake.test.mjs')
      if (!/^ +ok 1 - a retry under/m.test(stdout) || /not ok/.test(stdout)) throw new Error(stdout)
    })
  } else skip('fake timers of vitest', 'they need Node 24 for Linux on x64, which is installed from npm there')

  await step('the edge runtime, by the condition edge-light', async () => {
    const contents = `import * as redrive from 'redrive'
import * as testing from 'redrive/testing'
import { collect } from './suite.mjs'
import { runAll } from './run.mjs'
globalThis.suite = async (golden) => { const said = []; const failed = await runAll(collect(redrive, testing, golden), (line) => said.push(line)); return JSON.stringify({ failed, said }) }`
    const modules = []
    // What that platform's bundler does with an import of a .wasm file: the module comes compiled.
    const compiled = {
      name: 'compiled',
      setup(build) {
        build.onLoad({ filter: /core\.wasm$/ }, ({ path }) => {
          modules.push(readFileSync(path))
          return { contents: 'export default globalThis.COMPILED', loader: 'js' }
        })
      },
    }
    const { outputFiles } = await esbuild({ stdin: { contents, resolveDir: folder }, bundle: true, write: false, format: 'iife', conditions: ['edge-light'], plugins: [compiled], logLevel: 'error' })
    // Under this condition the engine is plain JavaScript: bundlers of edge routes do not take modules.
    if (modules.length) throw new Error(`${modules.length} modules were imported: the condition does not hold`)
    const { EdgeVM } = createRequire(join(tools('edge'), 'x.js'))('@edge-runtime/vm')
    const vm = new EdgeVM()
    // As there: code that comes at run time is not compiled.
    vm.evaluate('WebAssembly.Module = function () { throw new Error("no code at run time") }')
    vm.evaluate(outputFiles[0].text)
    vm.context.GOLDEN = readFileSync(join(folder, 'golden.json'), 'utf8')
    const { failed, said } = JSON.parse(await vm.evaluate('suite(JSON.parse(GOLDEN))'))
    if (failed) throw new Error(said.join('\n'))
    return said.at(-1)
  })
}
