/** A binary heap: the least first, by `before`. */
export class Heap<T> {
  items: T[] = []
  constructor(readonly before: (a: T, b: T) => boolean) {}

  push(item: T): void {
    const { items, before } = this
    let place = items.push(item) - 1
    while (place) {
      const above = (place - 1) >> 1
      if (!before(item, items[above]!)) break
      items[place] = items[above]!
      place = above
    }
    items[place] = item
  }

  /** Takes the least out. */
  pop(): void {
    const { items, before } = this
    const last = items.pop()!
    const { length } = items
    if (!length) return
    let place = 0
    for (let below = 1; below < length; below = 2 * place + 1) {
      if (below + 1 < length && before(items[below + 1]!, items[below]!)) below++
      if (!before(items[below]!, last)) break
      items[place] = items[below]!
      place = below
    }
    items[place] = last
  }
}
