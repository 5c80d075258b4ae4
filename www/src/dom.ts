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

/** Pictures for buttons: fonts that a reader lacks show a box in place of a sign. */
const ICONS = {
  play: 'M8 5v14l11-7z',
  pause: 'M6 5h4v14H6zm8 0h4v14h-4z',
  back: 'M15.500 5 8 12l7.500 7 1.700-1.800L11.600 12l5.600-5.200z',
  on: 'M8.500 5 6.800 6.800 12.400 12l-5.600 5.200L8.500 19 16 12z',
  reset: 'M12 5V1L7 6l5 5V7a5 5 0 1 1-5 5H5a7 7 0 1 0 7-7z',
  dice: 'M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm3 3.500a1.700 1.700 0 1 0 0 3.400 1.700 1.700 0 0 0 0-3.400zm8 0a1.700 1.700 0 1 0 0 3.400 1.700 1.700 0 0 0 0-3.400zm-8 7.600a1.700 1.700 0 1 0 0 3.400 1.700 1.700 0 0 0 0-3.400zm8 0a1.700 1.700 0 1 0 0 3.400 1.700 1.700 0 0 0 0-3.400z',
  close: 'M6 4.600 4.600 6l6 6-6 6L6 19.400l6-6 6 6 1.400-1.400-6-6 6-6L18 4.600l-6 6z',
  swap: 'M7 4 3 8l4 4V9h10V7H7zm10 8v3H7v2h10v3l4-4z',
  auto: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z',
  light: 'M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11 1h2v4h-2zm0 18h2v4h-2zM1 11h4v2H1zm18 0h4v2h-4zM4.200 5.600l1.400-1.400 2.800 2.800L7 8.400zm11.400 11.400 1.400-1.400 2.800 2.800-1.400 1.400zM4.200 18.400 7 15.600 8.400 17l-2.800 2.800zM15.600 7l2.800-2.800 1.400 1.400L17 8.400z',
  dark: 'M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z',
} as const

export function icon(name: keyof typeof ICONS) {
  return s('svg', { class: 'icon', viewBox: '0 0 24 24', width: 16, height: 16, 'aria-hidden': 'true' },
    s('path', { d: ICONS[name], 'fill-rule': 'evenodd' }))
}

/** Says something to those who hear the page. */
export const say = (text: string) => { byId('live').textContent = text }

/** A figure that others can be heard and read from: title, tools, chart, note. */
export function card(id: string, title: string, ...children: Child[]) {
  const heading = h('h2', { id: `${id}-title` }, title)
  const tools = h('div', { class: 'card-tools' })
  const head = h('div', { class: 'card-head' }, heading, tools)
  const element = h('section', { class: 'card', id, 'aria-labelledby': `${id}-title` }, head, ...children)
  return { element, head, tools, heading }
}

export interface Rows { head: string[]; rows: string[][] }

/** A table of many rows, a page of them at a time, made when it is opened. */
export function dataTable(label: string, make: () => Rows, size = 20) {
  let page = 0
  let data: Rows = { head: [], rows: [] }
  const box = h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': label })
  const where = h('span', { class: 'muted', 'aria-live': 'polite' })
  const turn = (by: number) => () => {
    page = Math.min(Math.max(page + by, 0), Math.max(Math.ceil(data.rows.length / size) - 1, 0))
    draw()
  }
  const back = h('button', { type: 'button', onclick: turn(-1) }, 'Previous')
  const on = h('button', { type: 'button', onclick: turn(1) }, 'Next')
  const details = h('details', { class: 'data' },
    h('summary', {}, 'Table', h('span', { class: 'unseen' }, `: ${label}`)), box, h('p', { class: 'pager' }, back, on, where))
  function draw() {
    const from = page * size
    const rows = data.rows.slice(from, from + size)
    box.replaceChildren(h('table', {},
      h('thead', {}, h('tr', {}, ...data.head.map(text => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...rows.map(row => h('tr', {}, ...row.map((text, i) =>
        i === 0 ? h('th', { scope: 'row' }, text) : h('td', {}, text)))))))
    where.textContent = rows.length ? `${from + 1} to ${from + rows.length} of ${data.rows.length}` : 'nothing'
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
