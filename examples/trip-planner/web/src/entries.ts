import type { StreamedMessage } from '@tidewire/client'
import { agentName } from '../../shared/events'
import type { Outgoing } from './outgoing'
import { cardsOf, stepsOf } from './parts'
import { lastSeen, type ReadPositions } from './seen'
import type { Entry, EntryState } from './trip_view'

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
  rebuild(messages: readonly StreamedMessage[], outgoing: readonly Outgoing[], read: ReadPositions): readonly Entry[]
}

const nobody: readonly string[] = []

/**
 * Places go by arrival and not by offset: a server that lost its memory counts from 1 again, and what was seen stays where it was.
 * What is not confirmed comes last.
 */
export function createEntries({ myId, nameOf, agentHere }: EntrySeams): Entries {
  const places = new Map<string, number>()
  const known = new Map<string, { from: StreamedMessage | Outgoing; key: string; entry: Entry }>()
  let list: readonly Entry[] = []

  const reuse = (from: StreamedMessage | Outgoing, id: string, key: string, make: () => Entry): Entry => {
    const old = known.get(id)
    if (old && old.from === from && old.key === key) return old.entry
    const entry = make()
    known.set(id, { from, key, entry })
    return entry
  }

  const stateOf = ({ status }: StreamedMessage): EntryState => {
    if (status === 'streaming') return agentHere() ? 'streaming' : 'paused'
    return ({ complete: 'sent', cancelled: 'stopped', interrupted: 'broken' } as const)[status]
  }

  const ofMessage = (message: StreamedMessage, seenBy: readonly string[]): Entry => {
    const { messageId, from, role, content, status, ts, parts } = message
    const byAgent = role !== 'user'
    const userId = from?.userId ?? ''
    const name = byAgent ? agentName : nameOf(userId)
    const state = stateOf(message)
    return reuse(message, messageId, [state, name, ...seenBy].join('\n'), () => ({
      id: messageId, by: byAgent ? 'agent' : 'person', userId, name, mine: !byAgent && userId === myId, content, state, ts: ts ?? Date.now(), seenBy,
      cards: cardsOf(parts, status), steps: stepsOf(parts, status === 'streaming' && content === ''),
    }))
  }
  const ofOutgoing = (message: Outgoing): Entry =>
    reuse(message, message.id, '', () => ({ ...message, by: 'person', userId: myId, name: nameOf(myId), mine: true, cards: [], steps: [], seenBy: nobody }))

  const placeOf = (entry: Entry): number => places.get(entry.id) ?? Infinity

  return {
    get list() {
      return list
    },
    place(id) {
      if (!places.has(id)) places.set(id, places.size)
    },
    rebuild(messages, outgoing, read) {
      const arrived = new Set(messages.map(({ messageId }) => messageId))
      const seen = lastSeen(messages.filter(({ role, from }) => role === 'user' && from?.userId === myId), read)
      const namesOf = (messageId: string): readonly string[] => seen.get(messageId)?.map(nameOf) ?? nobody
      const all = [
        ...messages.map((message) => ofMessage(message, namesOf(message.messageId))),
        ...outgoing.filter(({ id }) => !arrived.has(id)).map(ofOutgoing),
      ]
      all.sort((a, b) => (placeOf(a) === placeOf(b) ? a.ts - b.ts : placeOf(a) - placeOf(b)))
      const unchanged = all.length === list.length && all.every((entry, at) => entry === list[at])
      return unchanged ? list : (list = all)
    },
  }
}
