import type { ConnectionState } from '@tidewire/client'
import type { PlaceCard } from '../../shared/events'
import type { Edit, Stop } from '../../shared/itinerary'

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
  plan: PlanView
  numbers: Numbers
  notice: Notice | undefined
}

export interface Link {
  state: ConnectionState
  online: boolean
  /** Why it cannot work at all, for people. */
  fatal: string | undefined
  everOpen: boolean
  /** How the last subscription began; undefined before the first. */
  recovery: Recovery | undefined
}

export interface Recovery {
  /** `fresh`: there was nothing to recover. `gap`: the server had forgotten what was missed. */
  kind: 'fresh' | 'recovered' | 'gap'
  /** Events that were missed and delivered. */
  replayed: number
}

export type EntryState =
  /** On the way, or waiting for a connection. */
  | 'sending'
  | 'sent'
  | 'failed'
  | 'streaming'
  /** The agent went away in the middle. */
  | 'paused'
  /** Somebody stopped it. */
  | 'stopped'
  /** The agent did not come back in time. */
  | 'broken'

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
  /** What the agent did for it. */
  steps: readonly StepView[]
  /** Who has read up to here and not further; only under own messages. */
  seenBy: readonly string[]
}

export interface StepView {
  id: string
  kind: 'thought' | 'tool'
  says: string
  found: string
  running: boolean
}

export interface PlanView {
  loaded: boolean
  saving: boolean
  stops: readonly Stop[]
  conflicts: readonly Conflict[]
  /** What just happened, for people. */
  note: string
}

/** Two people changed the words of one stop. */
export interface Conflict {
  id: string
  mine: string
  theirs: string
  by: string
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
  /** What "Stop" stops: what it writes, or what it is about to write. */
  stoppable: string | undefined
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
  edit(edit: Edit): void
  resolve(id: string, whose: 'mine' | 'theirs'): void
  /** The reader has the end of the conversation before their eyes. */
  setReading(atEnd: boolean): void
  reconnect(): void
  close(): void
}
