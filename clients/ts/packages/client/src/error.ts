/**
 * Errors the client itself raises, next to the server's own names (`permission_denied`, `rate_limited`, ...).
 * - `timeout`: no answer in time; a publish may have been accepted.
 * - `connection_lost`: the connection went away before the answer; `maybeDelivered` is true.
 * - `closed`: the client is closed.
 * - `outbox_full`: too many unacknowledged publishes; nothing was sent.
 * - `aborted`: the caller's signal fired.
 * - `no_token`: `refreshToken()` was given none, and `getToken` gives none.
 */
export type LocalErrorName = 'timeout' | 'connection_lost' | 'closed' | 'outbox_full' | 'aborted' | 'no_token'

export interface ErrorFields {
  /** The server's code from the table in protocol.md; 0 for errors of the client itself. */
  code: number
  name: string
  message: string
  /** Trying the same again later may work. */
  retryable: boolean
  /** JSON pointer to the field at fault. */
  path?: string
  retryAfterMs?: number
  /** The server may have acted on the request although no answer came. */
  maybeDelivered?: boolean
  /** Further members of the server's error payload, such as `expectedIndex` or `current`. */
  details?: Readonly<Record<string, unknown>>
}

export class TidewireError extends Error {
  readonly code: number
  readonly retryable: boolean
  readonly path: string | undefined
  readonly retryAfterMs: number | undefined
  readonly maybeDelivered: boolean
  readonly details: Readonly<Record<string, unknown>>

  constructor(fields: ErrorFields) {
    super(fields.message)
    this.name = fields.name
    this.code = fields.code
    this.retryable = fields.retryable
    this.path = fields.path
    this.retryAfterMs = fields.retryAfterMs
    this.maybeDelivered = fields.maybeDelivered ?? false
    this.details = fields.details ?? {}
  }
}

export function localError(name: LocalErrorName, message: string, maybeDelivered = false): TidewireError {
  const retryable = name !== 'closed' && name !== 'aborted' && name !== 'no_token'
  return new TidewireError({ code: 0, name, message, retryable, maybeDelivered })
}
