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
  /** The places behind an answer. In the room. */
  place_cards: { messageId: string; places: PlaceCard[] }
  /** A reader has had enough of an answer; for servers without `stream_cancel`. In the room. */
  answer_stop: { messageId: string }
}

export const lobby = 'agent:trips'
export const agents = 'agent:trips.ready'
export const agentName = 'Juno'

/** The channel of a room. */
export const roomChannel = (room: string): string => `trip:${room}`

/** Rooms come from URLs: only what a channel name may hold, and not too long. */
export const isRoom = (room: string): boolean => /^[A-Za-z0-9][A-Za-z0-9_-]{2,63}$/.test(room)

/** The answer to a message; a second attempt, after a server that forgot the first, has a number. */
export function answerId(questionId: string, attempt = 1): string {
  const base = `ans-${questionId}`.slice(0, 58)
  return attempt === 1 ? base : `${base}~${attempt}`
}

/** Splits an answer's name into what it answers and which attempt it is. */
export function parseAnswerId(messageId: string): { base: string; attempt: number } {
  const found = /^(.*)~(\d+)$/.exec(messageId)
  return found ? { base: found[1]!, attempt: Number(found[2]) } : { base: messageId, attempt: 1 }
}
