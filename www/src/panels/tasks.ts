// How it goes over time: tasks, successes, how long they took, what waits.
import uPlot from 'uplot'
import { clock } from '../clock'
import { card, css, dataTable, h, long, short } from '../dom'
import type { Picture } from '../engine'
import { chartTools } from '../export'
import type { Answer } from '../herd'
import { GUTTER, HEIGHT, RIGHT, extent, sync } from './herd'

type Line = (picture: Picture) => Float64Array

interface Figure { label: string; names: string[]; at: Line; lines: Line[]; unit: string }

/** What can be looked at: the second line is dashed. */
const FIGURES: Record<string, Figure> = {
  tasks: { label: 'Tasks open, and dead', names: ['open', 'dead'], at: p => p.seconds, lines: [p => p.open, p => p.dead], unit: '' },
  goodput: { label: 'Successes per second', names: ['successes'], at: p => p.overTime.seconds, lines: [p => p.overTime.goodput], unit: '/s' },
  latency: { label: 'Time to success', names: ['median', '99 %'], at: p => p.overTime.seconds, lines: [p => p.overTime.p50, p => p.overTime.p99], unit: 's' },
  queue: { label: 'Requests waiting', names: ['longest queue'], at: p => p.overTime.seconds, lines: [p => p.overTime.queue], unit: '' },
}

/** What can be looked at of one of several services. */
const OF_LAYER = { requests: 'Requests per second', goodput: 'Successes per second', queue: 'Requests waiting' } as const

function ofLayer(index: number, what: keyof typeof OF_LAYER, name: string): Figure {
  return {
    label: `${OF_LAYER[what]}, ${name}`, names: [OF_LAYER[what].toLowerCase()], at: p => p.overTime.seconds,
    lines: [p => p.overTime.layers[index]?.[what] ?? new Float64Array()], unit: what === 'queue' ? '' : '/s',
  }
}

export function statePanel() {
  const frame = h('div', { class: 'frame' })
  frame.style.minHeight = `${HEIGHT}px`
  const legend = h('ul', { class: 'legend' })
  let figure = 'tasks'
  const pick = h('select', { id: 'figure', 'aria-label': 'Figure over time', onchange: () => { figure = pick.value; if (answer) show(answer) } },
    ...Object.entries(FIGURES).map(([value, { label }]) => h('option', { value }, label)))
  /** The figures of each service, while there are several. */
  let layered: Record<string, Figure> = {}
  const chosen = () => layered[figure] ?? FIGURES[figure]!
  function services(names: string[]) {
    if (pick.dataset['services'] === names.join('\n')) return
    pick.dataset['services'] = names.join('\n')
    for (const group of pick.querySelectorAll('optgroup')) group.remove()
    layered = {}
    names.forEach((name, index) => pick.append(h('optgroup', { label: name },
      ...(Object.keys(OF_LAYER) as (keyof typeof OF_LAYER)[]).map(what => {
        const value = `${index}.${what}`
        layered[value] = ofLayer(index, what, name)
        return h('option', { value }, OF_LAYER[what])
      }))))
    if (!layered[figure] && !FIGURES[figure]) figure = 'tasks'
    pick.value = figure
  }
  const table = dataTable('Over time', () => {
    const { at, lines, names } = chosen()
    return {
      head: ['Policy', 'Second', ...names],
      rows: (answer?.pictures ?? []).flatMap(picture => {
        const columns = lines.map(line => line(picture))
        return Array.from(at(picture), (second, i) => [picture.name, String(Number(second.toFixed(6))),
          ...columns.map(column => (Number.isNaN(column[i] ?? NaN) ? '' : String(Number((column[i] ?? 0).toFixed(6)))))])
      }),
    }
  })
  const panel = card('state', 'Over time', legend, frame, table.element)
  panel.heading.append(' ', pick)
  let plot: uPlot | null = null
  let answer: Answer | null = null
  const words = () => [`${chosen().label} over time`, Array.from(legend.children, item => item.textContent ?? '').join('   ')] as [string, string]
  panel.tools.append(...chartTools('state', { canvas: () => (plot ? [plot.ctx.canvas] : []), words, csv: table.csv }))

  function show(next: Answer) {
    answer = next
    services(next.pictures[0]?.overTime.layers.map(({ name }) => name) ?? [])
    table.refresh()
    const { at, lines, names, unit } = chosen()
    legend.replaceChildren(...next.pictures.flatMap(({ name }) => names.map((text, index) =>
      h('li', {}, h('i', { class: `swatch line-${name.toLowerCase()}${index ? ' dashed' : ''}` }), `${name} ${text}`))))
    const { end } = extent(next.pictures)
    const gaps = (column: Float64Array) => Array.from(column, value => (Number.isNaN(value) ? null : value))
    const tables = next.pictures.map(picture => [Array.from(at(picture)), ...lines.map(line => gaps(line(picture)))])
    const data = uPlot.join(tables as unknown as uPlot.AlignedData[]) as uPlot.AlignedData
    plot?.destroy()
    const axis: uPlot.Axis = { stroke: css('--muted'), font: `11px ${css('--font')}`, grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, gap: 6 }
    const series = next.pictures.flatMap(({ name }) => {
      const common = { stroke: css(`--slot-${name.toLowerCase()}`), width: 1.5, spanGaps: true, points: { show: false } }
      return lines.map((_, index) => (index ? { ...common, dash: [5, 4] } : common))
    })
    plot = new uPlot({
      width: frame.clientWidth || 600, height: HEIGHT, padding: [8, RIGHT, 0, 0], legend: { show: false },
      cursor: { sync: { key: sync.key, scales: ['x', null] }, y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: { x: { time: false, range: [0, end] }, y: { range: (_, __, max) => [0, Math.max(max, unit === 's' ? 1e-3 : 1) * 1.05] } },
      axes: [
        { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(tick => `${long(tick)} s`) },
        { ...axis, size: GUTTER, space: 34, values: (_, ticks) => ticks.map(tick => (unit === 's' ? `${long(tick)} s` : short(tick))) },
      ],
      series: [{}, ...series],
      hooks: {
        draw: [({ ctx, bbox, valToPos }) => {
          if (clock.at === null) return
          const x = valToPos(clock.at, 'x', true)
          ctx.fillStyle = css('--ink')
          ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height)
        }],
      },
    }, data, frame)
  }
  clock.listeners.push(() => plot?.redraw(false))
  new ResizeObserver(() => { if (plot && frame.clientWidth) plot.setSize({ width: frame.clientWidth, height: HEIGHT }) }).observe(frame)
  return { element: panel.element, show, restyle: () => { if (answer) show(answer) } }
}
