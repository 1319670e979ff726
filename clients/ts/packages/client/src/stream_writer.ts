import type { StreamEnd, StreamOptions, StreamWriter } from './api'
import { createEmitter } from './emitter'
import type { Incoming, Outgoing } from './codec'
import type { TidewireError } from './error'
import type { StreamPartName } from './generated/events'
import type { Environment } from './options'
import { pieceEnd } from './pieces'
import type { RequestRule } from './requests'

export interface StreamSeams {
  channel: string
  env: Environment
  ask(message: Outgoing, rule: RequestRule): Promise<Incoming>
  /** The server tells the producer that someone wants its message to stop. */
  onCancel(handler: (event: { payload: { messageId: string; reason?: string } }) => void): () => void
  fault(error: unknown): void
}

interface Piece {
  content: string
  isComplete: boolean
  part: StreamPartName | undefined
}

/** A longer text goes in several pieces, well below the largest message. */
const pieceBytes = 16 * 1024
const minRetryMs = 250
const maxRetryMs = 4_000

/**
 * Numbers the pieces of a growing message and keeps every one until its end. What is not acknowledged goes again after a
 * reconnect; a server that lost its memory says which piece it expects, and all from there go again, cut as before, so
 * that readers who have seen them drop them by their numbers.
 */
export function createStreamWriter(seams: StreamSeams, messageId: string, options: StreamOptions): StreamWriter {
  const { channel, env, ask } = seams
  const { generation, window = 48, firstIndex = 1, timeoutMs } = options
  const rule: RequestRule = { timeoutMs, resend: true }
  const pieces: Piece[] = []
  const cancels = createEmitter(seams.fault)
  const waiting = new Set<() => void>()
  let next = 0
  let inFlight = 0
  let resendFrom: number | undefined
  let retryMs = minRetryMs
  let closing = false
  let ended: StreamEnd | undefined
  let stopTimer: (() => void) | undefined
  let resolveDone: (end: StreamEnd) => void
  const done = new Promise<StreamEnd>((resolve) => (resolveDone = resolve))

  const end = (how: StreamEnd) => {
    if (ended) return
    closing = true
    ended = how
    stopTimer?.()
    undo()
    resolveDone(how)
    wake()
  }
  const wake = () => {
    for (const resume of Array.from(waiting)) resume()
    waiting.clear()
  }

  const undo = seams.onCancel(({ payload }) => {
    if (payload.messageId !== messageId || ended) return
    end({ status: 'cancelled', reason: payload.reason })
    cancels.emit('', payload.reason)
  })

  const send = (at: number, { content, isComplete, part }: Piece) => {
    inFlight++
    const payload = { messageId, content, isComplete, index: firstIndex + at, part, generation }
    ask({ type: 'chat_message_chunk', channel, payload }, rule).then(
      () => {
        retryMs = minRetryMs
        if (isComplete && resendFrom === undefined) end({ status: 'complete' })
      },
      (error: TidewireError) => refused(at, error),
    ).finally(() => {
      inFlight--
      pump()
      wake()
    })
  }

  const refused = (at: number, error: TidewireError) => {
    const from = error.name === 'stream_gap' ? Number(error.details.expectedIndex) - firstIndex : error.retryable ? at : -1
    if (!(from >= 0)) return end({ status: 'failed', error })
    resendFrom = Math.min(resendFrom ?? from, from)
    retryMs = Math.max(retryMs, error.retryAfterMs ?? 0)
  }

  /** After every outstanding answer is in, goes on from the first piece the server lacks. */
  const resync = () => {
    if (inFlight > 0 || stopTimer) return
    stopTimer = env.after(retryMs, () => {
      stopTimer = undefined
      next = resendFrom ?? next
      resendFrom = undefined
      pump()
    })
    retryMs = Math.min(retryMs * 2, maxRetryMs)
  }

  const pump = () => {
    if (ended) return
    if (resendFrom !== undefined) return resync()
    for (let piece = pieces[next]; piece && inFlight < window; piece = pieces[next]) send(next++, piece)
  }

  const add = async (...more: Piece[]) => {
    pieces.push(...more)
    pump()
    while (!ended && pieces.length - next > window) await new Promise<void>((resume) => waiting.add(resume))
  }

  return {
    messageId,
    done,
    get ended() {
      return ended
    },
    async open() {
      if (closing) return
      await ask({ type: 'stream_open', channel, payload: { messageId, generation } }, rule).catch((error: TidewireError) => {
        if (error.retryable) throw error
        end({ status: 'failed', error })
      })
    },
    async append(content, { part } = {}) {
      if (closing) return
      const cut: Piece[] = []
      for (let at = 0, end = 0; at < content.length; at = end) {
        end = pieceEnd(content, at, pieceBytes)
        cut.push({ content: content.slice(at, end), isComplete: false, part })
      }
      if (cut.length > 0) await add(...cut)
    },
    complete() {
      if (!closing) {
        closing = true
        void add({ content: '', isComplete: true, part: undefined })
      }
      return done
    },
    async cancel(reason) {
      if (ended) return done
      end({ status: 'cancelled', reason })
      await ask({ type: 'stream_cancel', channel, payload: { messageId, reason } }, rule).catch(
        (error: TidewireError) => error.name === 'closed' || seams.fault(error),
      )
      return done
    },
    onCancel: (handler) => cancels.on('', handler as (value: never) => void),
  }
}
