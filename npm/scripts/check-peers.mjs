// The package in the place of its peers: under their own suites, and in the frameworks that people test and build with.
import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

export async function checkPeers({ step, tools, execute, folder }) {
  await step("peers: their own suites, and README's table beside them", async () => {
    cpSync(join(root, 'peers'), join(folder, 'peers'), { recursive: true })
    mkdirSync(join(folder, 'test'), { recursive: true })
    cpSync(join(root, 'test/assert.mjs'), join(folder, 'test/assert.mjs'))
    const { stdout } = await execute(process.execPath, ['peers/run.mjs', tools('peers')], { cwd: folder, maxBuffer: 1 << 26, env: { ...process.env, REDRIVE_ESBUILD: join(root, 'node_modules') } })
    return stdout.trim()
  })
}
