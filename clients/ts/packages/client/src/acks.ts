import type { Outgoing } from './codec'
import type { Outcome } from './emitter'
import type { Environment } from './options'
import type { Position } from './state'

/** Collects what handlers do for so long before the server is told. */
const delayMs = 20

/**
 * What one subscriber has processed, where the server sends again what is not acknowledged.
 * `auto`: an event is processed when its handlers returned and their promises resolved. One that failed is handed out again when it is sent
 * again; one that is still at work is not.
 * `manual`: an event is processed when the application said so with `ack()`, and is handed out again until then.
 */
export interface Acks {
  /** A new life of the stream, or a new start: everything up to there is done. */
  begin(position: Position): void
  /** Handed to the handlers, which ended, or will end, so. */
  handed(offset: number, outcome: Outcome): void
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
  const atWork = new Map<number, Promise<boolean>>()
  let epoch: string | undefined
  let top = 0
  let acked = 0
  let round = { offset: 0, redelivered: 0 }
  let cancel: (() => void) | undefined

  const done = () => (mode === 'manual' ? acked : Math.min(top + 1, ...failed, ...atWork.keys()) - 1)
  const send = () => {
    cancel = undefined
    if (epoch === undefined) return
    acked = Math.max(acked, done())
    tell({ type: 'ack', channel, payload: { epoch, offset: acked } })
  }
  const sendSoon = () => {
    cancel ??= env.after(delayMs, send)
  }

  const ended = (offset: number, ok: boolean) => {
    if (ok) failed.delete(offset)
    else if (offset > acked) failed.add(offset)
    if (mode === 'auto' && done() > acked) sendSoon()
  }
  /** Nobody waits for these any more. */
  const forget = (past: (offset: number) => boolean) => {
    for (const offset of [...failed, ...atWork.keys()]) {
      if (!past(offset)) continue
      failed.delete(offset)
      atWork.delete(offset)
    }
  }

  return {
    begin(position) {
      forget(() => true)
      epoch = position.epoch
      top = acked = position.offset
      round = { offset: 0, redelivered: 0 }
    },
    handed(offset, outcome) {
      top = Math.max(top, offset)
      if (typeof outcome === 'boolean') return ended(offset, outcome)
      failed.delete(offset)
      atWork.set(offset, outcome)
      void outcome.then((ok) => {
        // Otherwise it is a dead letter, acknowledged by hand, or of another life of the stream.
        if (atWork.get(offset) !== outcome) return
        atWork.delete(offset)
        ended(offset, ok)
      })
    },
    again(offset, redelivered) {
      const next = offset === round.offset + 1 && redelivered === round.redelivered
      round = { offset, redelivered }
      // The server begins with the oldest that it waits for: what is older is a dead letter by now.
      if (!next) forget((old) => old < offset)
      if (mode === 'manual') return offset > acked
      if (failed.has(offset)) return true
      if (atWork.has(offset)) return false
      sendSoon() // the ack was lost
      return false
    },
    processed(offset) {
      if (offset <= acked) return
      forget((old) => old <= offset)
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
