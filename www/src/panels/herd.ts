// The herd: attempts a second over time, A above B on the same scales.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock } from '../clock'
import { card, css, dataTable, h, long, short } from '../dom'
import type { Picture } from '../engine'
import { chartTools } from '../export'
import type { Answer } from '../herd'

export const GUTTER = 52
export const RIGHT = 12
export const HEIGHT = 124
export const sync = uPlot.sync('time')

interface Chart { plot: uPlot; redraw(): void }

export function herdPanel() {
  const legend = h('ul', { class: 'legend' },
    ...([['first', 'first attempts'], ['retry', 'retries'], ['refused', 'refused'], ['capacity', 'capacity'], ['outage', 'outage']] as const)
      .map(([kind, text]) => h('li', {}, h('i', { class: `swatch ${kind}` }), text)))
  const holders = [0, 1].map(() => h('div', { class: 'plot' }))
  const labels = [0, 1].map(() => h('p', { class: 'plot-label' }))
  const frame = h('div', {
    class: 'frame', tabindex: 0, role: 'group', 'aria-labelledby': 'herd-title',
    'aria-roledescription': 'chart', 'aria-describedby': 'herd-help', onkeydown: keys,
  }, labels[0], holders[0], labels[1], holders[1])
  const help = h('p', { class: 'unseen', id: 'herd-help' }, 'Arrow keys move through time, with Shift ten times as far.')
  let answer: Answer | null = null
  let charts: Chart[] = []
  const table = dataTable('Attempts over time', () => series(answer))
  const panel = card('herd', 'The herd', frame, help, table.element)
  panel.heading.after(legend)
  panel.heading.append(h('small', {}, 'attempts per second that reach your server'))
  panel.tools.append(...chartTools('herd', {
    svg: () => answer && toSvg(answer.pictures), canvas: () => charts.map(({ plot }) => plot.ctx.canvas), csv: table.csv,
  }))
  frame.style.minHeight = `${2 * HEIGHT + 30}px`

  function show(next: Answer) {
    answer = next
    const { end, top } = extent(next.pictures)
    next.pictures.forEach((picture, index) => {
      const holder = holders[index] as HTMLElement
      const label = labels[index] as HTMLElement
      const highest = picture.attempts.reduce((most, rate) => Math.max(most, rate), 0)
      label.replaceChildren(h('b', { class: `slot-${picture.name.toLowerCase()}` }, picture.name),
        highest > top ? `what leaves the frame reaches ${short(highest)} per second` : '')
      const known = charts[index]
      const data = [picture.seconds, picture.attempts, picture.first, picture.rejected] as unknown as uPlot.AlignedData
      if (known && holder.dataset['slot'] === picture.name) {
        Object.assign(known.plot, { picture, extent: { end, top } })
        known.plot.setData(data)
      } else {
        known?.plot.destroy()
        charts[index] = chart(holder, picture, data, { end, top })
        holder.dataset['slot'] = picture.name
      }
    })
    charts.splice(next.pictures.length).forEach(({ plot }) => plot.destroy())
    holders.forEach((holder, index) => { holder.hidden = (labels[index] as HTMLElement).hidden = index >= next.pictures.length })
    table.refresh()
  }

  function keys(event: KeyboardEvent) {
    const far = event.shiftKey ? 10 : 1
    const step = clock.end / 200
    const at = clock.at ?? 0
    const to = {
      ArrowLeft: at - step * far, ArrowRight: at + step * far, Home: 0, End: clock.end,
    }[event.key]
    if (event.key === 'Escape') clock.set(null)
    if (to === undefined) return
    event.preventDefault()
    clock.pause()
    clock.set(to)
  }

  const redraw = () => charts.forEach(({ plot }) => plot.redraw(false))
  clock.listeners.push(redraw)
  new ResizeObserver(() => charts.forEach(({ plot }) => {
    const width = frame.clientWidth
    if (width && plot.width !== width) plot.setSize({ width, height: HEIGHT })
  })).observe(frame)
  function restyle() {
    charts.forEach(({ plot }) => plot.destroy())
    charts = []
    holders.forEach(holder => delete holder.dataset['slot'])
    if (answer) show(answer)
  }
  return { element: panel.element, show, restyle }
}

/** One scale for all: the end of the last run, and the highest peak once the fault is over, which is
 * what a recovering server gets. What is higher before that leaves the frame. */
export function extent(pictures: Picture[]) {
  const end = pictures.reduce((most, picture) => Math.max(most, picture.end), 1)
  const peak = pictures.reduce((most, { peak, capacity }) => Math.max(most, peak ?? 0, capacity ?? 0), 1)
  return { end, top: peak * 1.12 }
}

type Plot = uPlot & { picture: Picture; extent: { end: number; top: number } }

