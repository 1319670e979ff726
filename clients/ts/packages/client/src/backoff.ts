import type { ReconnectOptions } from './options'

/**
 * Full-jitter exponential back-off: attempt n waits a random time below min * 2^n, capped. Random from zero, so that
 * ten thousand clients of a restarted server spread over the whole interval.
 */
export function backoffMs(attempt: number, random: number, { minMs = 1000, maxMs = 30_000 }: ReconnectOptions = {}): number {
  return Math.floor(random * Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30)))
}
