// The policy as code, the picture as a link, and what others can take along.
import * as engine from '../engine'
import { card, h } from '../dom'
import { copyButton, download } from '../export'
import type { Answer } from '../herd'
import type { Store } from '../state'
import { editing } from './policy'

const TABS = [['typescript', 'TypeScript'], ['rust', 'Rust'], ['json', 'JSON'], ['cli', 'Command line']] as const
/** Files are named by their policy: those of A and of B lie beside each other. */
const file = (language: string, slot: engine.Slot) =>
  ({ typescript: `policy-${slot}.ts`, rust: `policy_${slot}.rs`, json: `policy-${slot}.json`, cli: 'redrive.sh' })[language] ?? 'policy.txt'

export function codePanel(store: Store, current: () => Answer | null) {
  let language: string = 'typescript'
  const tabs = h('div', { class: 'tabs code-tabs', role: 'tablist', 'aria-label': 'Language' })
  const pre = h('pre', { tabindex: 0, id: 'code', role: 'tabpanel' })
  const buttons = TABS.map(([name, label], index) => h('button', {
    type: 'button', role: 'tab', id: `lang-${name}`, 'aria-controls': 'code',
    onclick: () => pick(name),
    onkeydown: (event: KeyboardEvent) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      if (!step) return
      event.preventDefault()
      const next = (index + step + TABS.length) % TABS.length
      pick(TABS[next]![0])
      buttons[next]?.focus()
    },
  }, label))
  tabs.append(...buttons)
  const copy = copyButton('Copy', () => pre.textContent ?? '', 'primary')
  const save = h('button', {
    type: 'button', onclick: () => download(file(language, editing(store)), new Blob([pre.textContent ?? ''], { type: 'text/plain' })),
  }, 'Save')
  const panel = card('export', 'Take it along', tabs, pre,
    h('p', { class: 'actions' }, copy, save,
      copyButton('Copy link', () => location.href),
      copyButton('Copy as Markdown', () => markdown(store, current())),
      copyButton('Copy embed link', () => embedLink())))

  function pick(name: string) {
    language = name
    draw()
  }
  function draw() {
    const slot = editing(store)
    for (const [index, [name]] of TABS.entries()) {
      const on = name === language
      buttons[index]?.setAttribute('aria-selected', String(on))
      if (buttons[index]) buttons[index].tabIndex = on ? 0 : -1
    }
    pre.textContent = engine.code(store.state.query, slot, language)
    pre.setAttribute('aria-labelledby', `lang-${language}`)
    panel.element.dataset['slot'] = slot
  }
  store.listen(draw)
  draw()
  return panel.element
}

function embedLink() {
  const address = new URL(location.href)
  address.searchParams.set('embed', '1')
  return address.href
}

/** A link, the figures, the policies: for an issue or a design document. */
export function markdown(store: Store, answer: Answer | null): string {
  const policies = answer?.headline.policies ?? []
  const tiles = policies[0]?.tiles ?? []
  const said = (parts: engine.Part[]) => parts.map(({ text }) => text).join('')
  const sentences = [...(answer?.headline.sentences ?? []), answer?.headline.better ?? []].map(said).filter(Boolean).join(' ')
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const lines = [
    `[redrive: ${store.state.policies.map(({ name, label }) => `${name} ${cell(label)}`).join(' against ')}](${location.href})`,
    '', store.state.title, '', cell(sentences), '', ...(store.state.differences ? [cell(store.state.differences.text), ''] : []),
    `| | ${tiles.map(({ label }) => label).join(' | ')} |`,
    `|---|${tiles.map(() => '---:').join('|')}|`,
    ...policies.map(({ name, label, tiles }) => `| ${name} (${cell(label)}) | ${tiles.map(({ text }) => text).join(' | ')} |`), '',
  ]
  for (const { name } of store.state.policies) {
    lines.push(`Policy ${name}:`, '```json', engine.code(store.state.query, name.toLowerCase() as engine.Slot, 'json').trim(), '```', '')
  }
  return lines.join('\n')
}
