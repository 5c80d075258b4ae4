// A storage that keeps nothing, and refuses what a test wants it to.
export const soon = () => new Promise((resolve) => setTimeout(resolve, 0))

/** What unstorage is to a queue, in a Map; `fail` says what it refuses, and with which error. */
export function memory(items = new Map()) {
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
