// Letters from elsewhere: what an operator, a file, a storage or another process can send, and what is not to be kept.
import { assert, equal, rejects, same, throws } from './assert.mjs'
import { memory, soon } from './memory.mjs'

export function collect(redrive, { VirtualClock }) {
  const { retry, RetryPolicy, DeadLetterQueue } = redrive
  const tests = []
  const test = (name, fn) => tests.push([name, fn])
  const boom = (message = 'boom') => () => Promise.reject(new Error(message))
  const quick = (options) => RetryPolicy.constant({ delay: 10, jitter: 'none', ...options })
  const once = quick({ maxAttempts: 1 })

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

  test('a snapshot with something else in it gives its letters', () => {
    const bad = [null, 5, 'x', {}, [], { schema: 'redrive-dead-letter/1', key: 'k' }]
    const queue = DeadLetterQueue.restore({ version: 1, letters: [JSON.parse(record({ key: 'first' })), ...bad, JSON.parse(record({ id: 2, key: 'last' }))] })
    same([[...queue].map(({ key }) => key), queue.setAside.map(({ line }) => line), queue.stats().damaged], [['first', 'last'], [2, 3, 4, 5, 6, 7], 6])
    for (const letters of [undefined, null, 5, {}]) equal(throws(() => DeadLetterQueue.restore({ version: 1, letters })).path, 'letters')
  })

  test('a wait that 64 bits cannot hold does not lose the letter', async () => {
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
      [() => queue.groupBy('constructor'), 'field', 'constructor'], [() => queue.redrive({ canary: { count: 1, by: 'toString' } }, work), 'canary.by'],
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

  test('a process that slept longer than its lease runs nothing that another has taken meanwhile', async () => {
    const storage = memory()
    const queues = [0, 1].map(() => new DeadLetterQueue({ storage, lease: 100 }))
    for (let n = 0; n < 6; n++) await queues[0].push({ reason: 'exhausted', key: String(n), policy: once.toJSON() })
    await queues[1].refresh()
    const runs = []
    let other
    const handler = (who) => async ({ key }) => {
      runs.push([who, key])
      if (runs.length == 1) {
        other = queues[1].redrive({ rate: Infinity, concurrency: 1 }, handler('second'))
        // Nothing else of this process has its turn: no sign of life is given.
        for (const until = performance.now() + 150; performance.now() < until; );
      }
      await soon()
    }
    await queues[0].redrive({ rate: Infinity, concurrency: 1 }, handler('first'))
    await other
    const twice = [1, 2, 3, 4, 5].filter((n) => runs.filter(([, key]) => key == String(n)).length != 1)
    same(twice, [], JSON.stringify(runs))
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

  test('the prototype of all objects gives no option, filter or plan', async () => {
    const queue = new DeadLetterQueue()
    for (const key of ['a', 'b']) await queue.push({ reason: 'exhausted', key, policy: once.toJSON() })
    Object.assign(Object.prototype, { limit: 1, capacity: 1, parked: true })
    try {
      same([queue.list({ reason: 'exhausted' }).length, new DeadLetterQueue({}).stats().size], [2, 0])
      equal((await queue.redrive({ rate: Infinity }, () => 'done')).succeeded, 2)
    } finally {
      for (const name of ['limit', 'capacity', 'parked']) delete Object.prototype[name]
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

  test("nor with attempts that cost none, nor wait for a year", async () => {
    const clock = new VirtualClock()
    const queue = new DeadLetterQueue({ clock })
    const policies = [{ backoff: { kind: 'constant', delay: 0 }, jitter: 'none', classify: [{ match: '*', action: 'retryFree' }], maxElapsed: '365d' }, { maxAttempts: 5, backoff: { kind: 'constant', delay: '365d' }, jitter: 'none' }]
    for (const policy of policies) await queue.push({ reason: 'exhausted', policy })
    const calls = {}
    const report = await clock.run(queue.redrive({ rate: Infinity, spread: 0, maxAttempts: 7 }, ({ id }) => { calls[id] = (calls[id] ?? 0) + 1; throw new Error('x') }))
    same([calls, report.failed, clock.now() <= 86_400_000], [{ 1: 8, 2: 1 }, 2, true])
    same([queue.get(2).reason, queue.get(2).policy.backoff.delay], ['deadlineExceeded', '365d'])
    const error = await rejects(queue.redrive({ maxElapsed: 'soon' }, () => {}))
    equal(error.path, 'maxElapsed')
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

  return tests
}
