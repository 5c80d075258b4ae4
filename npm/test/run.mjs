// The suite without any test runner: prints one line a test, and counts. For workerd and browsers, and
// `node test/run.mjs NAME` for one test.
export async function runAll(tests, say, only = '') {
  let failed = 0
  let passed = 0
  for (const [name, run] of tests) {
    if (!name.includes(only)) continue
    try {
      await Promise.race([run(), new Promise((_, reject) => setTimeout(() => reject(new Error('it took longer than 60 s')), 60_000))])
      passed += 1
    } catch (error) {
      failed += 1
      say(`not ok: ${name}\n  ${error?.stack ?? error}`)
    }
  }
  say(`${passed} passed, ${failed} failed`)
  return failed
}
