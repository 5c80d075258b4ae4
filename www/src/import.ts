// Files from outside: policies and scenarios (JSON or TOML), dead letters (NDJSON). What they say is
// data for the engine, which checks it; nothing of it becomes markup.
import * as engine from './engine'
import type { Letter } from './engine'
import { editing } from './panels/policy'
import type { Store } from './state'

const BIGGEST = 5_000_000

export interface Imported { notice: string; letters?: Letter[] }

export async function importFile(store: Store, file: File): Promise<Imported> {
  if (file.size > BIGGEST) throw new Error(`${file.name} is larger than 5 MB: cut it`)
  const text = await file.text()
  if (/\.(ndjson|jsonl)$/i.test(file.name)) return deadLetters(file.name, text)
  const tree = /\.toml$/i.test(file.name) ? await toml(text) : JSON.parse(text)
  if (tree && typeof tree === 'object' && String(tree.schema ?? '').includes('dead-letter')) return deadLetters(file.name, text)
  const isScenario = tree && typeof tree === 'object' && ['policies', 'arrivals', 'server', 'faults'].some(name => name in tree)
  const what = isScenario ? 'scenario' : editing(store)
  store.take(what, tree)
  return { notice: isScenario ? `${file.name} is the scenario now.` : `${file.name} is policy ${what.toUpperCase()} now.` }
}

async function toml(text: string): Promise<any> {
  const { parse } = await import('smol-toml')
  // Its tables have no prototype; the engine reads plain objects.
  return structuredClone(parse(text))
}

function deadLetters(name: string, text: string): Imported {
  const lines = text.split('\n').filter(line => line.trim()).map((line, index) => {
    try {
      return JSON.parse(line)
    } catch {
      throw new Error(`${name}, line ${index + 1} is no JSON`)
    }
  })
  const letters = engine.deadLetters(lines)
  return { notice: `${name}: ${letters.length} dead letters, listed below.`, letters }
}

/** Files that are dropped anywhere on the page. */
export function dropZone(take: (file: File) => void) {
  let depth = 0
  const mark = (by: number) => {
    depth = Math.max(depth + by, 0)
    document.body.classList.toggle('dropping', depth > 0)
  }
  addEventListener('dragenter', event => { if (event.dataTransfer?.types.includes('Files')) mark(1) })
  addEventListener('dragleave', event => { if (event.dataTransfer?.types.includes('Files')) mark(-1) })
  addEventListener('dragover', event => event.preventDefault())
  addEventListener('drop', event => {
    event.preventDefault()
    depth = 0
    mark(0)
    for (const file of event.dataTransfer?.files ?? []) take(file)
  })
}
