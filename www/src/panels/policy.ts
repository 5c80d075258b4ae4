// Policies and scenario: a slider and a field for each parameter, from the engine's tables.
import * as engine from '../engine'
import type { Advice, ControlRow, Slot } from '../engine'
import { h, icon } from '../dom'
import type { Advised } from '../herd'
import type { Store } from '../state'
import { editors } from './editor'

interface RowView { element: HTMLElement; refuse(): void; update(control: ControlRow, advice: Advice[]): void }

const LEAP = 10

export function policyPanel(store: Store) {
  const rows = new Map<string, RowView>()
  const errors = new Map<string, string>()
  let advised: Advised | null = null
  const tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Policy' })
  const tab = (slot: Slot) => {
    const button = h('button', {
      type: 'button', role: 'tab', class: `tab slot-${slot}`, id: `tab-${slot}`,
      'aria-controls': 'policy-rows',
      onclick: () => store.set([...(has(slot) ? [] : [['b', 'full'] as engine.Change]), ['edit', slot]]),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
        event.preventDefault()
        const other = slot === 'a' ? 'b' : 'a'
        if (has(other)) store.set([['edit', other]])
        views[other].button.focus()
      },
    })
    return { button }
  }
  const has = (slot: Slot) => store.state.policies.some(policy => policy.name.toLowerCase() === slot)
  const views = { a: tab('a'), b: tab('b') }
  const drop = h('button', {
    type: 'button', class: 'quiet', onclick: () => store.set([['b', '-'], ['edit', 'a']]),
  }, 'Remove B')
  tabs.append(views.a.button, views.b.button)

  const preset = h('select', {
    id: 'preset', class: 'preset',
    onchange: () => store.set([[editing(store), preset.value]]),
  })
  const about = h('p', { class: 'about' })

  const basic = h('div', { class: 'rows' })
  const more = h('div', { class: 'rows' })
  const advanced = h('details', { class: 'more' }, h('summary', {}, 'More of the policy'), more)
  const loose = h('div', { class: 'hints' })
  const every = editors(store)
  const panel = h('div', { class: 'card', id: 'policy-rows', role: 'tabpanel' },
    h('div', { class: 'row choice' }, h('label', { for: 'preset' }, 'Start from'), preset),
    about, basic, every.parts, advanced, every.policy, loose)

  const scenarioRows = h('div', { class: 'rows' })
  const scenario = h('select', { id: 'scenario', onchange: () => store.set([['s', scenario.value]]) },
    ...engine.scenes().map(({ name, title }) => h('option', { value: name, title }, name)))
  const text = h('p', { class: 'about scene-about' })
  const scene = h('section', { class: 'card', 'aria-labelledby': 'scene-title' },
    h('h2', { id: 'scene-title' }, 'What happens'),
    h('div', { class: 'row choice' }, h('label', { for: 'scenario' }, 'Scenario'), scenario),
    h('details', { class: 'more' }, h('summary', {}, 'What to look at'), text),
    scenarioRows, every.scenario)

  function place(parent: HTMLElement, wanted: HTMLElement[]) {
    wanted.forEach((element, index) => {
      if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null)
    })
    while (parent.children.length > wanted.length) parent.lastElementChild?.remove()
  }

  function update() {
    const { state } = store
    const slot = editing(store)
    for (const each of ['a', 'b'] as const) {
      const { button } = views[each]
      const policy = state.policies.find(({ name }) => name.toLowerCase() === each)
      const label = policy ? policy.label : 'compare'
      button.replaceChildren(h('b', {}, each.toUpperCase()), h('span', {}, label))
      button.setAttribute('aria-selected', String(each === slot))
      button.tabIndex = each === slot ? 0 : -1
      if (policy?.changed) button.title = `${policy.label}: changed since it was picked`
      else button.removeAttribute('title')
    }
    panel.setAttribute('aria-labelledby', `tab-${slot}`)
    panel.dataset['slot'] = slot
    drop.hidden = !has('b')
    const policy = state.policies.find(({ name }) => name.toLowerCase() === slot)
    if (!policy) return
    const bases = JSON.stringify(state.bases)
    if (preset.dataset['bases'] !== bases) {
      preset.dataset['bases'] = bases
      preset.replaceChildren(...state.bases.map(({ label, bases }) =>
        h('optgroup', { label }, ...bases.map(({ value, label }) => h('option', { value }, label)))))
    }
    preset.value = policy.base
    about.textContent = policy.about
    text.textContent = state.about

    const controls = engine.controls(state.query, slot)
    const used = new Set<string>()
    // Advice is of the state that it was tried in; until there is new one, that of a moment ago stays.
    const hints = [...(advised?.advice.find(each => each.slot === slot)?.advice ?? [])]
    const own = (control: ControlRow) => {
      const path = control.name.slice(2)
      const mine = hints.filter(({ field }) => field === path || `${field}.kind` === path)
      for (const hint of mine) hints.splice(hints.indexOf(hint), 1)
      return control.group === 'policy' ? mine : []
    }
    const built = controls.map(control => {
      let row = rows.get(control.name)
      if (!row) {
        row = control.choices ? choiceRow(control, store) : ladderRow(control, store)
        rows.set(control.name, row)
      }
      used.add(control.name)
      row.update(control, own(control))
      return { control, element: row.element }
    })
    const where = (test: (control: ControlRow) => boolean) =>
      built.filter(({ control }) => test(control)).map(({ element }) => element)
    place(basic, where(control => control.group === 'policy' && !control.advanced))
    place(more, where(control => control.group === 'policy' && control.advanced))
    place(scenarioRows, where(control => control.group === 'scenario'))
    for (const name of rows.keys()) if (!used.has(name)) rows.delete(name)
    loose.replaceChildren(...hints.map(hint => hintView(hint, slot, store)))
    scenario.value = state.builtin
    every.update(slot)
  }

  store.onRefused = (name, message) => {
    if (message) errors.set(name, message)
    else errors.clear()
    for (const element of document.querySelectorAll<HTMLElement>('.row-error')) element.remove()
    for (const [name, message] of errors) {
      const row = rows.get(name)?.element
      rows.get(name)?.refuse()
      const error = h('p', { class: 'row-error', role: 'alert' }, message)
      if (row) row.append(error)
      else loose.prepend(error)
    }
  }
  store.listen(update)
  update()
  return {
    elements: [h('div', { class: 'tab-line' }, tabs, drop), panel, scene],
    /** Advice on the policies, tried in this state. */
    advise(next: Advised) {
      advised = next
      update()
    },
  }
}

