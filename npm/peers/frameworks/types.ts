import { retry, RetryPolicy } from 'redrive'
import { VirtualClock } from 'redrive/testing'
import { simulate } from 'redrive/sim'
import * as plain from 'redrive/js'

const clock = new VirtualClock()
const value: Promise<number> = retry(() => 1, RetryPolicy.recommended(), { clock })
// @ts-expect-error It is not lost that fn gives a number.
const text: Promise<string> = retry(() => 1)
export default [value, text, simulate, plain.retry]
