import type { On, Publishable, PublishType, TidewireEvent, Undo } from './event'
import type { LastSeen, PresenceMember, Receipt, ReceiptsReply, RpcCaller, StreamPartName, StreamStatus } from './generated/events'
import type { HistoryOptions, PublishOptions, RequestOptions, SendOptions, SubscribeOptions, TransferProgress, Visibility } from './options'
import type { TidewireError } from './error'
import type { ChannelState, ConnectionState, Position } from './state'

export interface PublishResult {
  /** Where the event stands in the channel; undefined for classes that are not kept. */
  offset: number | undefined
  epoch: string | undefined
  /** The server had accepted this key (or piece) before and did nothing now. */
  duplicate: boolean
  /** With the option `receipt`. Rejects with `connection_lost` when the connection ends before it came. */
  receipt?: Promise<Receipt>
}

export interface SubscribeResult {
  position: Position
  /** The client asked for what it missed. */
  wasRecovering: boolean
  /** Everything that was missed was delivered to the handlers before this resolved. */
  recovered: boolean
  /** How many missed or past events were delivered. */
  replayed: number
}

export interface HistoryPage {
  epoch: string
  offset: number
  publications: readonly TidewireEvent[]
}

/** A value of the channel's shared state. */
export interface SharedValue {
  value: unknown
  version: number
  /** When it goes by itself, ms since 1970. */
  expiresAt?: number
}

/** Who is in a channel. */
export interface PresenceReport {
  members: readonly PresenceMember[]
  total: number
  /** false: the channel is large, and `members` is a sample. */
  complete: boolean
  /** Who left, the newest first; only when asked for. */
  lastSeen: readonly LastSeen[]
}

/** The same, kept up to date. */
export interface PresenceView {
  members: ReadonlyMap<string, PresenceMember>
  total: number
  complete: boolean
}

/** Shared state of a channel: small values with a version each. */
export interface SharedState {
  get(key: string, options?: RequestOptions): Promise<SharedValue | undefined>
  all(options?: RequestOptions): Promise<ReadonlyMap<string, SharedValue>>
  /** With `ifVersion`, rejects with `conflict` (details.current) when someone else was faster. */
  set(key: string, value: unknown, options?: RequestOptions & { ifVersion?: number; ttlMs?: number }): Promise<SharedValue>
  delete(key: string, options?: RequestOptions & { ifVersion?: number }): Promise<void>
  /** The whole state now, after every change and after every reconnect, while the channel is subscribed. */
  watch(onChange: (state: ReadonlyMap<string, SharedValue>) => void): Undo
}

export interface StreamOptions {
  /** Which start of the answer this is; a higher one than before begins it anew and fences the one before. */
  generation?: number
  /** The number of the first piece: above 1 to go on where an earlier process stopped. Default 1. */
  firstIndex?: number
  /** Pieces that may wait for their acknowledgement. Default 48. */
  window?: number
  /** How long a piece may wait for its acknowledgement before it is sent again. */
  timeoutMs?: number
}

/** How a message that this client wrote has ended. */
export type StreamEnd =
  | { status: 'complete' }
  /** Someone asked for it, or `cancel()` was called. The text so far stays. */
  | { status: 'cancelled'; reason: string | undefined }
  /** The server takes no more of it: `stream_closed`, `stream_fenced`, `permission_denied` and the like. */
  | { status: 'failed'; error: TidewireError }

/** A growing message, from this client to the server. While the client lives, nothing given to it is lost. */
export interface StreamWriter {
  readonly messageId: string
  /**
   * Announces the message before its first piece, for work that takes long until there is text; once more: its producer is alive. Ends it as
   * `failed` when the server does not want it, as `cancelled` when somebody cancelled it before it began.
   */
  open(): Promise<void>
  /** Adds to the text, or to a typed part of the message. Resolves when there is room for more; does nothing after the end. */
  append(content: string, options?: { part?: StreamPartName }): Promise<void>
  /** Sends the last piece. Resolves with how the message ended. */
  complete(): Promise<StreamEnd>
  /** Ends it where it is. */
  cancel(reason?: string): Promise<StreamEnd>
  /** Someone asked for the message to stop: it has ended, and nothing more needs to be produced. */
  onCancel(handler: (reason: string | undefined) => void): Undo
  readonly ended: StreamEnd | undefined
  readonly done: Promise<StreamEnd>
}