export const editing = (store: Store): Slot => {
  const wanted = store.state.view['edit'] === 'b' ? 'b' : 'a'
  return wanted === 'b' && store.state.policies.length < 2 ? 'a' : wanted
}

function hintView({ code, field, message, offer }: Advice, slot: Slot, store: Store) {
  return h('p', { class: 'hint', 'data-code': code }, message, ' ',
    offer && h('button', {
      type: 'button', class: 'fix', onclick: () => {
        store.set([[`${slot}.${offer.path}`, offer.value]])
        // What was pressed is gone: go on where it made its change.
        const row = document.querySelector<HTMLElement>(`[data-name="${slot}.${offer.path}"], [data-name="${slot}.${offer.path}.kind"], [data-name="${slot}.${field}"]`)
        row?.querySelector<HTMLElement>('select, input')?.focus()
      },
    }, 'Fix it'),
    offer && h('span', { class: 'effect' }, ` (simulated: ${offer.effect})`))
}

const shown = (value: string) => (value === 'null' ? 'none' : value)
const unique = (name: string) => `c-${name.replaceAll('.', '-')}`

function reset(control: () => ControlRow, store: Store) {
  return h('button', {
    type: 'button', class: 'reset', title: `Back to ${shown(control().default)}`, 'aria-label': `Reset ${control().label}`,
    onclick: () => store.type(control().name, shown(control().default)),
  }, icon('reset'))
}

function ladderRow(first: ControlRow, store: Store): RowView {
  let control = first
  const id = unique(control.name)
  const field = h('input', {
    type: 'text', id: `${id}-field`, class: 'value', autocomplete: 'off', spellcheck: 'false',
    'aria-label': control.label, inputmode: 'text',
    onchange: () => store.type(control.name, field.value),
  })
  const slider = h('input', {
    type: 'range', id, min: 0, step: 1,
    oninput: () => move(Number(slider.value), true),
    onchange: () => store.release(),
    onkeydown: (event: KeyboardEvent) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
      if (!step || !event.shiftKey) return
      event.preventDefault()
      move(Number(slider.value) + step * LEAP, false)
    },
    ondblclick: () => store.type(control.name, shown(control.default)),
  })
  function move(to: number, more: boolean) {
    const stops = control.stops ?? []
    const stop = stops[Math.min(Math.max(to, 0), stops.length - 1)]
    if (stop !== undefined && stop !== control.value) store.type(control.name, stop, more)
  }
  const back = reset(() => control, store)
  const label = h('label', { for: id, title: control.doc }, control.label)
  const notes = h('div', { class: 'notes' })
  const element = h('div', { class: 'row', 'data-name': control.name }, label, back, field, slider, notes)
  const slot = control.name.startsWith('b.') ? 'b' : 'a'
  return {
    element,
    // What was typed stays, beside the reason why it was not taken.
    refuse() {},
    update(next, hints) {
      control = next
      label.textContent = next.label
      const last = (next.stops?.length ?? 1) - 1
      slider.max = String(last)
      slider.value = String(next.at)
      slider.setAttribute('aria-valuetext', shown(next.value))
      // Where the slider's track is filled up to.
      slider.style.setProperty('--at', `${(100 * (next.at ?? 0)) / Math.max(last, 1)}%`)
      if (document.activeElement !== field) field.value = shown(next.value)
      back.hidden = next.value === next.default
      notes.replaceChildren(...hints.map(hint => hintView(hint, slot, store)))
    },
  }
}

function choiceRow(first: ControlRow, store: Store): RowView {
  let control = first
  const id = unique(control.name)
  const select = h('select', {
    id,
    onchange: () => store.set([[control.name, select.value === 'null' ? null : select.value]]),
  }, ...(first.choices ?? []).map(({ value, label }) => h('option', { value }, label)))
  const back = reset(() => control, store)
  const label = h('label', { for: id, title: control.doc }, control.label)
  const notes = h('div', { class: 'notes' })
  const element = h('div', { class: 'row choice', 'data-name': control.name }, label, back, select, notes)
  const slot = control.name.startsWith('b.') ? 'b' : 'a'
  return {
    element,
    refuse() { select.value = control.value },
    update(next, hints) {
      control = next
      select.value = next.value
      back.hidden = next.value === next.default
      notes.replaceChildren(...hints.map(hint => hintView(hint, slot, store)))
    },
  }
}
