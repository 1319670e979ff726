import type { Outgoing } from './codec'
import type { Environment } from './options'

/** Often enough for the server's default of 6 s, and no more than it would pass on. */
const repeatMs = 3_000
const idleMs = 4_000

export interface TypingSeams {
  channel: string
  env: Environment
  /** Who the connection speaks for; undefined while there is none. */
  who(): { userId: string; sessionId: string } | undefined
  tell(message: Outgoing): boolean
}

/** Says that the user types: at once, again while keys are pressed, and that it has stopped when they are not. */
export function createTyping({ channel, env, who, tell }: TypingSeams): { key(): void; stop(): void } {
  let toldAt: number | undefined
  let cancel = () => {}

  const say = (isTyping: boolean) => {
    const self = who()
    if (!self) return false
    const { userId, sessionId } = self
    return tell({ type: 'user_typing', channel, payload: { userId, sessionId, isTyping } })
  }
  const stop = () => {
    cancel()
    if (toldAt !== undefined) say(false)
    toldAt = undefined
  }
  return {
    key() {
      cancel()
      cancel = env.after(idleMs, stop)
      const now = env.now()
      if (toldAt !== undefined && now - toldAt < repeatMs) return
      toldAt = say(true) ? now : undefined
    },
    stop,
  }
}
