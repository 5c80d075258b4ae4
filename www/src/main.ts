// The page: the schedule at once, from the engine on this thread; the herd as soon as the worker has it.
import './styles.css'
import * as engine from './engine'
import { clock } from './clock'
import { byId, h } from './dom'
import { Herd, type Answer } from './herd'
import { dropZone, importFile } from './import'
import { replayBar, restyled, storyBar, tools } from './panels/bar'
import { codePanel } from './panels/code'
import { extent, herdPanel } from './panels/herd'
import { lettersPanel } from './panels/letters'
import { headline, histogramPanel } from './panels/outcome'
import { policyPanel } from './panels/policy'
import { schedulePanel } from './panels/schedule'
import { statePanel } from './panels/tasks'
import { timelinePanel } from './panels/timeline'
import { Store } from './state'

async function boot() {
  const module = await WebAssembly.compileStreaming(fetch(engine.url))
  await engine.start(module)
  page(module)
}

function page(module: WebAssembly.Module) {
  const store = new Store()
  let answer: Answer | null = null
  const notice = (...texts: string[]) => byId('notices').replaceChildren(...texts.map(text =>
    h('p', { class: 'notice', role: 'status' }, text, h('button', {
      type: 'button', 'aria-label': 'Dismiss', onclick: (event: MouseEvent) => (event.currentTarget as Element).parentElement?.remove(),
    }, '\u00d7'))))

  const letters = lettersPanel(store)
  const take = async (file: File) => {
    try {
      const { notice: text, letters: found } = await importFile(store, file)
      notice(text)
      if (found) letters.open(file.name, found)
    } catch (error) {
      notice(`${file.name} was not taken: ${(error as Error).message}`)
    }
  }
  byId('tools').append(...tools(store, take))
  dropZone(take)
  storyBar(store, byId('stories'))
  byId('policy').append(...policyPanel(store))

  const head = headline()
  const content = byId('content')
  const schedule = schedulePanel(store)
  const herdView = herdPanel()
  const replay = replayBar()
  const timeline = timelinePanel()
  const state = statePanel()
  const latency = histogramPanel()
  content.replaceChildren(replay.element, timeline.element,
    h('div', { class: 'pair' }, state.element, latency.element),
    h('div', { class: 'pair' }, letters.element, codePanel(store, () => answer)))
  arrange([head.element, schedule, herdView.element], content)

  let spoken = 0
  const show = (next: Answer) => {
    answer = next
    const { end } = extent(next.pictures)
    clock.end = end
    if (!clock.playing) clock.at = null
    head.show(next)
    herdView.show(next)
    for (const panel of [timeline, state, latency, letters, replay]) panel.show(next)
    document.documentElement.dataset['ran'] = next.query
    requestAnimationFrame(() => performance.mark('herd-drawn', { detail: next.query }))
    clearTimeout(spoken)
    spoken = window.setTimeout(() => {
      byId('live').textContent = [...next.pictures.map(({ spoken }) => spoken), next.difference ?? ''].join(' ')
    }, 700)
    intro()
  }
  const herd = new Herd(module, show, message => {
    head.fail(message)
    notice(message)
  })
  const ask = () => {
    document.documentElement.dataset['asked'] = store.state.query
    // While a slider moves nobody reads the dead letters.
    herd.ask(store.state.query, !store.moving)
  }
  store.onReleased = ask
  store.listen((next, changed) => {
    if (changed === null || next.notices.length) notice(...next.notices)
    document.title = title(store)
    document.body.classList.toggle('embed', next.view['embed'] === '1')
    performance.mark('schedule-drawn', { detail: next.query })
    ask()
  })
  restyled.addEventListener('change', () => { herdView.restyle(); state.restyle() })
  notice(...store.state.notices)
  document.title = title(store)
  document.body.classList.toggle('embed', store.state.view['embed'] === '1')
  ask()
  byId('version').textContent = `redrive ${__VERSION__}`
  document.documentElement.dataset['ready'] = ''
}

/** On a narrow screen what the sliders do comes before the sliders, for the keyboard as for the eye. */
function arrange(first: HTMLElement[], content: HTMLElement) {
  const narrow = matchMedia('(max-width: 960px)')
  const place = () => { if (narrow.matches) byId('policy').before(...first); else content.prepend(...first) }
  narrow.addEventListener('change', place)
  place()
}

let introduced = location.search !== '' || matchMedia('(prefers-reduced-motion: reduce)').matches

/** Who opens the untouched page sees the herd run through time once. */
function intro() {
  if (introduced || document.hidden) return
  introduced = true
  const speed = clock.speed
  clock.speed = clock.end / 3
  clock.play(0)
  const stop = () => {
    clearTimeout(timer)
    removeEventListener('pointerdown', stop)
    removeEventListener('keydown', stop)
    clock.speed = speed
    if (clock.playing) {
      clock.playing = false
      clock.at = null
      clock.tell()
    }
  }
  addEventListener('pointerdown', stop)
  addEventListener('keydown', stop)
  const timer = setTimeout(stop, 3500)
}

function title(store: Store) {
  const names = store.state.policies.map(({ preset, changed }) => preset + (changed ? '*' : ''))
  return `${names.join(' / ')}: redrive`
}

boot().catch((error: Error) => {
  byId('content').append(h('p', { class: 'card run-error', role: 'alert' },
    `The engine did not start (${error.message}). A current browser with WebAssembly is needed.`))
})

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  addEventListener('load', () => { navigator.serviceWorker.register('./sw.js').catch(() => { /* online only */ }) })
}
