import type { StreamedMessage } from '@tidewire/client'
import { agentName, parseAnswerId, type PlaceCard } from '../../shared/events'
import type { Outgoing } from './outgoing'
import type { Entry } from './trip_view'

export interface EntrySeams {
  myId: string
  nameOf(userId: string): string
  agentHere(): boolean
}

/** What the timeline shows, in order. An entry that did not change stays the same object, and so does the list. */
export interface Entries {
  readonly list: readonly Entry[]
  /** The server has accepted or delivered this message: from now on it keeps its place. */
  place(id: string): void
  setCards(answerId: string, cards: readonly PlaceCard[]): void
  rebuild(messages: readonly StreamedMessage[], outgoing: readonly Outgoing[]): readonly Entry[]
}

const noCards: readonly PlaceCard[] = []

/**
 * Places go by arrival and not by offset: a server that restarted counts from 1 again, and what was seen stays where it was.
 * What is not confirmed comes last.
 */
export function createEntries({ myId, nameOf, agentHere }: EntrySeams): Entries {
  const places = new Map<string, number>()
  const cards = new Map<string, readonly PlaceCard[]>()
  const known = new Map<string, { from: StreamedMessage | Outgoing; key: string; entry: Entry }>()
  let list: readonly Entry[] = []

  const reuse = (from: StreamedMessage | Outgoing, id: string, key: string, make: () => Entry): Entry => {
    const old = known.get(id)
    if (old && old.from === from && old.key === key) return old.entry
    const entry = make()
    known.set(id, { from, key, entry })
    return entry
  }

  const ofMessage = (message: StreamedMessage): Entry => {
    const { messageId, from, role, content, status, ts } = message
    const byAgent = role !== 'user'
    const userId = from?.userId ?? ''
    const name = byAgent ? agentName : nameOf(userId)
    const shown = byAgent && status === 'complete' ? (cards.get(parseAnswerId(messageId).base) ?? noCards) : noCards
    const state = status === 'complete' ? 'sent' : agentHere() ? 'streaming' : 'paused'
    return reuse(message, messageId, `${shown.length} ${state} ${name}`, () => ({
      id: messageId, by: byAgent ? 'agent' : 'person', userId, name, mine: !byAgent && userId === myId, content, state, ts: ts ?? Date.now(), cards: shown,
    }))
  }
  const ofOutgoing = (message: Outgoing): Entry =>
    reuse(message, message.id, '', () => ({ ...message, by: 'person', userId: myId, name: nameOf(myId), mine: true, cards: noCards }))

  const placeOf = (entry: Entry): number => places.get(entry.id) ?? Infinity

  return {
    get list() {
      return list
    },
    place(id) {
      if (!places.has(id)) places.set(id, places.size)
    },
    setCards: (answerId, shown) => void cards.set(parseAnswerId(answerId).base, shown),
    rebuild(messages, outgoing) {
      const arrived = new Set(messages.map(({ messageId }) => messageId))
      const all = [...lastAttempts(messages).map(ofMessage), ...outgoing.filter(({ id }) => !arrived.has(id)).map(ofOutgoing)]
      all.sort((a, b) => (placeOf(a) === placeOf(b) ? a.ts - b.ts : placeOf(a) - placeOf(b)))
      const same = all.length === list.length && all.every((entry, at) => entry === list[at])
      return same ? list : (list = all)
    },
  }
}

/** Of several attempts at one answer only the last is shown. */
function lastAttempts(messages: readonly StreamedMessage[]): readonly StreamedMessage[] {
  const last = new Map<string, number>()
  for (const { messageId } of messages) {
    const { base, attempt } = parseAnswerId(messageId)
    last.set(base, Math.max(last.get(base) ?? 1, attempt))
  }
  return messages.filter(({ messageId }) => {
    const { base, attempt } = parseAnswerId(messageId)
    return last.get(base) === attempt
  })
}
