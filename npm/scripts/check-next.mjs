// An app of Next.js 15 with a page, a route of Node.js and one of the edge: built by webpack and by Turbopack, and asked.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const ROUTE = `import { retry, RetryPolicy, DeadLetterQueue } from 'redrive'
export const dynamic = 'force-dynamic'
export async function GET() {
  const deadLetters = new DeadLetterQueue()
  const policy = RetryPolicy.constant({ delay: 1, jitter: 'none' })
  const error = await retry(() => { throw new Error('order 17') }, policy, { deadLetters, key: 'k' }).catch((error) => error)
  return Response.json([error.attempts, deadLetters.size, [...deadLetters.groupBy('pattern').keys()], RetryPolicy.exponential({ jitter: 'full' }).delays({ seed: 42, key: 'order-17' })])
}
`
const LAYOUT = 'export default function Layout({ children }) { return <html><body>{children}</body></html> }\n'
const PAGE = `'use client'
import { RetryPolicy } from 'redrive'
export default function Page() { return <p>{RetryPolicy.constant({ delay: 5, jitter: 'none' }).delays().join()}</p> }
`

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})

export async function checkNext({ step, tools, execute, install }) {
  const { RetryPolicy } = await import('../dist/index.js')
  const delays = RetryPolicy.exponential({ jitter: 'full' }).delays({ seed: 42, key: 'order-17' })
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', CI: '1', NODE_ENV: 'production' }
  for (const flags of [[], ['--turbopack']]) {
    await step(`peers: Next.js 15, a page, a route and an edge route, by ${flags[0]?.slice(2) ?? 'webpack'}`, async () => {
      const modules = tools('next')
      const app = join(modules, '../app-under-test')
      rmSync(app, { recursive: true, force: true })
      for (const route of ['edge', 'nodejs']) mkdirSync(join(app, 'app/api', route), { recursive: true })
      writeFileSync(join(app, 'package.json'), '{"private":true}')
      writeFileSync(join(app, 'app/layout.js'), LAYOUT)
      writeFileSync(join(app, 'app/page.js'), PAGE)
      for (const route of ['edge', 'nodejs']) writeFileSync(join(app, 'app/api', route, 'route.js'), `export const runtime = '${route}'\n${ROUTE}`)
      install(app)
      const next = join(modules, 'next/dist/bin/next')
      await execute(process.execPath, [next, 'build', ...flags], { cwd: app, env, maxBuffer: 1 << 26 })
      const port = await freePort()
      const server = spawn(process.execPath, [next, 'start', '-p', String(port), '-H', '127.0.0.1'], { cwd: app, env, stdio: 'ignore' })
      try {
        const answers = []
        for (const route of ['edge', 'nodejs']) answers.push(await answer(`http://127.0.0.1:${port}/api/${route}`))
        const wanted = JSON.stringify([3, 1, ['order #'], delays])
        for (const text of answers) if (text != wanted) throw new Error(`${text} is not ${wanted}`)
        const page = await answer(`http://127.0.0.1:${port}/`)
        if (!page.includes('<p>5,5</p>')) throw new Error(page.slice(0, 500))
      } finally {
        const gone = new Promise((resolve) => server.on('exit', resolve))
        server.kill('SIGKILL')
        await gone
        rmSync(app, { recursive: true, force: true, maxRetries: 5 })
      }
      return 'each gives the same delays'
    })
  }
}

/** What an address gives, once there is something behind it. */
async function answer(url) {
  for (let look = 0; ; look++) {
    try {
      return await (await fetch(url)).text()
    } catch (error) {
      if (look > 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
}
