// The dead letters: why each task died and after what; and sending them back, paced or all at once.
import type { Letter, Letters } from '../engine'
import { card, h, long } from '../dom'
import type { Answer } from '../herd'
import type { Store } from '../state'
import { editing } from './policy'

const SHOWN = 30

export function lettersPanel(store: Store) {
  const summary = h('p', { class: 'note' })
  const list = h('ul', { class: 'letters' })
  const buttons = {
    off: h('button', { type: 'button', onclick: () => store.set([['redrive.at', '-'], ['redrive.rate', '-'], ['redrive', '-']]) }, 'Leave them'),
    once: h('button', { type: 'button', onclick: () => redrive('once') }, 'All at once'),
    paced: h('button', { type: 'button', onclick: () => redrive('paced') }, 'Paced'),
  }
  const redriven = h('p', { class: 'note' })
  const bar = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Redrive' }, ...Object.values(buttons))
  const panel = card('letters', 'Dead letters',
    h('div', { class: 'redrive' }, h('span', {}, 'Redrive after the outage'), bar), redriven, summary, list)
  panel.heading.append(h('small', {}, 'tasks that will not be retried, and why'))
  let found: Letters[] = []
  let foreign: { name: string; letters: Letter[] } | null = null
  const close = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => { foreign = null; draw() } }, 'Close the file')
  panel.tools.append(close)
  let answer: Answer | null = null

  function redrive(how: 'once' | 'paced') {
    const changes = found[0]?.redrive[how]
    if (changes) store.set(changes)
  }

  function draw() {
    const redrive = store.state.scenario['redrive'] as { at?: string; rate?: number } | undefined
    const how = !redrive?.at ? 'off' : redrive.rate ? 'paced' : 'once'
    for (const [name, button] of Object.entries(buttons)) button.setAttribute('aria-pressed', String(name === how))
    bar.classList.toggle('disabled', !found.length)
    redriven.replaceChildren(...(answer?.pictures ?? []).flatMap(({ name, summary }) => (redrive?.at
      ? [h('b', { class: `key slot-${name.toLowerCase()}` }, name), ` ${long(summary['redriven'] ?? 0)} sent back ${redrive.rate ? `at ${redrive.rate} per second` : 'at once'}. `]
      : [])))
    const own = Math.max(answer?.pictures.findIndex(({ name }) => name.toLowerCase() === editing(store)) ?? 0, 0)
    const index = found[own]?.letters.length ? own : Math.max(found.findIndex(({ letters }) => letters.length), 0)
    const shown = foreign?.letters ?? found[index]?.letters ?? []
    close.hidden = !foreign
    if (foreign) summary.textContent = `${foreign.name}: ${long(foreign.letters.length)} dead letters.`
    else {
      summary.replaceChildren(...found.flatMap(({ reasons }, i) => {
        const name = answer?.pictures[i]?.name ?? ''
        const words = Object.entries(reasons).map(([reason, count]) => `${long(count)} ${reason}`).join(', ')
        return [h('b', { class: `key slot-${name.toLowerCase()}` }, name), ` ${words || 'no dead letters'}. `]
      }))
    }
    const head = shown.length > SHOWN || !foreign && shown.length
      ? [h('li', { class: 'muted' }, foreign ? `The first ${SHOWN}:` : `Of policy ${answer?.pictures[index]?.name ?? ''}:`)] : []
    list.replaceChildren(...head, ...shown.slice(0, SHOWN).map(letter => h('li', {}, h('details', {},
      h('summary', {},
        h('code', {}, `#${letter.key}`), h('b', {}, letter.reason),
        h('span', {}, `after ${letter.attempts} attempt${letter.attempts === 1 ? '' : 's'}`),
        h('span', { class: 'muted' }, letter.died), h('span', { class: 'error' }, letter.error)),
      h('ol', {}, ...letter.history.map(([at, what]) => h('li', {}, h('span', { class: 'when' }, at), what)))))))
  }
  store.listen((_, changed) => {
    if (!changed || changed.has('edit')) draw()
  })
  return {
    element: panel.element,
    show(next: Answer) {
      answer = next
      if (!next.letters) return
      found = next.letters
      draw()
    },
    open(name: string, letters: Letter[]) {
      foreign = { name, letters }
      draw()
      panel.element.scrollIntoView({ block: 'nearest' })
    },
  }
}
