// Services that call each other: a box each, with what reached it under A and under B.
import { card, h, s } from '../dom'
import type { Layer } from '../engine'
import type { Answer } from '../herd'

export function layersPanel() {
  const chain = h('ol', { class: 'chain' })
  const panel = card('layers', 'The chain', chain)
  panel.heading.append(' ', h('small', {}, 'attempts that reach each service, and for each task'))
  panel.element.hidden = true
  return {
    element: panel.element,
    show({ pictures }: Answer) {
      const names = pictures[0]?.layers.map(({ name }) => name) ?? []
      panel.element.hidden = !names.length
      const most = pictures.reduce((all, { layers }) => layers.reduce((high, { rates }) => rates.reduce((a, b) => Math.max(a, b), high), all), 1)
      chain.replaceChildren(...names.map((name, index) => h('li', {}, h('b', {}, name), ...pictures.map(picture => {
        const layer = picture.layers[index]
        const bar = h('i', { class: 'load' })
        bar.style.setProperty('--load', `${100 * (layer?.share ?? 0)}%`)
        return h('div', { class: `slot-${picture.name.toLowerCase()}` }, bar,
          h('span', {}, h('b', {}, picture.name), ` ${layer?.attempts ?? '\u2013'} (${layer?.each ?? '\u2013'} per task)`),
          layer && spark(layer, most),
          h('span', { class: 'muted' }, `peak ${layer?.peak ?? '\u2013'}/s, queue ${layer?.queue ?? '\u2013'}`))
      }))))
    },
  }
}

/** Attempts over time, on one scale for all services. */
function spark({ rates }: Layer, most: number) {
  const steps = Array.from(rates, (rate, i) => `L${i} ${(24 - (24 * rate) / most).toFixed(2)}`).join('')
  return s('svg', { class: 'spark', viewBox: `0 0 ${Math.max(rates.length - 1, 1)} 24`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('path', { d: `M0 24${steps}V24Z` }))
}
