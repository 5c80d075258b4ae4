// Dead letters: the queue, what it does when it is full or its storage fails, redrives, records.
import { assert, equal, rejects, same, show, throws } from './assert.mjs'

const soon = () => new Promise((resolve) => setTimeout(resolve, 0))

/** What unstorage is to a queue, in a Map; `fail` says what it refuses, and with which error. */
function memory(items = new Map()) {
  const storage = {
    items,
    fail: () => undefined,
    asked: [],
  }
  const ask = async (what, key, work) => {
    storage.asked.push(what)
    await soon()
    const fault = storage.fail(what, key)
    if (fault) throw fault
    return work()
  }
  return Object.assign(storage, {
    getKeys: (base) => ask('getKeys', base, () => [...items.keys()].filter((key) => key.startsWith(base))),
    getItem: (key) => ask('getItem', key, () => JSON.parse(items.get(key) ?? 'null')),
    setItem: (key, value) => ask('setItem', key, () => void items.set(key, JSON.stringify(value))),
    removeItem: (key) => ask('removeItem', key, () => void items.delete(key)),
  })
}

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
    same(await queue.redrive({ filter: { key: 'nobody' } }, () => {}), { selected: 0, scheduled: 0, succeeded: 0, failed: 0, parked: 0, skipped: 0, heldBack: 0, stopped: false })
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

  // When something is wrong: each is said to whoever asked, and by name.

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

  // What an operator, a file or another process can send.

  const record = (more) => JSON.stringify({ schema: 'redrive-dead-letter/1', id: 1, key: 'k', reason: 'exhausted', diedAtNs: 1, ...more })

  test('letters with numbers that JavaScript cannot tell apart are all kept, and so is what follows', async () => {
    const queue = new DeadLetterQueue()
    const ids = ['1234567890123456789', '1234567890123456790', String(2 ** 53 - 1), '18446744073709551615']
    equal(await queue.fromNDJSON(ids.map((id, n) => record({ id, key: String(n) })).join('\n')), 4)
    for (let n = 0; n < 50; n++) await queue.push({ reason: 'exhausted', key: 'new' + n })
    same([queue.size, new Set([...queue].map((letter) => letter.id)).size], [54, 54])
    assert([...queue].every(({ id }) => Number.isSafeInteger(id)))
  })

  test('a line that is not a letter is set aside and counted, and stops nothing', async () => {
    const queue = new DeadLetterQueue()
    const bad = [
      '{"schema":"redrive-dead', record({ attempts: 2.5 }), record({ reason: 'nonsense' }), record({ parked: 'false' }), record({ seed: '9'.repeat(200) }), record({ attempts: 2 ** 32 }),
      record({ history: [{ attempt: 1, startedAtNs: 1, endedAtNs: 1, error: { kind: 'e', message: 5 } }] }), record({ policy: { maxDelay: '1'.repeat(50_000) } }), record({ id: -1 }), record({ key: {} }), '[]', 'null',
    ]
    equal(await queue.fromNDJSON('\ufeff' + [record({ key: 'first' }), ...bad, record({ key: 'last' })].join('\r\n')), 2)
    same(queue.setAside.map(({ line }) => line), bad.map((_, n) => n + 2))
    same([queue.stats().damaged, queue.setAside[0].text.trim(), queue.size], [bad.length, bad[0], 2])
    queue.list({ message: 'x' })
    queue.groupBy('pattern')
  })

  test('a wait that no 64 bits hold is no reason to lose the letter', async () => {
    const error = { kind: 'HttpStatusError', message: 'HTTP 429', retryAfterNs: '251606455298742016000' }
    const queue = new DeadLetterQueue()
    equal(await queue.fromNDJSON(record({ lastError: error, history: [{ attempt: 1, startedAtNs: 1, endedAtNs: 1, error }] })), 1)
    assert(queue.toNDJSON().includes('18446744073709551615'))
    await rejects(retry(() => { throw Object.assign(new Error('x'), { retryAfter: 1e20 }) }, once, { deadLetters: queue }))
    equal(await new DeadLetterQueue().fromNDJSON(queue.toNDJSON()), 2)
  })

  test('numbers of a payload come back as they were written, through files, storages and redrives', async () => {
    const payload = '{"f":1.0,"e":1e2,"big":12345678901234567890123,"d":0.1000000000000000055,"s":"} \\" ,","deep":[{"n":9007199254740993}]}'
    const line = record({ payload: 0 }).replace('"payload":0', `"payload":${payload}`)
    const storage = memory()
    const queue = new DeadLetterQueue({ storage })
    await queue.fromNDJSON(line)
    assert(queue.toNDJSON().includes(`"payload":${payload}`), queue.toNDJSON())
    equal([...queue][0].payload.s, '} " ,')
    await queue.redrive({ rate: Infinity, policy: once }, () => { throw new Error('again') })
    const again = new DeadLetterQueue({ storage })
    await again.ready
    assert(again.toNDJSON().includes(`"payload":${payload}`), again.toNDJSON())
  })

  test('a task on its way back to work is read as its letter', async () => {
    const queue = new DeadLetterQueue()
    equal(await queue.fromNDJSON(JSON.stringify({ schema: 'redrive-redriven/1', atNs: 5, moreAttempts: null, letter: JSON.parse(record({ key: 'back' })) })), 1)
    equal([...queue][0].key, 'back')
  })

  test('filters, plans and queues refuse what they do not know, and choose nothing by accident', async () => {
    const queue = new DeadLetterQueue()
    for (const key of ['a', 'b']) await queue.push({ reason: 'exhausted', key, policy: once.toJSON() })
    const work = () => { throw new Error('it ran') }
    for (const [run, ...parts] of [
      [() => queue.purge({ reason: undefined }), 'reason'], [() => queue.purge({ ids: undefined, key: undefined }), 'ids'], [() => queue.purge({ resaon: 'x' }), 'write reason'], [() => queue.purge({ key: { id: 1 } }), 'filter.key'], [() => queue.purge(undefined), 'purge()'],
      [() => queue.redrive({ reason: 'x' }, work), 'filter'], [() => queue.redrive({ filters: {} }, work), 'write filter'], [() => queue.redrive({ filter: null }, work), 'filter'], [() => queue.redrive({ filter: { reason: undefined } }, work), 'reason'],
      [() => queue.redrive({ rate: Infinity }), 'handler'], [() => queue.redrive(work), 'plan'], [() => queue.redrive({ limit: -1 }, work), 'limit', '-1'], [() => queue.redrive({ limit: '2' }, work), 'limit'], [() => queue.redrive({ limit: NaN }, work), 'limit', 'NaN'],
      [() => queue.redrive({ counter: 'keeep' }, work), 'counter'], [() => queue.redrive({ counter: 1 }, work), 'counter'], [() => queue.redrive({ maxRedrives: -1 }, work), 'maxRedrives'], [() => queue.redrive({ ratePerSecond: 1 }, work), 'write rate'],
      [() => queue.redrive({ canary: { count: 0 } }, work), 'canary.count'], [() => queue.redrive({ stopWhen: { failures: 2 } }, work), 'stopWhen.failures'], [() => queue.push({ reason: 'smtp' }), 'reason', 'smtp'], [() => queue.push({ reason: 'exhausted', key: {} }), 'key'],
    ]) {
      const error = await rejects((async () => run())())
      equal(error.name, 'ConfigError')
      for (const part of parts) assert(error.message.includes(part), `${error.message} does not say ${part}`)
    }
    same([queue.size, ...[...queue].map((letter) => letter.redrives)], [2, 0, 0])
    for (const [options, part] of [[{ maxSize: 1 }, 'write capacity'], [{ onFull: 'x' }, 'write full'], [{ capacity: 'many' }, 'many'], [{ storage: './dlq' }, 'unstorage'], [{ storage: new Map() }, 'unstorage'], [{ onPush: 1 }, 'onPush']]) {
      const error = throws(() => new DeadLetterQueue(options))
      assert(error.name == 'ConfigError' && error.message.includes(part), error.message)
    }
    equal(await queue.purge({ key: 'a', reason: undefined }), 1)
  })

  test('two redrives at once never run one letter twice', async () => {
    for (const storage of [undefined, memory()]) {
      const queue = new DeadLetterQueue({ storage })
      for (let n = 0; n < 5; n++) await queue.push({ reason: 'exhausted' })
      const seen = []
      const run = () => queue.redrive({ rate: Infinity }, async (letter) => { seen.push(letter.id); await soon() })
      const reports = await Promise.all([run(), run()])
      same([seen.sort(), reports.map((report) => report.succeeded + report.skipped), queue.size], [[1, 2, 3, 4, 5], [5, 5], 0])
    }
  })

  test('whatever a killed write has left beside a letter, the letter is whole, and goes where it is sent', async () => {
    const key = 'redrive:dead-letters:0000000000000001-ab'
    const line = record({ key: 'whole', redrives: 1 })
    const remains = { empty: '', 'half of it': line.slice(0, 40), 'half a character': line.slice(0, 60) + '\ufffd', zeros: '\0'.repeat(50), 'half of a line': 'line:' + line.slice(0, 50), 'another file': '<html>', 'a number': '17', 'what was before': record({ key: 'whole' }) }
    for (const [name, text] of Object.entries(remains)) {
      const places = name == 'what was before' ? { 1: text, 2: line } : { 2: line, 3: text }
      const open = async () => {
        const storage = memory(new Map(Object.entries(places).map(([version, text]) => [`${key}.${version}`, text])))
        const queue = new DeadLetterQueue({ storage })
        await queue.ready
        same([[...queue].map((letter) => [letter.key, letter.redrives]), queue.stats().damaged], [[['whole', 1]], 0], name)
        return [queue, storage]
      }
      const again = async (storage) => {
        const other = new DeadLetterQueue({ storage })
        await other.ready
        return [...other].map((letter) => [letter.key, letter.redrives])
      }
      for (const leave of [(queue) => queue.purge(), (queue) => queue.remove(1), (queue) => queue.redrive({ rate: Infinity, policy: once }, () => 'done')]) {
        const [queue, storage] = await open()
        await leave(queue)
        same([storage.items.size, await again(storage)], [0, []], name)
      }
      const [queue, storage] = await open()
      await queue.redrive({ rate: Infinity, policy: once }, () => { throw new Error('still down') })
      same([storage.items.size, await again(storage)], [1, [['whole', 2]]], name)
      // Killed at any step of that: the places are taken away one by one, the newest last.
      for (let steps = 0; steps <= 3; steps++) {
        const [queue, storage] = await open()
        let left = steps
        const { setItem, removeItem } = storage
        storage.setItem = (...given) => (left-- > 0 ? setItem(...given) : Promise.reject(new Error('killed')))
        storage.removeItem = (...given) => (left-- > 0 ? removeItem(...given) : Promise.reject(new Error('killed')))
        await queue.redrive({ rate: Infinity, policy: once }, () => { throw new Error('still down') }).catch(() => {})
        const [letter, ...more] = await again(storage)
        assert(letter?.[0] == 'whole' && letter[1] >= 1 && !more.length, `${name}: ${steps} steps: ${letter}`)
        const [second, rest] = await open()
        left = steps
        Object.assign(rest, { setItem: storage.setItem, removeItem: (...given) => (left-- > 0 ? (rest.items.delete(given[0]), Promise.resolve()) : Promise.reject(new Error('killed'))) })
        await second.purge().catch(() => {})
        const kept = await again(rest)
        assert(kept.every(([key, redrives]) => key == 'whole' && redrives == 1), `${name}: purge, ${steps} steps: ${JSON.stringify(kept)}`)
      }
    }
  })

  test('a letter that changes while a queue is opened is there all the same', async () => {
    const storage = memory()
    const first = new DeadLetterQueue({ storage })
    await first.push({ reason: 'exhausted', key: 'k', policy: once.toJSON() })
    let changes = 2
    const getKeys = async (base) => {
      const keys = await storage.getKeys(base)
      // Listed, and then written to another place before it is read.
      if (changes-- > 0) await first.redrive({ rate: Infinity, maxRedrives: null }, () => { throw new Error('still down') })
      return keys
    }
    const second = new DeadLetterQueue({ storage: { ...storage, getKeys } })
    await second.ready
    same([...second].map(({ key }) => key), ['k'])
  })

  // What is not to be kept.

  test('redact has its say before a letter is stored, shown to a callback or put into an error', async () => {
    const storage = memory()
    const seen = []
    const see = (letter) => seen.push(JSON.stringify(letter))
    const redact = ({ payload, history }) => ({ payload: { ...payload, card: '…' }, history: history.map((past) => ({ ...past, error: { ...past.error, message: past.error.message.replace(/4242\d+/g, '#') } })) })
    const queue = new DeadLetterQueue({ storage, redact, onPush: see, onDrop: see, capacity: 2 })
    const pay = (options) => rejects(retry(() => { throw new Error('card 4242424242424242 refused') }, once, { deadLetters: queue, payload: { order: 17, card: '4242424242424242' }, ...options }))
    const error = await pay()
    await queue.push({ reason: 'exhausted', payload: { card: '4242424242424242' } })
    await queue.redrive({ rate: Infinity, policy: once }, () => { throw new Error('4242424242424242 again') })
    const full = (await pay()).queueError
    same([queue.get(error.id).payload, queue.get(error.id).lastError.message, full.letter.payload], [{ order: 17, card: '…' }, '# again', { order: 17, card: '…' }])
    for (const text of [JSON.stringify([...storage.items]), queue.toNDJSON(), ...seen, JSON.stringify(full.letter)]) assert(!text.includes('4242'), text)
    const other = new DeadLetterQueue({ redact })
    await other.fromNDJSON(queue.toNDJSON().replaceAll('…', '4242424242424242'))
    assert(!other.toNDJSON().includes('4242'))
  })

  test('of a letter that redact fails on, only the kinds are kept, and the caller is told', async () => {
    for (const redact of [() => { throw new Error('typo') }, () => undefined, () => ({ history: 5 }), () => ({ pay: 1 })]) {
      const queue = new DeadLetterQueue({ redact })
      const error = await rejects(retry(() => { throw new Error('secret') }, once, { deadLetters: queue, payload: 'secret', key: 'k' }))
      const [letter] = queue
      same([letter.key, letter.payload, letter.lastError, letter.attempts], ['k', null, { kind: 'Error', message: '' }, 1])
      assert(error.cause.message == 'secret' && error.queueError.message.includes('redact'), error.queueError?.message)
    }
    equal(throws(() => new DeadLetterQueue({ redact: 'payload' })).path, 'redact')
  })

  test('headers that let their reader in are not kept in a letter', async () => {
    const queue = new DeadLetterQueue()
    for (const said of ['set-cookie: sid=SECRET; Path=/', 'headers: { "Authorization": "Bearer SECRET" , "x": 1 }', "{ 'set-cookie': [ 'sid=SECRET' ], a: 1 }", 'Proxy-Authorization: Basic SECRETSECRET', 'Cookie=SECRET', 'x-api-key: SECRET', 'token Bearer SECRET.SECRET-SECRET was refused']) {
      await rejects(retry(() => { throw new Error('failed: ' + said) }, once, { deadLetters: queue }))
    }
    const text = queue.toNDJSON()
    assert(!text.includes('SECRET') && text.includes('was refused') && text.includes(' a: 1') && text.includes('failed: '), text)
  })

  test('an error that carries a letter shows nothing of it', async () => {
    const queue = new DeadLetterQueue({ capacity: 1, storage: { ...memory(), setItem: async () => { throw new Error('disk full') } } })
    const shown = (error) => JSON.stringify(error) + JSON.stringify(Object.entries(error)) + error.message + error.stack
    for (const name of ['StorageError', 'QueueFullError']) {
      const error = await rejects(queue.push({ reason: 'exhausted', payload: 'SECRET' }))
      same([error.name, error.letter.payload, shown(error).includes('SECRET')], [name, 'SECRET', false])
      const dead = await rejects(retry(() => { throw new Error('x') }, once, { deadLetters: queue, payload: 'SECRET' }))
      assert(!shown(dead).includes('SECRET'), shown(dead))
    }
  })

  test('what no other process could read is refused before it is kept', async () => {
    const queue = new DeadLetterQueue()
    const history = (error) => [{ attempt: 1, startedAt: 0, endedAt: 0, delay: 0, error }]
    for (const [more, part] of [[{ diedAt: NaN }, 'diedAt'], [{ diedAt: Infinity }, 'diedAt'], [{ history: 5 }, 'letter'], [{ history: [null] }, 'letter'], [{ history: history({ kind: 5, message: 'x' }) }, 'kind'], [{ history: history(null) }, 'history'], [{ key: 'x'.repeat(40_000) }, 'key'], [{ seed: 'x' }, 'seed'], [{ redrives: -1 }, 'redrives'], [{ taskType: 5 }, 'type'], [{ payload: 10n }, 'payload'], [{ policy: { maxAttempts: 0 } }, 'maxAttempts']]) {
      const error = await rejects(queue.push({ reason: 'exhausted', ...more }))
      assert(error.name == 'ConfigError' && error.message.includes(part), `${JSON.stringify(Object.keys(more))}: ${error.stack}`)
    }
    equal(queue.size, 0)
    equal((await rejects(retry(() => 1, once, { taskType: 5 }))).path, 'taskType')
    equal(await queue.fromNDJSON(record({ key: 'x'.repeat(40_000) }) + '\n' + record({ key: 'fine' })), 1)
    equal((await queue.redrive({ rate: Infinity }, () => 'done')).succeeded, 1)
  })

  test('what stands in the prototype of all objects is no option, filter or plan', async () => {
    const queue = new DeadLetterQueue()
    for (const key of ['a', 'b']) await queue.push({ reason: 'exhausted', key, policy: once.toJSON() })
    Object.assign(Object.prototype, { limit: 1, key: 'a', capacity: 1, parked: true })
    try {
      same([queue.list({ reason: 'exhausted' }).length, new DeadLetterQueue({}).stats().size], [2, 0])
      equal((await queue.redrive({ rate: Infinity }, () => 'done')).succeeded, 2)
    } finally {
      for (const name of ['limit', 'key', 'capacity', 'parked']) delete Object.prototype[name]
    }
  })

  test('a canary that dies keeps its group back, and a redrive stops when too many die', async () => {
    const queue = new DeadLetterQueue()
    const push = (message, n) => Promise.all(Array.from({ length: n }, () => queue.push({ reason: 'exhausted', policy: once.toJSON(), history: [{ attempt: 1, startedAt: 0, endedAt: 0, delay: 0, error: { kind: 'e', message } }] })))
    await push('mended', 6)
    await push('still broken', 6)
    const report = await queue.redrive({ rate: Infinity, canary: { count: 2 } }, (letter) => { if (letter.lastError.message != 'mended') throw new Error('still broken') })
    same([report.succeeded, report.failed, report.heldBack, queue.size], [6, 2, 4, 6])
    const stopped = await queue.redrive({ rate: Infinity, concurrency: 1, stopWhen: { failures: 0.5, of: 2 } }, () => { throw new Error('still broken') })
    same([stopped.failed, stopped.heldBack, stopped.selected], [2, 4, 6])
  })

  test("a letter's own policy cannot make a redrive call for ever", async () => {
    const queue = new DeadLetterQueue()
    await queue.push({ reason: 'exhausted', policy: { maxAttempts: 4_294_967_295, backoff: { kind: 'constant', delay: 0 }, jitter: 'none' } })
    let calls = 0
    await queue.redrive({ rate: Infinity, maxAttempts: 7 }, () => { calls++; throw new Error('x') })
    equal(calls, 7)
  })

  test('a callback of the queue that throws hides no letter', async () => {
    const queue = new DeadLetterQueue({ onPush: async () => { throw new Error('metrics down') } })
    const error = await rejects(retry(boom(), once, { deadLetters: queue }))
    same([queue.get(error.id)?.id, error.cause.message, error.queueError.cause.message], [error.id, 'boom', 'metrics down'])
  })

  test('retention looks at the oldest only, and drops letters whatever their order', async () => {
    const clock = new VirtualClock(0)
    const queue = new DeadLetterQueue({ clock, retention: 100, capacity: null })
    for (const diedAt of [50, 10, 90, 30]) await queue.push({ reason: 'exhausted', key: String(diedAt), diedAt })
    await clock.advance(135)
    await queue.push({ reason: 'exhausted', key: 'new' })
    same([...queue].map((letter) => letter.key), ['50', '90', 'new'])
    equal(queue.stats().dropped.retention, 2)
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
      same(report, expected, show(given))
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
