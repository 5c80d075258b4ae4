// The herd: attempts a second over time, A above B on the same scales; what the server can do; and the
// dead letters' way back.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { clock, indexAt } from '../clock'
import { card, css, dataTable, h, long, say, short } from '../dom'
import type { Band, Change, Picture, Seeds } from '../engine'
import { chartTools } from '../export'
import type { Answer } from '../herd'
import type { Store } from '../state'
import { herdSvg } from './herd-svg'

export const GUTTER = 52
export const RIGHT = 14
export const HEIGHT = 124
export const sync = uPlot.sync('time')
export const LEGEND = [['first', 'first attempts'], ['retry', 'retries'], ['refused', 'refused'], ['capacity', 'capacity'], ['outage', 'fault']] as const

const SCALES = [['shared', 'Same scale'], ['own', 'Own scales'], ['log', 'Logarithmic']] as const

interface Chart { plot: Plot; redraw(): void }

export function herdPanel(store: Store) {
  const legend = h('ul', { class: 'legend' },
    ...LEGEND.map(([kind, text]) => h('li', {}, h('i', { class: `swatch ${kind}` }), text)))
  const holders = [0, 1].map(() => h('div', { class: 'plot' }))
  const labels = [0, 1].map(() => h('p', { class: 'plot-label' }))
  const frame = h('div', {
    class: 'frame', tabindex: 0, role: 'group', 'aria-labelledby': 'herd-title',
    'aria-roledescription': 'chart', 'aria-describedby': 'herd-help', onkeydown: keys,
  }, labels[0], holders[0], labels[1], holders[1])
  const help = h('p', { class: 'unseen', id: 'herd-help' }, 'Arrow keys move through time, with Shift ten times as far.')
  let answer: Answer | null = null
  let charts: Chart[] = []
  let bands: Band[] = []
  const table = dataTable('Attempts over time', () => series(answer))
  const redrive = redriveBar(store)
  const panel = card('herd', 'The herd', frame, help, redrive.element, table.element)
  panel.heading.after(legend)
  panel.heading.append(' ', h('small', {}, 'attempts per second at your server'))
  const scale = h('select', { id: 'scale', class: 'small', 'aria-label': 'Scale of the herd', onchange: () => store.set([['scale', scale.value]]) },
    ...SCALES.map(([value, label]) => h('option', { value }, label)))
  panel.tools.append(scale, ...chartTools('herd', { svg: () => answer && herdSvg(answer, scaleOf(store)), csv: table.csv }))
  frame.style.minHeight = `${2 * HEIGHT + 36}px`

  function show(next: Answer) {
    answer = next
    const kind = scaleOf(store)
    scale.value = kind
    next.pictures.forEach((picture, index) => {
      const holder = holders[index] as HTMLElement
      const known = charts[index]
      const data = [picture.seconds, picture.attempts, picture.first, picture.rejected] as unknown as uPlot.AlignedData
      const span = extent(next.pictures, kind === 'own' ? picture : undefined)
      if (known && holder.dataset['slot'] === picture.name + kind) {
        Object.assign(known.plot, { picture, extent: span })
        known.plot.setData(data)
      } else {
        known?.plot.destroy()
        charts[index] = chart(holder, picture, data, span, kind === 'log')
        charts[index].plot.band = bands[index]
        holder.dataset['slot'] = picture.name + kind
      }
    })
    charts.splice(next.pictures.length).forEach(({ plot }) => plot.destroy())
    holders.forEach((holder, index) => {
      holder.hidden = (labels[index] as HTMLElement).hidden = index >= next.pictures.length
      if (holder.hidden) delete holder.dataset['slot']
    })
    frame.style.minHeight = `${next.pictures.length * (HEIGHT + 18)}px`
    read()
    redrive.show(next)
    table.refresh()
  }

  /** The figures of the moment that is looked at. */
  function read() {
    answer?.pictures.forEach((picture, index) => {
      const name = answer?.headline.policies[index]
      const { top } = extent(answer?.pictures ?? [], scaleOf(store) === 'own' ? picture : undefined)
      const highest = picture.attempts.reduce((most, rate) => Math.max(most, rate), 0)
      const note = clock.at !== null ? moment(picture, clock.at)
        : highest > top && scaleOf(store) !== 'log' ? `what leaves the frame reaches ${short(highest)} per second` : ''
      labels[index]?.replaceChildren(h('b', { class: `slot-${picture.name.toLowerCase()}` }, `${picture.name} (${name?.label ?? ''})`), note)
    })
  }

  function keys(event: KeyboardEvent) {
    const far = event.shiftKey ? 10 : 1
    const step = clock.end / 200
    const at = clock.at ?? 0
    const to = {
      ArrowLeft: at - step * far, ArrowRight: at + step * far, Home: 0, End: clock.end,
    }[event.key]
    if (event.key === 'Escape') clock.pick(null)
    if (to === undefined) return
    event.preventDefault()
    clock.pick(to)
    say((answer?.pictures ?? []).map(picture => `${picture.name}, ${moment(picture, clock.at ?? 0)}`).join('. '))
  }

  const redraw = () => { read(); charts.forEach(({ plot }) => plot.redraw(false)) }
  clock.listeners.push(redraw)
  store.listen((_, changed) => { if (answer && (!changed || changed.has('scale'))) show(answer) })
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
  /** Shows what several seeds did, as a band behind the one that is drawn. */
  function seeds(next: Seeds | null) {
    bands = next?.bands ?? []
    charts.forEach(({ plot }, index) => { plot.band = bands[index] })
    redraw()
  }
  return { element: panel.element, show, restyle, seeds }
}

