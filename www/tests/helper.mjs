// A browser, and what every test watches: no violation of the Content
// Security Policy, no error on the console, no request beyond the page's own files.
import { chromium } from 'playwright-core'

export { serve } from '../serve.mjs'

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

export const launch = (env = process.env) => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, env })

/** Opens the page and waits for its herd; `faults` collects what must not happen. */
export async function open(browser, site, query = '', options = {}) {
  const { size = [1440, 900], scheme = 'light', motion = 'reduce', workers = 'block', ...rest } = options
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] }, colorScheme: scheme, reducedMotion: motion,
    serviceWorkers: workers, acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'], ...rest,
  })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const faults = []
  page.on('console', message => { if (message.type() === 'error') faults.push(message.text()) })
  page.on('pageerror', error => faults.push(String(error.stack)))
  page.on('request', request => {
    const address = request.url()
    if (!address.startsWith(site.url) && !address.startsWith('blob:')) faults.push(`asked for ${address}`)
  })
  await page.addInitScript(() => {
    window.violations = []
    addEventListener('securitypolicyviolation', event => window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`))
  })
  await page.goto(site.url + (query && `?${query}`))
  await ran(page)
  return { page, context, faults }
}

/** Waits until the herd of the address's state is drawn. */
export async function ran(page) {
  await page.waitForFunction(() => document.documentElement.dataset.ran !== undefined
    && document.documentElement.dataset.ran === document.documentElement.dataset.asked)
}

/** Moves a slider as the keyboard does and waits for the herd. */
export async function press(page, selector, key, times = 1) {
  await page.focus(selector)
  for (let i = 0; i < times; i++) await page.keyboard.press(key)
  await ran(page)
}

export const figures = page => page.$$eval('.tiles tbody tr', rows => Object.fromEntries(rows.map(row => [
  row.dataset.name,
  Object.fromEntries([...row.querySelectorAll('td')].map(cell => [cell.dataset.name, cell.dataset.value === '' ? null : Number(cell.dataset.value)])),
])))
