// The page: the schedule at once, from the engine on this thread; the herd as soon as the worker has it.
import './locale'
import './styles.css'
import * as engine from './engine'
import { clock } from './clock'
import { byId, h, icon, say } from './dom'
import { Asked, type Advised, type Answer } from './herd'
import { dropZone, importFile } from './import'
import { mini } from './mini'
import { replayBar, restyled, storyBar, tools } from './panels/bar'
import { codePanel } from './panels/code'
import { extent, herdPanel } from './panels/herd'
import { layersPanel } from './panels/layers'
import { lettersPanel } from './panels/letters'
import { headline, histogramPanel } from './panels/outcome'
import { policyPanel } from './panels/policy'
import { schedulePanel } from './panels/schedule'
import { surePanel } from './panels/sure'
import { statePanel } from './panels/tasks'
import { timelinePanel } from './panels/timeline'
import { Store } from './state'
import { script } from './trusted'

/** After so long somebody wonders whether anything happens. */
const BUSY = 250
/** Advice takes some runs: it waits until the hand rests. */
const REST = 400

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
    }, icon('close')))))

  const letters = lettersPanel(store)
  const take = async (file: File) => {
    try {
      const { notice: text, letters: found } = await importFile(store, file)
      notice(text)
      if (found) letters.open(engine.told(file.name), found)
    } catch (error) {
      notice(`${engine.told(file.name)} was not taken: ${engine.told((error as Error).message)}`)
    }
  }
  byId('tools').append(...tools(store, take))
  dropZone(take)
  storyBar(store, byId('stories'))
  const policies = policyPanel(store)
  byId('policy').append(...policies.elements)

  const head = headline(store)
  const content = byId('content')
  const schedule = schedulePanel(store)
  const herdView = herdPanel(store)
  const replay = replayBar(store)
  const layers = layersPanel()
  const timeline = timelinePanel()
  const state = statePanel()
  const latency = histogramPanel()
  const small = mini()
  content.replaceChildren(replay.element, layers.element, schedule, timeline.element,
    h('div', { class: 'pair' }, state.element, latency.element),
    h('div', { class: 'pair' }, ...surePanel(store, module, seeds => herdView.seeds(seeds))),
    h('div', { class: 'pair' }, letters.element, codePanel(store, () => answer)))
  arrange(head, herdView.element, content)

  let spoken = 0
  let busy = 0
  let resting = 0
  const show = (next: Answer) => {
    clearTimeout(busy)
    answer = next
    clock.end = extent(next.pictures).end
    if (!clock.playing) clock.at = null
    head.show(next)
    herdView.show(next)
    for (const panel of [layers, timeline, state, latency, letters, replay, small]) panel.show(next)
    document.documentElement.dataset['ran'] = next.query
    requestAnimationFrame(() => performance.mark('herd-drawn', { detail: next.query }))
    clearTimeout(spoken)
    spoken = window.setTimeout(() => say(next.headline.spoken), 700)
    clearTimeout(resting)
    if (next.letters) resting = window.setTimeout(() => advice.ask(next.query), REST)
    intro()
  }
  const herd = new Asked<Answer>(module, 'run', show, message => {
    clearTimeout(busy)
    head.fail(message)
  })
  const advice = new Asked<Advised>(module, 'advice', next => {
    if (next.query !== store.state.query) return
    policies.advise(next)
    if (!next.more) document.documentElement.dataset['advised'] = next.query
  }, () => { /* what a run cannot do is said where it is asked for */ })
  const ask = () => {
    document.documentElement.dataset['asked'] = store.state.query
    clearTimeout(busy)
    busy = window.setTimeout(() => head.busy(), BUSY)
    // Advice on another state is not wanted any more, and takes time from the run.
    clearTimeout(resting)
    advice.cancel()
    // The dead letters can wait until the slider rests.
    herd.ask(store.state.query, !store.moving)
  }
  store.onReleased = ask
  store.listen((next, changed) => {
    if (changed === null || next.notices.length) notice(...next.notices)
    document.title = title(store)
    document.body.classList.toggle('embed', next.view['embed'] === '1')
    if (document.documentElement.dataset['asked'] !== next.query || changed === null) ask()
    performance.mark('schedule-drawn', { detail: next.query })
  })
  const restyle = () => {
    herdView.restyle()
    state.restyle()
  }
  restyled.addEventListener('change', restyle)
  // Back from another page: some browsers have emptied canvases and fields by then.
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return
    for (const field of document.querySelectorAll<HTMLInputElement>('input')) {
      const { value } = field
      if (field.type === 'text') [field.value, field.value] = ['', value]
    }
    store.refresh()
    restyle()
  })
  notice(...store.state.notices)
  document.title = title(store)
  document.body.classList.toggle('embed', store.state.view['embed'] === '1')
  ask()
  byId('version').textContent = `redrive ${__VERSION__}`
  document.documentElement.dataset['ready'] = ''
}

/** On a narrow screen what the sliders do comes before the sliders, for the keyboard as for the eye. */
function arrange({ element, figures }: { element: HTMLElement; figures: HTMLElement }, herd: HTMLElement, content: HTMLElement) {
  const narrow = matchMedia('(max-width: 960px)')
  const place = () => {
    if (narrow.matches) byId('policy').before(element, herd, figures)
    else {
      element.append(figures)
      content.prepend(element, herd)
    }
  }
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
    if (clock.playing) clock.pick(null)
  }
  addEventListener('pointerdown', stop)
  addEventListener('keydown', stop)
  const timer = setTimeout(stop, 3500)
}

function title(store: Store) {
  return `${store.state.policies.map(({ label }) => label).join(' / ')}: redrive`
}

boot().catch((error: Error) => {
  byId('content').append(h('p', { class: 'card run-error', role: 'alert' },
    `The engine did not start (${error.message}). A current browser with WebAssembly is needed.`))
})

if ('serviceWorker' in navigator && import.meta.env.PROD) {
  addEventListener('load', () => { navigator.serviceWorker.register(script('./sw.js')).catch(() => { /* online only */ }) })
}
