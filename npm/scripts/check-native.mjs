// The package beside the native program: schedules to the last digit, dead letters there and back, simulations.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const program = process.env.REDRIVE_CLI ?? 'redrive'
const cli = async (...words) => (await execute(program, words, { maxBuffer: 1 << 26 })).stdout

const SEEDS = ['42', '18446744073709551615', 'a seed', '0']
const KEYS = ['0', 'order-17', 'schlüssel']

/**
 * What `redrive schedule` prints for every preset and every kind of policy: the suites of all runtimes compare
 * with it. Numbers are taken as the text that they are; not all of them fit into a number.
 */
export async function schedules(golden) {
  const folder = mkdtempSync(join(tmpdir(), 'redrive-native-'))
  try {
    const { presets } = JSON.parse(await cli('presets', '--format', 'json'))
    const policies = presets.map(({ name, policy }) => ({ policy, named: name }))
    // One of every shape that the frozen delays have.
    const shapes = new Map(golden['delays.json'].cases.map(({ policy }) => [JSON.stringify([policy.backoff?.kind, policy.jitter?.kind ?? policy.jitter, Object.keys(policy)]), policy]))
    ;[...shapes.values()].forEach((policy, index) => {
      const file = join(folder, `policy-${index}.json`)
      writeFileSync(file, JSON.stringify(policy))
      policies.push({ policy, named: file })
    })
    const wanted = policies.map(({ policy, named }, index) => ({ policy, named, seed: SEEDS[index % SEEDS.length], key: KEYS[index % KEYS.length] }))
    const found = []
    const work = async () => {
      for (let one = wanted.shift(); one; one = wanted.shift()) {
        const { policy, named, seed, key } = one
        const text = await cli('schedule', '--policy', named, '--seed', seed, '--key', key, '--format', 'json')
        const { retries, end } = JSON.parse(text)
        const digits = (name) => [...text.matchAll(new RegExp(`"${name}":\\s*(\\d+)`, 'g'))].map(([, number]) => number)
        found.push({ policy, seed, key, delays: digits('delayNs'), end: end ?? null, count: retries.length })
      }
    }
    await Promise.all([work(), work(), work()])
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function checkNative({ step, folder, execute }) {
  const script = async (name, code) => {
    writeFileSync(join(folder, name), code)
    const { stdout } = await execute(process.execPath, [name], { cwd: folder, maxBuffer: 1 << 26 })
    return stdout.trim()
  }
  await step('dead letters of here, read and written by the native program and back', async () => {
    const at = (name) => join(folder, name)
    await script('letters-write.mjs', WRITE)
    // As Rust writes them: policies spelt out, and their fingerprints.
    const native = await cli('dlq', 'export', at('letters-1.ndjson'))
    writeFileSync(at('letters-2.ndjson'), native)
    const compared = await script('letters-read.mjs', READ)
    const back = readFileSync(at('letters-3.ndjson'), 'utf8')
    if (back !== native) throw new Error(`what came back is not what Rust wrote\n${native}\n${back}`)
    if ((await cli('dlq', 'export', at('letters-3.ndjson'))) !== native) throw new Error('Rust reads what came back as something else')
    const { stats, letters } = JSON.parse(compared)
    const listed = JSON.parse(await cli('dlq', 'list', at('letters-3.ndjson'), '--format', 'json'))
    if (listed.letters.length != letters) throw new Error(`${listed.letters.length} are listed of ${letters}`)
    const counted = JSON.parse(await cli('dlq', 'stats', at('letters-3.ndjson'), '--format', 'json'))
    for (const [reason, count] of Object.entries(stats)) {
      if (counted.byReason.find(({ label }) => label == reason)?.count != count) throw new Error(`stats: ${reason} ${JSON.stringify(counted)}`)
    }
    return `${letters} letters, the same to the last byte`
  })
  await step('redrive/sim finds what the native program prints, for every built-in scenario', async () => {
    const { builtinScenarios, simulate } = await import(pathToFileURL(join(folder, 'node_modules/redrive/dist/sim.js')))
    let figures = 0
    // All of it but the time that it took; one figure a line.
    const lines = (outcome) => JSON.stringify(outcome, (name, value) => (name == 'wallSeconds' ? undefined : value), 1).split('\n')
    for (const { name } of builtinScenarios()) {
      for (const runs of name == 'poison' || name == 'layers' ? [1, 3] : [1]) {
        const theirs = lines(JSON.parse(await cli('simulate', name, '--format', 'json', '--runs', String(runs))))
        const ours = lines(await simulate(name, { runs }))
        const at = theirs.findIndex((line, i) => line != ours[i])
        if (at >= 0 || theirs.length != ours.length) throw new Error(`${name}: ${theirs[at]} there, ${ours[at]} here`)
        figures += theirs.length
      }
    }
    return `${figures} lines of JSON`
  })
}

/** Letters of every sort that the package makes. */
const WRITE = `import { writeFileSync } from 'node:fs'
import { DeadLetterQueue, retry, RetryPolicy } from 'redrive'
import { VirtualClock } from 'redrive/testing'
const clock = new VirtualClock(1795000000000.25)
const deadLetters = new DeadLetterQueue({ clock })
const policies = [undefined, RetryPolicy.constant({ delay: '1s' }), RetryPolicy.linear(), RetryPolicy.exponential({ jitter: 'full', maxDelay: '30s', maxAttempts: 25 }), RetryPolicy.polynomial({ offset: '15s', power: 4 }), RetryPolicy.fibonacci({ firstDelay: '10ms' }),
  RetryPolicy.table({ delays: ['1s', '2.5s', 3000] }), RetryPolicy.decorrelated({ maxDelay: '1m' }), RetryPolicy.decorrelatedV2({ maxDelay: '1m' }), RetryPolicy.recommended(),
  new RetryPolicy({ backoff: { kind: 'constant', delay: 5 }, jitter: { kind: 'uniform', low: { factor: 0.5 }, high: { factor: 1, add: '10ms' } }, maxAttempts: null, maxElapsed: '1s', classify: [{ match: ['a', 'b*'], action: 'deadLetter' }] }),
  new RetryPolicy({ backoff: { kind: 'constant', delay: 5 }, maxAttempts: 2, budget: { kind: 'tokenBucket', capacity: 1, cost: 2, costByClass: { throttle: 1 } } })]
const errors = [() => new Error('plain'), () => Object.assign(new Error('ü "q" \\n 😀 \\ud800'), { name: 'b*c', code: 'E_X', retryAfter: 1234.5 }), () => 'a text', () => null, () => Object.assign(new Error('x'.repeat(5000)), { code: 429 })]
const payloads = [undefined, { order: 17, deep: [1.5, null, { k: '' }] }, [], 'text', 0, '\\ud800 half']
let n = 0
for (const policy of policies) for (const error of errors) {
  const slow = async () => { await new Promise((resolve) => clock.setTimeout(resolve, 0.125 * ++n)); throw error() }
  await clock.run(retry(slow, policy, { clock, deadLetters, key: n % 3 ? 'key-' + n : n, seed: n % 2 ? 2n ** 64n - BigInt(n) : 's' + n, payload: payloads[n % 6], taskType: n % 4 ? 'type' : undefined, retryOn: () => n % 7 ? undefined : false }).catch(() => {}))
}
for (let life = 0; life < 4; life++) await clock.run(deadLetters.redrive({ filter: { ids: [1, 2, 3] }, rate: 1000 }, () => { throw new Error('again') }))
if (deadLetters.size != 60) throw new Error('there are ' + deadLetters.size)
writeFileSync('letters-1.ndjson', deadLetters.toNDJSON())
`

/** Reads what Rust made of them: the same letters, whose policies give the same delays. */
const READ = `import { readFileSync, writeFileSync } from 'node:fs'
import assert from 'node:assert'
import { DeadLetterQueue, RetryPolicy } from 'redrive'
const read = async (name) => { const queue = new DeadLetterQueue(); await queue.fromNDJSON(readFileSync(name, 'utf8')); return queue }
const [ours, theirs] = [await read('letters-1.ndjson'), await read('letters-2.ndjson')]
const delays = (letter) => new RetryPolicy(letter.policy ?? {}).delays({ seed: letter.seed, key: letter.key, limit: 30 })
for (const letter of ours) {
  const other = theirs.get(letter.id)
  assert.deepStrictEqual({ ...other, policy: null }, { ...letter, policy: null })
  assert.deepStrictEqual(delays(other), delays(letter))
}
writeFileSync('letters-3.ndjson', theirs.toNDJSON())
console.log(JSON.stringify({ letters: ours.size, stats: theirs.stats().byReason }))
`
