// Elements without a framework. Texts are set as text: nothing from a URL or a file becomes HTML.
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: any) => void)>
type Child = Node | string | null | undefined | false

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)))
  return element
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

export const byId = (id: string) => document.getElementById(id) as HTMLElement

/** The value of a colour or length of the style sheet. */
export const css = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim()

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
export const short = (value: number) => compact.format(value)
const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 2 })
export const long = (value: number) => plain.format(value)

/** A figure that others can be heard and read from: title, tools, chart, note. */
export function card(id: string, title: string, ...children: Child[]) {
  const heading = h('h2', { id: `${id}-title` }, title)
  const tools = h('div', { class: 'card-tools' })
  const head = h('div', { class: 'card-head' }, heading, tools)
  const element = h('section', { class: 'card', id, 'aria-labelledby': `${id}-title` }, head, ...children)
  return { element, head, tools, heading }
}

/** A table of many rows, a page of them at a time, made when it is opened. */
export function dataTable(label: string, make: () => { head: string[]; rows: string[][] }, size = 20) {
  let page = 0
  let data = { head: [] as string[], rows: [] as string[][] }
  const box = h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': label })
  const where = h('span', { class: 'muted', 'aria-live': 'polite' })
  const turn = (by: number) => () => {
    page = Math.min(Math.max(page + by, 0), Math.max(Math.ceil(data.rows.length / size) - 1, 0))
    draw()
  }
  const back = h('button', { type: 'button', onclick: turn(-1) }, 'Back')
  const on = h('button', { type: 'button', onclick: turn(1) }, 'On')
  const details = h('details', { class: 'data' },
    h('summary', {}, 'Table'), box, h('p', { class: 'pager' }, back, on, where))
  function draw() {
    const from = page * size
    const rows = data.rows.slice(from, from + size)
    box.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, ...data.head.map(text => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows.map(row => h('tr', {}, ...row.map((text, i) =>
        i === 0 ? h('th', { scope: 'row' }, text) : h('td', {}, text)))))))
    where.textContent = `${from + 1} to ${from + rows.length} of ${data.rows.length}`
    back.disabled = page === 0
    on.disabled = from + size >= data.rows.length
  }
  const refresh = () => {
    if (!details.open) return
    data = make()
    page = Math.min(page, Math.max(Math.ceil(data.rows.length / size) - 1, 0))
    draw()
  }
  details.addEventListener('toggle', refresh)
  return { element: details, refresh, csv: () => { const all = make(); return [all.head, ...all.rows] } }
}
