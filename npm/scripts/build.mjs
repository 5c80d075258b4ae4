// Builds the package: the engine's three forms, the bundles, the types.
//
//   node scripts/build.mjs CORE.wasm CORE-PLAIN.wasm WORDS.wasm WORDS-PLAIN.wasm SIM
//
// Two each are what cargo made of wasm/core and wasm/words, the second without what wasm2js cannot read; SIM is the
// folder with the simulator's module and its glue (`cargo xtask npm` builds them and calls this).
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [core, corePlain, words, wordsPlain, sim] = process.argv.slice(2)
const dist = join(root, 'dist')
const work = join(root, 'build')
const binaryen = join(root, 'node_modules/binaryen/bin')

/** What rustc itself turns on; every engine that we support has had them for years. */
const FEATURES = ['bulk-memory', 'bulk-memory-opt', 'multivalue', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext']
  .map((name) => '--enable-' + name)

const run = (tool, ...args) => execFileSync(process.execPath, [join(binaryen, tool), ...args], { stdio: ['ignore', 'inherit', 'inherit'] })

/**
 * libm's square root and ceiling are software, because stable Rust without std cannot name the instructions.
 * WebAssembly has both, IEEE 754 fixes every bit of what they return, and the golden tests compare it.
 */
function useInstructions(text) {
  for (const [name, instruction] of [['4sqrt4sqrt', 'f64.sqrt'], ['4ceil4ceil', 'f64.ceil']]) {
    const found = text.match(new RegExp(`\\(func (\\$_ZN4libm4math${name}\\S*) \\(param \\$0 f64\\) \\(result f64\\)`))
    if (!found) continue
    let end = found.index
    for (let depth = 0; ; end++) {
      depth += { '(': 1, ')': -1 }[text[end]] ?? 0
      if (!depth) break
    }
    text = text.slice(0, found.index) + `(func ${found[1]} (param $0 f64) (result f64) (${instruction} (local.get $0)))` + text.slice(end + 1)
  }
  // The linker's own marks; nothing asks for them.
  return text.replace(/^ \(export "__(heap_base|data_end)".*\n/gm, '')
}

/** The table that the software's square root looked things up in: zeros, which are not stored. */
function withoutTable(module) {
  const table = module.indexOf(Buffer.from([0x51, 0xb4, 0xf0, 0xb2, 0x96, 0xb1, 0x44, 0xb0]))
  return table < 0 ? module : module.fill(0, table, table + 256)
}

/** Makes a module small, and plain JavaScript of its plain form: build/NAME.wasm and build/NAME.js. */
function optimise(name, module, plain) {
  const at = (ending) => join(work, name + ending)
  run('wasm-dis', ...FEATURES, module, '-o', at('.wat'))
  writeFileSync(at('.wat'), useInstructions(readFileSync(at('.wat'), 'utf8')))
  run('wasm-as', ...FEATURES, at('.wat'), '-o', at('-plain.wasm'))
  writeFileSync(at('-plain.wasm'), withoutTable(readFileSync(at('-plain.wasm'))))
  const promises = ['--traps-never-happen', '--low-memory-unused', '--zero-filled-memory']
  const strip = ['--strip-target-features', '--strip-producers', '--strip-debug']
  // Flattened first, -Oz finds more to share; inlining what is called once frees it of its arguments.
  const passes = ['--flatten', '--rereloop', '--inlining-optimizing', '-Oz', '-Oz', '--converge', '-ocimfs=1000']
  run('wasm-opt', ...passes, ...promises, ...FEATURES, ...strip, at('-plain.wasm'), '-o', at('.wasm'))
  // Copies of memory are the one thing that rustc leaves in it.
  const bulk = FEATURES.filter((feature) => feature.includes('bulk'))
  run('wasm-opt', ...bulk, '--llvm-memory-copy-fill-lowering', '-Oz', ...strip, plain, '-o', at('-mvp.wasm'))
  run('wasm2js', '-O', at('-mvp.wasm'), '-o', at('.js'))
  return readFileSync(at('.wasm'))
}

/** How many bytes stand for themselves, and what is added to them before: the frequent ones come first then. */
const PAGE = 91
const SHIFT = 4

/**
 * Bytes as text that gzip makes no longer than the bytes, where base64 becomes 22 % longer: a page of 91
 * characters, and one of two others before what is of the second or third page; the alphabet comes first. src/unpack.ts reads it back.
 *
 * Which character is written for which byte is chosen so that the frequent bytes are the frequent characters of
 * `beside`, the code that will stand in one file with it: gzip has one table for both.
 */
function pack(bytes, beside = '') {
  const places = [...bytes].flatMap((byte) => {
    const value = (byte + SHIFT) & 255
    const page = Math.trunc(value / PAGE)
    return [...(page ? [PAGE + page - 1] : []), value % PAGE]
  })
  const all = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((char) => char != '"' && char != '\\')
  const byFrequency = (things, seen) => {
    const counts = new Map(things.map((thing) => [thing, 0]))
    for (const thing of seen) if (counts.has(thing)) counts.set(thing, counts.get(thing) + 1)
    // Ties in their own order: the same on every machine.
    return things.map((thing, index) => ({ thing, index })).sort((a, b) => counts.get(b.thing) - counts.get(a.thing) || a.index - b.index).map(({ thing }) => thing)
  }
  const chars = byFrequency(all, beside)
  const alphabet = []
  byFrequency([...Array(PAGE + 2).keys()], places).forEach((place, rank) => (alphabet[place] = chars[rank]))
  return alphabet.join('') + places.map((place) => alphabet[place]).join('')
}

/** What `retry` is without its engine, as it will stand in a bundle. */
async function besides() {
  const without = { name: 'without', setup: (build) => build.onResolve({ filter: /\.\/(words-)?module\.js$/ }, () => ({ path: 'module', external: true })) }
  const { outputFiles } = await build({ ...common, stdin: { contents: "export { retry } from './src/retry.js'", resolveDir: root }, minify: true, write: false, format: 'esm', plugins: [without] })
  return outputFiles[0].text
}

const MADE = '// Made by `cargo xtask npm`. Do not edit.\n'
const write = (name, text) => writeFileSync(join(root, 'src', name), MADE + text)

/**
 * The simulator's glue as wasm-bindgen made it, within a function: each call is an instance of its own, where a
 * module has one for ever. Without what loads a module from elsewhere.
 */
function glue() {
  const text = readFileSync(join(sim, 'redrive_wasm.js'), 'utf8')
  const [head, load, start] = ['async function __wbg_load', 'function initSync', 'let __wbg_init_promise'].map((mark) => {
    const place = text.indexOf(mark)
    if (place < 0) throw new Error(`wasm-bindgen's glue has no "${mark}": see glue() in scripts/build.mjs`)
    return place
  })
  const body = (text.slice(0, head) + text.slice(load, start)).replace(/^export /gm, '')
  write('sim-glue.ts', `// @ts-nocheck\nexport function glue(module: WebAssembly.Module): any {\n${body}\ninitSync({ module })\nreturn { Simulation, hints }\n}\n`)
}

/** What runs in a worker, as text. */
async function worker() {
  const { outputFiles } = await build({ ...common, entryPoints: ['src/sim-worker.ts'], format: 'iife', globalName: 'redriveWorker', minify: true, write: false })
  write('sim-worker-text.ts', `export const WORKER: string =\n  ${JSON.stringify(outputFiles[0].text)}\n`)
}

/** The simulator's entries share the errors of the root, so that `instanceof` holds. */
const rootEntry = (path) => ({
  name: 'root',
  setup: (build) => build.onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path, external: true })),
})

