// The outcome: the difference in a sentence, the figures of both, how long successes took.
import { card, dataTable, h, s } from '../dom'
import { chartTools } from '../export'
import type { Answer } from '../herd'

export function headline() {
  const sentence = h('p', { class: 'difference', id: 'difference' }, '\u00a0')
  const table = h('table', { class: 'tiles' })
  const box = h('div', { class: 'tiles-box', tabindex: 0, role: 'region', 'aria-label': 'Figures' }, table)
  const error = h('p', { class: 'run-error', role: 'alert', hidden: true })
  const element = h('section', { class: 'headline', 'aria-label': 'Difference' }, sentence, error, box)
  return {
    element,
    show({ pictures, difference }: Answer) {
      error.hidden = true
      element.classList.remove('stale')
      const [first] = pictures
      if (!first) return
      const [who, what] = difference?.includes(': ') ? (difference.split(': ', 2) as [string, string]) : ['', difference]
      sentence.replaceChildren(
        who ? h('b', { class: 'slot-b' }, `${who}: `) : '',
        what ?? first.spoken.replace(/^Policy A: /, ''))
      table.replaceChildren(
        h('thead', {}, h('tr', {}, h('td', {}), ...first.tiles.map(({ label }) => h('th', { scope: 'col' }, label)))),
        h('tbody', {}, ...pictures.map(({ name, tiles, summary }) => h('tr', { class: `slot-${name.toLowerCase()}`, 'data-hash': summary['traceHash'] },
          h('th', { scope: 'row' }, name),
          ...tiles.map(({ name, text, value, label }) => h('td', { 'data-name': name, 'data-value': value ?? '', 'data-label': label }, text))))))
    },
    fail(message: string) {
      error.textContent = message
      error.hidden = false
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
  const table = dataTable('Time to success', () => ({
    head: ['Policy', 'Median', 'p90', 'p99', 'p99.9', 'Longest'],
    rows: (answer?.pictures ?? []).map(({ name, summary }) => {
      const time = summary['timeToSuccessSeconds']
      return [name, ...['p50', 'p90', 'p99', 'p999', 'max'].map(p => time[p] === null ? '\u2013' : `${time[p]} s`)]
    }),
  }))
  const panel = card('latency', 'Time to success', frame, table.element)
  panel.heading.append(h('small', {}, 'share of the tasks that succeeded'))
  panel.tools.append(...chartTools('latency', { svg: () => svg, csv: table.csv }))

  function paint() {
    const width = frame.clientWidth
    if (!answer || !width) return
    const all = answer.histograms
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
