// Compiles and runs the examples of README.md against what was built: with `fetch` answered here.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { transformSync } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, 'build/examples')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const examples = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
if (examples.length < 7) throw new Error(`README.md has ${examples.length} examples`)
const files = examples.map((code, index) => {
  const file = join(folder, `example-${index + 1}.ts`)
  writeFileSync(file, code + '\nexport {}\n')
  return file
})
// The package resolves its own name: "exports" is what a user gets.
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'ES2022', '--module', 'NodeNext', '--lib', 'ES2022,DOM', ...files], { stdio: 'inherit', cwd: root })
globalThis.fetch = async () => new Response('{"id":17}')
for (const file of files) {
  const script = file.replace('.ts', '.mjs')
  writeFileSync(script, transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'esm' }).code)
  await import(pathToFileURL(script))
}
console.log(`${examples.length} examples compile and run`)
