import type { Priority } from './generated/codes'
import type { BatchWish, Receipt, ReceiptAsk } from './generated/events'

/** Why a token is needed: a first connection, a new one, a refresh in place, or the server refused the last one. */
export interface TokenRequest {
  reason: 'connect' | 'reconnect' | 'refresh' | 'rejected'
  /** Fires when the client no longer waits for the answer. */
  signal: AbortSignal
}

/** Gives a JWT; empty or null means "signed out" and closes the client as unauthorized; a throw is retried. */
export type GetToken = (request: TokenRequest) => string | null | Promise<string | null>

/** The part of the standard WebSocket that the client uses: the browser's, Node 22's, `ws`'s and undici's all fit. */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  send(data: string): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => unknown) | null
  onmessage: ((event: never) => unknown) | null
  onclose: ((event: never) => unknown) | null
  onerror: ((event: never) => unknown) | null
}

export type WebSocketConstructor = new (url: string, protocols?: string | string[]) => WebSocketLike

export interface ReconnectOptions {
  /** The first delay is random below this. Default 1000. */
  minMs?: number
  /** No delay is longer. Default 30000. */
  maxMs?: number
}

export interface BatchOptions {
  /** How long a message may wait for company, in ms. 0: what one turn of the event loop sends leaves together. */
  windowMs?: number
  /** A batch leaves at once when it holds this many messages. Default 64. */
  max?: number
}

export interface OutboxOptions {
  /** Unacknowledged requests. Default 500. */
  maxMessages?: number
  /** Their bytes. Default 1 MiB. */
  maxBytes?: number
}

export type Visibility = 'visible' | 'hidden'

/** Every effect of the client, so that tests decide what happens and when. */
export interface Environment {
  WebSocket: WebSocketConstructor | undefined
  now(): number
  /** Runs `task` once after `ms`; the result cancels it. */
  after(ms: number, task: () => void): () => void
  random(): number
  randomId(): string
  /** Calls `wake` when the page becomes visible or the network comes back, `sleep` when the network goes away. */
  watch(wake: () => void, sleep: () => void): () => void
  /** Tells whether somebody looks at the page, now and at every change. */
  watchVisibility(seen: (visibility: Visibility) => void): () => void
}

export interface ClientOptions {
  /** `wss://host/ws` or, for a connection of one resource, `wss://host/ws/{resource}/{id}`. */
  url: string
  /** A fixed token. With `getToken`, the first one used. */
  token?: string
  getToken?: GetToken
  /** Where the token travels: in the first message (default), or in an offered subprotocol, checked before the upgrade. */
  tokenIn?: 'message' | 'subprotocol'
  /** The session the token is bound to. By default the `sid` claim of the token, then what the server gave. */
  sessionId?: string
  /** `name/version` or a kind such as `agent`; the server derives the kind from it. */
  client?: string
  /** The WebSocket class. Needed on Node before 22: `import WebSocket from 'ws'`. */
  webSocket?: WebSocketConstructor
  reconnect?: ReconnectOptions
  /** How this client sends batches. Off unless given. */
  batch?: BatchOptions
  /** How large batches the server may send, and how long events may wait for company. Default true: as the server likes; false: none. */
  incomingBatch?: boolean | BatchWish
  outbox?: OutboxOptions
  /** How long requests wait for their answer. Default 30000. */
  timeoutMs?: number
  /** Default for `publish`: false keeps the client's own events from coming back to it. Default true. */
  echo?: boolean
  environment?: Partial<Environment>
}

export interface RequestOptions {
  /** How long to wait for the answer; of what goes in pieces, for the next of them. */
  timeoutMs?: number
  signal?: AbortSignal
}

export interface PublishOptions extends RequestOptions {
  /** Idempotency key: publishing again with the same key within 5 minutes changes nothing. Random by default. */
  key?: string
  priority?: Priority
  echo?: boolean
  /** W3C `traceparent`, passed through to subscribers. */
  trace?: string
  /** The session's own number of this publish, from 1; at most 32 without an answer. Needs no `key`, but goes with one. */
  seq?: number
  /** Reserved for replay protection, signing and field encryption: passed through to subscribers as they are. */
  nonce?: string
  sig?: string
  enc?: string
  /** Be told when so many users, or all who are subscribed, have got it or read it. The namespace must keep receipts. */
  receipt?: ReceiptAsk
  /** Called with the receipt; the same as `(await publish(...)).receipt`. */
  onReceipt?: (receipt: Receipt) => void
  /** Of an event that is larger than a message may be: called for each piece that has arrived. */
  onProgress?: (progress: TransferProgress) => void
}

/** Of a message that goes in pieces. */
export interface TransferProgress {
  /** Bytes that have arrived at the server. */
  sent: number
  total: number
}

export type SendOptions = Pick<PublishOptions, 'key' | 'priority' | 'echo' | 'trace' | 'nonce' | 'sig' | 'enc'>

export interface SubscribeOptions extends RequestOptions {
  /** Continue after this position, for example one kept from an earlier visit. */
  since?: { epoch: string; offset: number }
  /** Also give this many past events. */
  history?: number
  /** A subscription token for this channel. */
  token?: string
  /** How growing messages come: piece by piece, as the whole text so far at most once in so many ms, or only when whole. */
  stream?: 'live' | 'final' | `conflate:${number}`
  /** At most one piece of a growing message in so many ms; without it the server decides. */
  rollup?: number
  /**
   * How this client acknowledges what it has processed. `auto`: when the handlers of an event returned and the promises of async ones resolved;
   * one that threw or rejected is handed out again when the server sends it again. `manual`: with `ack()`; until then what the server sends again is handed out again, with `redelivered`.
   * Without it nothing is acknowledged by itself, and what is sent again is dropped as a duplicate.
   */
  ack?: 'auto' | 'manual'
}

export interface HistoryOptions extends RequestOptions {
  since?: { epoch: string; offset: number }
  limit?: number
  reverse?: boolean
}
