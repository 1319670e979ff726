import type { Metrics } from './api'

/** The client's counters. Plain numbers; `rate` is worked out when somebody asks. */
export interface Meter {
  readonly counts: Omit<Metrics, 'messagesPerSecond' | 'pending'>
  receivedOne(now: number): void
  rate(now: number): number
}

const seconds = 5

export function createMeter(): Meter {
  const counts: Meter['counts'] = {
    rttMs: undefined,
    received: 0,
    sent: 0,
    bytesReceived: 0,
    bytesSent: 0,
    connects: 0,
    reconnects: 0,
    duplicates: 0,
    redelivered: 0,
    gaps: 0,
  }
  // A ring of the running second and the `seconds` before it.
  const ring = Array.from({ length: seconds + 1 }, () => 0)
  let first: number | undefined
  let latest = 0

  const advance = (now: number) => {
    const second = Math.floor(now / 1000)
    first ??= latest = second
    for (let steps = Math.min(second - latest, ring.length); steps > 0; steps--) ring[(second - steps + 1) % ring.length] = 0
    latest = Math.max(latest, second)
  }
  return {
    counts,
    receivedOne(now) {
      advance(now)
      counts.received++
      const slot = latest % ring.length
      ring[slot] = (ring[slot] ?? 0) + 1
    },
    rate(now) {
      advance(now)
      const whole = Math.min(latest - (first ?? latest), seconds)
      if (whole === 0) return ring[latest % ring.length] ?? 0
      let sum = 0
      for (let age = 1; age <= whole; age++) sum += ring[(latest - age) % ring.length] ?? 0
      return sum / whole
    },
  }
}
