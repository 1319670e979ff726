import { randomText } from './identity'

/** A message of this person that the server has not confirmed. */
export interface Outgoing {
  id: string
  content: string
  ts: number
  state: 'sending' | 'sent' | 'failed'
  problem?: string
}

export interface OutgoingSeams {
  room: string
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined
  /** Resolves when the server has the message; must be safe to repeat with the same id. */
  publish(message: Outgoing): Promise<unknown>
  changed(): void
}

/** What was written and is not confirmed. Survives a reload of the page; the id is the idempotency key. */
export interface Outbox {
  readonly list: readonly Outgoing[]
  add(content: string): Outgoing
  retry(id: string): void
  /** The message came back from the channel. */
  arrived(id: string): void
}

export function createOutbox({ room, storage, publish, changed }: OutgoingSeams): Outbox {
  const key = `landfall.outbox.${room}`
  const messages = new Map<string, Outgoing>()

  const keep = (): void => {
    const open = [...messages.values()].filter((message) => message.state !== 'sent')
    try {
      if (open.length > 0) storage?.setItem(key, JSON.stringify(open))
      else storage?.removeItem(key)
    } catch {
      // Full or switched off: then the messages live as long as the page.
    }
  }
  const set = (message: Outgoing): void => {
    messages.set(message.id, message)
    keep()
    changed()
  }
  const send = (message: Outgoing): void => {
    set({ ...message, state: 'sending', problem: undefined })
    publish(message).then(
      () => messages.has(message.id) && set({ ...message, state: 'sent' }),
      (error: unknown) => messages.has(message.id) && set({ ...message, state: 'failed', problem: problemOf(error) }),
    )
  }

  for (const message of restore(storage, key)) send(message)

  return {
    get list() {
      return [...messages.values()]
    },
    add(content) {
      const message: Outgoing = { id: `m-${randomText(20)}`, content, ts: Date.now(), state: 'sending' }
      send(message)
      return message
    },
    retry(id) {
      const message = messages.get(id)
      if (message?.state === 'failed') send(message)
    },
    arrived(id) {
      if (messages.delete(id)) keep()
    },
  }
}

function restore(storage: OutgoingSeams['storage'], key: string): Outgoing[] {
  try {
    return (JSON.parse(storage?.getItem(key) ?? '[]') as Outgoing[]).filter((message) => message.id && message.content)
  } catch {
    return []
  }
}

const words: Record<string, string> = {
  timeout: 'The server did not answer in time.',
  rate_limited: 'Too many messages at once. Try again in a moment.',
  permission_denied: 'You may not write in this trip.',
  message_too_large: 'This message is too long.',
  outbox_full: 'Too many messages are waiting.',
  closed: 'The connection is closed.',
}

function problemOf(error: unknown): string {
  const { name = '', message = '' } = error as { name?: string; message?: string }
  return words[name] ?? (message || 'It could not be sent.')
}