const scaleOf = (store: Store) => (store.state.view['scale'] as 'own' | 'log' | undefined) ?? 'shared'

function moment({ seconds, attempts, first, rejected }: Picture, at: number) {
  const index = indexAt(seconds, at)
  const count = (rates: Float64Array) => long(Math.round(rates[index] ?? 0))
  return `${at.toFixed(1)} s: ${count(attempts)} attempts/s, ${count(first)} of them first, ${count(rejected)} refused`
}

/** Sending the dead letters back, beside the herd that they make. */
function redriveBar(store: Store) {
  const set = (changes: Change[] | undefined) => { if (changes) store.set(changes) }
  let answer: Answer | null = null
  const buttons = {
    off: h('button', { type: 'button', onclick: () => set([['redrive', '-']]) }, 'Leave them'),
    once: h('button', { type: 'button', onclick: () => set(answer?.redrive?.once) }, 'All at once'),
    paced: h('button', { type: 'button', onclick: () => set(answer?.redrive?.paced) }, 'Paced'),
  }
  const bar = h('div', { class: 'segmented', role: 'group', 'aria-label': 'Redrive' }, ...Object.values(buttons))
  const said = h('span', { class: 'note' })
  const element = h('div', { class: 'redrive', hidden: true }, h('span', {}, 'Send the dead letters back'), bar, said)
  return {
    element,
    show(next: Answer) {
      const { redrive } = next
      // While a slider moves the letters are not asked for, and what was known of them stays.
      answer = { ...next, redrive: redrive ?? (next.letters ? null : answer?.redrive ?? null) }
      const set = store.state.scenario['redrive'] as { at?: string; rate?: number } | undefined
      const how = !set?.at ? 'off' : set.rate ? 'paced' : 'once'
      for (const [name, button] of Object.entries(buttons)) button.setAttribute('aria-pressed', String(name === how))
      element.hidden = !set?.at && !answer.redrive
      buttons.once.disabled = buttons.paced.disabled = !answer.redrive
      said.replaceChildren(...(set?.at ? next.pictures.flatMap(({ name, redriven }) => [
        h('b', { class: `key slot-${name.toLowerCase()}` }, name), ` ${long(redriven)} sent back at ${set.at}${set.rate ? `, ${long(set.rate)} per second` : ''}. `]) : []))
    },
  }
}

/** One scale for all: the end of the last run, and the highest peak once the fault is over, which is
 * what a recovering server gets. What is higher before that leaves the frame. */
