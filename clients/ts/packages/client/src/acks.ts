import type { Outgoing } from './codec'
import type { Environment } from './options'
import type { Position } from './state'

/** Collects what handlers do for so long before the server is told. */
const delayMs = 20

/**
 * What one subscriber has processed, where the server sends again what is not acknowledged.
 * `auto`: an event is processed when its handlers returned. One that threw is handed out again when it is sent again.
 * `manual`: an event is processed when the application said so with `ack()`, and is handed out again until then.
 */
export interface Acks {
  /** A new life of the stream, or a new start: everything up to there is done. */
  begin(position: Position): void
  /** Handed to the handlers; not `ok`: one of them threw. */
  handed(offset: number, ok: boolean): void
  /** Whether an event that was handed out before is handed out again. */
  again(offset: number, redelivered: number): boolean
  /** The application has processed everything up to there. */
  processed(offset: number): void
  /** Where to go on from on a new connection. */
  since(): Position | undefined
  stop(): void
}

export function createAcks(mode: 'auto' | 'manual', channel: string, env: Environment, tell: (message: Outgoing) => unknown): Acks {
  const failed = new Set<number>()
  let epoch: string | undefined
  let top = 0
  let acked = 0
  let round = { offset: 0, redelivered: 0 }
  let cancel: (() => void) | undefined

  const done = () => (mode === 'manual' ? acked : failed.size > 0 ? Math.min(...Array.from(failed)) - 1 : top)
  const send = () => {
    cancel = undefined
    if (epoch === undefined) return
    acked = Math.max(acked, done())
    tell({ type: 'ack', channel, payload: { epoch, offset: acked } })
  }
  const sendSoon = () => {
    cancel ??= env.after(delayMs, send)
  }

  return {
    begin(position) {
      failed.clear()
      epoch = position.epoch
      top = acked = position.offset
      round = { offset: 0, redelivered: 0 }
    },
    handed(offset, ok) {
      top = Math.max(top, offset)
      if (ok) failed.delete(offset)
      else if (offset > acked) failed.add(offset)
      if (mode === 'auto' && done() > acked) sendSoon()
    },
    again(offset, redelivered) {
      const next = offset === round.offset + 1 && redelivered === round.redelivered
      round = { offset, redelivered }
      // The server begins with the oldest that it waits for: what is older is a dead letter by now.
      if (!next) for (const old of Array.from(failed)) if (old < offset) failed.delete(old)
      if (mode === 'manual') return offset > acked
      if (failed.has(offset)) return true
      sendSoon() // the ack was lost
      return false
    },
    processed(offset) {
      if (offset <= acked) return
      for (const old of Array.from(failed)) if (old <= offset) failed.delete(old)
      acked = offset
      send()
    },
    since: () => (epoch === undefined ? undefined : { epoch, offset: Math.max(acked, done()) }),
    stop() {
      cancel?.()
      cancel = undefined
    },
  }
}
