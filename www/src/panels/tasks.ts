// The state of all tasks over time: still open, and dead letters.
import uPlot from 'uplot'
import { card, css, dataTable, h, long, short } from '../dom'
import { chartTools } from '../export'
import type { Answer } from '../herd'
import { GUTTER, HEIGHT, RIGHT, extent, sync } from './herd'

export function statePanel() {
  const frame = h('div', { class: 'frame' })
  frame.style.minHeight = `${HEIGHT}px`
  const legend = h('ul', { class: 'legend' },
    h('li', {}, h('i', { class: 'swatch line-a' }), 'A open'), h('li', {}, h('i', { class: 'swatch line-a dashed' }), 'A dead'),
    h('li', {}, h('i', { class: 'swatch line-b' }), 'B open'), h('li', {}, h('i', { class: 'swatch line-b dashed' }), 'B dead'))
  const table = dataTable('Tasks over time', () => ({
    head: ['Policy', 'Second', 'Open', 'Succeeded', 'Dead letters'],
    rows: (answer?.pictures ?? []).flatMap(picture => Array.from(picture.seconds, (second, i) => [
      picture.name, long(second),
      ...[picture.open, picture.succeeded, picture.dead].map(counts => String(Math.round(counts[i] ?? 0))),
    ])),
  }))
  const panel = card('state', 'Tasks', legend, frame, table.element)
  panel.heading.append(h('small', {}, 'still open, and dead letters'))
  let plot: uPlot | null = null
  let answer: Answer | null = null
  panel.tools.append(...chartTools('state', { canvas: () => (plot ? [plot.ctx.canvas] : []), csv: table.csv }))

  function show(next: Answer) {
    answer = next
    table.refresh()
    const { end } = extent(next.pictures)
    const tables = next.pictures.map(({ seconds, open, dead }) => [seconds, open, dead])
    const data = uPlot.join(tables as unknown as uPlot.AlignedData[]) as uPlot.AlignedData
    plot?.destroy()
    const axis: uPlot.Axis = { stroke: css('--muted'), font: `11px ${css('--font')}`, grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, gap: 6 }
    const lines = next.pictures.flatMap(({ name }) => {
      const stroke = css(`--slot-${name.toLowerCase()}`)
      const common = { stroke, width: 1.5, spanGaps: true, points: { show: false } }
      return [common, { ...common, dash: [5, 4] }]
    })
    plot = new uPlot({
      width: frame.clientWidth || 600, height: HEIGHT, padding: [8, RIGHT, 0, 0], legend: { show: false },
      cursor: { sync: { key: sync.key, scales: ['x', null] }, y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [0, end] }, y: { range: (_, __, max) => [0, Math.max(max, 1) * 1.05] } },
      axes: [
        { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(tick => `${long(tick)} s`) },
        { ...axis, size: GUTTER, space: 34, values: (_, ticks) => ticks.map(short) },
      ],
      series: [{}, ...lines],
    }, data, frame)
  }
  new ResizeObserver(() => { if (plot && frame.clientWidth) plot.setSize({ width: frame.clientWidth, height: HEIGHT }) }).observe(frame)
  return { element: panel.element, show, restyle: () => { if (answer) show(answer) } }
}
