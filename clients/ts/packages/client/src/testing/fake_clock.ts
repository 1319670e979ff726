/** Time that moves only when a test says so. */
export interface FakeClock {
  now(): number
  after(ms: number, task: () => void): () => void
  /** Lets `ms` pass: timers fire in order, each seeing its own time, and promises settle in between. */
  pass(ms: number): Promise<void>
  /** Lets promises settle; no time passes. */
  settle(): Promise<void>
  /** How long until the next timer; undefined when none runs. */
  nextMs(): number | undefined
}

export function createFakeClock(start = 1_700_000_000_000): FakeClock {
  let time = start
  let serial = 0
  const timers = new Map<number, { at: number; task: () => void }>()

  const next = () => {
    let first: [number, { at: number; task: () => void }] | undefined
    for (const entry of timers) if (!first || entry[1].at < first[1].at) first = entry
    return first
  }
  const settle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
  return {
    now: () => time,
    after(ms, task) {
      const id = ++serial
      timers.set(id, { at: time + ms, task })
      return () => void timers.delete(id)
    },
    async pass(ms) {
      const end = time + ms
      await settle()
      for (let entry = next(); entry && entry[1].at <= end; entry = next()) {
        timers.delete(entry[0])
        time = Math.max(time, entry[1].at)
        entry[1].task()
        await settle()
      }
      time = end
    },
    settle,
    nextMs() {
      const entry = next()
      return entry && entry[1].at - time
    },
  }
}
