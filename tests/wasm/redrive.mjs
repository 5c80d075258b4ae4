// The module under test and the golden files, for every test in this folder.
//
// `cargo xtask ci node` builds the module and runs the tests; `cargo xtask wasm` only builds it.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', '..')
const glue = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'wasm/nodejs/redrive_wasm.js')
if (!existsSync(glue)) throw new Error(`${glue} is not there: run "cargo xtask wasm" first`)

/** What the bindings export. */
export const redrive = createRequire(import.meta.url)(glue)

/** A file of tests/golden/. */
export const golden = name => JSON.parse(readFileSync(join(root, 'tests/golden', name), 'utf8'))