async function simulator() {
  const entries = { sim: 'src/sim.ts', 'sim-worker': 'src/sim-worker-entry.ts' }
  await build({ ...common, entryPoints: entries, format: 'esm', plugins: [rootEntry('./index.js')] })
  await build({ ...common, entryPoints: entries, format: 'cjs', outExtension: { '.js': '.cjs' }, plugins: [rootEntry('./index.cjs')] })
  await build({ ...common, entryPoints: { 'sim-workerd': 'src/sim.ts' }, format: 'esm', plugins: [rootEntry('./workerd.js'), form('wasm')] })
}

/** The schemas of what is read and printed, and the licences, beside what they are about. */
function papers() {
  for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) cpSync(join(root, '..', name), join(root, name))
  cpSync(join(root, '../cli/schemas/simulate.schema.json'), join(root, 'schema/simulate.json'))
}

/** The engines in another form: their files `src/NAME-FORM.ts` in the place of `src/NAME.ts`. */
const form = (form) => ({
  name: form,
  setup(build) {
    build.onResolve({ filter: /\.\/(engine|words-engine|sim-engine)\.js$/ }, ({ path }) => {
      const file = join(root, 'src', `${path.slice(2, -3)}-${form}.ts`)
      return existsSync(file) ? { path: file } : undefined
    })
    build.onResolve({ filter: /\.\/(core|words|sim)\.wasm$/ }, ({ path }) => ({ path, external: true }))
    build.onResolve({ filter: /\.\/(core|words)-js$/ }, ({ path }) => ({ path: join(work, path.slice(2, -3) + '.js') }))
  },
})

