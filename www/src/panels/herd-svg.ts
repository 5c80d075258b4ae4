// The herd as a file: the same picture as lines of an SVG, with its title and legend.
import { css, long, s, short } from '../dom'
import type { Answer } from '../herd'
import { extent, GUTTER, HEIGHT, LEGEND, RIGHT } from './herd'

const WIDTH = 960
const HEAD = 46

export function herdSvg({ pictures, headline }: Answer, kind: 'shared' | 'own' | 'log'): SVGSVGElement {
  const svg = s('svg', { viewBox: `0 0 ${WIDTH} ${HEAD + pictures.length * (HEIGHT + 26)}` })
  const label = { 'font-size': 11, 'font-family': 'sans-serif', fill: css('--muted') }
  svg.append(s('text', { ...label, 'font-size': 15, 'font-weight': 650, fill: css('--ink'), x: 12, y: 20 }, 'The herd: attempts per second that reach the server'))
  let left = 12
  for (const [name, text] of LEGEND) {
    const fill = name === 'retry' ? css('--slot-a') : css(`--${name}`)
    const line = name === 'refused' || name === 'capacity'
    svg.append(line
      ? s('line', { x1: left, x2: left + 14, y1: 34, y2: 34, stroke: fill, 'stroke-width': 2, 'stroke-dasharray': name === 'capacity' ? '5 3' : null })
      : s('rect', { x: left, y: 29, width: 12, height: 10, fill, stroke: css('--edge'), 'stroke-width': name === 'outage' ? 1 : 0 }))
    svg.append(s('text', { ...label, x: left + 18, y: 38 }, text))
    left += 40 + text.length * 6.4
  }
  pictures.forEach((picture, index) => {
    const { end, top, highest } = extent(pictures, kind === 'own' ? picture : undefined)
    const log = kind === 'log'
    const most = log ? highest * 1.2 : top
    const above = HEAD + index * (HEIGHT + 26) + 18
    const below = above + HEIGHT - 24
    const x = (second: number) => GUTTER + ((WIDTH - GUTTER - RIGHT) * Math.min(second, end)) / end
    const part = (rate: number) => (log ? Math.asinh(rate) / Math.asinh(most) : Math.min(rate, most) / most)
    const y = (rate: number) => below - (below - above) * part(rate)
    const steps = (rates: Float64Array) => Array.from(picture.seconds, (second, i) => `H${x(second).toFixed(1)}V${y(rates[i] ?? 0).toFixed(1)}`).join('')
    const area = (rates: Float64Array) => `M${x(0)} ${below}${steps(rates)}H${x(end)}V${below}Z`
    for (const { from, until } of picture.faults) {
      svg.append(s('rect', { x: x(from), y: above, width: x(until ?? end) - x(from), height: below - above, fill: css('--outage') }))
    }
    svg.append(s('path', { d: area(picture.attempts), fill: css(`--slot-${picture.name.toLowerCase()}`) }))
    svg.append(s('path', { d: area(picture.first), fill: css('--first') }))
    svg.append(s('path', { d: `M${x(0)} ${below}${steps(picture.rejected)}`, fill: 'none', stroke: css('--refused') }))
    picture.limits.forEach(({ from, rate }, place) => {
      if (rate === null) return
      const until = picture.limits[place + 1]?.from ?? end
      svg.append(s('line', { x1: x(from), x2: x(until), y1: y(rate), y2: y(rate), stroke: css('--capacity'), 'stroke-width': 1.5, 'stroke-dasharray': '6 4' }))
    })
    const name = headline.policies[index]
    svg.append(s('text', { ...label, 'font-weight': 650, fill: css(`--slot-${picture.name.toLowerCase()}`), x: GUTTER, y: above - 5 }, `${picture.name} (${name?.label ?? ''})`))
    svg.append(s('text', { ...label, x: GUTTER - 8, y: above + 8, 'text-anchor': 'end' }, short(most)))
    svg.append(s('text', { ...label, x: GUTTER - 8, y: below, 'text-anchor': 'end' }, '0'))
    svg.append(s('text', { ...label, x: GUTTER, y: below + 16 }, '0 s'))
    svg.append(s('text', { ...label, x: WIDTH - RIGHT, y: below + 16, 'text-anchor': 'end' }, `${long(end)} s`))
  })
  return svg
}
