// The bar: seed, link, theme, import; the stories; the replay.
import * as engine from '../engine'
import { clock, indexAt } from '../clock'
import { h, long } from '../dom'
import { copyButton } from '../export'
import type { Answer } from '../herd'
import type { Store } from '../state'

export function tools(store: Store, importFile: (file: File) => void) {
  const seed = h('input', {
    id: 'seed', type: 'text', class: 'seed', autocomplete: 'off', spellcheck: 'false', maxlength: 40,
    onchange: () => store.type('seed', seed.value),
  })
  const reroll = h('button', {
    type: 'button', id: 'reroll', title: 'Another seed', 'aria-label': 'Another seed',
    onclick: () => store.type('seed', engine.freshSeed()),
  }, '\u2684')
  const file = h('input', {
    type: 'file', class: 'unseen', id: 'file', accept: '.json,.toml,.ndjson,.jsonl', 'aria-label': 'Open a file', tabindex: -1,
    onchange: () => { for (const each of file.files ?? []) importFile(each); file.value = '' },
  })
  const open = h('button', {
    type: 'button', title: 'A policy, a scenario (JSON, TOML) or dead letters (NDJSON); or drop it on the page',
    onclick: () => file.click(),
  }, 'Open\u2026')
  const update = () => { if (document.activeElement !== seed) seed.value = store.state.seed }
  store.listen(update)
  update()
  return [
    h('span', { class: 'seed-box' }, h('label', { for: 'seed' }, 'seed'), seed, reroll),
    open, file, copyButton('Copy link', () => location.href, 'primary'), themeButton(),
  ]
}

const THEMES = ['auto', 'light', 'dark']

/** Tells whoever draws on canvas that the colours are others. */
export const restyled = new EventTarget()

function themeButton() {
  const button = h('button', { type: 'button', id: 'theme', class: 'theme' })
  const show = (theme: string) => {
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    button.textContent = { auto: '\u25d0', light: '\u2600', dark: '\u263e' }[theme] ?? '\u25d0'
    button.setAttribute('aria-label', `Theme: ${theme}`)
    button.title = `Theme: ${theme}`
    restyled.dispatchEvent(new Event('change'))
  }
  let theme = stored() ?? 'auto'
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto'
    try { localStorage.setItem('redrive-theme', theme) } catch { /* a private window */ }
    show(theme)
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => restyled.dispatchEvent(new Event('change')))
  show(theme)
  return button
}

function stored(): string | null {
  try { return localStorage.getItem('redrive-theme') } catch { return null }
}

export function storyBar(store: Store, nav: HTMLElement) {
  const stories = engine.stories()
  const text = h('p', { class: 'story', 'aria-live': 'polite' })
  const links = stories.map(({ name, title, query }, index) => h('a', {
    href: `?${query}`, 'data-story': name,
    onclick: (event: MouseEvent) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      store.go(query)
    },
  }, h('i', {}, String(index + 1)), title))
  nav.replaceChildren(h('div', { class: 'story-links' }, ...links), text)
  const update = () => {
    const current = stories.find(({ name }) => name === store.state.view['story'])
    for (const link of links) {
      if (link.dataset['story'] === current?.name) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
    text.textContent = current?.text ?? ''
    text.hidden = !current
  }
  store.listen(update)
  update()
}

/** Plays the recorded run: a moment for all charts, and what stands then. */
export function replayBar() {
  const play = h('button', {
    type: 'button', id: 'play', class: 'play', 'aria-label': 'Play', onclick: () => (clock.playing ? clock.pause() : clock.play()),
  }, '\u25b6')
  const slider = h('input', {
    type: 'range', id: 'moment', min: 0, max: 1, step: 'any', 'aria-label': 'Moment of the run',
    oninput: () => { clock.pause(); clock.set(Number(slider.value)) },
  })
  const step = (by: number, label: string, sign: string) => h('button', {
    type: 'button', 'aria-label': label, onclick: () => {
      clock.pause()
      const seconds = answer?.pictures[0]?.seconds
      if (seconds) clock.set(seconds[indexAt(seconds, clock.at ?? 0) + by] ?? clock.at)
    },
  }, sign)
  const speed = h('select', {
    'aria-label': 'Speed', onchange: () => { clock.speed = Number(speed.value) },
  }, ...[1, 5, 10, 30, 100].map(times => h('option', { value: times }, `${times}\u00d7`)))
  speed.value = '10'
  const state = h('p', { class: 'moment' })
  let answer: Answer | null = null
  const element = h('div', { class: 'replay card' }, play, step(-1, 'One step back', '\u2039'), step(1, 'One step on', '\u203a'), slider, speed, state)

  function tick() {
    play.textContent = clock.playing ? '\u23f8' : '\u25b6'
    play.setAttribute('aria-label', clock.playing ? 'Pause' : 'Play')
    slider.max = String(clock.end)
    slider.value = String(clock.at ?? clock.end)
    slider.setAttribute('aria-valuetext', clock.at === null ? 'the end' : `${clock.at.toFixed(1)} seconds`)
    const parts: (Node | string)[] = [h('b', { class: 'when' }, clock.at === null ? 'at the end' : `${clock.at.toFixed(1)} s`)]
    for (const { name, seconds, open, succeeded, dead } of answer?.pictures ?? []) {
      const index = clock.at === null ? seconds.length - 1 : indexAt(seconds, clock.at)
      const count = (counts: Float64Array) => long(counts[index] ?? 0)
      parts.push(h('span', { class: `slot-${name.toLowerCase()}` }, h('b', { class: 'key' }, name),
        ` ${count(open)} open, ${count(succeeded)} done, ${count(dead)} dead`))
    }
    state.replaceChildren(...parts)
  }
  clock.listeners.push(tick)
  return { element, show(next: Answer) { answer = next; tick() } }
}
