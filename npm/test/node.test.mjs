// The suite in Node, Deno and Bun: whatever `redrive` resolves to.
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

import * as redrive from 'redrive'
import * as sim from 'redrive/sim'
import * as testing from 'redrive/testing'

import { collectSim } from './sim.mjs'
import { collect } from './suite.mjs'

const golden = JSON.parse(readFileSync(new URL('./golden.json', import.meta.url)))
for (const [name, run] of [...collect(redrive, testing, golden), ...collectSim(sim, redrive, golden)]) test(name, run)
