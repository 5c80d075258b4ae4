// The dead letters: why tasks died and after what, grouped; those of a run, or of a file.
import type { Letter, LetterGroup, LetterList } from '../engine'
import { card, h, long } from '../dom'
import type { Answer } from '../herd'
import type { Store } from '../state'
import { editing } from './policy'

export function lettersPanel(store: Store) {
  const summary = h('p', { class: 'note' })
  const list = h('ul', { class: 'letters' })
  const panel = card('letters', 'Dead letters', summary, list)
  panel.heading.append(' ', h('small', {}, 'tasks that will not be retried, and why'))
  let found: LetterList[] = []
  let foreign: { name: string; letters: LetterList } | null = null
  const close = h('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => { foreign = null; draw() } }, 'Close the file')
  panel.tools.append(close)
  let answer: Answer | null = null

  function draw() {
    const own = Math.max(answer?.pictures.findIndex(({ name }) => name.toLowerCase() === editing(store)) ?? 0, 0)
    const index = found[own]?.count ? own : Math.max(found.findIndex(({ count }) => count), 0)
    const shown = foreign?.letters ?? found[index]
    close.hidden = !foreign
    if (foreign) summary.textContent = `${foreign.name}: ${long(foreign.letters.count)} dead letters.`
    else {
      summary.replaceChildren(...found.flatMap(({ count }, i) => {
        const name = answer?.pictures[i]?.name ?? ''
        return [h('b', { class: `key slot-${name.toLowerCase()}` }, name), ` ${count ? long(count) : 'no'} dead letters. `]
      }))
      if (shown?.count && found.length > 1) summary.append(`Below: those of ${answer?.pictures[index]?.name ?? ''}. `)
      if (shown && shown.grouped < shown.count) summary.append(`Histories are kept of the first 10,000 tasks: ${long(shown.grouped)} letters are grouped. `)
    }
    list.replaceChildren(...(shown?.groups ?? []).map(group))
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
    open(name: string, letters: LetterList) {
      foreign = { name, letters }
      draw()
      panel.element.scrollIntoView({ block: 'nearest' })
    },
  }
}

/** A group; its letters are made when it is opened. */
function group({ reason, error, count, span, letters }: LetterGroup) {
  const inner = h('ul', {})
  return h('li', {}, h('details', {
    ontoggle: ({ target }: Event) => {
      if (!(target as HTMLDetailsElement).open || inner.childElementCount) return
      inner.append(...letters.map(one))
      if (letters.length < count) inner.append(h('li', { class: 'muted' }, `and ${long(count - letters.length)} more`))
    },
  }, h('summary', {}, h('b', {}, long(count)), h('span', {}, reason), h('span', { class: 'error' }, error), h('span', { class: 'muted' }, span)), inner))
}

function one({ key, attempts, died, payload, history }: Letter) {
  return h('li', {}, h('details', {},
    h('summary', {}, h('code', {}, `#${key}`), h('span', {}, `after ${attempts} attempt${attempts === 1 ? '' : 's'}`), h('span', { class: 'muted' }, died)),
    payload !== null && h('pre', {}, payload),
    h('ol', {}, ...history.map(({ at, what }) => h('li', {}, h('span', { class: 'when' }, at), what)))))
}
