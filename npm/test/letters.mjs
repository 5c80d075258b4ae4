// Dead letters: the queue, what it does when it is full or its storage fails, redrives, records.
import { assert, equal, rejects, same, show, throws } from './assert.mjs'
import { memory, soon } from './memory.mjs'

export function collect(redrive, { VirtualClock }, golden) {
  const { retry, RetryPolicy, DeadLetterQueue, DeadLetterError, QueueFullError, StorageError } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const boom = (message = 'boom') => () => Promise.reject(new Error(message))
  const quick = (options) => RetryPolicy.constant({ delay: 10, jitter: 'none', ...options })
  const once = quick({ maxAttempts: 1 })
  const letters = golden['letters.json']

  // Dead letters.

  test('a dead letter is stored before the promise rejects, with its history', async () => {
    const clock = new VirtualClock(1_000)
    const deadLetters = new DeadLetterQueue({ clock })
    const error = await rejects(clock.run(retry(boom('no route'), quick(), { clock, deadLetters, key: 'order-17', seed: 5, payload: { order: 17 }, taskType: 'charge' })))
    const letter = deadLetters.get(error.id)
    equal(letter.key, 'order-17')
    same(letter.payload, { order: 17 })
    equal(letter.taskType, 'charge')
    equal(letter.reason, 'exhausted')
    same(letter.lastError, { kind: 'Error', message: 'no route' })
    same(letter.history.map((a) => [a.attempt, a.startedAt, a.endedAt, a.delay]), [[1, 1000, 1000, 0], [2, 1010, 1010, 10], [3, 1020, 1020, 10]])
    equal(letter.seed, '5')
  })

  test('queues list, filter, group, remove and purge', async () => {
    const clock = new VirtualClock(100_000)
    const queue = new DeadLetterQueue({ clock })
    for (const [message, taskType] of [['timeout after 31 ms', 'a'], ['timeout after 47 ms', 'a'], ['no row', 'b']]) {
      await rejects(clock.run(retry(boom(message), quick({ maxAttempts: 1 }), { clock, deadLetters: queue, taskType })))
    }
    equal(queue.size, 3)
    equal(queue.list({ taskType: 'a' }).length, 2)
    equal(queue.list({ message: 'row' }).length, 1)
    equal(queue.list({ olderThan: '1s' }).length, 0)
    equal(queue.list((letter) => letter.id == 2).length, 1)
    same([...queue.groupBy('pattern')].map(([name, letters]) => [name, letters.length]), [['Error: timeout after # ms', 2], ['Error: no row', 1]])
    equal((await queue.remove(1)).id, 1)
    equal(await queue.remove(1), undefined)
    equal(await queue.purge({ taskType: 'b' }), 1)
    const seen = []
    for await (const letter of queue) seen.push(letter.id)
    same(seen, [2])
    same(queue.stats().byReason, { exhausted: 1 })
  })

  test('a full queue refuses, or drops and says so; nothing is lost in silence', async () => {
    const refusing = new DeadLetterQueue({ capacity: 1 })
    await refusing.push({ reason: 'exhausted' })
    equal((await rejects(refusing.push({ reason: 'exhausted' }))).name, 'QueueFullError')
    const clock = new VirtualClock()
    const error = await rejects(clock.run(retry(boom(), quick({ maxAttempts: 1 }), { clock, deadLetters: refusing })))
    equal(error.queueError.name, 'QueueFullError')
    for (const full of ['dropOldest', 'dropNew']) {
      const drops = []
      const queue = new DeadLetterQueue({ capacity: 1, full, onDrop: (letter, cause) => drops.push([letter.key, cause]) })
      await queue.push({ reason: 'exhausted', key: 'old' })
      await queue.push({ reason: 'exhausted', key: 'new' })
      same(drops, [[full == 'dropOldest' ? 'old' : 'new', 'full']])
      equal(queue.stats().dropped.full, 1)
      equal(queue.size, 1)
    }
  })

  test('letters older than the retention are dropped and reported', async () => {
    const clock = new VirtualClock()
    const drops = []
    const queue = new DeadLetterQueue({ clock, retention: '1h', onDrop: (letter, cause) => drops.push(cause) })
    await queue.push({ reason: 'exhausted' })
    await clock.advance(3_600_001)
    equal(await queue.expire(), 1)
    same(drops, ['retention'])
  })

  test('a redrive sends letters back, paced and spread, and reports what it did', async () => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    for (let key = 0; key < 20; key++) await queue.push({ reason: 'exhausted', key: String(key), policy: quick({ maxAttempts: 1 }).toJSON() })
    const starts = []
    const report = await clock.run(queue.redrive({ rate: 10, spread: '50ms', limit: 15 }, async (letter) => {
      starts.push(clock.now())
      if (letter.key == '3') throw new Error('again')
    }))
    same(report, { selected: 15, scheduled: 15, succeeded: 14, failed: 1, parked: 0, skipped: 0, heldBack: 0, stopped: false })
    equal(queue.size, 6)
    assert(Math.max(...starts) >= 1400 && Math.max(...starts) <= 1460, show(starts))
    assert(new Set(starts.map((at) => at % 100)).size > 8, 'they are spread')
    const [back] = queue.list({ key: '3' })
    equal(back.redrives, 1)
    equal(back.lastError.message, 'again')
    same(await queue.redrive({ filter: { key: 'none' } }, () => {}), { selected: 0, scheduled: 0, succeeded: 0, failed: 0, parked: 0, skipped: 0, heldBack: 0, stopped: false })
  })

  test('a letter that was redriven too often is parked', async () => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    await queue.push({ reason: 'exhausted', policy: quick({ maxAttempts: 1 }).toJSON() })
    const reports = []
    for (let i = 0; i < 4; i++) reports.push(await clock.run(queue.redrive({ maxRedrives: 2 }, boom())))
    same(reports.map((r) => [r.selected, r.failed, r.parked]), [[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0]])
    const [letter] = queue.list({ parked: true })
    equal(letter.redrives, 2)
    equal(letter.lineage, letter.id)
  })

  test('an aborted redrive leaves the rest in the queue', async () => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    for (let i = 0; i < 5; i++) await queue.push({ reason: 'exhausted' })
    const controller = new AbortController()
    const report = await clock.run(queue.redrive({ rate: 1, spread: 0, concurrency: 1, signal: controller.signal }, async (letter) => { if (letter.id == 2) controller.abort() }))
    equal(report.skipped + report.succeeded, 5)
    equal(queue.size, 5 - report.succeeded)
    assert(queue.size >= 3)
  })

  test('NDJSON and snapshots are round trips', async () => {
    const clock = new VirtualClock(1_795_000_000_000)
    const queue = new DeadLetterQueue({ clock })
    await rejects(clock.run(retry(boom('x "y" \n z'), quick(), { clock, deadLetters: queue, key: 'schlüssel', payload: { deep: [1, null] }, seed: 2n ** 63n })))
    const text = queue.toNDJSON()
    assert(text.endsWith('}\n') && text.split('\n').length == 2)
    const other = new DeadLetterQueue({ clock })
    equal(await other.fromNDJSON(text), 1)
    equal(other.toNDJSON(), text)
    const restored = DeadLetterQueue.restore(JSON.parse(JSON.stringify(queue.snapshot())))
    equal(restored.toNDJSON(), text)
    equal(await other.fromNDJSON(text + '{"schema":"redrive-dead-letter/1"}\n' + text), 2)
    same(other.setAside.map(({ line, error }) => [line, error.name]), [[2, 'ConfigError']])
    equal(other.stats().damaged, 1)
  })

  test('a storage is written before the rejection, and read again by the next queue', async () => {
    const items = new Map()
    const storage = {
      getKeys: async (base) => [...items.keys()].filter((key) => key.startsWith(base)),
      getItem: async (key) => JSON.parse(items.get(key)),
      setItem: async (key, value) => { await soon(); items.set(key, JSON.stringify(value)) },
      removeItem: async (key) => void items.delete(key),
    }
    const deadLetters = new DeadLetterQueue({ storage })
    const error = await rejects(retry(boom(), quick({ maxAttempts: 1 }), { deadLetters, payload: 'p' }))
    equal(items.size, 1)
    items.set('redrive:dead-letters:torn', '{"schema":"redrive')
    const again = new DeadLetterQueue({ storage })
    await again.ready
    equal(again.get(error.id).payload, 'p')
    equal(again.stats().damaged, 1)
    await again.redrive({ spread: 0 }, () => 'ok')
    equal(items.size, 1)
    const broken = new DeadLetterQueue({ storage: { ...storage, setItem: () => Promise.reject(new Error('disk full')) } })
    const lost = await rejects(retry(boom(), quick({ maxAttempts: 1 }), { deadLetters: broken }))
    equal(lost.queueError.name, 'StorageError')
    equal(lost.queueError.cause.message, 'disk full')
    equal(broken.size, 1, 'the letter is still in memory')
  })

  // When something is wrong: each is told to the caller, by name.

  test('a full queue that refuses: the error carries the letter, and the caller of retry gets both', async () => {
    const queue = new DeadLetterQueue({ capacity: 1 })
    await queue.push({ reason: 'exhausted', key: 'first' })
    const error = await rejects(retry(boom(), once, { deadLetters: queue, key: 'second', payload: { n: 2 } }))
    assert(error instanceof DeadLetterError && error.queueError instanceof QueueFullError)
    equal(error.cause.message, 'boom')
    equal(error.id, undefined)
    same([error.queueError.letter.key, error.queueError.letter.payload], ['second', { n: 2 }])
    assert(error.message.includes('boom') && error.message.includes('is full') && error.message.includes('capacity'), error.message)
    equal(queue.stats().refused, 1)
    await queue.purge()
    equal((await queue.push(error.queueError.letter)).key, 'second')
  })

  test('a full queue that drops the new one: no number, no error, one call of onDrop', async () => {
    const drops = []
    const queue = new DeadLetterQueue({ capacity: 1, full: 'dropNew', onDrop: (letter, cause) => drops.push([letter.key, cause]) })
    await queue.push({ reason: 'exhausted', key: 'first' })
    const error = await rejects(retry(boom(), once, { deadLetters: queue, key: 'second' }))
    same([error.id, error.queueError], [undefined, undefined])
    same(drops, [['second', 'full']])
    equal(await queue.push({ reason: 'exhausted' }), undefined)
  })

  test('a full queue that drops the oldest: the new one has its number', async () => {
    const queue = new DeadLetterQueue({ capacity: 1, full: 'dropOldest' })
    await queue.push({ reason: 'exhausted', key: 'first' })
    const error = await rejects(retry(boom(), once, { deadLetters: queue, key: 'second' }))
    equal(queue.get(error.id).key, 'second')
    equal(queue.size, 1)
  })

  test('a storage that fails: the letter stays in memory under its number, and flush writes it', async () => {
    const storage = memory()
    storage.fail = (what) => what == 'setItem' && new Error('disk full')
    const queue = new DeadLetterQueue({ storage })
    const error = await rejects(retry(boom(), once, { deadLetters: queue }))
    assert(error.queueError instanceof StorageError, String(error.queueError))
    equal(error.queueError.cause.message, 'disk full')
    equal(queue.get(error.id), error.queueError.letter)
    assert(error.message.includes('boom') && error.message.includes('disk full') && error.message.includes('in memory'), error.message)
    equal(queue.stats().unsaved, 1)
    equal((await rejects(queue.flush())).cause.message, 'disk full')
    storage.fail = () => undefined
    await queue.flush()
    same([queue.stats().unsaved, storage.items.size], [0, 1])
  })

  test('the next push that a storage takes brings what it refused before', async () => {
    const storage = memory()
    const queue = new DeadLetterQueue({ storage })
    storage.fail = (what) => what == 'setItem' && new Error('away')
    await rejects(queue.push({ reason: 'exhausted' }))
    storage.fail = () => undefined
    await queue.push({ reason: 'exhausted' })
    for (let turn = 0; turn < 20 && queue.stats().unsaved; turn++) await soon()
    same([queue.stats().unsaved, storage.items.size], [0, 2])
  })

  test('a storage that cannot be read: nothing is lost, and the next call asks again', async () => {
    const items = new Map()
    await new DeadLetterQueue({ storage: memory(items) }).push({ reason: 'exhausted', key: 'from before' })
    const storage = memory(items)
    storage.fail = () => new Error('no route')
    const queue = new DeadLetterQueue({ storage })
    equal((await rejects(queue.ready)).name, 'StorageError')
    const error = await rejects(retry(boom(), once, { deadLetters: queue, key: 'now' }))
    equal(error.queueError.cause.message, 'no route')
    equal(queue.get(error.id).key, 'now')
    storage.fail = () => undefined
    await queue.ready
    same([...queue].map((letter) => letter.key).sort(), ['from before', 'now'])
    equal(new Set([...queue].map((letter) => letter.id)).size, 2)
    await queue.flush()
    equal(items.size, 2)
  })

  test('a storage that never answers is a storage that fails', async () => {
    const storage = { ...memory(), setItem: () => new Promise(() => {}) }
    const error = await rejects(retry(boom(), once, { deadLetters: new DeadLetterQueue({ storage, storageTimeout: 20 }) }))
    assert(error.queueError.message.includes('20 ms'), error.queueError.message)
  })

  test('a letter that is taken out while it is being written does not come back', async () => {
    const storage = memory()
    const queue = new DeadLetterQueue({ storage })
    await queue.ready
    let release
    const { setItem } = storage
    storage.setItem = async (...args) => { await new Promise((resolve) => (release = resolve)); return setItem(...args) }
    const pushed = queue.push({ reason: 'exhausted' })
    for (let turn = 0; turn < 20 && !release; turn++) await soon()
    const removed = queue.remove([...queue][0].id)
    release()
    await Promise.all([pushed, removed])
    same([storage.items.size, queue.size, queue.stats().unsaved], [0, 0, 0])
  })

  test('a redrive whose storage fails stops, waits for what runs, and tells what was done', async () => {
    const storage = memory()
    const queue = new DeadLetterQueue({ storage })
    for (let n = 0; n < 6; n++) await queue.push({ reason: 'exhausted' })
    storage.fail = (what) => what == 'removeItem' && new Error('read-only')
    let running = 0
    const error = await rejects(queue.redrive({ rate: Infinity, concurrency: 2 }, async () => { running++; await soon(); running-- }))
    equal(error.name, 'StorageError')
    equal(running, 0)
    const { report } = error
    equal(report.selected, 6)
    equal(report.succeeded + report.skipped, 6)
    assert(report.succeeded >= 1 && report.succeeded <= 3, show(report))
    equal(queue.size, 6 - report.succeeded, 'what succeeded does not go back to work here')
    const stored = () => [...storage.items.keys()].filter((key) => key.includes('dead-letters')).length
    equal(stored(), 6)
    storage.fail = () => undefined
    await queue.flush()
    equal(stored(), 6 - report.succeeded)
  })

  test('a payload that JSON cannot hold is refused by name', async () => {
    const loop = {}
    loop.loop = loop
    for (const payload of [loop, { n: 1n }]) {
      const queue = new DeadLetterQueue()
      const error = await rejects(retry(boom(), once, { deadLetters: queue, payload }))
      same([error.queueError.name, error.queueError.path], ['ConfigError', 'payload'])
      equal(error.cause.message, 'boom')
    }
  })

  test('a sink of one\'s own: what it throws is queueError, what it gives is the number', async () => {
    const thrown = await rejects(retry(boom(), once, { deadLetters: { add() { throw new Error('no') } } }))
    same([thrown.queueError.message, thrown.id, thrown.cause.message], ['no', undefined, 'boom'])
    equal((await rejects(retry(boom(), once, { deadLetters: { add: async () => 17 } }))).id, 17)
  })

  test('a misspelt filter is refused, and purges nothing', async () => {
    const queue = new DeadLetterQueue()
    await queue.push({ reason: 'exhausted' })
    const error = await rejects(queue.purge({ tasktype: 'a' }))
    assert(error.name == 'ConfigError' && error.message.includes('taskType'), error.message)
    equal(queue.size, 1)
    for (const options of [{ capacity: 0 }, { full: 'drop' }, { retention: 'long' }, { storageTimeout: 'x', storage: memory() }]) equal(throws(() => new DeadLetterQueue(options)).name, 'ConfigError')
  })

  test('letters of one policy share its budget in a redrive', async () => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    const policy = quick({ maxAttempts: 5, budget: { kind: 'concurrency', percent: 0, min: 1 } }).toJSON()
    for (let n = 0; n < 8; n++) await queue.push({ reason: 'exhausted', policy })
    let calls = 0
    await clock.run(queue.redrive({ rate: Infinity, spread: 0 }, () => { calls++; throw new Error('still') }))
    assert(calls < 8 * 5, 'every letter had a budget of its own')
    assert([...queue].some((letter) => letter.reason == 'budgetExhausted'))
  })

  // The record.

  test('a letter remembers when each attempt began and ended, and the wait before it', async () => {
    const clock = new VirtualClock(1000)
    const queue = new DeadLetterQueue({ clock })
    await rejects(clock.run(retry(async () => { await new Promise((resolve) => clock.setTimeout(resolve, 7)); throw new Error('slow') }, quick(), { clock, deadLetters: queue })))
    const [letter] = queue
    same(letter.history.map((a) => [a.startedAt, a.endedAt, a.delay]), [[1000, 1007, 0], [1017, 1024, 10], [1034, 1041, 10]])
    const { history } = JSON.parse(queue.toNDJSON())
    same(history.map((a) => [a.startedAtNs, a.endedAtNs, a.delayNs]), [[1e9, 1.007e9, 0], [1.017e9, 1.024e9, 1e7], [1.034e9, 1.041e9, 1e7]])
  })

  test('texts are as long as Rust keeps them, and whole characters', async () => {
    const queue = new DeadLetterQueue()
    const error = Object.assign(new Error('ä'.repeat(2000)), { name: 'N'.repeat(200), code: 42, retryAfter: 1500 })
    await rejects(retry(() => Promise.reject(error), once, { deadLetters: queue, key: 'half \ud800 a pair' }))
    const { lastError } = [...queue][0]
    const bytes = (text) => new TextEncoder().encode(text).length
    same([bytes(lastError.message) <= 1024, bytes(lastError.message) > 1020, lastError.message.endsWith('ä…')], [true, true, true])
    same([bytes(lastError.kind), lastError.code, lastError.retryAfter], [128, '42', 1500])
    assert(queue.toNDJSON().includes('half \\ufffd a pair'), queue.toNDJSON())
    assert(new DeadLetterQueue().fromNDJSON(queue.toNDJSON()) instanceof Promise)
  })

  test('nanoseconds and fingerprints that Rust wrote come back as they were', async () => {
    const line = '{"schema":"redrive-dead-letter/1","id":7,"lineage":3,"key":"a","type":"","payload":null,"reason":"exhausted","attempts":1,"earlierAttempts":2,"redrives":1,"parked":false,"firstFailedAtNs":"1795000000123456789","lastFailedAtNs":null,"diedAtNs":"1795000000123456791","lastError":{"kind":"e","message":"m","retryAfterNs":1500000001},"history":[{"attempt":1,"startedAtNs":"1795000000000000001","endedAtNs":"1795000000123456789","delayNs":2061234567,"error":{"kind":"e","message":"m","retryAfterNs":1500000001}}],"forgotten":0,"policy":{"backoff":{"kind":"constant","delay":"1s"},"jitter":"none","maxAttempts":1},"policyFingerprint":"00000000000000aa","seed":"18446744073709551615"}\n'
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    await queue.fromNDJSON(line)
    equal(queue.toNDJSON(), line)
    equal(DeadLetterQueue.restore(queue.snapshot()).toNDJSON(), line)
    await clock.run(queue.redrive({}, boom('again')))
    const [record] = queue.toNDJSON().trim().split('\n').map((text) => JSON.parse(text))
    same([record.id, record.lineage, record.firstFailedAtNs, record.policyFingerprint, record.redrives], [7, 3, '1795000000123456789', '00000000000000aa', 2])
    assert(record.diedAtNs != '1795000000123456791' && record.history[0].error.message == 'again')
  })

  test('an import keeps numbers that are free, and gives others new ones', async () => {
    const queue = new DeadLetterQueue()
    for (let n = 0; n < 3; n++) await queue.push({ reason: 'exhausted', key: String(n) })
    const text = queue.toNDJSON()
    await queue.remove(2)
    equal(await queue.fromNDJSON(text), 3)
    same([...queue].map((letter) => [letter.id, letter.key]), [[1, '0'], [3, '2'], [4, '0'], [2, '1'], [5, '2']])
    equal(await new DeadLetterQueue({ capacity: 2, full: 'dropNew' }).fromNDJSON(text), 2)
  })

  test('twice as many letters ask a storage about twice as often', async () => {
    const asked = async (count) => {
      const storage = memory()
      const queue = new DeadLetterQueue({ storage })
      await Promise.all(Array.from({ length: count }, () => queue.push({ reason: 'exhausted', policy: once.toJSON() })))
      await queue.redrive({ rate: Infinity, concurrency: 50 }, ({ id }) => { if (id % 2) throw new Error('still down') })
      const again = new DeadLetterQueue({ storage })
      await again.ready
      await again.refresh()
      await again.purge()
      return storage.asked.length
    }
    const [few, many] = [await asked(100), await asked(200)]
    assert(many < 2.2 * few, `${few} and then ${many}`)
  })

  // What the core says: tests/golden/letters.json.

  const TYPE = { type: 'taskType' }
  /** The letters of the golden file at 1,000 s. */
  const recorded = async () => {
    const clock = new VirtualClock(1_000_000)
    const queue = new DeadLetterQueue({ clock })
    equal(await queue.fromNDJSON(letters.letters.map((record) => JSON.stringify(record)).join('\n')), letters.letters.length)
    return { clock, queue }
  }

  test('patterns are those of the core', async () => {
    for (const [message, pattern] of letters.patterns) {
      const queue = new DeadLetterQueue()
      await queue.push({ reason: 'exhausted', history: [{ attempt: 1, startedAt: 0, endedAt: 0, delay: 0, error: { kind: 'e', message } }] })
      same([...queue.groupBy('pattern').keys()], [pattern ? 'e: ' + pattern : 'e'])
    }
  })

  test('filters choose, and groups hold, what they do in the core', async () => {
    const { queue } = await recorded()
    for (const [given, ids] of letters.filters) {
      const filter = Object.fromEntries(Object.entries(given).map(([name, value]) => [TYPE[name] ?? name, value]))
      same(queue.list(filter).map(({ id }) => id), ids, show(given))
    }
    for (const [by, groups] of letters.groups) {
      if (by == 'age') continue
      same([...queue.groupBy(TYPE[by] ?? by)].map(([name, letters]) => [name, letters.length, letters.at(-1).id]), groups, by)
    }
  })

  test('a redrive chooses, paces, holds back, stops and reports as the core does', async () => {
    for (const [given, fail, sent, expected] of letters.redrives) {
      const { clock, queue } = await recorded()
      const { filter: { type, ...filter } = {}, every, canary, stopWhen, ...plan } = given
      if (every) plan.rate = every == '0s' ? Infinity : every == '1s' ? 1 : 50
      if (type) filter.taskType = type
      if (canary) plan.canary = typeof canary == 'number' ? { count: canary } : { count: canary.first, needs: canary.succeed }
      if (stopWhen) {
        const [share, of = 20] = stopWhen.match(/\d+/g).map(Number)
        plan.stopWhen = { failures: share / 100, of }
      }
      const went = []
      const report = await clock.run(queue.redrive({ ...plan, filter, seed: 42, concurrency: 1000, policy: once }, ({ id }) => {
        went.push([id, clock.now() - 1_000_000])
        if (fail.includes(id)) throw new Error('again')
      }))
      same(Object.entries(report).sort(), Object.entries(expected).sort(), show(given))
      same(went.map(([id]) => id), sent.map(([id]) => id), show(given))
      // Timers count whole milliseconds.
      went.forEach(([, ms], n) => assert(Math.abs(ms - sent[n][1] / 1e6) <= 1, `${show(given)}: ${ms} ms is not ${sent[n][1]} ns`))
    }
  })

  test('as much is kept of a letter as the core keeps, and numbers are given as there', async () => {
    const bytes = (text) => new TextEncoder().encode(text).length
    for (const [before, part, times, kind, message, end] of letters.cuts) {
      const text = before + part.repeat(times)
      const deadLetters = new DeadLetterQueue()
      await rejects(retry(() => { throw Object.assign(new Error(text), { name: text }) }, once, { deadLetters }))
      const [{ lastError }] = deadLetters
      same([bytes(lastError.kind), bytes(lastError.message), [...lastError.message].slice(-2).join('')], [kind, message, end], part + times)
    }
    for (const [attempts, kept, forgotten, first] of letters.histories) {
      if (!attempts) continue
      const clock = new VirtualClock()
      const deadLetters = new DeadLetterQueue({ clock })
      await rejects(clock.run(retry(boom(), quick({ maxAttempts: attempts }), { clock, deadLetters })))
      const [letter] = deadLetters
      same([letter.history.length, letter.forgotten, letter.history[0].attempt], [kept, forgotten, first])
    }
    for (const [ids, given] of letters.numbers) {
      const queue = new DeadLetterQueue()
      await queue.fromNDJSON(ids.map((id) => JSON.stringify({ schema: 'redrive-dead-letter/1', id, key: '1', reason: 'exhausted', diedAtNs: 1 })).join('\n'))
      same([...queue].map(({ id }) => id), given)
    }
  })

  test('without crypto, TextEncoder or randomUUID letters are stored all the same', async () => {
    const { TextEncoder } = globalThis
    const crypto = Object.getOwnPropertyDescriptor(globalThis, 'crypto')
    // Some runtimes do not let go of it.
    const removable = !crypto || crypto.configurable
    try {
      globalThis.TextEncoder = undefined
      if (removable) Object.defineProperty(globalThis, 'crypto', { value: undefined, configurable: true })
      const storage = memory()
      const queue = new DeadLetterQueue({ storage })
      const error = await rejects(retry(boom('ü'.repeat(2000)), once, { deadLetters: queue, key: 'schlüssel' }))
      same([error.queueError, storage.items.size, queue.stats().unsaved], [undefined, 1, 0])
    } finally {
      globalThis.TextEncoder = TextEncoder
      if (!removable) return
      if (crypto) Object.defineProperty(globalThis, 'crypto', crypto)
      else delete globalThis.crypto
    }
  })

  return tests
}
