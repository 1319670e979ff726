import type { Environment } from './options'

/** What a dead server is: silence longer than this, and no answer to a last question. */
export interface Liveness {
  heard(): void
  /** Asks now, for example after the page slept: no word within a few seconds means dead. */
  check(): void
  stop(): void
}

/** A timer that fires late after a laptop slept must not kill a connection whose messages wait in the next turn. */
const graceMs = 1_000
const checkMs = 5_000

export function watchLiveness(silenceMs: number, env: Environment, probe: () => void, dead: () => void): Liveness {
  let lastHeard = env.now()
  let answered = false
  let cancel = () => {}

  const ask = (waitMs: number) => {
    cancel()
    answered = false
    probe()
    cancel = env.after(waitMs, () => (answered ? wait() : dead()))
  }
  // One timer that re-arms itself for the rest of the time, instead of one set anew with every message.
  const wait = () => {
    cancel()
    if (silenceMs <= 0) return
    const rest = lastHeard + silenceMs - env.now()
    cancel = env.after(Math.max(rest, 0), () => {
      if (env.now() - lastHeard < silenceMs) wait()
      else ask(graceMs)
    })
  }
  wait()
  return {
    heard() {
      answered = true
      lastHeard = env.now()
    },
    check: () => ask(checkMs),
    stop: () => cancel(),
  }
}
