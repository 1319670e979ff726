import type { EventMap, PublishMap, Sender, ServerMap } from './generated/events'
import type { Priority } from './generated/codes'
import type { TidewireError } from './error'
import type { Position } from './state'

/** One event of a channel, as it arrives. */
export interface TidewireEvent<Type extends string = string, Payload = unknown> {
  type: Type
  /** Empty for an event of the connection itself. */
  channel: string
  payload: Payload
  /** Set on durable events only. */
  offset?: number
  epoch?: string
  /** Server time, ms since 1970. */
  ts?: number
  from?: Sender
  key?: string
  priority?: Priority
  trace?: string
  /** As the publisher gave them. */
  nonce?: string
  sig?: string
  enc?: string
  /** The event was missed while away and comes from the channel's history. */
  replayed: boolean
  /** How many times it was sent before without an ack; only where the namespace requires acks. */
  redelivered?: number
}

/** The channel's past could not be recovered: reload the application's own state. */
export interface Gap {
  channel: string
  /** The last position that was processed. */
  from: Position
  /** Where the subscription goes on. */
  to: Position
}

/** Events the client raises besides the published ones. */
export interface LocalEvents {
  gap: Gap
  error: TidewireError
}

/** What the server tells a channel's subscribers by itself. */
type Notices = Pick<
  ServerMap,
  'presence_join' | 'presence_update' | 'presence_leave' | 'presence_count' | 'receipt_changed' | 'dead_letter' | 'state_changed' | 'stream_cancel'
>

/** What arrives: the generated map, the server's notices and the application's own types. */
export type Events<Custom extends object> = Omit<EventMap & Notices, keyof Custom> & Custom

/** What may be published. Types added to `EventMap` by module augmentation count too. */
export type Publishable<Custom extends object> = Omit<EventMap & PublishMap, keyof PublishMap | keyof Custom> &
  Omit<PublishMap, keyof Custom> &
  Custom

export type EventType<Custom extends object> = Extract<keyof Events<Custom>, string>

export type EventOf<Custom extends object, Type extends EventType<Custom>> = TidewireEvent<Type, Events<Custom>[Type]>

export type PublishType<Custom extends object> = Extract<keyof Publishable<Custom>, string>

export type Undo = () => void

/**
 * `on(type, handler)`: handlers see their own event's payload type; the result takes the handler off again. A handler may be async: with
 * `subscribe({ ack: 'auto' })` its event is acknowledged when its promise resolves.
 */
export interface On<Custom extends object> {
  <Type extends EventType<Custom>>(type: Type, handler: (event: EventOf<Custom, Type>) => unknown): Undo
  <Type extends keyof LocalEvents>(type: Type, handler: (event: LocalEvents[Type]) => void): Undo
}
