// Every field of the scenario and of the policy, from the JSON Schema that the engine makes of the tables
// by which it reads: what editors of files complete, this one shows as fields.
//
// A change goes to the engine at once, as a whole part (`faults`, `a.classify`). What it refuses stays in
// the form with the reason, so that something of several fields can be put together step by step.
import * as engine from '../engine'
import type { Schema, Slot } from '../engine'
import { h, icon } from '../dom'
import type { Store } from '../state'

type Tree = any
type Put = (value: Tree | undefined) => void

/** Parts of a policy that no row shows, by the kind that has them. */
const PARTS: [path: string, label: string, when: (policy: Tree) => boolean][] = [
  ['backoff', 'The delays of the table', policy => policy.backoff?.kind === 'table'],
  ['jitter', 'The ends of the range', policy => policy.jitter?.kind === 'uniform'],
]

/** The fields of a scenario that the form leaves to other parts of the page. */
const ELSEWHERE = ['$schema', 'policies', 'name', 'title', 'about']

let known: Schema | null = null
const root = () => (known ??= engine.schema())

function resolve(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '')
  const found = name === undefined ? undefined : root().$defs?.[name]
  return found ? { ...resolve(found), ...(schema.description ? { description: schema.description } : {}), ...('default' in schema ? { default: schema.default } : {}) } : schema
}

const isDuration = (schema: Schema): boolean =>
  schema.$ref === '#/$defs/duration' || Boolean(schema.pattern) || (schema.anyOf ?? []).some(isDuration)

/** The alternatives of a schema, unfolded, without `null`. */
function alternatives(schema: Schema): Schema[] {
  const resolved = resolve(schema)
  return (resolved.anyOf ?? [resolved]).flatMap(each => {
    const one = resolve(each)
    return one.anyOf && !isDuration(one) ? alternatives(one) : [one]
  }).filter(({ type }) => type !== 'null')
}

const nullable = (schema: Schema): boolean =>
  Boolean(resolve(schema).anyOf?.some(each => { const one = resolve(each); return one.type === 'null' || Boolean(one.anyOf && nullable(one)) }))

/** The field that tells alternatives apart, and what it says. */
function tagOf(schema: Schema): [string, string] | null {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (typeof property.const === 'string' && schema.required?.includes(name)) return [name, property.const]
  }
  return null
}

/** A value to begin with. */
function fresh(schema: Schema, depth = 0): Tree {
  const resolved = resolve(schema)
  if (resolved.default !== undefined && resolved.default !== null) return resolved.default
  if (isDuration(resolved)) return '1s'
  const [one] = alternatives(schema)
  if (!one || depth > 6) return null
  if (one.const !== undefined) return one.const
  if (one.enum) return one.enum[0]
  if (one.type === 'object') {
    return Object.fromEntries((one.required ?? []).map(name => [name, fresh(one.properties?.[name] ?? {}, depth + 1)]))
  }
  if (one.type === 'array') return Array.from({ length: one.minItems ?? 0 }, () => fresh(one.items ?? {}, depth + 1))
  if (one.type === 'number' || one.type === 'integer') return Math.max(one.minimum ?? 0, Math.min(1, one.maximum ?? 1))
  return one.type === 'boolean' ? false : ''
}

