// The peers' suites, run over the peers themselves and over redrive behind adapters; and the rows of README's table.
//
//   node peers/run.mjs PEERS [WORD]      in a project that has redrive installed; PEERS is the folder with the others,
//                                        WORD a part of the names of tests to run
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import * as redrive from 'redrive'

import comingFrom from './coming-from.mjs'
import { EXPECTED } from './expected.mjs'
import { jest } from './jest.mjs'
import { inVirtualTime } from './time.mjs'

const [, , folder, word = ''] = process.argv
const require = createRequire(join(folder, 'x.js'))
/** A module of the peers: of those that are modules alone `require.resolve` knows nothing. */
const load = async (name, file) => import(pathToFileURL(file ? join(folder, name, file) : require.resolve(name)))
const adapter = async (name) => (await import(`./adapters/${name}.mjs`)).default
const suite = async (name) => (await import(`./suites/${name}.mjs`)).default

/** The suite that exponential-backoff's tarball has, over one implementation. */
async function ofTarball(implementation) {
  const { transform } = createRequire(join(process.env.REDRIVE_ESBUILD, 'x.js'))('esbuild')
  const text = readFileSync(join(folder, 'exponential-backoff/src/backoff.spec.ts'), 'utf8').replace(/^import .*$/gm, '')
  const { code } = await transform(text, { loader: 'ts' })
  const { globals, tests } = jest()
  const given = { ...globals, backOff: implementation.backOff }
  new Function(...Object.keys(given), code)(...Object.values(given))
  return tests
}

const cockatiel = await load('cockatiel', 'dist/index.js')
const pRetry = await load('p-retry', 'index.js')
const backOff = require('exponential-backoff')
const attempt = require('@lifeomic/attempt')
const { default: isNetworkError } = await load('is-network-error', 'index.js')
const made = async (name, ...more) => (await adapter(name))(redrive, ...more)

/** Each peer: its suite, itself, and redrive in its clothes. */
const peers = [
  ['p-retry', await suite('p-retry'), { pRetry: pRetry.default, ...pRetry }, await made('p-retry', { isNetworkError })],
  ['async-retry', await suite('async-retry'), require('async-retry'), await made('async-retry')],
  ['exponential-backoff', await suite('exponential-backoff'), backOff, await made('exponential-backoff')],
  ['exponential-backoff', ofTarball, backOff, await made('exponential-backoff')],
  ['@lifeomic/attempt', await suite('attempt'), attempt, await made('attempt')],
  ['@humanwhocodes/retry', await suite('humanwhocodes-retry'), require('@humanwhocodes/retry'), await made('humanwhocodes-retry')],
  ['cockatiel', await suite('cockatiel'), cockatiel, await made('cockatiel', cockatiel)],
]

/** What became of each test: nothing, or the error. */
async function run(tests) {
  const results = {}
  for (const [name, test] of Object.entries(tests)) {
    if (name.includes(word)) results[name] = await inVirtualTime(test).then(() => undefined, (error) => error ?? new Error('it threw nothing'))
  }
  return results
}

let wrong = 0
const blame = (line, error) => {
  wrong++
  console.log(`not ok: ${line}\n  ${error?.stack ?? ''}`)
}
const seen = new Set()
const say = []
for (const [name, suite, real, ours] of peers) {
  const theirs = await run(await suite(real))
  const results = await run(await suite(ours))
  let [passed, different] = [0, 0]
  for (const [test, error] of Object.entries(results)) {
    if (theirs[test]) blame(`${name} itself: ${test}`, theirs[test])
    const row = EXPECTED[name][test]
    if (row) seen.add(`${name}: ${test}`)
    if (!error && !row) passed++
    else if (error && row) different++
    else if (error) blame(`${name} over redrive: ${test}`, error)
    else blame(`${name}: "${test}" passes; take its row out of expected.mjs`)
  }
  say.push(`${name} ${passed} of ${passed + different}`)
}
if (!word) for (const [name, rows] of Object.entries(EXPECTED)) for (const test of Object.keys(rows)) if (!seen.has(`${name}: ${test}`)) blame(`${name}: there is no test "${test}", which expected.mjs names`)
for (const kind of ['better here', 'not expressible', 'message text']) {
  for (const [peer, rows] of Object.entries(EXPECTED)) for (const [test, [is, why]] of Object.entries(rows)) if (is == kind) console.log(`${kind}: ${peer}: ${test}: ${why}`)
}
const table = await run(comingFrom(redrive, { pRetry: pRetry.default, AbortError: pRetry.AbortError, asyncRetry: require('async-retry'), backOff: backOff.backOff, cockatiel }))
for (const [row, error] of Object.entries(table)) if (error) blame(`README's table: ${row}`, error)
say.push(`README's table ${Object.values(table).filter((error) => !error).length} of ${Object.keys(table).length}`)
console.log(say.join(', ') + (wrong ? `; ${wrong} unexplained` : ''))
process.exitCode = wrong ? 1 : 0