const common = { bundle: true, minifySyntax: true, mangleProps: /[a-z]_$/, target: 'es2022', platform: 'neutral', charset: 'ascii', legalComments: 'none', logLevel: 'warning', absWorkingDir: root, outdir: dist }

/** Maps with the sources in them: a stack trace names our files and functions. */
const mapped = { sourcemap: 'linked', sourcesContent: true }

async function bundle() {
  const entries = { index: 'src/index.ts', testing: 'src/testing.ts' }
  await build({ ...common, ...mapped, entryPoints: entries, format: 'esm', splitting: false })
  await build({ ...common, ...mapped, entryPoints: entries, format: 'cjs', outExtension: { '.js': '.cjs' } })
  await build({ ...common, ...mapped, entryPoints: { workerd: 'src/index.ts' }, format: 'esm', plugins: [form('wasm')] })
  await build({ ...common, ...mapped, entryPoints: { js: 'src/index.ts' }, format: 'esm', plugins: [form('js')] })
  await build({ ...common, ...mapped, entryPoints: { js: 'src/index.ts' }, format: 'cjs', outExtension: { '.js': '.cjs' }, plugins: [form('js')] })
}

/** Types for both kinds of module: for `require` the same text, its imports ending in .cjs. */
function types() {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root, '--noEmit', 'false', '--emitDeclarationOnly', '--outDir', join(dist, 'types')], { stdio: 'inherit' })
  for (const name of readdirSync(join(dist, 'types'))) {
    if (!name.endsWith('.d.ts')) continue
    const text = readFileSync(join(dist, 'types', name), 'utf8')
    writeFileSync(join(dist, 'types', name.replace('.d.ts', '.d.cts')), text.replace(/(['"]\.\/[\w-]+)\.js(['"])/g, '$1.cjs$2'))
  }
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
mkdirSync(work, { recursive: true })
write('module.ts', `export const MODULE: string =\n  ${JSON.stringify(pack(optimise('core', core, corePlain), await besides()))}\n`)
write('words-module.ts', `export const MODULE: string =\n  ${JSON.stringify(pack(optimise('words', words, wordsPlain), await besides()))}\n`)
for (const name of ['core.wasm', 'words.wasm']) cpSync(join(work, name), join(dist, name))
const simModule = join(sim, 'redrive_wasm_bg.wasm')
write('sim-module.ts', `export const MODULE: string =\n  ${JSON.stringify(pack(readFileSync(simModule)))}\n`)
cpSync(simModule, join(dist, 'sim.wasm'))
glue()
await worker()
await bundle()
await simulator()
papers()
types()
