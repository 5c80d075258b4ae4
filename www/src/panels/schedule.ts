// The schedule: for each retry the band that its delay is drawn from, and what this seed drew.
import * as engine from '../engine'
import type { Mark, Plot, PolicyPlot } from '../engine'
import { card, dataTable, h, s } from '../dom'
import { chartTools } from '../export'
import type { Store } from '../state'

const HEIGHT = 212
const LEFT = 52
const RIGHT = 14
const TOP = 14
const BOTTOM = 40

export function schedulePanel(store: Store) {
  const note = h('p', { class: 'note' })
  const svg = s('svg', { class: 'schedule', role: 'img', 'aria-labelledby': 'schedule-title', 'aria-describedby': 'schedule-note', height: HEIGHT })
  note.id = 'schedule-note'
  const tip = h('p', { class: 'tip', hidden: true })
  const frame = h('div', { class: 'frame' }, svg)
  // Beside the frames, none of which clips it then.
  document.body.append(tip)
  const table = dataTable('Schedule', () => rows(plot))
  const numbers = () => csv(plot)
  const panel = card('schedule', 'Delays', frame, h('div', { class: 'foot-line' }, note, table.element))
  const scale = h('button', {
    type: 'button', class: 'toggle',
    onclick: () => store.set([['y', store.state.view['y'] === 'log' ? 'linear' : 'log']]),
  }, 'Logarithmic')
  panel.heading.append(' ', h('small', {}, 'before each retry: p5 to p95, the middle half, the median, and this seed\u2019s draw'))
  panel.tools.append(scale, ...chartTools('schedule', { svg: () => svg, csv: numbers }))
  let plot: Plot = { ticks: [], policies: [] }

  function draw() {
    const log = store.state.view['y'] === 'log'
    scale.setAttribute('aria-pressed', String(log))
    plot = engine.schedule(store.state.query, log)
    paint(svg, frame.clientWidth || 600, plot)
    note.replaceChildren(...plot.policies.flatMap(policy => sentence(policy)))
    table.refresh()
  }

  svg.addEventListener('pointermove', event => {
    const mark = (event.target as Element).closest('[data-tip]')
    tip.hidden = !mark
    if (!mark) return
    tip.textContent = mark.getAttribute('data-tip')
    tip.style.left = `${Math.max(Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8), 8)}px`
    const below = event.clientY + 16
    tip.style.top = `${below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : below}px`
  })
  svg.addEventListener('pointerleave', () => { tip.hidden = true })
  store.listen((_, changed) => {
    const scenario = changed && [...changed].every(name => !/^[ab](\.|$)|^(seed|key|y)$/.test(name))
    if (!scenario) draw()
  })
  new ResizeObserver(() => paint(svg, frame.clientWidth, plot)).observe(frame)
  draw()
  return panel.element
}

function sentence({ name, end, deadline, cap, more, sampled }: PolicyPlot) {
  const parts = [
    end ?? (more ? 'goes on beyond what is drawn' : ''),
    cap && `cap ${cap.text}`,
    deadline && `deadline ${deadline}`,
    sampled && 'bands measured over 10,000 tasks',
  ].filter(Boolean)
  return [h('span', { class: `key slot-${name.toLowerCase()}` }, name), ` ${parts.join(', ')}. `]
}

const NAMES = ['least', 'p5', 'p25', 'median', 'p75', 'p95', 'largest']

function rows(plot: Plot) {
  return {
    head: ['Policy', 'Retry', 'This seed', 'Starts at', ...NAMES],
    rows: plot.policies.flatMap(({ name, retries }) => retries.map(mark =>
      [name, String(mark.retry), mark.delay, mark.starts, ...mark.bandText])),
  }
}

/** The same for programs: seconds, and no units in cells. */
function csv(plot: Plot) {
  return [
    ['Policy', 'Retry', 'This seed (s)', 'Starts at (s)', ...NAMES.map(name => `${name} (s)`)],
    ...plot.policies.flatMap(({ name, retries }) => retries.map(({ retry, seconds }) => [name, String(retry), ...Array.from(seconds, String)])),
  ]
}

