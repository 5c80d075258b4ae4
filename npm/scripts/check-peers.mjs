// The package in the place of its peers: under their own suites, and in the frameworks that people test and build with.
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { checkNext } from './check-next.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

export async function checkPeers({ step, tools, execute, folder, install, only }) {
  cpSync(join(root, 'peers'), join(folder, 'peers'), { recursive: true })
  await step("peers: their own suites, and README's table beside them", async () => {
    mkdirSync(join(folder, 'test'), { recursive: true })
    cpSync(join(root, 'test/assert.mjs'), join(folder, 'test/assert.mjs'))
    const { stdout } = await execute(process.execPath, ['peers/run.mjs', tools('peers')], { cwd: folder, maxBuffer: 1 << 26, env: { ...process.env, REDRIVE_ESBUILD: join(root, 'node_modules') } })
    return stdout.trim()
  })
  await step('peers: jest with jest-environment-jsdom, its fake timers too', async () => {
    const modules = tools('jest')
    const config = { testEnvironment: join(modules, 'jest-environment-jsdom/build/index.js'), testMatch: ['**/jsdom.spec.cjs'], transform: {}, rootDir: folder }
    const { stderr } = await execute(process.execPath, [join(modules, 'jest/bin/jest.js'), '--config', JSON.stringify(config)], { cwd: folder })
    return stderr.match(/Tests: +(.*)/)?.[1]
  })
  await step('peers: types, as every moduleResolution finds them', async () => {
    cpSync(join(root, 'peers/frameworks/types.ts'), join(folder, 'types.ts'))
    const ways = { node10: 'commonjs', node16: 'node16', nodenext: 'nodenext', bundler: 'esnext' }
    for (const [resolution, module] of Object.entries(ways)) {
      await execute(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022,dom', '--moduleResolution', resolution, '--module', module, 'types.ts'], { cwd: folder })
    }
    return Object.keys(ways).join(', ')
  })
  // Two builds of half a minute each, and 300 MB: by `cargo xtask npm --peers` alone.
  if (only.startsWith('peers: ')) await checkNext({ step, tools, execute, install })
}
