// On a narrow screen no slider shares the screen with a chart: while one is moved, the headline and a small
// herd stay at the top.
import { h, s } from './dom'
import type { Answer } from './herd'
import { partViews } from './panels/outcome'
import { extent } from './panels/herd'

const WIDTH = 340
const HEIGHT = 26

export function mini() {
  const narrow = matchMedia('(max-width: 960px)')
  const text = h('p', {})
  const svg = s('svg', { class: 'mini-herd', preserveAspectRatio: 'none', 'aria-hidden': 'true' })
  const element = h('div', { class: 'mini', 'aria-hidden': 'true', hidden: true }, text, svg)
  document.body.append(element)
  let hide = 0
  const show = ({ target }: Event) => {
    const slider = target as HTMLElement
    if (!narrow.matches || !slider.matches?.('#policy input[type="range"]')) return
    clearTimeout(hide)
    element.hidden = false
    const under = element.offsetHeight + 12 - slider.getBoundingClientRect().top
    // Not below what has just come.
    if (under > 40) scrollBy(0, -under)
  }
  const leave = () => {
    clearTimeout(hide)
    hide = window.setTimeout(() => { element.hidden = true }, 1200)
  }
  document.addEventListener('focusin', show)
  document.addEventListener('input', show)
  document.addEventListener('focusout', leave)
  return {
    show({ pictures, headline }: Answer) {
      if (!narrow.matches) return
      text.replaceChildren(...partViews(headline.sentences[0] ?? []))
      svg.setAttribute('viewBox', `0 0 ${WIDTH} ${pictures.length * (HEIGHT + 3)}`)
      const { end, top } = extent(pictures)
      svg.replaceChildren(...pictures.flatMap((picture, index) => {
        const below = index * (HEIGHT + 3) + HEIGHT
        const x = (second: number) => ((WIDTH * Math.min(second, end)) / end).toFixed(1)
        const y = (rate: number) => (below - (HEIGHT * Math.min(rate, top)) / top).toFixed(1)
        let path = `M0 ${below}`
        picture.seconds.forEach((second, i) => { path += `H${x(second)}V${y(picture.attempts[i] ?? 0)}` })
        return [
          ...picture.faults.map(({ from, until }) => s('rect', { class: 'outage', x: x(from), y: below - HEIGHT, width: Number(x(until ?? end)) - Number(x(from)), height: HEIGHT })),
          s('path', { class: `slot-${picture.name.toLowerCase()}`, d: `${path}V${below}Z` }),
        ]
      }))
    },
  }
}
