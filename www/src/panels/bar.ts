// The bar: seed, link, theme, import; the stories; the replay.
import * as engine from '../engine'
import { clock, indexAt } from '../clock'
import { h, icon, long } from '../dom'
import { copyButton } from '../export'
import type { Answer } from '../herd'
import type { Store } from '../state'

export function tools(store: Store, importFile: (file: File) => void) {
  const seed = h('input', {
    id: 'seed', type: 'text', class: 'seed', autocomplete: 'off', spellcheck: 'false', maxlength: 100,
    onchange: () => store.type('seed', seed.value),
  })
  const reroll = h('button', {
    type: 'button', id: 'reroll', title: 'Another seed', 'aria-label': 'Another seed',
    onclick: () => store.type('seed', engine.freshSeed()),
  }, icon('dice'))
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

/** Fires when the colours of canvases have to change. */
export const restyled = new EventTarget()

function themeButton() {
  const button = h('button', { type: 'button', id: 'theme', class: 'theme' })
  const show = (theme: string) => {
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
    button.replaceChildren(icon(theme === 'light' || theme === 'dark' ? theme : 'auto'))
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
  let shown: string | undefined
  const update = () => {
    const current = stories.find(({ name }) => name === store.state.view['story'])
    for (const link of links) {
      if (link.dataset['story'] === current?.name) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
    }
    // On a narrow screen the row of stories is wider than the screen.
    const link = links.find(({ dataset }) => dataset['story'] === current?.name)
    if (link && current?.name !== shown) link.parentElement?.scrollTo({ left: link.offsetLeft - link.parentElement.offsetLeft - 12 })
    shown = current?.name
    text.textContent = current?.text ?? ''
    text.hidden = !current
  }
  store.listen(update)
  update()
}

/** Plays the recorded run: a moment for all charts, and how things are then. While it plays the server can
 * be broken and mended: what was before stays as it was, since the same seed gives the same run. */
export function replayBar(store: Store) {
  const play = h('button', {
    type: 'button', id: 'play', class: 'play', 'aria-label': 'Play', onclick: () => (clock.playing ? clock.pause() : clock.play()),
  }, icon('play'))
  const slider = h('input', {
    type: 'range', id: 'moment', min: 0, max: 1, step: 'any', 'aria-label': 'Moment of the run',
    oninput: () => clock.pick(Number(slider.value)),
  })
  const step = (by: number, label: string, sign: 'back' | 'on') => h('button', {
    type: 'button', 'aria-label': label, title: label, onclick: () => {
      const seconds = answer?.pictures[0]?.seconds
      if (seconds) clock.pick(seconds[indexAt(seconds, clock.at ?? 0) + by] ?? clock.at)
    },
  }, icon(sign))
  const speed = h('select', {
    'aria-label': 'Speed', onchange: () => { clock.speed = Number(speed.value) },
  }, ...[1, 5, 10, 30, 100].map(times => h('option', { value: times }, `${times}\u00d7`)))
  speed.value = '10'
  const smash = h('button', { type: 'button', id: 'break', class: 'wide', onclick: breakOrMend }, 'Break the server')
  const state = h('p', { class: 'moment' })
  let answer: Answer | null = null
  let broken = false
  const element = h('div', { class: 'replay card' }, play, step(-1, 'One step back', 'back'), step(1, 'One step on', 'on'), slider, speed, smash, state)

  /** The last fault is ours while it has no end. */
  function open() {
    const faults = (store.state.scenario['faults'] ?? []) as { until?: string; mode?: string }[]
    const last = faults.at(-1)
    return last && last.mode === 'down' && (last.until ?? null) === null ? faults.length - 1 : null
  }
  function breakOrMend() {
    const now = `${Math.max(Math.round((clock.at ?? 0) * 10) / 10, 0)}s`
    const at = open()
    if (at !== null) return store.set([[`faults.${at}.until`, now]])
    const faults = (store.state.scenario['faults'] ?? []) as unknown[]
    store.set([['faults', [...faults, { from: now, mode: 'down' }]]])
    if (!clock.playing) clock.play(clock.at ?? 0)
  }

  function tick() {
    play.replaceChildren(icon(clock.playing ? 'pause' : 'play'))
    play.setAttribute('aria-label', clock.playing ? 'Pause' : 'Play')
    slider.max = String(clock.end)
    slider.value = String(clock.at ?? clock.end)
    slider.style.setProperty('--at', `${(100 * (clock.at ?? clock.end)) / (clock.end || 1)}%`)
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
  const label = () => {
    broken = open() !== null
    smash.textContent = broken ? 'Mend the server' : 'Break the server'
    smash.setAttribute('aria-pressed', String(broken))
  }
  clock.listeners.push(tick)
  store.listen(label)
  label()
  return { element, show(next: Answer) { answer = next; tick() } }
}
