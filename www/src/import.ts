// Files from outside: policies and scenarios (JSON or TOML), dead letters (NDJSON). What they say is
// data for the engine, which checks it; nothing of it becomes markup.
import * as engine from './engine'
import type { LetterList } from './engine'
import { editing } from './panels/policy'
import type { Store } from './state'

const BIGGEST = 5_000_000

export interface Imported { notice: string; letters?: LetterList }

export async function importFile(store: Store, file: File): Promise<Imported> {
  if (file.size > BIGGEST) throw new Error('it is larger than 5 MB: cut it')
  // The name is as foreign as what is inside.
  const name = engine.told(file.name)
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (/\.(ndjson|jsonl)$/i.test(file.name)) return deadLetters(name, bytes)
  const text = new TextDecoder().decode(bytes)
  const tree = /\.toml$/i.test(file.name) ? await toml(text) : JSON.parse(text)
  if (tree && typeof tree === 'object' && String(tree.schema ?? '').includes('dead-letter')) return deadLetters(name, bytes)
  const isScenario = tree && typeof tree === 'object' && ['policies', 'arrivals', 'server', 'faults'].some(name => name in tree)
  const what = isScenario ? 'scenario' : editing(store)
  store.take(what, tree)
  if (!isScenario) return { notice: `${name} is policy ${what.toUpperCase()} now.` }
  const [own] = store.state.bases
  const more = (own?.bases.length ?? 0) > 2 ? ` A and B are its first two policies of ${own?.bases.length}; the others are under \u201cStart from\u201d.` : ''
  return { notice: `${name} is the scenario now.${more}` }
}

async function toml(text: string): Promise<any> {
  const { parse } = await import('smol-toml')
  // Its tables have no prototype; the engine reads plain objects.
  return structuredClone(parse(text))
}

function deadLetters(name: string, bytes: Uint8Array): Imported {
  const letters = engine.deadLetters(bytes)
  if (!letters.count) throw new Error(letters.damaged ?? 'it has no lines')
  const aside = letters.damaged ? ` Set aside: ${letters.damaged}.` : ''
  return { notice: `${name}: ${letters.count} dead letters, listed below.${aside}`, letters }
}

/** How long after the last sign of it a file is still over the page. */
const HOVER = 200

/** Files that are dropped anywhere on the page. Browsers do not agree on when a file leaves: while it is
 * there, they all say so again and again. */
export function dropZone(take: (file: File) => void) {
  let gone = 0
  const leave = () => document.body.classList.remove('dropping')
  const over = (event: DragEvent) => {
    event.preventDefault()
    if (!event.dataTransfer?.types.includes('Files')) return
    document.body.classList.add('dropping')
    clearTimeout(gone)
    gone = window.setTimeout(leave, HOVER)
  }
  addEventListener('dragenter', over)
  addEventListener('dragover', over)
  addEventListener('drop', event => {
    event.preventDefault()
    clearTimeout(gone)
    leave()
    for (const file of event.dataTransfer?.files ?? []) take(file)
  })
}
