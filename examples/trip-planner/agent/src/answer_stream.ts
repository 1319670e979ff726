import type { Channel, PublishResult } from '@tidewire/client'
import type { TripEvents } from '../../shared/events'

export type StreamEnd = 'complete' | 'cancelled' | 'lost'

/** What the stream needs of a channel. */
export type ChunkChannel = Pick<Channel<TripEvents>, 'publish'>

export interface AnswerStreamOptions {
  channel: ChunkChannel
  messageId: string
  /** Pieces that may wait for their acknowledgement. */
  window?: number
  /** Number of the first piece: above 1 when an earlier process sent the ones before. */
  firstIndex?: number
  wait(ms: number): Promise<void>
}

/** A growing message, from this process to the server. Nothing given to it is lost while the process lives. */
export interface AnswerStream {
  /** Queues a piece; resolves when there is room for the next. */
  push(content: string): Promise<void>
  /** Ends the message; resolves when the server has it all. */
  finish(): Promise<StreamEnd>
  /** Ends the message where it is, because someone asked for it. */
  cancel(): void
  readonly ended: StreamEnd | undefined
}

interface Piece {
  index: number
  content: string
  isComplete: boolean
}

const retryMs = 250
const maxRetryMs = 4000

/**
 * Numbers the pieces and keeps every one until the end. The client sends unacknowledged pieces again after a reconnect.
 * A server that restarted knows none of them: it answers `stream_gap` with the index it expects, and the pieces from
 * there go again, cut as before, so that readers who have seen them drop them by their numbers.
 */
export function createAnswerStream(options: AnswerStreamOptions): AnswerStream {
  const { channel, messageId, window = 48, firstIndex = 1, wait } = options
  const pieces: Piece[] = []
  let next = firstIndex
  let inFlight = 0
  let resendFrom: number | undefined
  let backoff = retryMs
  let ended: StreamEnd | undefined
  let waiters: Array<() => void> = []

  const wake = (): void => {
    const all = waiters
    waiters = []
    for (const resolve of all) resolve()
  }
  const changed = (): Promise<void> => new Promise((resolve) => waiters.push(resolve))
  const end = (how: StreamEnd): void => {
    ended ??= how
    wake()
  }

  const accepted = (piece: Piece): void => {
    backoff = retryMs
    if (piece.isComplete && resendFrom === undefined) end('complete')
  }

  const refused = (piece: Piece, error: unknown): void => {
    const { name, details } = error as { name?: string; details?: Record<string, unknown> }
    if (name === 'stream_closed') return end('lost')
    if (name === 'closed') return end('cancelled')
    const expected = name === 'stream_gap' ? Number(details?.['expectedIndex']) : piece.index
    const from = Number.isInteger(expected) && expected >= firstIndex ? expected : firstIndex
    resendFrom = Math.min(resendFrom ?? from, from)
  }

  /** After every outstanding answer is in, goes on from the first piece the server lacks. */
  const resync = async (): Promise<void> => {
    while (inFlight > 0) await changed()
    const gapOnly = resendFrom
    await wait(backoff)
    backoff = Math.min(backoff * 2, maxRetryMs)
    next = gapOnly ?? next
    resendFrom = undefined
  }

  const transmit = (piece: Piece): void => {
    inFlight++
    const { index, content, isComplete } = piece
    const sent: Promise<PublishResult> = channel.publish('chat_message_chunk', { messageId, content, isComplete, index })
    sent.then(() => accepted(piece), (error: unknown) => refused(piece, error)).finally(() => {
      inFlight--
      wake()
    })
  }

  const pump = async (): Promise<void> => {
    while (!ended) {
      if (resendFrom !== undefined) await resync()
      const piece = pieces[next - firstIndex]
      if (ended) return
      if (!piece || inFlight >= window) {
        await changed()
        continue
      }
      next++
      transmit(piece)
    }
  }

  const add = (content: string, isComplete: boolean): void => {
    pieces.push({ index: firstIndex + pieces.length, content, isComplete })
    wake()
  }

  void pump()
  return {
    async push(content) {
      if (ended) return
      add(content, false)
      while (!ended && firstIndex + pieces.length - next > window) await changed()
    },
    async finish() {
      if (!ended) add('', true)
      while (!ended) await changed()
      return ended
    },
    cancel() {
      if (ended) return
      end('cancelled')
      // A server that ended the message itself refuses this, which is fine.
      channel.publish('chat_message_chunk', { messageId, content: '', isComplete: true, index: next }).catch(() => undefined)
    },
    get ended() {
      return ended
    },
  }
}
