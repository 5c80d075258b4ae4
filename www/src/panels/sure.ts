// How sure the picture is, and whether there is a better policy: work of some seconds, that can be stopped.
import * as engine from '../engine'
import type { Found, Seeds } from '../engine'
import { card, h } from '../dom'
import { start, type Job, type Running } from '../jobs'
import type { Store } from '../state'
import { partViews } from './outcome'
import { editing } from './policy'

const SEEDS = 10

/** A button that starts a job, its progress, and a button that stops it. */
function runner<R extends Seeds | Found>(module: WebAssembly.Module, label: string, id: string, job: () => Job, show: (result: R) => void, say: (message: string) => void) {
  let running: Running | null = null
  const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': label })
  const button = h('button', { type: 'button', id, onclick: () => (running ? stop() : go()) }, label)
  function stop() {
    running?.cancel()
    running = null
    bar.hidden = true
    button.textContent = label
  }
  function go() {
    bar.hidden = false
    bar.value = 0
    button.textContent = 'Stop'
    say('')
    running = start<R>(module, job(), {
      progress: share => { bar.value = share },
      result: result => { stop(); show(result) },
      error: message => { stop(); say(message) },
    })
  }
  return { elements: [button, bar], stop }
}

export function surePanel(store: Store, module: WebAssembly.Module, onSeeds: (seeds: Seeds | null) => void) {
  const said = h('p', { class: 'note', id: 'sure-said', role: 'status' })
  const ranges = h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'Figures over all seeds' })
  const seeds = runner<Seeds>(module, `Run ${SEEDS} seeds`, 'run-seeds', () => ({ job: 'seeds', query: store.state.query, seeds: SEEDS }), result => {
    said.replaceChildren(...partViews(result.text), ' The herd shows all of them as a band.')
    const [first] = result.bands
    ranges.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Figure'), ...result.bands.map(({ name }) => h('th', { scope: 'col' }, name)))),
      h('tbody', {}, ...(first?.ranges ?? []).map(({ label }, index) => h('tr', {}, h('th', { scope: 'row' }, label),
        ...result.bands.map(({ ranges }) => h('td', {}, ranges[index]?.text ?? '')))))))
    onSeeds(result)
  }, message => { said.textContent = message })
  const sure = card('sure', 'How sure?', h('p', { class: 'note' }, 'The same comparison under other seeds: other arrivals, service times and jitter.'),
    h('p', { class: 'actions' }, ...seeds.elements), said, ranges)

  const goal = h('select', { id: 'goal' }, ...engine.goals().map(({ value, label }) => h('option', { value }, label)))
  const condition = h('input', { type: 'text', id: 'condition', class: 'condition', placeholder: 'p99 <= 120', autocomplete: 'off', spellcheck: 'false', maxlength: 200 })
  const found = h('div', { id: 'found', role: 'status' })
  const find = runner<Found>(module, 'Find me a policy', 'find', () => ({
    job: 'find', query: store.state.query, slot: editing(store), goal: goal.value, condition: condition.value,
  }), result => {
    const take = (slot: engine.Slot) => h('button', { type: 'button', id: `take-${slot}`, onclick: () => store.take(slot, result.policy) }, `Take it as ${slot.toUpperCase()}`)
    found.replaceChildren(h('p', {}, result.text),
      h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': 'Proof' }, h('table', {},
        h('caption', {}, `Proof: means of ${result.seeds} runs, under seeds by which nothing was chosen`),
        h('thead', {}, h('tr', {}, ...['Policy', result.metric, 'Succeeded', 'Attempts per task', 'What it is'].map(text => h('th', { scope: 'col' }, text)))),
        h('tbody', {}, ...result.proof.map(({ name, goal, succeeded, amplification, policy }) => h('tr', {},
          h('th', { scope: 'row' }, name), ...[goal, succeeded, amplification, policy].map(text => h('td', {}, text))))))),
      h('p', { class: 'actions' }, take('a'), take('b')))
  }, message => { found.textContent = message })
  const search = card('search', 'Find me a policy',
    h('p', { class: 'note' }, 'Searches in this scenario, then proves what it found under fresh seeds. No fewer tasks may succeed than under the best preset.'),
    h('p', { class: 'actions' }, h('label', { for: 'goal' }, 'I want'), goal, h('label', { for: 'condition' }, 'as long as'), condition, ...find.elements), found)

  // Another scenario or policy is another question.
  const look = (query: string) => query.replace(/(^|&)(edit|y|scale|story|embed|key)=[^&]*/g, '')
  let asked = look(store.state.query)
  store.listen(state => {
    if (look(state.query) === asked) return
    asked = look(state.query)
    seeds.stop()
    find.stop()
    said.replaceChildren()
    ranges.replaceChildren()
    onSeeds(null)
  })
  return [sure.element, search.element]
}
