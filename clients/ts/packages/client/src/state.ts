import type { WelcomeLimits } from './generated/events'

/** Why a client stopped for good. Nothing but `connect()` leaves this state. */
export type CloseReason =
  /** The application called `close()`. */
  | { kind: 'closed' }
  /** No valid token: `getToken` gave none, or the server refused a fresh one. */
  | { kind: 'unauthorized'; message: string }
  /** The server closed with a code that means "do not come back" (4400-4999). */
  | { kind: 'rejected'; code: number; message: string }

/** What interrupted the connection, kept while the client waits to try again. */
export interface Interruption {
  /** The WebSocket close code; 1006 when the network went away, 0 when the socket never opened. */
  code: number
  message: string
}

export interface OpenState {
  status: 'open'
  /** Client clock, ms since 1970. */
  since: number
  connectionId: string
  sessionId: string
  userId: string
  /** The server still held this session's state. */
  resumed: boolean
  /** What the server takes: bytes of a message, subscriptions. */
  limits: WelcomeLimits
  /** Name and version of the server. */
  server: string
}

export type ConnectionState =
  | { status: 'idle' }
  | { status: 'connecting'; attempt: number }
  | OpenState
  | { status: 'waiting'; attempt: number; retryAt: number; cause: Interruption }
  | { status: 'closed'; reason: CloseReason }

/** One life of a channel's stream (`epoch`), and a place in it. */
export interface Position {
  epoch: string
  offset: number
}

export type ChannelState =
  | { status: 'unsubscribed'; reason: string }
  | { status: 'subscribing' }
  | { status: 'subscribed'; recovered: boolean; wasRecovering: boolean }
  /** The server refused: the subscription is not tried again until `subscribe()` is called. */
  | { status: 'denied'; error: import('./error').TidewireError }