function paint(svg: SVGSVGElement, width: number, plot: Plot) {
  if (!width) return
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
  svg.setAttribute('width', String(width))
  const bottom = HEIGHT - BOTTOM
  const y = (at: number) => bottom - at * (bottom - TOP)
  const most = plot.policies.reduce((n, policy) => Math.max(n, policy.retries.length), 1)
  // One place more, for the dead letter.
  const step = (width - LEFT - RIGHT) / (most + 1)
  const out: SVGElement[] = []
  for (const { at, text } of plot.ticks) {
    if (at > 1) continue
    out.push(s('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at) }))
    out.push(s('text', { class: 'tick', x: LEFT - 8, y: y(at) + 4, 'text-anchor': 'end' }, text))
  }
  const every = Math.max(1, Math.ceil(26 / step))
  for (let retry = 1; retry <= most; retry++) {
    if (retry > 1 && retry % every) continue
    out.push(s('text', { class: 'tick', x: LEFT + step * (retry - 0.5), y: bottom + 16, 'text-anchor': 'middle' }, String(retry)))
  }
  const lanes = plot.policies.length
  const lane = Math.min(step / (lanes + 0.6), 30)
  plot.policies.forEach((policy, index) => {
    const slot = policy.name.toLowerCase()
    const group = s('g', { class: `slot-${slot}` })
    const shift = (index - (lanes - 1) / 2) * lane
    if (policy.cap) {
      const at = y(policy.cap.at)
      group.append(s('line', { class: 'cap', x1: LEFT, x2: width - RIGHT, y1: at, y2: at }))
      const same = plot.policies.every(({ cap }) => cap?.at === policy.cap?.at)
      if (!same || index === 0) {
        group.append(s('text', { class: same ? 'tick' : 'label', x: width - RIGHT, y: index ? at + 12 : at - 4, 'text-anchor': 'end' },
          `${same ? '' : `${policy.name} `}cap ${policy.cap.text}`))
      }
    }
    for (const mark of policy.retries) {
      group.append(bar(policy.name, mark, LEFT + step * (mark.retry - 0.5) + shift, Math.max(lane - 4, 2), y))
    }
    if (policy.end) {
      const x = LEFT + step * (policy.retries.length + 0.5) + shift
      const size = Math.min(6, step / 3)
      group.append(s('path', {
        class: 'dead', d: `M${x} ${bottom - 2 * size}l${size} ${size}l${-size} ${size}l${-size} ${-size}z`,
        'data-tip': `${policy.name}: ${policy.end}`,
      }))
      // A line of its own, below the numbers of the retries.
      const before = plot.policies[index - 1]
      const named = before && Math.abs(before.retries.length - policy.retries.length) * step < 44
      if (!named) group.append(s('text', { class: 'tick', x: Math.min(x, width - 24), y: HEIGHT - 4, 'text-anchor': 'middle' }, policy.endWord))
    }
    out.push(group)
  })
  out.push(s('line', { class: 'axis', x1: LEFT, x2: width - RIGHT, y1: bottom, y2: bottom }))
  out.push(s('text', { class: 'tick', x: LEFT, y: HEIGHT - 4 }, 'retry'))
  svg.replaceChildren(...out)
}

function bar(name: string, mark: Mark, x: number, width: number, y: (at: number) => number) {
  const [least, p5, p25, median, p75, p95, most] = mark.band as unknown as [number, number, number, number, number, number, number]
  const left = x - width / 2
  const box = (low: number, high: number, kind: string) => s('rect', {
    class: kind, x: left, width, y: y(high), height: Math.max(y(low) - y(high), 1.5), rx: Math.min(2, width / 4),
  })
  const tip = `${name}, retry ${mark.retry}: ${mark.delay} here (starts at ${mark.starts}); median ${mark.bandText[3]}, p5 to p95 ${mark.bandText[1]} to ${mark.bandText[5]}`
  return s('g', { 'data-tip': tip },
    s('rect', { class: 'hit', x: left, width, y: TOP, height: y(0) - TOP }),
    s('line', { class: 'range', x1: x, x2: x, y1: y(least), y2: y(most) }),
    box(p5, p95, 'band'), box(p25, p75, 'core'),
    s('line', { class: 'median', x1: left, x2: left + width, y1: y(median), y2: y(median) }),
    s('circle', { class: 'sample', cx: x, cy: y(mark.sample), r: Math.min(4, width / 3 + 1) }))
}