/** What a cancel did: the message has ended, will end at its first piece, or had ended before. */
export type CancelResult = 'cancelled' | 'pending' | 'ended'

export interface RpcOptions extends RequestOptions {
  /** What the call is about; its answer may stream there. */
  channel?: string
  /** Rejects with `timeout` then; the server and the worker are told, and stop. Without it the server's own limit holds: `rpc_timeout`. */
  timeoutMs?: number
  /** Rejects with `aborted`; the server and the worker are told, and stop. */
  signal?: AbortSignal
  /** Calling twice does no harm: sent again after a reconnect, instead of rejecting with `connection_lost`. */
  idempotent?: boolean
  /** Of a call with parameters that are larger than a message may be: called for each piece that has arrived. */
  onProgress?: (progress: TransferProgress) => void
}

export interface RpcAnswer<Result = unknown> {
  result: Result
  /** The answer goes on as this growing message of the call's channel. */
  messageId: string | undefined
}

/** One call, as the worker sees it. */
export interface RpcCall {
  readonly requestId: string
  readonly channel: string | undefined
  /** What was left of the caller's time. */
  readonly timeoutMs: number | undefined
  /** 2: another worker was lost with this call, and may have done the work. */
  readonly attempt: number
  /** Fires when nobody waits any more: cancelled, out of time, the caller or this connection gone; of a streamed answer, when it is cancelled. */
  readonly signal: AbortSignal
  /**
   * Answers now, with a growing message in the call's channel. It is complete when the handler returns, and cancelled when it throws.
   * `messageId` is random by default; `result` goes along with it.
   */
  stream(options?: StreamOptions & { messageId?: string; result?: unknown }): StreamWriter
}

/** By name. What a method returns, or its promise, is the result; what it throws is the caller's `rpc_failed`. */
export type RpcMethods = Readonly<Record<string, (params: unknown, caller: RpcCaller, call: RpcCall) => unknown>>

export interface ServeOptions {
  /** All methods, or those named, do no harm when they are done twice: the server asks another worker when this one is lost. */
  idempotent?: boolean | readonly string[]
}

/** One channel. The same name gives the same object; handlers stay through reconnects. */
export interface Channel<Custom extends object = {}> {
  readonly name: string
  readonly state: ChannelState
  /** The last durable event handled, once subscribed. Keep it to continue in a later visit. */
  readonly position: Position | undefined
  onState(handler: (state: ChannelState) => void): Undo
  on: On<Custom>
  /** Every published event of this channel, whatever its type. */
  onEvent(handler: (event: TidewireEvent) => unknown): Undo
  /** Resolves when the server has confirmed; survives reconnects until `unsubscribe()`. May be called before `connect()`. */
  subscribe(options?: SubscribeOptions): Promise<SubscribeResult>
  /** Stops delivery. The position is kept: a later `subscribe()` catches up. */
  unsubscribe(): Promise<void>
  /**
   * Resolves when the server has accepted the event; sent again with the same key after a reconnect until then. An event that is larger than a
   * message may be goes in pieces, and on from where it was after a reconnect; what is published after it may overtake it.
   */
  publish<Type extends PublishType<Custom>>(
    type: Type,
    payload: Publishable<Custom>[Type],
    options?: PublishOptions,
  ): Promise<PublishResult>
  /**
   * Fire and forget: false when there is no connection, or the event is larger than a message may be, and it was dropped. For a durable event with
   * `echo: false` use `publish`: without an answer the client takes the place of its own event for a hole.
   */
  send<Type extends PublishType<Custom>>(type: Type, payload: Publishable<Custom>[Type], options?: SendOptions): boolean
  presence(options?: RequestOptions): Promise<readonly PresenceMember[]>
  presenceReport(options?: RequestOptions & { lastSeen?: boolean }): Promise<PresenceReport>
  /** Who is there now and after every change, while the channel is subscribed. */
  watchPresence(onChange: (view: PresenceView) => void): Undo
  /** Changes the user's own info in this channel; said again when the server has lost this client's session. */
  updatePresence(info: object, options?: RequestOptions): Promise<void>
  /** Call it at every key: tells the others that the user types, and by itself that it has stopped. */
  typing(): void
  /** The text was cleared; sending a message needs no call. */
  stopTyping(): void
  history(options?: HistoryOptions): Promise<HistoryPage>
  /** Tells the server that this consumer has processed the channel up to there (default: the last event handled). */
  ack(offset?: number): void
  /**
   * Tells the server that a person has read up to there (default: the last event handled). Counts as processed too. Kept until the server
   * has it, over lost connections.
   */
  markRead(offset?: number): void
  /** How far each user is, or those who have passed `offset`. */
  receipts(options?: RequestOptions & { offset?: number }): Promise<ReceiptsReply>
  /** Writes a growing message, piece by piece. */
  stream(messageId: string, options?: StreamOptions): StreamWriter
  /** Ends a growing message with the text it has; works before its first piece too. */
  cancelStream(messageId: string, options?: RequestOptions & { reason?: string }): Promise<CancelResult>
  /** Whether something grows here: asks the server, which knows for certain. */
  streamStatus(options?: RequestOptions & { messageId?: string }): Promise<StreamStatus>
  readonly shared: SharedState
}

