import { encode, utf8Length, type Incoming, type Outgoing } from './codec'
import { localError, type TidewireError } from './error'
import type { Environment, OutboxOptions, RequestOptions, TransferProgress } from './options'
import { serverError } from './server_error'
import { createTransfers, type Large } from './transfer'

export interface RequestRule extends RequestOptions {
  /** Send again after a reconnect until there is an answer: for what may safely arrive twice. */
  resend: boolean
  /** The caller's signal fired while the server has the request. */
  abandoned?: (id: string) => void
  /** May go in pieces when it is larger than the server takes at once: an event or a call. */
  large?: boolean
  /** Of such pieces: how many bytes have arrived. */
  onProgress?: (progress: TransferProgress) => void
  /** A piece itself: bounded by its message. */
  unbounded?: boolean
}

/** What was asked and not yet answered, in order. Bounded by count and bytes: past it a request is refused, not dropped. */
export interface Requests {
  ask(message: Outgoing, rule: RequestRule): Promise<Incoming>
  /** True when the message answers a request. */
  settle(message: Incoming): boolean
  /** The connection can take requests: sends what waits. */
  open(): void
  /** The connection is gone: what was sent and may not be repeated fails, the rest waits. */
  down(): void
  fail(error: TidewireError): void
  readonly size: number
}

interface Pending extends Large {
  resend: boolean
  large: boolean
  /** Sent on the present connection. */
  onWire: boolean
  /** Sent on any connection. */
  wasSent: boolean
  finish(): void
  resolve(message: Incoming): void
  reject(error: TidewireError): void
}

export interface RequestsSeams {
  env: Environment
  timeoutMs: number
  limits: OutboxOptions
  /** The largest message the server takes. */
  maxBytes(): number
  isOpen(): boolean
  /** False: not open. */
  send(text: string): boolean
}

export function createRequests({ env, timeoutMs, limits, maxBytes, isOpen, send }: RequestsSeams): Requests {
  const { maxMessages = 500, maxBytes: maxPendingBytes = 1 << 20 } = limits
  const pending = new Map<string, Pending>()
  let bytesPending = 0
  let serial = 0

  const transmit = (entry: Pending) => {
    if (entry.bytes <= maxBytes()) {
      if ((entry.onWire = send(entry.text))) entry.sent()
    } else if (!entry.large) entry.reject(tooLarge(entry.bytes, maxBytes()))
    else if ((entry.onWire = isOpen())) transfers.send(entry)
  }

  const requests: Requests = {
    get size() {
      return pending.size
    },
    ask(message, rule) {
      const id = `r${++serial}`
      const text = encode({ ...message, id })
      const bytes = utf8Length(text)
      return new Promise((resolve, reject) => {
        if (rule.signal?.aborted) return reject(localError('aborted', 'aborted'))
        if (bytes > maxBytes() && !rule.large) return reject(tooLarge(bytes, maxBytes()))
        if (!rule.unbounded && (pending.size >= maxMessages || bytesPending + bytes > maxPendingBytes))
          return reject(localError('outbox_full', `more than ${maxMessages} requests or ${maxPendingBytes} bytes wait for an answer`))

        const ms = rule.timeoutMs ?? timeoutMs
        const late = () => entry.reject(localError('timeout', `no answer to ${message.type} in ${ms} ms`, entry.wasSent))
        let stopTimer = env.after(ms, late)
        let transferId: string | undefined
        const entry: Pending = {
          text,
          bytes,
          get transferId() {
            return (transferId ??= env.randomId())
          },
          resend: rule.resend,
          large: rule.large === true,
          onWire: false,
          wasSent: false,
          over: () => pending.get(id) !== entry,
          sent: () => void (entry.wasSent = true),
          progress(received) {
            if (entry.over()) return
            stopTimer()
            stopTimer = env.after(ms, late)
            rule.onProgress?.({ sent: received, total: bytes })
          },
          failed: (error) => entry.reject(error),
          finish() {
            if (!pending.delete(id)) return
            bytesPending -= bytes
            stopTimer()
            rule.signal?.removeEventListener('abort', onAbort)
          },
          resolve(answer) {
            entry.finish()
            resolve(answer)
          },
          reject(error) {
            entry.finish()
            reject(error)
          },
        }
        const onAbort = () => {
          entry.reject(localError('aborted', 'aborted', entry.wasSent))
          if (entry.onWire && entry.wasSent) rule.abandoned?.(id)
        }
        rule.signal?.addEventListener('abort', onAbort)
        pending.set(id, entry)
        bytesPending += bytes
        transmit(entry)
      })
    },
    settle(message) {
      const entry = message.id === undefined ? undefined : pending.get(message.id)
      if (!entry) return false
      if (message.type !== 'error') entry.resolve(message)
      else {
        const error = serverError(message.payload)
        // A server that stops refuses what it will not finish; the next one gets it.
        if (error.name === 'shutting_down' && entry.resend) entry.onWire = false
        else entry.reject(error)
      }
      return true
    },
    open() {
      for (const entry of Array.from(pending.values())) if (!entry.onWire) transmit(entry)
    },
    down() {
      transfers.down()
      for (const entry of Array.from(pending.values())) {
        entry.onWire = false
        if (entry.wasSent && !entry.resend) entry.reject(localError('connection_lost', 'the connection was lost before the answer', true))
      }
    },
    fail(error) {
      transfers.down()
      for (const entry of Array.from(pending.values())) entry.reject(error)
    },
  }
  const transfers = createTransfers({ env, maxBytes, ask: (message) => requests.ask(message, { resend: false, unbounded: true }) })
  return requests
}

function tooLarge(bytes: number, limit: number): TidewireError {
  return serverError({ code: 1003, name: 'message_too_large', message: `${bytes} bytes; the server takes ${limit}` })
}
