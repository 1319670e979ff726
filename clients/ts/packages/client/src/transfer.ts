import { backoffMs } from './backoff'
import type { Incoming, Outgoing } from './codec'
import type { TidewireError } from './error'
import type { Ack } from './generated/events'
import type { Environment } from './options'
import { pieceEnd, placeOf } from './pieces'

/** A message that is larger than the server takes at once. */
export interface Large {
  readonly text: string
  readonly bytes: number
  /** Its name at the server: the same on every connection. */
  readonly transferId: string
  /** Nobody waits for it any more. */
  over(): boolean
  /** So many bytes have arrived. */
  progress(bytes: number): void
  /** From here on the message itself may arrive. */
  sent(): void
  failed(error: TidewireError): void
}

/** Sends large messages in pieces, one after the other, each from where the server has it. */
export interface Transfers {
  send(large: Large): void
  /** The connection is gone; what was not sent is given to `send` again on the next one. */
  down(): void
}

export interface TransferSeams {
  env: Environment
  maxBytes(): number
  /** Asks on this connection; rejects when it ends. */
  ask(message: Outgoing): Promise<Incoming>
}

/** Pieces that wait for their acknowledgement. */
const window = 4
/** Of a message around a piece. */
const envelopeBytes = 256

export function createTransfers({ env, maxBytes, ask }: TransferSeams): Transfers {
  let queue: Large[] = []
  let busy = false
  let life = 0

  const command = async (type: string, payload: object) => (await ask({ type: `transfer_${type}`, payload })).payload as unknown as Ack

  const sendPieces = async (large: Large, { nextIndex = 1, received = 0 }: Ack, alive: () => boolean) => {
    const { text, transferId } = large
    const onWire: Promise<void>[] = []
    try {
      for (let index = nextIndex, at = placeOf(text, received); at < text.length && alive(); index++) {
        const end = pieceEnd(text, at, maxBytes() - envelopeBytes)
        const piece = command('chunk', { transferId, index, data: text.slice(at, end) }).then((ack) => large.progress(ack.received ?? 0))
        piece.catch(() => {}) // whoever awaits it hears of it
        onWire.push(piece)
        at = end
        if (onWire.length >= window) await onWire.shift()
      }
      await Promise.all(onWire)
    } finally {
      // What comes next must not overtake them.
      await Promise.allSettled(onWire)
    }
  }

  const carry = async (large: Large) => {
    const own = life
    const alive = () => own === life && !large.over()
    for (let attempt = 0; alive(); attempt++) {
      try {
        const { transferId, bytes } = large
        await sendPieces(large, await command('begin', { transferId, size: bytes }), alive)
        if (!alive()) return
        large.sent()
        await command('end', { transferId })
        return
      } catch (caught) {
        const error = caught as TidewireError
        if (!alive()) return
        if (!error.retryable && !again.has(error.name)) return large.failed(error)
        const delay = error.retryAfterMs ?? 250 + backoffMs(attempt, env.random(), { minMs: 250, maxMs: 5_000 })
        await new Promise<void>((resolve) => env.after(delay, resolve))
      }
    }
  }

  const next = async () => {
    const own = life
    const large = queue.shift()
    busy = large !== undefined
    if (!large) return
    await carry(large)
    if (own === life) void next()
  }

  return {
    send(large) {
      queue.push(large)
      if (!busy) void next()
    },
    down() {
      life++
      queue = []
      busy = false
    },
  }
}

/** Answers that beginning again heals: the server forgot it, a piece is missing, or others of this user have to end first. */
const again = new Set(['not_found', 'stream_gap', 'limit_exceeded'])
