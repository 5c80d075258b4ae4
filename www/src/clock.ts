// The moment that is looked at: where the cursor is in every chart that has time. Playing runs it
// through the recorded run; nothing is simulated again.
type Listener = () => void

export const clock = {
  /** Seconds; null when no moment is picked. */
  at: null as number | null,
  end: 0,
  playing: false,
  /** Seconds of the run in one second of the replay. */
  speed: 10,
  listeners: [] as Listener[],

  set(at: number | null) {
    const next = at === null ? null : Math.min(Math.max(at, 0), this.end)
    if (next === this.at) return
    this.at = next
    this.tell()
  },
  /** Stops at a moment that somebody picked. */
  pick(at: number | null) {
    this.playing = false
    this.at = at === null ? null : Math.min(Math.max(at, 0), this.end)
    this.tell()
  },
  tell() {
    for (const listener of this.listeners) listener()
  },
  play(start?: number) {
    this.at = start ?? (this.at === null || this.at >= this.end ? 0 : this.at)
    if (this.playing) return this.tell()
    this.playing = true
    let before = performance.now()
    const frame = (now: number) => {
      if (!this.playing) return
      const next = (this.at ?? 0) + (Math.max(now - before, 0) / 1000) * this.speed
      before = now
      if (next >= this.end) return this.pick(null)
      this.set(next)
      requestAnimationFrame(frame)
    }
    this.tell()
    requestAnimationFrame(frame)
  },
  pause() {
    this.playing = false
    this.tell()
  },
}

/** The last index whose second is not after `at`. */
export function indexAt(seconds: Float64Array, at: number): number {
  let low = 0
  let high = seconds.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((seconds[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low
}