function chart(holder: HTMLElement, picture: Picture, data: uPlot.AlignedData, span: { end: number; top: number }): Chart {
  const color = css(`--slot-${picture.name.toLowerCase()}`)
  const muted = css('--muted')
  const line = css('--line')
  const font = `11px ${css('--font')}`
  const stepped = uPlot.paths.stepped!({ align: 1 })
  const axis: uPlot.Axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 6 }
  const self = { plot: null as unknown as Plot }
  const options: uPlot.Options = {
    width: holder.parentElement?.clientWidth || 600,
    height: HEIGHT,
    padding: [8, RIGHT, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync.key, scales: ['x', null] }, x: true, y: false, drag: { x: false, y: false },
      points: { show: false },
    },
    scales: {
      x: { time: false, range: () => [0, (self.plot?.extent ?? span).end] },
      y: { range: () => [0, (self.plot?.extent ?? span).top] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(tick => `${long(tick)} s`) },
      { ...axis, size: GUTTER, space: 34, values: (_, ticks) => ticks.map(short) },
    ],
    series: [
      {},
      { stroke: color, fill: color, width: 1 / devicePixelRatio, paths: stepped, points: { show: false } },
      { stroke: css('--first'), fill: css('--first'), width: 1 / devicePixelRatio, paths: stepped, points: { show: false } },
      { stroke: css('--refused'), width: 1, paths: stepped, points: { show: false } },
    ],
    hooks: {
      drawClear: [plot => background(plot as Plot)],
      draw: [plot => foreground(plot as Plot)],
      setCursor: [plot => {
        if (plot.cursor.event && plot.cursor.left! >= 0 && !clock.playing) clock.set(plot.posToVal(plot.cursor.left!, 'x'))
      }],
    },
  }
  const plot = new uPlot(options, data, holder) as Plot
  Object.assign(plot, { picture, extent: span })
  self.plot = plot
  plot.over.addEventListener('mouseleave', () => { if (!clock.playing) clock.set(null) })
  plot.redraw()
  return { plot, redraw: () => plot.redraw() }
}

function background(plot: Plot) {
  const { ctx, bbox, picture, extent } = plot
  if (!picture) return
  ctx.save()
  ctx.fillStyle = css('--outage')
  for (const { from, until } of picture.faults) {
    const left = plot.valToPos(from, 'x', true)
    const right = plot.valToPos(Math.min(until ?? extent.end, extent.end), 'x', true)
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
  }
  ctx.restore()
}

function foreground(plot: Plot) {
  const { ctx, bbox, picture } = plot
  if (!picture) return
  ctx.save()
  if (picture.capacity !== null) {
    const y = plot.valToPos(picture.capacity, 'y', true)
    ctx.strokeStyle = css('--capacity')
    ctx.lineWidth = 1.5 * devicePixelRatio
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
    ctx.beginPath()
    ctx.moveTo(bbox.left, y)
    ctx.lineTo(bbox.left + bbox.width, y)
    ctx.stroke()
  }
  if (clock.at !== null) {
    const x = plot.valToPos(clock.at, 'x', true)
    if (clock.playing) {
      ctx.globalAlpha = 0.78
      ctx.fillStyle = css('--card')
      ctx.fillRect(x, bbox.top, bbox.left + bbox.width - x, bbox.height)
      ctx.globalAlpha = 1
    }
    ctx.setLineDash([])
    ctx.strokeStyle = css('--ink')
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}

function series(answer: Answer | null) {
  const pictures = answer?.pictures ?? []
  return {
    head: ['Policy', 'Second', 'Attempts/s', 'First attempts/s', 'Refused/s', 'Open tasks', 'Succeeded', 'Dead letters'],
    rows: pictures.flatMap(picture => Array.from(picture.seconds, (second, i) => [
      picture.name, long(second),
      ...[picture.attempts, picture.first, picture.rejected, picture.open, picture.succeeded, picture.dead]
        .map(counts => String(Math.round(counts[i] ?? 0))),
    ])),
  }
}

/** The same picture as lines of an SVG file. */
function toSvg(pictures: Picture[]): SVGSVGElement {
  const width = 960
  const { end, top } = extent(pictures)
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', `0 0 ${width} ${pictures.length * (HEIGHT + 12)}`)
  const put = (name: string, attributes: Record<string, string | number>, text = '') => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name)
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
    element.textContent = text
    svg.append(element)
  }
  pictures.forEach((picture, index) => {
    const above = index * (HEIGHT + 12) + 8
    const below = above + HEIGHT - 24
    const x = (second: number) => GUTTER + ((width - GUTTER - RIGHT) * second) / end
    const y = (rate: number) => below - ((below - above) * Math.min(rate, top)) / top
    const area = (rates: Float64Array) => {
      let path = `M${x(0)} ${below}`
      picture.seconds.forEach((second, i) => { path += `H${x(second).toFixed(1)}V${y(rates[i] ?? 0).toFixed(1)}` })
      return `${path}H${x(end)}V${below}Z`
    }
    for (const { from, until } of picture.faults) {
      const to = Math.min(until ?? end, end)
      put('rect', { x: x(from), y: above, width: x(to) - x(from), height: below - above, fill: css('--outage') })
    }
    put('path', { d: area(picture.attempts), fill: css(`--slot-${picture.name.toLowerCase()}`) })
    put('path', { d: area(picture.first), fill: css('--first') })
    if (picture.capacity !== null) {
      put('line', { x1: GUTTER, x2: width - RIGHT, y1: y(picture.capacity), y2: y(picture.capacity), stroke: css('--capacity'), 'stroke-dasharray': '6 4' })
    }
    const label = { 'font-size': 11, 'font-family': 'sans-serif', fill: css('--muted') }
    put('text', { ...label, x: GUTTER - 8, y: above + 8, 'text-anchor': 'end' }, short(top))
    put('text', { ...label, x: GUTTER - 8, y: below, 'text-anchor': 'end' }, '0')
    put('text', { ...label, x: GUTTER, y: below + 16 }, `${picture.name}, 0 s`)
    put('text', { ...label, x: width - RIGHT, y: below + 16, 'text-anchor': 'end' }, `${long(end)} s`)
  })
  return svg
}
