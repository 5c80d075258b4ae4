// The timeline: sampled tasks as rows, their attempts as marks. A herd is vertical stripes, jitter is
// dust. Five paths a policy, one for each kind of mark, however many marks there are.
import { clock } from '../clock'
import { card, dataTable, h, long, s } from '../dom'
import type { Picture } from '../engine'
import { chartTools } from '../export'
import type { Answer } from '../herd'
import { extent, GUTTER } from './herd'

const RIGHT = 14
const ROW = 4.4
const AXIS = 20
export const KINDS = ['failed', 'refused', 'timed out', 'succeeded', 'dead letter']
const SHAPES = [
  (x: string, y: string) => `M${x} ${y}m-1.6-1.6l3.2 3.2m0-3.2l-3.2 3.2`,
  (x: string, y: string) => `M${x} ${y}m-1.5-1.5h3v3h-3z`,
  (x: string, y: string) => `M${x} ${y}m0-2l2 3.6h-4z`,
  (x: string, y: string) => `M${x} ${y}m-1.9 0a1.9 1.9 0 1 0 3.8 0a1.9 1.9 0 1 0-3.8 0`,
  (x: string, y: string) => `M${x} ${y}m0-2.8l2.8 2.8l-2.8 2.8l-2.8-2.8z`,
]

export function timelinePanel() {
  const svg = s('svg', { class: 'timeline', role: 'img', 'aria-labelledby': 'timeline-title' })
  const legend = h('ul', { class: 'legend' }, ...KINDS.map((kind, index) => h('li', {},
    s('svg', { viewBox: '-4 -4 8 8', width: 14, height: 14, 'aria-hidden': 'true', class: 'timeline' },
      s('path', { class: `kind-${index}`, d: (SHAPES[index] as (x: string, y: string) => string)('0', '0') })), kind)))
  const frame = h('div', { class: 'frame' }, svg)
  frame.style.minHeight = '240px'
  let answer: Answer | null = null
  const table = dataTable('Attempts of sampled tasks', () => ({
    head: ['Policy', 'Task', 'Attempts, second and end of each'],
    rows: (answer?.pictures ?? []).flatMap(({ name, raster }) => raster.map(({ key, at, kinds }) =>
      [name, key, Array.from(at, (second, i) => `${long(second)} ${KINDS[kinds[i] ?? 0]}`).join(', ')])),
  }))
  const panel = card('timeline', 'Timeline', legend, frame, table.element)
  panel.heading.append(' ', h('small', {}, 'each row a task, those that did not succeed first; each mark an attempt'))
  let cursor = s('line', { class: 'cursor' })
  let clips: SVGRectElement[] = []
  let scale = (second: number) => second

  function paint() {
    const width = frame.clientWidth
    if (!answer || !width) return
    const { end } = extent(answer.pictures)
    const inner = width - GUTTER - RIGHT
    scale = second => GUTTER + (inner * second) / end
    const out: SVGElement[] = []
    clips = []
    let top = 4
    answer.pictures.forEach((picture, index) => {
      const height = Math.max(picture.raster.length, 1) * ROW + 4
      const slot = picture.name.toLowerCase()
      for (const { from, until } of picture.faults) {
        const left = scale(from)
        out.push(s('rect', { class: 'outage', x: left, y: top, width: Math.max(scale(Math.min(until ?? end, end)) - left, 0), height }))
      }
      out.push(s('text', { class: `name slot-${slot}`, x: GUTTER - 14, y: top + height / 2 + 5, 'text-anchor': 'end' }, picture.name))
      const clip = s('rect', { x: 0, y: top - 4, width, height: height + 8 })
      clips.push(clip)
      out.push(s('clipPath', { id: `clip-${index}` }, clip))
      out.push(s('g', { class: `slot-${slot}`, 'clip-path': `url(#clip-${index})` }, ...paths(picture, scale, top)))
      out.push(s('line', { class: 'axis', x1: GUTTER, x2: width - RIGHT, y1: top + height, y2: top + height }))
      top += height + 12
    })
    const step = round(end / Math.max(2, Math.floor(inner / 110)))
    for (let at = 0; at <= end; at += step) {
      // What would be cut at the edge ends there.
      const last = scale(at) > width - 26
      out.push(s('text', { class: 'tick', x: last ? width - 2 : scale(at), y: top + 4, 'text-anchor': last ? 'end' : 'middle' }, `${long(at)} s`))
    }
    cursor = s('line', { class: 'cursor', y1: 0, y2: top - 12 })
    out.push(cursor)
    svg.setAttribute('viewBox', `0 0 ${width} ${top + AXIS - 8}`)
    svg.setAttribute('width', String(width))
    svg.setAttribute('height', String(top + AXIS - 8))
    svg.replaceChildren(...out)
    tick()
  }

  function tick() {
    const { at, playing } = clock
    cursor.style.display = at === null ? 'none' : ''
    const x = at === null ? 0 : scale(at)
    cursor.setAttribute('x1', String(x))
    cursor.setAttribute('x2', String(x))
    for (const clip of clips) clip.setAttribute('width', playing ? String(Math.max(x, 0)) : '100%')
  }

  const csv = () => [
    ['Policy', 'Task', 'Second', 'End'],
    ...(answer?.pictures ?? []).flatMap(({ name, raster }) => raster.flatMap(({ key, at, kinds }) =>
      Array.from(at, (second, i) => [name, key, String(second), KINDS[kinds[i] ?? 0] ?? '']))),
  ]
  panel.tools.append(...chartTools('timeline', { svg: () => svg, csv }))

  clock.listeners.push(tick)
  new ResizeObserver(paint).observe(frame)
  return {
    element: panel.element,
    show(next: Answer) {
      answer = next
      paint()
      table.refresh()
    },
  }
}

/** A step of the time axis that people count in. */
function round(step: number): number {
  return [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400]
    .find(known => known >= step) ?? step
}

function paths({ raster }: Picture, x: (second: number) => number, top: number) {
  const lines = ['', '', '', '', '']
  raster.forEach(({ at, kinds }, index) => {
    const y = (top + 4 + index * ROW).toFixed(1)
    at.forEach((second, i) => {
      const kind = kinds[i] ?? 0
      lines[kind] += SHAPES[kind]?.(x(second).toFixed(1), y) ?? ''
    })
  })
  return lines.map((d, kind) => s('path', { class: `kind-${kind}`, d }))
}
