// The suite without any test runner: prints one line a test, and counts. For workerd and browsers, and
// `node test/run.mjs NAME` for one test.
export async function runAll(tests, say, only = '') {
  let failed = 0
  let passed = 0
  for (const [name, run] of tests) {
    if (!name.includes(only)) continue
    let timer
    const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error('it took longer than 60 s')), 60_000)))
    try {
      await Promise.race([run(), late])
      passed += 1
    } catch (error) {
      failed += 1
      say(`not ok: ${name}\n  ${error?.stack ?? error}`)
    }
    clearTimeout(timer)
  }
  say(`${passed} passed, ${failed} failed`)
  return failed
}
