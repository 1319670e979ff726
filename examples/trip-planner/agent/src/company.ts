/**
 * Who takes part in a room: those the server lists, and those who wrote a short while ago. Right after a restart of the server or of the
 * agent its list is short or not there yet, and what people say to each other is no question to the agent.
 */
export interface Company {
  /** The server's list. */
  counted(userIds: readonly string[]): void
  came(userId: string): void
  left(userId: string): void
  wrote(userId: string, at: number): void
  /** More than one person is in the conversation. */
  several(now: number): boolean
  /** People the server knows of. */
  readonly present: number
}

/** Who wrote within this time is one of the conversation, seen or not. */
const wroteWithinMs = 10 * 60_000

export function createCompany(): Company {
  const present = new Set<string>()
  const wrote = new Map<string, number>()
  return {
    counted(userIds) {
      present.clear()
      for (const userId of userIds) present.add(userId)
    },
    came: (userId) => void present.add(userId),
    left(userId) {
      present.delete(userId)
      wrote.delete(userId)
    },
    wrote: (userId, at) => void wrote.set(userId, Math.max(at, wrote.get(userId) ?? 0)),
    several(now) {
      const all = new Set(present)
      for (const [userId, at] of wrote) {
        if (now - at > wroteWithinMs) wrote.delete(userId)
        else all.add(userId)
      }
      return all.size > 1
    },
    get present() {
      return present.size
    },
  }
}
