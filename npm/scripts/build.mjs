// Builds the package: the engine's three forms, the bundles, the types.
//
//   node scripts/build.mjs CORE.wasm PLAIN.wasm
//
// Both are what cargo made of wasm/core, the second without what wasm2js cannot read (`cargo xtask npm` builds
// them and calls this).
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [core, plain] = process.argv.slice(2)
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
  // The linker's own marks; nobody asks for them.
  return text.replace(/^ \(export "__(heap_base|data_end)".*\n/gm, '')
}

function optimise() {
  const at = (name) => join(work, name)
  run('wasm-dis', ...FEATURES, core, '-o', at('core.wat'))
  writeFileSync(at('core.wat'), useInstructions(readFileSync(at('core.wat'), 'utf8')))
  run('wasm-as', ...FEATURES, at('core.wat'), '-o', at('plain.wasm'))
  const promises = ['--traps-never-happen', '--low-memory-unused', '--zero-filled-memory']
  const strip = ['--strip-target-features', '--strip-producers', '--strip-debug']
  run('wasm-opt', '-Oz', '--converge', ...promises, ...FEATURES, ...strip, at('plain.wasm'), '-o', at('core.wasm'))
  // Copies of memory are the one thing that rustc leaves in it.
  const bulk = FEATURES.filter((feature) => feature.includes('bulk'))
  run('wasm-opt', ...bulk, '--llvm-memory-copy-fill-lowering', '-Oz', ...strip, plain, '-o', at('mvp.wasm'))
  run('wasm2js', '-O', at('mvp.wasm'), '-o', at('core.js'))
  return readFileSync(at('core.wasm'))
}

/**
 * Bytes as text, 1 % longer than the bytes after gzip where base64 is 30 %: a page of 91 characters for the
 * frequent values, the others behind a space or a `!`. src/engine.ts reads it back.
 */
function pack(bytes) {
  let text = ''
  for (const byte of bytes) {
    const value = (byte + 4) & 255
    const page = Math.trunc(value / 91)
    const char = String.fromCharCode(36 + (value % 91))
    text += ['', ' ', '!'][page] + (char == '\\' ? '#' : char)
  }
  return text
}

/** Puts another file in the place of src/engine.ts. */
const engine = (path) => ({
  name: 'engine',
  setup(build) {
    build.onResolve({ filter: /\.\/engine\.js$/ }, () => ({ path: join(root, path) }))
    build.onResolve({ filter: /\.\/core\.wasm$/ }, () => ({ path: './core.wasm', external: true }))
    build.onResolve({ filter: /\.\/core-js$/ }, () => ({ path: join(work, 'core.js') }))
  },
})

const common = { bundle: true, mangleProps: /[a-z]_$/, target: 'es2022', platform: 'neutral', charset: 'ascii', legalComments: 'none', logLevel: 'warning', absWorkingDir: root, outdir: dist }

async function bundle() {
  const entries = { index: 'src/index.ts', testing: 'src/testing.ts' }
  await build({ ...common, entryPoints: entries, format: 'esm', splitting: false })
  await build({ ...common, entryPoints: entries, format: 'cjs', outExtension: { '.js': '.cjs' } })
  await build({ ...common, entryPoints: { workerd: 'src/index.ts' }, format: 'esm', plugins: [engine('src/engine-wasm.ts')] })
  await build({ ...common, entryPoints: { js: 'src/index.ts' }, format: 'esm', plugins: [engine('src/engine-js.ts')] })
  await build({ ...common, entryPoints: { js: 'src/index.ts' }, format: 'cjs', outExtension: { '.js': '.cjs' }, plugins: [engine('src/engine-js.ts')] })
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
const bytes = optimise()
writeFileSync(join(root, 'src/module.ts'), `// Made from wasm/core by \`cargo xtask npm\`. Do not edit.\nexport const MODULE =\n  ${JSON.stringify(pack(bytes))}\n`)
cpSync(join(work, 'core.wasm'), join(dist, 'core.wasm'))
await bundle()
types()
