const { retry, RetryPolicy, DeadLetterQueue } = require('redrive')
const policy = RetryPolicy.constant({ delay: 1, jitter: 'none', maxAttempts: 2 })
const boom = () => { throw new Error('down') }
test('a retry with a key', () => expect(retry(boom, policy, { key: 'order-17' })).rejects.toThrow('gave up after 2'))
test('a retry with a queue keeps its letter', async () => {
  const deadLetters = new DeadLetterQueue()
  await expect(retry(boom, policy, { deadLetters })).rejects.toThrow(/^gave up after 2 attempts \(exhausted\): down$/)
  expect(deadLetters.size).toBe(1)
  expect([...deadLetters.groupBy('pattern').keys()]).toEqual(['Error: down'])
})
test('delays', () => expect(RetryPolicy.exponential({ initial: '1s', jitter: 'none' }).delays({ seed: 42, key: 'k' })).toEqual([1000, 2000]))
test('an abort', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 5)
  await expect(retry(boom, RetryPolicy.constant({ delay: '1h' }), { signal: controller.signal })).rejects.toThrow('aborted')
})
test('fake timers', async () => {
  jest.useFakeTimers()
  let calls = 0
  const value = retry(() => { if (++calls < 3) throw new Error('x'); return Date.now() }, RetryPolicy.constant({ delay: '1h', jitter: 'none' }))
  const from = Date.now()
  await jest.advanceTimersByTimeAsync(7_200_000)
  expect(await value).toBe(from + 7_200_000)
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})
