import type { StreamedMessage } from '@tidewire/client'

/** How far everyone but oneself and the agent has read, by user. */
export interface ReadPositions {
  /** The life of the stream that the offsets count in. */
  epoch: string | undefined
  read: ReadonlyMap<string, number>
}

/** For each of the given messages who has read up to it and no further of them; oldest first. */
export function lastSeen(messages: readonly StreamedMessage[], { epoch, read }: ReadPositions): ReadonlyMap<string, string[]> {
  const seen = new Map<string, string[]>()
  const counted = messages.filter((message) => message.epoch === epoch && message.offset !== undefined)
  for (const [userId, offset] of read) {
    const last = counted.findLast((message) => message.offset! <= offset)
    if (last) seen.set(last.messageId, [...(seen.get(last.messageId) ?? []), userId])
  }
  return seen
}
