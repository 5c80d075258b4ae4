// What others made and only tests and benchmarks need: the versions and checksums of npm/tools/NAME's lock file.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Runs npm in a folder, quietly. */
export function npm(folder, ...args) {
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Installs them, and keeps them from run to run; the folder that they are in. */
export function tools(name) {
  const source = join(root, 'tools', name)
  const folder = join(root, 'build/tools', name)
  const stamp = join(folder, '.installed')
  const wanted = readFileSync(join(source, 'package-lock.json'), 'utf8')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') != wanted) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(source, file), join(folder, file))
    npm(folder, 'ci')
    writeFileSync(stamp, wanted)
  }
  return join(folder, 'node_modules')
}
