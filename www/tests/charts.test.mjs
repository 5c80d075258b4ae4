// The charts of the command line, drawn by a browser that has only DejaVu: they carry their own font, so
// that no text is cut and none runs into another.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { launch } from './helper.mjs'

const PROGRAM = process.env.REDRIVE
const place = mkdtempSync(join(tmpdir(), 'redrive-charts-'))
let browser

before(async () => {
  assert.ok(PROGRAM, 'REDRIVE has to name the program: cargo xtask ci www sets it')
  const fonts = join(place, 'fonts.conf')
  writeFileSync(fonts, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
    <dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>${join(place, 'cache')}</cachedir></fontconfig>`)
  browser = await launch({ ...process.env, FONTCONFIG_FILE: fonts })
})
after(async () => {
  await browser?.close()
  rmSync(place, { recursive: true })
})

const run = (name, ...words) => {
  const out = join(place, name)
  execFileSync(PROGRAM, [...words, '--out', out], { cwd: place, stdio: ['ignore', 'ignore', 'pipe'] })
  return out
}

/** What is wrong with the texts of a picture: outside of it, over one another, in another font. */
const wrong = (page, box) => page.evaluate(async box => {
  await document.fonts.ready
  const faults = []
  const fonts = [...document.fonts].filter(({ family }) => family.includes('Inter'))
  if (fonts.length !== 2 || fonts.some(({ status }) => status === 'error')) faults.push(`fonts: ${fonts.map(({ status }) => status)}`)
  for (const svg of box ? document.querySelectorAll(box) : [document.documentElement]) {
    const { x, y, width, height } = svg.viewBox.baseVal
    const texts = [...svg.querySelectorAll('text')].map(text => {
      const b = text.getBBox()
      return { text: text.textContent.trim(), left: b.x, right: b.x + b.width, top: b.y + b.height * 0.18, bottom: b.y + b.height * 0.82 }
    }).filter(({ text }) => text)
    if (!texts.length) faults.push('no text at all')
    for (const [index, one] of texts.entries()) {
      if (one.left < x || one.right > x + width || one.top < y || one.bottom > y + height) faults.push(`cut: ${one.text}`)
      for (const other of texts.slice(index + 1)) {
        const over = Math.min(one.right, other.right) - Math.max(one.left, other.left)
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top)
        if (over > 2 && high > 2) faults.push(`overlap: ${one.text} | ${other.text}`)
      }
    }
  }
  return faults
}, box)

async function look(folder) {
  const page = await browser.newPage()
  const seen = []
  for (const file of readdirSync(folder).filter(name => name.endsWith('.svg') || name === 'report.html')) {
    await page.goto(pathToFileURL(join(folder, file)).href)
    assert.deepEqual(await wrong(page, file.endsWith('.html') ? 'svg.chart' : ''), [], file)
    seen.push(file)
  }
  await page.close()
  return seen
}

const named = (name, preset) => ({ name, preset })
const PREFIX = 'payments-service-retry-policy-of-the-third-quarter-variant-'

test('the charts of the main job', async () => {
  assert.equal((await look(run('main', 'simulate', '--tasks', '2000'))).length, 8)
})

test('ten policies with long names, several faults, an objective, many runs', async () => {
  const presets = ['none', 'full', 'equal', 'proportional', 'classic', 'recommended', 'grpc', 'polly', 'celery', 'temporal']
  writeFileSync(join(place, 'ten.json'), JSON.stringify({
    name: 'ten', horizon: '3m', arrivals: { kind: 'poisson', ratePerSecond: 50, for: '2m' },
    server: { workers: 5, service: { kind: 'fixed', value: '50ms' }, queue: { limit: 100 } },
    faults: [{ from: '0s', mode: 'errors', rate: 0.05 }, { from: '20s', until: '40s', mode: 'down' }, { from: '30s', until: '1m', mode: 'slow', factor: 3 }],
    policies: presets.map((preset, index) => named(`${PREFIX}${index + 1}`, preset)), report: { objective: '2s' },
  }))
  const seen = await look(run('ten', 'simulate', 'ten.json', '--runs', '3'))
  assert.ok(seen.length >= 7, seen.join())
})

test('names without a space, and letters that the font lacks', async () => {
  writeFileSync(join(place, 'names.json'), JSON.stringify({
    name: 'names', arrivals: { kind: 'herd', tasks: 500 }, server: { capacityPerSecond: 100 }, faults: [{ from: '0s', until: '5s', mode: 'down' }],
    policies: [named('x'.repeat(120), 'none'), named('重试策略，带有抖动', 'full'), named('политика повторных попыток', 'equal')],
  }))
  await look(run('names', 'simulate', 'names.json'))
})

test('a sweep and its phases', async () => {
  const seen = await look(run('sweep', 'sweep', 'storm', '--vary', 'arrivals.steps[1].perSecond=200..600:5', '--vary', 'policy.maxAttempts=1,3,6', '--runs', '2'))
  assert.ok(seen.some(name => name.startsWith('heatmap')), seen.join())
})

test('the front of a search', async () => {
  const seen = await look(run('tune', 'tune', 'herd', '--set', 'arrivals.tasks=300', '--minimize', 'p99', '--subject-to', 'peakToCapacity <= 3', '--trials', '20'))
  assert.deepEqual(seen, ['pareto.svg'])
})
