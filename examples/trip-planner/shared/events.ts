/** What the page and the agent say to each other besides Tidewire's own events. */

/** A place named in an answer, as the page shows it under the text. */
export interface PlaceCard {
  id: string
  name: string
  country: string
  /** What people go there for. */
  tagline: string
  kind: PlaceKind
  bestMonths: number[]
  budget: { low: number; mid: number; high: number }
  /** Highest temperature of an average day in the month that was asked for, else in the best season. */
  highC: number
  airport: string
}

export type PlaceKind = 'beach' | 'mountains' | 'city' | 'desert' | 'wild' | 'north'

/** Event types of this application, by name. */
export type TripEvents = {
  /** A page asks the agent to come to its room. On `lobby`. */
  agent_invite: { room: string }
  /** The agent is there; whoever wants it invites it again. On `agents`. */
  agent_ready: { userId: string; name: string }
}

/**
 * Kinds of the typed parts of an answer. A step is a `reasoning` or `tool_call` and, with the same id, what came of it; `places` holds the
 * places behind the answer as JSON.
 */
export const partKinds = { thought: 'reasoning', call: 'tool_call', result: 'tool_result', places: 'places' } as const

export const lobby = 'agent:trips'
export const agents = 'agent:trips.ready'
export const agentName = 'Juno'

/** The channel of a room. */
export const roomChannel = (room: string): string => `trip:${room}`

/** Rooms come from URLs: only what a channel name may hold, and not too long. */
export const isRoom = (room: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{2,63}$/.test(room)

/** The answer to a message. Known before it begins, so that it can be stopped before it begins. */
export const answerId = (questionId: string): string => `ans-${questionId}`.slice(0, 128)