/** `retryAfter` as "Retry after". */
const named = (name: string) => {
  const words = name.replace(/([A-Z])/g, ' $1').toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const row = (label: string, doc: string | undefined, ...rest: (Node | null | false)[]) =>
  h('label', { class: 'edit-row', title: doc }, h('span', {}, label), ...rest)

/** A form for a value; `put` gets the value that takes its place, or `undefined` for none. */
function form(label: string, schema: Schema, value: Tree, put: Put, depth = 0): HTMLElement {
  const all = alternatives(schema)
  const doc = resolve(schema).description
  const objects = all.filter(({ type }) => type === 'object')
  const bare = all.filter(({ type }) => type !== 'object')
  const isGroup = value !== null && typeof value === 'object' && !Array.isArray(value)
  if (isDuration(schema) && !objects.length) return text(label, doc, value, put)
  if (objects.length && (isGroup || !bare.length)) return group(label, doc, objects, bare, schema, value, put, depth)
  if (Array.isArray(value) || (all.length === 1 && all[0]?.type === 'array')) {
    const list = all.find(({ type }) => type === 'array')
    return array(label, doc, list ?? {}, value, put, depth)
  }
  if (objects.length) return choice(label, doc, schema, objects, bare, value, put)
  const words = all.flatMap(({ enum: words, const: word }) => words ?? (typeof word === 'string' ? [word] : []))
  if (words.length && all.every(one => one.enum || one.const !== undefined)) {
    const select = h('select', { onchange: () => put(select.value || undefined) },
      h('option', { value: '' }, 'as by default'), ...words.map(word => h('option', { value: word }, word)))
    select.value = String(value ?? '')
    return row(label, doc, select)
  }
  if (all.length === 1 && all[0]?.type === 'boolean') {
    const box = h('input', { type: 'checkbox', onchange: () => put(box.checked) })
    box.checked = Boolean(value)
    return row(label, doc, box)
  }
  return text(label, doc, value, put, nullable(schema))
}

/** A number, a duration or a text; empty for the default. */
function text(label: string, doc: string | undefined, value: Tree, put: Put, canBeNone = true) {
  const field = h('input', {
    type: 'text', class: 'value', autocomplete: 'off', spellcheck: 'false', placeholder: 'default',
    onchange: () => {
      const typed = field.value.trim()
      const number = Number(typed)
      if (!typed) put(undefined)
      else if (typed === 'none' && canBeNone) put(null)
      else put(Number.isNaN(number) ? (typed === 'true' ? true : typed === 'false' ? false : typed) : number)
    },
  })
  field.value = value === undefined ? '' : value === null ? 'none' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return row(label, doc, field)
}

/** A bare word or number that may be a group with fields as well. */
function choice(label: string, doc: string | undefined, schema: Schema, objects: Schema[], bare: Schema[], value: Tree, put: Put) {
  const tags = objects.map(tagOf).filter(tag => tag !== null)
  const words = bare.flatMap(({ enum: words, const: word }) => words ?? (typeof word === 'string' ? [word] : []))
  const none = nullable(schema) || value === undefined
  if (!tags.length) {
    const add = h('button', { type: 'button', class: 'quiet', onclick: () => put(fresh(objects[0] ?? {})) }, 'Set')
    const line = row(label, doc, add)
    return bare.length ? h('div', {}, text(label, doc, value, put), add) : line
  }
  const kinds = [...new Set([...tags.map(([, kind]) => kind), ...words])]
  const select = h('select', {
    onchange: () => {
      const object = objects.find(each => tagOf(each)?.[1] === select.value)
      put(select.value === '' ? (nullable(schema) ? null : undefined) : object ? fresh(object) : select.value)
    },
  }, none && h('option', { value: '' }, 'none'), ...kinds.map(kind => h('option', { value: kind }, named(kind))))
  select.value = typeof value === 'string' && kinds.includes(value) ? value : ''
  return isDuration(schema) || bare.some(({ type }) => type === 'string' || type === 'number')
    ? h('div', {}, text(label, doc, value, put), row('or drawn from', undefined, select))
    : row(label, doc, select)
}

function group(label: string, doc: string | undefined, objects: Schema[], bare: Schema[], schema: Schema, value: Tree, put: Put, depth: number): HTMLElement {
  const tree = value ?? {}
  const tags = objects.map(tagOf)
  const tag = tags.find(found => found !== null)
  const mine = objects.find(each => { const found = tagOf(each); return found ? tree[found[0]] === found[1] : objects.length === 1 }) ?? objects[0] ?? {}
  const kinds = tag && h('select', {
    'aria-label': `${label}: kind`,
    onchange: (event: Event) => {
      const kind = (event.target as HTMLSelectElement).value
      const next = objects.find(each => tagOf(each)?.[1] === kind) ?? {}
      const kept = Object.entries(tree).filter(([name]) => name !== tag[0] && next.properties && name in next.properties)
      put({ ...fresh(next), ...Object.fromEntries(kept), [tag[0]]: kind })
    },
  }, ...objects.flatMap(each => { const found = tagOf(each); return found ? [h('option', { value: found[1], title: each.properties?.[found[0]]?.description }, named(found[1]))] : [] }))
  if (kinds && tag) kinds.value = String(tree[tag[0]] ?? '')
  const fields = Object.entries(mine.properties ?? {}).filter(([name]) => name !== tag?.[0])
  const inner = fields.map(([name, property]) => form(named(name), property, tree[name], next => {
    const changed = { ...tree }
    if (next === undefined) delete changed[name]
    else changed[name] = next
    put(changed)
  }, depth + 1))
  const away = value !== undefined && (bare.length > 0 || nullable(schema))
    && h('button', { type: 'button', class: 'quiet', onclick: () => put(nullable(schema) ? null : undefined) }, 'Remove')
  const head = kinds && tag ? row(named(tag[0]), doc, kinds) : null
  return h('fieldset', { class: 'edit-group' }, h('legend', { title: doc }, label), head, ...inner, away)
}

function array(label: string, doc: string | undefined, schema: Schema, value: Tree, put: Put, depth: number): HTMLElement {
  const items: Tree[] = Array.isArray(value) ? value : []
  const replaced = (index: number, next: Tree | undefined) =>
    next === undefined ? items.filter((_, place) => place !== index) : items.map((item, place) => (place === index ? next : item))
  const single = label.replace(/s$/, '')
  const rows = items.map((item, index) => h('div', { class: 'edit-item' },
    form(`${single} ${index + 1}`, schema.items ?? {}, item, next => put(replaced(index, next)), depth + 1),
    h('button', { type: 'button', class: 'reset', title: `Remove ${single.toLowerCase()} ${index + 1}`, 'aria-label': `Remove ${single.toLowerCase()} ${index + 1}`, onclick: () => put(replaced(index, undefined)) }, icon('close'))))
  const add = h('button', { type: 'button', class: 'quiet', onclick: () => put([...items, fresh(schema.items ?? {})]) }, `Add to ${label.toLowerCase()}`)
  return h('fieldset', { class: 'edit-group' }, h('legend', { title: doc }, label), ...rows, add)
}

/** One part that is edited: what it is now, what was typed and refused, and why. */
function part(store: Store, name: string, label: string, schema: Schema, value: Tree) {
  const holder = h('div', { class: 'edit-part', 'data-part': name })
  const error = h('p', { class: 'row-error', role: 'alert', hidden: true })
  let draft = value
  const draw = () => holder.replaceChildren(form(label, schema, draft, put), error)
  function put(next: Tree | undefined) {
    draft = next
    const refused = store.edit(name, next === undefined ? '-' : next)
    error.textContent = refused
    error.hidden = !refused
    const place = holder.contains(document.activeElement) ? [...holder.querySelectorAll('input, select, button')].indexOf(document.activeElement as Element) : -1
    draw()
    if (place >= 0) (holder.querySelectorAll<HTMLElement>('input, select, button')[place])?.focus()
  }
  draw()
  return {
    holder,
    show(next: Tree) {
      if (!error.hidden || JSON.stringify(next) === JSON.stringify(draft)) return
      draft = next
      draw()
    },
  }
}

type Part = ReturnType<typeof part>

/** The forms of the page: of the scenario, of the policy, and of parts that only some kinds have. */
export function editors(store: Store) {
  const panel = (title: string) => {
    const box = h('div', { class: 'edit' })
    const element = h('details', { class: 'more every' }, h('summary', {}, title), box)
    element.addEventListener('toggle', () => update(shown))
    return { box, element, parts: new Map<string, Part>() }
  }
  const scenario = panel('Every field of the scenario')
  const policy = panel('Every field of the policy')
  const parts = h('div', { class: 'edit' })
  const single = new Map<string, Part>()
  let shown: Slot = 'a'

  function fill({ box, element, parts }: ReturnType<typeof panel>, prefix: string, schema: Schema, tree: Tree) {
    if (!element.open) return
    if (box.dataset['of'] !== prefix) {
      box.dataset['of'] = prefix
      box.replaceChildren()
      parts.clear()
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (ELSEWHERE.includes(name) || name === 'version') continue
      const known = parts.get(name)
      if (known) known.show(tree[name])
      else {
        const made = part(store, prefix + name, named(name), property, tree[name])
        parts.set(name, made)
        box.append(made.holder)
      }
    }
  }

  function update(slot: Slot) {
    shown = slot
    const tree = store.state.policies.find(({ name }) => name.toLowerCase() === slot)?.policy ?? {}
    fill(scenario, '', root(), store.state.scenario)
    fill(policy, `${slot}.`, root().$defs?.['policy'] ?? {}, tree)
    for (const [path, label, when] of PARTS) {
      const key = `${slot}.${path}`
      const known = single.get(key)
      if (!when(tree)) {
        known?.holder.remove()
        single.delete(key)
      } else if (known) known.show(tree[path])
      else {
        const made = part(store, key, label, root().$defs?.['policy']?.properties?.[path] ?? {}, tree[path])
        single.set(key, made)
        parts.append(made.holder)
      }
    }
    for (const [key, { holder }] of single) holder.hidden = !key.startsWith(`${slot}.`)
  }
  return { scenario: scenario.element, policy: policy.element, parts, update }
}
