// What leaves the page, by the user's hand alone: files, and texts for the clipboard.
import { css, h } from './dom'

export function download(name: string, content: Blob) {
  const address = URL.createObjectURL(content)
  h('a', { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}

export function csvText(rows: string[][]): string {
  // What a spreadsheet would take for a formula is a text to it.
  const plain = (text: string) => (/^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text)
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  const cell = (text: string) => quoted(plain(text))
  return rows.map(row => row.map(cell).join(',')).join('\n') + '\n'
}

/** A button that copies, and says whether it could. */
export function copyButton(label: string, text: () => string, extra = '') {
  const button = h('button', { type: 'button', class: `copy ${extra}` }, label)
  button.addEventListener('click', async () => {
    let said = 'Copied'
    try {
      await navigator.clipboard.writeText(text())
    } catch {
      said = copyOldWay(text()) ? 'Copied' : 'Not allowed'
    }
    button.textContent = said
    setTimeout(() => { button.textContent = label }, 1500)
  })
  return button
}

function copyOldWay(text: string): boolean {
  const area = h('textarea', { class: 'unseen', 'aria-hidden': 'true' })
  area.value = text
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

/** A drawing as a file of its own: what the style sheet says is written into it. */
export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const live = [svg, ...svg.querySelectorAll('*')]
  const dead = [copy, ...copy.querySelectorAll('*')]
  const kept = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linecap', 'opacity', 'font-size', 'font-family', 'font-weight']
  if (svg.isConnected) {
    live.forEach((element, index) => {
      const style = getComputedStyle(element)
      for (const name of kept) dead[index]?.setAttribute(name, style.getPropertyValue(name))
    })
  }
  for (const element of dead) {
    element.removeAttribute('class')
    element.removeAttribute('data-tip')
  }
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  const page = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  page.setAttribute('width', '100%')
  page.setAttribute('height', '100%')
  page.setAttribute('fill', css('--card'))
  copy.prepend(page)
  return new XMLSerializer().serializeToString(copy)
}

async function svgToPng(svg: SVGSVGElement): Promise<Blob | null> {
  const address = URL.createObjectURL(new Blob([standalone(svg)], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const [, , width = 960, height = 300] = (svg.getAttribute('viewBox') ?? '').split(' ').map(Number)
    const canvas = h('canvas', { width: width * 2, height: height * 2 })
    canvas.getContext('2d')?.drawImage(image, 0, 0, width * 2, height * 2)
    return await toBlob(canvas)
  } finally {
    URL.revokeObjectURL(address)
  }
}

/** Canvases above each other, below a title and a legend. */
function stacked(canvases: HTMLCanvasElement[], [title, legend]: [string, string]): Promise<Blob | null> {
  const scale = devicePixelRatio
  const head = 46 * scale
  const width = canvases.reduce((most, { width }) => Math.max(most, width), 1)
  const height = canvases.reduce((sum, { height }) => sum + height, 0) || 1
  const canvas = h('canvas', { width, height: height + head })
  const context = canvas.getContext('2d')
  if (context) {
    context.fillStyle = css('--card')
    context.fillRect(0, 0, width, height + head)
    context.fillStyle = css('--ink')
    context.font = `600 ${15 * scale}px ${css('--font')}`
    context.fillText(title, 12 * scale, 20 * scale)
    context.font = `${11 * scale}px ${css('--font')}`
    context.fillText(legend, 12 * scale, 38 * scale)
    let top = head
    for (const each of canvases) {
      context.drawImage(each, 0, top)
      top += each.height
    }
  }
  return toBlob(canvas)
}

const toBlob = (canvas: HTMLCanvasElement) =>
  new Promise<Blob | null>(resolve => canvas.toBlob(resolve, 'image/png'))

interface Sources {
  svg?: () => SVGSVGElement | null
  canvas?: () => HTMLCanvasElement[]
  /** The title and the legend of what is only a canvas. */
  words?: () => [string, string]
  csv?: () => string[][]
}

/** The buttons that save a chart. */
export function chartTools(name: string, { svg, canvas, words, csv }: Sources): HTMLElement[] {
  const file = `redrive-${name}`
  const button = (label: string, save: () => void | Promise<void>) =>
    h('button', { type: 'button', class: 'quiet save', 'aria-label': `Save ${name} as ${label}`, onclick: () => void save() }, label)
  const out: HTMLElement[] = []
  if (svg) out.push(button('SVG', () => {
    const drawing = svg()
    if (drawing) download(`${file}.svg`, new Blob([standalone(drawing)], { type: 'image/svg+xml' }))
  }))
  out.push(button('PNG', async () => {
    const drawing = svg?.()
    const blob = canvas ? await stacked(canvas(), words?.() ?? [name, '']) : drawing ? await svgToPng(drawing) : null
    if (blob) download(`${file}.png`, blob)
  }))
  if (csv) out.push(button('CSV', () => download(`${file}.csv`, new Blob([csvText(csv())], { type: 'text/csv' }))))
  return out
}