export interface Metrics {
  /** Round trip of the last heartbeat; undefined before the first. */
  rttMs: number | undefined
  /** Messages, counting each one of a batch. */
  received: number
  sent: number
  bytesReceived: number
  bytesSent: number
  /** Received in the last whole seconds, averaged over up to five. */
  messagesPerSecond: number
  connects: number
  reconnects: number
  /** Durable events dropped because their offset had been handled already. */
  duplicates: number
  /** Durable events that the server sent again because they were not acknowledged in time. */
  redelivered: number
  /** Recoveries that failed. */
  gaps: number
  /** Requests that wait for an answer. */
  pending: number
}

export interface Client<Custom extends object = {}> {
  readonly state: ConnectionState
  onState(handler: (state: ConnectionState) => void): Undo
  /** Resolves when the connection is open; rejects when it is closed for good. Does nothing twice. */
  connect(): Promise<void>
  /**
   * Whether somebody looks. Follows the page in browsers; set it where there is none. While it is `hidden`, the server sends growing
   * messages in larger pieces.
   */
  visibility: Visibility
  /**
   * Changes the token now, on the open connection: rights may grow or shrink. Without a token `getToken` is asked. Rejects when the server
   * refuses it, and the old one stays. While there is no connection, the given token is for the next one.
   */
  refreshToken(token?: string): Promise<void>
  /** Ends the connection and every waiting request. `connect()` starts again. */
  close(): void
  /** Events of every channel and of the connection. */
  on: On<Custom>
  onEvent(handler: (event: TidewireEvent) => unknown): Undo
  channel(name: string): Channel<Custom>
  /** Calls a method; rejects with `rpc_failed` (`details.error`) when it failed. `call()` says more about the answer. */
  rpc<Result = unknown>(method: string, params?: unknown, options?: RpcOptions): Promise<Result>
  /** The same, with the name of the growing message that the answer goes on as. */
  call<Result = unknown>(method: string, params?: unknown, options?: RpcOptions): Promise<RpcAnswer<Result>>
  /** Answers calls of others as a worker (permission `serve`), again after each reconnect. The undo ends it. */
  serve(methods: RpcMethods, options?: ServeOptions): Undo
  /** Fire and forget: false when there is no connection and the event was dropped. */
  send<Type extends PublishType<Custom>>(
    channel: string,
    type: Type,
    payload: Publishable<Custom>[Type],
    options?: SendOptions,
  ): boolean
  metrics(): Metrics
  /** Calls the handler every `everyMs` (default 1000) while the undo was not called. */
  onMetrics(handler: (metrics: Metrics) => void, everyMs?: number): Undo
}
