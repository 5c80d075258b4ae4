// The outcome: what happened, what A and B are, which does better and why, the figures of both; and how
// long tasks took.
import { card, dataTable, h, icon, s } from '../dom'
import type { Part } from '../engine'
import { chartTools } from '../export'
import type { Answer } from '../herd'
import type { Store } from '../state'

export const partViews = (parts: Part[]) =>
  parts.map(({ text, slot }) => (slot ? h('b', { class: `slot-${slot}` }, text) : text))

export function headline(store: Store) {
  const scene = h('p', { class: 'scene', id: 'scene' })
  const sentence = h('p', { class: 'difference', id: 'difference' }, '\u00a0')
  const better = h('p', { class: 'better', id: 'better' })
  const more = h('p', { class: 'more-said' })
  const differ = h('span', { id: 'differ' })
  const swap = h('button', {
    type: 'button', class: 'quiet', id: 'swap', title: 'Swap A and B', onclick: () => store.set([['swap', null]]),
  }, icon('swap'), 'Swap')
  const fields = dataTable('How A and B differ', () => ({
    head: ['Field', 'A', 'B'],
    rows: (store.state.differences?.fields ?? []).map(({ label, a, b }) => [label, a, b]),
  }))
  const differLine = h('div', { class: 'differ' }, differ, swap, fields.element)
  const table = h('table', { class: 'tiles' })
  const box = h('div', { class: 'tiles-box', tabindex: 0, role: 'region', 'aria-label': 'Figures' }, table)
  const error = h('p', { class: 'run-error', role: 'alert', hidden: true })
  const said = h('div', { class: 'said' }, sentence, better, more)
  const figures = h('div', { class: 'figures' }, differLine, box)
  const element = h('section', { class: 'headline', 'aria-label': 'What happened' }, scene, error, said, figures)

  const update = () => {
    const { state } = store
    scene.textContent = state.title
    differLine.hidden = !state.differences
    differ.textContent = state.differences?.text ?? ''
    fields.refresh()
    // What is read below must not move under the hand that moves a slider.
    said.style.minHeight = store.moving ? `${said.offsetHeight}px` : ''
  }
  store.listen(update)
  update()
  return {
    element,
    /** How A and B differ, and the figures: a narrow screen shows them after the herd. */
    figures,
    show({ headline }: Answer) {
      error.hidden = true
      element.classList.remove('stale', 'busy')
      const [first, ...rest] = headline.sentences
      sentence.replaceChildren(...partViews(first ?? []))
      better.replaceChildren(...partViews(headline.better))
      more.replaceChildren(...rest.flatMap((parts, index) => [index ? ' ' : '', ...partViews(parts)]))
      const [policy] = headline.policies
      table.style.setProperty('--rows', String((policy?.tiles.length ?? 0) + 1))
      table.replaceChildren(
        h('thead', {}, h('tr', {}, h('td', {}), ...(policy?.tiles ?? []).map(({ label, doc }) => h('th', { scope: 'col', title: doc }, label)))),
        h('tbody', {}, ...headline.policies.map(({ name, label, tiles, hash }) => h('tr', { class: `slot-${name.toLowerCase()}`, 'data-hash': hash, 'data-name': name },
          h('th', { scope: 'row' }, h('b', {}, name), ' ', h('span', {}, label)),
          ...tiles.map(({ name, text, value, label, better }) => h('td', {
            'data-name': name, 'data-value': value ?? '', 'data-label': label, class: better ? 'best' : null,
          }, text, better && h('span', { class: 'unseen' }, ' (better)')))))))
    },
    /** A run goes on for so long that somebody wonders. */
    busy() {
      element.classList.add('busy')
    },
    fail(message: string) {
      error.textContent = message
      error.hidden = false
      element.classList.remove('busy')
      element.classList.add('stale')
    },
  }
}

const HEIGHT = 150
const LEFT = 52

export function histogramPanel() {
  const svg = s('svg', { class: 'histogram', role: 'img', 'aria-labelledby': 'latency-title', height: HEIGHT })
  const frame = h('div', { class: 'frame' }, svg)
  frame.style.minHeight = `${HEIGHT}px`
  let answer: Answer | null = null
  const note = h('p', { class: 'note' })
  const table = dataTable('Time to success', () => ({
    head: ['Policy', 'Span', 'Share of all tasks'],
    rows: (answer?.histograms ?? []).flatMap(({ shares }, index) =>
      Array.from(shares, (share, bin) => [answer?.pictures[index]?.name ?? '', String(bin + 1), share.toFixed(5)])),
  }))
  const panel = card('latency', 'Time to success', frame, note, table.element)
  panel.heading.append(' ', h('small', {}, 'share of all tasks'))
  panel.tools.append(...chartTools('latency', { svg: () => svg, csv: table.csv }))

  function paint() {
    const width = frame.clientWidth
    if (!answer || !width) return
    const all = answer.histograms
    note.replaceChildren(...all.flatMap(({ never }, index) => {
      const name = answer?.pictures[index]?.name ?? ''
      return never ? [h('b', { class: `key slot-${name.toLowerCase()}` }, name), ` ${never} of all tasks never succeeded. `] : []
    }))
    const most = all.reduce((high, { shares }) => shares.reduce((a, b) => Math.max(a, b), high), 0) || 1
    const bottom = HEIGHT - 24
    const lanes = all.length
    const out: SVGElement[] = []
    all.forEach(({ shares }, index) => {
      const slot = answer?.pictures[index]?.name.toLowerCase() ?? 'a'
      const step = (width - LEFT - 12) / shares.length
      let path = ''
      shares.forEach((share, bin) => {
        const tall = (share / most) * (bottom - 8)
        if (tall <= 0) return
        const x = LEFT + step * (bin + index / lanes)
        path += `M${x.toFixed(1)} ${bottom}v${(-Math.max(tall, 1)).toFixed(1)}h${(step / lanes - 0.6).toFixed(1)}V${bottom}z`
      })
      out.push(s('path', { class: `slot-${slot}`, d: path }))
    })
    out.push(s('line', { class: 'axis', x1: LEFT, x2: width - 12, y1: bottom, y2: bottom }))
    out.push(s('text', { class: 'tick', x: LEFT, y: HEIGHT - 7 }, '0 s'))
    out.push(s('text', { class: 'tick', x: width - 12, y: HEIGHT - 7, 'text-anchor': 'end' }, all[0]?.toText ?? ''))
    svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
    svg.setAttribute('width', String(width))
    svg.replaceChildren(...out)
  }
  new ResizeObserver(paint).observe(frame)
  return { element: panel.element, show(next: Answer) { answer = next; paint(); table.refresh() } }
}
