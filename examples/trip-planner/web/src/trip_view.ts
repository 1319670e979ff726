import type { ConnectionState } from '@tidewire/client'
import type { PlaceCard } from '../../shared/events'

/** Everything the page shows. Parts that did not change stay the same objects from one view to the next. */
export interface TripView {
  room: string
  me: { userId: string; name: string }
  link: Link
  /** The history has arrived: what is missing now does not exist. */
  loaded: boolean
  entries: readonly Entry[]
  people: readonly Person[]
  typing: readonly string[]
  agent: AgentView
  numbers: Numbers
  notice: Notice | undefined
}

export interface Link {
  state: ConnectionState
  online: boolean
  /** Why it cannot work at all, for people. */
  fatal: string | undefined
  everOpen: boolean
}

export type EntryState =
  /** On the way, or waiting for a connection. */
  | 'sending'
  | 'sent'
  | 'failed'
  | 'streaming'
  /** The agent went away in the middle. */
  | 'paused'

export interface Entry {
  id: string
  by: 'agent' | 'person'
  userId: string
  name: string
  mine: boolean
  content: string
  state: EntryState
  ts: number
  /** Why it failed, for people. */
  problem?: string
  cards: readonly PlaceCard[]
}

export interface Person {
  userId: string
  name: string
  isAgent: boolean
  isMe: boolean
}

export interface AgentView {
  here: boolean
  active: boolean
  progress: number | null
  task: string
  /** The message it is writing. */
  writing: string | undefined
}

export interface Numbers {
  rttMs: number | undefined
  perSecond: number
  received: number
  sent: number
  reconnects: number
  /** Messages in each of the last seconds, oldest first. */
  rates: readonly number[]
  /** Round trips, oldest first. */
  trips: readonly number[]
}

export type Notice = { kind: 'back' | 'restarted'; at: number }

export interface Trip {
  readonly view: TripView
  onChange(handler: (view: TripView) => void): () => void
  send(text: string): void
  retry(id: string): void
  setTyping(isTyping: boolean): void
  stopAnswer(id: string): void
  reconnect(): void
  close(): void
}
