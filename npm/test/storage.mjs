// What must hold in every storage: run over unstorage on a disk, with a real Redis, with IndexedDB in a browser.
//
// collect(redrive, storage) returns [name, test] pairs; `storage` is an instance of unstorage.
import { assert, equal, rejects, same } from './assert.mjs'

export function collect(redrive, storage) {
  const { retry, RetryPolicy, DeadLetterQueue } = redrive
  const tests = []
  let places = 0
  /** Each test has a part of the storage to itself; opening it again is another process. */
  const test = (name, run) => tests.push([name, () => {
    const prefix = `test-${++places}`
    return run((options) => new DeadLetterQueue({ storage, prefix, ...options }), prefix)
  }])
  const once = RetryPolicy.constant({ delay: 1, jitter: 'none', maxAttempts: 1 })
  const die = (deadLetters, options) => rejects(retry(() => { throw new Error('boom') }, once, { deadLetters, ...options }))
  const reopened = async (open, options) => { const queue = open(options); await queue.ready; return queue }

  test('a letter is written before retry rejects, whole', async (open) => {
    const payload = { deep: [1, null, { ü: '😀' }], long: 'x'.repeat(100_000) }
    const error = await die(open(), { key: 'schlüssel', payload, seed: 2n ** 63n, taskType: 'charge' })
    const again = await reopened(open)
    equal(again.size, 1)
    const letter = again.get(error.id)
    same([letter.key, letter.payload, letter.seed, letter.taskType, letter.reason, letter.lastError.message], ['schlüssel', payload, String(2n ** 63n), 'charge', 'exhausted', 'boom'])
    equal(again.stats().damaged, 0)
  })

  test('200 pushes at once are all kept, in order, each under its number', async (open) => {
    const queue = open()
    const pushed = await Promise.all(Array.from({ length: 200 }, (_, key) => queue.push({ reason: 'exhausted', key: String(key) })))
    equal(new Set(pushed.map((letter) => letter.id)).size, 200)
    const again = await reopened(open)
    same([...again].map((letter) => [letter.id, letter.key]), pushed.map((letter) => [letter.id, letter.key]))
    equal(queue.stats().unsaved, 0)
  })

  test('two queues that write at once lose nothing', async (open) => {
    const queues = [open(), open()]
    await Promise.all(queues.flatMap((queue, q) => Array.from({ length: 50 }, (_, n) => queue.push({ reason: 'exhausted', key: `${q}/${n}` }))))
    const again = await reopened(open)
    equal(again.size, 100)
    equal(new Set([...again].map((letter) => letter.key)).size, 100)
    equal(new Set([...again].map((letter) => letter.id)).size, 100)
    assert([...again].every((letter) => letter.lineage == letter.id), 'no letter is of the line of another')
  })

  test('the last word on a letter wins, however fast it follows', async (open) => {
    const queue = open()
    await queue.ready
    const words = Array.from({ length: 20 }, () => queue.push({ reason: 'exhausted' }))
    // They are in memory, and on their way: taken out before they arrived.
    await new Promise((resolve) => setTimeout(resolve, 0))
    words.push(queue.purge())
    await Promise.all(words)
    await queue.purge()
    equal((await reopened(open)).size, 0)
  })

  test('a redrive takes out what succeeded, and keeps what died again with its history', async (open) => {
    const queue = open()
    for (const key of ['good', 'bad']) await die(queue, { key })
    const report = await queue.redrive({ rate: Infinity }, (letter) => { if (letter.key == 'bad') throw new Error('still') })
    same([report.succeeded, report.failed], [1, 1])
    const again = await reopened(open)
    same([...again].map((letter) => [letter.key, letter.redrives, letter.lastError.message, letter.earlierAttempts]), [['bad', 1, 'still', 1]])
    for (let life = 2; life <= 4; life++) await again.redrive({ rate: Infinity }, () => { throw new Error('for ever') })
    const parked = await reopened(open)
    same([...parked].map((letter) => [letter.redrives, letter.parked]), [[3, true]])
    equal((await parked.redrive({ filter: { parked: true } }, () => 'a person looked at it')).succeeded, 1)
    equal((await reopened(open)).size, 0)
  })

  test('capacity holds across processes, and drops are gone from the storage', async (open) => {
    const queue = open()
    for (let key = 0; key < 5; key++) await queue.push({ reason: 'exhausted', key: String(key) })
    const drops = []
    const small = open({ capacity: 3, full: 'dropOldest', onDrop: (letter) => drops.push(letter.key) })
    await small.push({ reason: 'exhausted', key: 'new' })
    same(drops, ['0', '1', '2'])
    same([...(await reopened(open))].map((letter) => letter.key), ['3', '4', 'new'])
  })

  test('what is not a letter is counted, and left where it is', async (open, prefix) => {
    await open().push({ reason: 'exhausted' })
    await storage.setItem(`${prefix}:dead-letters:torn`, '{"schema":"redrive')
    await storage.setItem(`${prefix}:dead-letters:other`, { schema: 'something else' })
    await storage.setItem(`${prefix}:elsewhere`, 'not ours')
    const again = await reopened(open)
    same([again.size, again.stats().damaged], [1, 2])
    await again.purge()
    equal(await storage.getItem(`${prefix}:elsewhere`), 'not ours')
    assert((await storage.getItem(`${prefix}:dead-letters:torn`)) != null)
  })

  test('a letter that changes is written to a new place before the old one is erased; a torn one does not count', async (open, prefix) => {
    const queue = open()
    await die(queue, { key: 'k', payload: 'whole' })
    const [place] = await storage.getKeys(`${prefix}:dead-letters`)
    await queue.redrive({ rate: Infinity }, () => { throw new Error('again') })
    const places = await storage.getKeys(`${prefix}:dead-letters`)
    same([places.length, places[0] != place], [1, true])
    // Killed before the old place was erased, or in the middle of the next write.
    await storage.setItem(place, { ...(await storage.getItem(places[0])), redrives: 0 })
    await storage.setItem(places[0].replace(/\d+$/, '9'), '{"schema":"redrive-dead')
    const again = await reopened(open)
    same([...again].map((letter) => [letter.key, letter.payload, letter.redrives]), [['k', 'whole', 1]])
    equal(await again.purge(), 1)
    equal((await storage.getKeys(`${prefix}:dead-letters`)).length, 0)
  })

  test('a letter whose next version is torn is not written over by its own removal', async (open, prefix) => {
    const queue = open()
    await die(queue, { key: 'k', payload: 'whole' })
    const [place] = await storage.getKeys(`${prefix}:dead-letters`)
    // Killed in the middle of the write that followed: the next write has the number of the torn one.
    await storage.setItem(place.replace(/\d+$/, (version) => String(Number(version) + 1)), '{"schema":"redrive-dead')
    const again = await reopened(open)
    await again.redrive({ rate: Infinity }, () => { throw new Error('again') })
    same([...(await reopened(open))].map((letter) => [letter.key, letter.payload, letter.redrives]), [['k', 'whole', 1]])
    equal((await storage.getKeys(`${prefix}:dead-letters`)).length, 1)
  })

  test('two processes that redrive at once run each letter once', async (open) => {
    const first = open({ lease: '5s' })
    for (let key = 0; key < 40; key++) await first.push({ reason: 'exhausted', key: String(key), policy: once.toJSON() })
    const queues = [first, await reopened(open, { lease: '5s' }), await reopened(open, { lease: '5s' })]
    const seen = []
    const reports = await Promise.all(queues.map((queue) => queue.redrive({ rate: Infinity, concurrency: 4 }, async (letter) => {
      seen.push(letter.key)
      await new Promise((resolve) => setTimeout(resolve, 2))
      if (Number(letter.key) % 2) throw new Error('half of them')
    })))
    same([seen.length, new Set(seen).size], [40, 40])
    equal(reports.reduce((sum, report) => sum + report.succeeded, 0), 20)
    equal((await reopened(open)).size, 20)
  })

  test('a letter that another process has in work is left to it', async (open) => {
    const busy = open({ lease: 200 })
    await die(busy, { key: 'k' })
    // Its handler takes for ever.
    void busy.redrive({ rate: Infinity }, () => new Promise(() => {}))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const other = await reopened(open, { lease: 200 })
    equal((await other.redrive({ rate: Infinity }, () => {})).skipped, 1)
  })

  test('refresh reads what other processes have stored, changed and taken out', async (open) => {
    const [here, there] = [open(), open()]
    await Promise.all([here.ready, there.ready])
    await die(there, { key: 'stored' })
    await die(there, { key: 'changed' })
    await here.refresh()
    same([...here].map((letter) => letter.key), ['stored', 'changed'])
    await there.redrive({ rate: Infinity, filter: { key: 'changed' } }, () => { throw new Error('again') })
    await there.purge({ key: 'stored' })
    await die(here, { key: 'mine' })
    await here.refresh()
    same([...here].map((letter) => [letter.key, letter.redrives]).sort(), [['changed', 1], ['mine', 0]])
  })

  return tests
}