export function extent(pictures: Picture[], own?: Picture) {
  const end = pictures.reduce((most, picture) => Math.max(most, picture.end), 1)
  const limit = (picture: Picture) => picture.limits.reduce((most, { rate }) => Math.max(most, rate ?? 0), 0)
  const peak = (own ? [own] : pictures).reduce((most, picture) => Math.max(most, picture.peak ?? 0, limit(picture)), 1)
  const highest = pictures.reduce((most, { attempts }) => attempts.reduce((a, b) => Math.max(a, b), most), 1)
  return { end, top: peak * 1.12, highest }
}
export type Extent = ReturnType<typeof extent>

type Plot = uPlot & { picture: Picture; extent: Extent; band?: Band | undefined }

function chart(holder: HTMLElement, picture: Picture, data: uPlot.AlignedData, span: Extent, log: boolean): Chart {
  const color = css(`--slot-${picture.name.toLowerCase()}`)
  const muted = css('--muted')
  const line = css('--line')
  const font = `11px ${css('--font')}`
  const stepped = uPlot.paths.stepped!({ align: 1 })
  const axis: uPlot.Axis = { stroke: muted, font, grid: { stroke: line, width: 1 }, ticks: { show: false }, gap: 6 }
  const self = { plot: null as unknown as Plot }
  const y: uPlot.Scale = log
    ? { distr: 4, asinh: 1, range: () => [0, (self.plot?.extent ?? span).highest * 1.2] }
    : { range: () => [0, (self.plot?.extent ?? span).top] }
  const options: uPlot.Options = {
    width: holder.parentElement?.clientWidth || 600,
    height: HEIGHT,
    padding: [8, RIGHT, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: sync.key, scales: ['x', null] }, x: true, y: false, drag: { x: false, y: false },
      points: { show: false },
    },
    scales: { x: { time: false, range: () => [0, (self.plot?.extent ?? span).end] }, y },
    axes: [
      { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(tick => `${long(tick)} s`) },
      { ...axis, size: GUTTER, space: 34, values: (_, ticks) => ticks.map(tick => (tick === null ? '' : short(tick))) },
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
    const left = plot.valToPos(Math.min(from, extent.end), 'x', true)
    const right = plot.valToPos(Math.min(until ?? extent.end, extent.end), 'x', true)
    ctx.fillRect(left, bbox.top, right - left, bbox.height)
  }
  ctx.restore()
}

function foreground(plot: Plot) {
  const { ctx, bbox, picture, extent, band } = plot
  if (!picture) return
  ctx.save()
  if (band) {
    ctx.beginPath()
    const at = (i: number, rates: Float64Array) => [plot.valToPos(Math.min(band.seconds[i]!, extent.end), 'x', true), Math.max(plot.valToPos(rates[i]!, 'y', true), bbox.top)] as const
    band.seconds.forEach((_, i) => ctx.lineTo(...at(i, band.high)))
    for (let i = band.seconds.length - 1; i >= 0; i--) ctx.lineTo(...at(i, band.low))
    ctx.globalAlpha = 0.35
    ctx.fillStyle = css('--ink')
    ctx.fill()
    ctx.globalAlpha = 1
  }
  ctx.strokeStyle = css('--capacity')
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.beginPath()
  picture.limits.forEach(({ from, rate }, index) => {
    if (rate === null || from > extent.end) return
    const until = Math.min(picture.limits[index + 1]?.from ?? extent.end, extent.end)
    const y = Math.max(plot.valToPos(rate, 'y', true), bbox.top)
    ctx.moveTo(plot.valToPos(from, 'x', true), y)
    ctx.lineTo(plot.valToPos(until, 'x', true), y)
  })
  ctx.stroke()
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
      picture.name, String(Number(second.toFixed(6))),
      ...[picture.attempts, picture.first, picture.rejected, picture.open, picture.succeeded, picture.dead]
        .map(counts => String(Math.round(counts[i] ?? 0))),
    ])),
  }
}
