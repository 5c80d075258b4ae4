// What the page exports as TypeScript compiles against the package, and makes the very policy: for
// every preset. The texts lie in interop/tests/exported, where a Rust test keeps them as they are.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { transformSync } from 'esbuild'
import { RetryPolicy } from 'redrive'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, 'build/exported')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const exported = JSON.parse(readFileSync(join(root, '../interop/tests/exported/typescript.json'), 'utf8'))
const files = exported.map(({ code }, index) => {
  const file = join(folder, `policy-${index}.ts`)
  // The address is the reader's own.
  writeFileSync(file, `declare const url: string\n${code}\nexport { policy, response }\n`)
  return file
})
const options = ['--noEmit', '--strict', '--target', 'ES2022', '--module', 'NodeNext', '--lib', 'ES2022,DOM']
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...files], { stdio: 'inherit', cwd: root })
globalThis.url = 'https://example.com/'
globalThis.fetch = async () => new Response('fetched')
for (const [index, file] of files.entries()) {
  const script = file.replace('.ts', '.mjs')
  writeFileSync(script, transformSync(readFileSync(file, 'utf8'), { loader: 'ts', format: 'esm' }).code)
  const { policy, response } = await import(pathToFileURL(script))
  assert.equal(await response.text(), 'fetched')
  const { name, written, policy: meant } = exported[index]
  assert.deepEqual(policy.toJSON(), { version: 1, ...written }, name)
  for (const seed of [1, 2, 3]) {
    const options = { seed, key: name }
    assert.deepEqual(policy.delays(options), new RetryPolicy(meant).delays(options), name)
  }
}
console.log(`${exported.length} exported policies compile and are the same`)
