import type { Channel } from './api'
import { createStore } from './emitter'
import type { TidewireEvent, Undo } from './event'
import type { ChatMessage, ChatMessageChunkDelivery, Sender, StreamPart } from './generated/events'

/** A chat message, growing or whole. A new object each time it changes. */
export interface StreamedMessage {
  messageId: string
  role: ChatMessage['role']
  content: string
  attachments: NonNullable<ChatMessage['attachments']>
  /** Reasoning, tool calls and the like, in order of first appearance; an entry without `id` is where `content` stands. */
  parts: readonly StreamPart[]
  /** Which start of the answer this is: a higher one replaces those before it. */
  generation: number
  /** `cancelled`: someone stopped it; `interrupted`: its producer fell silent. Both keep the text there was. */
  status: 'streaming' | 'complete' | 'cancelled' | 'interrupted'
  /** The last piece that `content` contains. */
  rev: number
  /** Pieces are missing: `content` stays as it was until a snapshot or the whole message comes. */
  stale: boolean
  from: Sender | undefined
  offset: number | undefined
  /** The life of the stream that `offset` counts in: offsets of two epochs cannot be compared. */
  epoch: string | undefined
  ts: number | undefined
}

/**
 * One step of a streamed message. Idempotent by range: a piece already contained changes nothing (the same object
 * comes back), a snapshot replaces, a piece after a hole marks the message stale, the durable `chat_message` completes.
 */
export function foldMessage(known: StreamedMessage | undefined, event: TidewireEvent): StreamedMessage | undefined {
  if (event.type === 'chat_message') return whole(known, event, event.payload as ChatMessage)
  if (event.type === 'chat_message_chunk') return piece(known, event, event.payload as ChatMessageChunkDelivery)
  return known
}

/** A message without a name of its own is named by its place. */
function idOf({ payload, epoch, offset, key, ts, from }: TidewireEvent): string {
  const { messageId } = payload as { messageId?: string }
  return messageId ?? (offset === undefined ? (key ?? `${from?.connectionId}:${ts}`) : `${epoch}:${offset}`)
}

/** How the server says a message ended early. */
function endOf(status: string | undefined): StreamedMessage['status'] {
  return status === 'cancelled' || status === 'interrupted' ? status : 'complete'
}

function whole(known: StreamedMessage | undefined, event: TidewireEvent, payload: ChatMessage): StreamedMessage {
  if (known && known.status !== 'streaming' && known.offset === event.offset) return known
  return {
    messageId: idOf(event),
    role: payload.role,
    content: payload.content,
    attachments: payload.attachments ?? [],
    parts: payload.parts ?? [],
    generation: payload.generation ?? 0,
    status: endOf(payload.status),
    rev: known?.rev ?? 0,
    stale: false,
    from: event.from,
    offset: event.offset,
    epoch: event.epoch,
    ts: known?.ts ?? event.ts,
  }
}

/** What a piece says: text, and the parts that it adds to. */
function contentOf(chunk: ChatMessageChunkDelivery): { text: string; parts: readonly StreamPart[] } {
  if (chunk.part) return { text: '', parts: [{ ...chunk.part, content: chunk.content }] }
  return { text: chunk.content, parts: chunk.parts ?? [] }
}

/** `parts` with `added` appended to each; `text` says whether the message had text before, and whether the piece has. */
function mergeParts(parts: readonly StreamPart[], added: readonly StreamPart[], text: { before: boolean; now: boolean }): readonly StreamPart[] {
  if (parts.length === 0 && added.length === 0) return parts
  const merged: StreamPart[] = parts.length === 0 && text.before ? [{ kind: 'text' }] : [...parts]
  const listed = text.now && added.length === 0 ? [{ kind: 'text' }] : added
  for (const part of listed) {
    const at = merged.findIndex(({ id, kind }) => id === part.id && kind === part.kind)
    const before = merged[at]
    if (!before) merged.push(part)
    else if (part.id !== undefined) merged[at] = { ...before, content: (before.content ?? '') + (part.content ?? '') }
  }
  return merged
}

function piece(current: StreamedMessage | undefined, event: TidewireEvent, chunk: ChatMessageChunkDelivery): StreamedMessage | undefined {
  const generation = chunk.generation ?? 0
  if (current && generation < current.generation) return current
  // An answer that was begun again shares nothing with the one before it.
  const known = current && generation > current.generation ? undefined : current
  if (known && known.status !== 'streaming') return known
  const [first, last] = chunk.rev ?? [chunk.index ?? 0, chunk.index ?? 0]
  const rev = known?.rev ?? 0
  const base: StreamedMessage = known ?? {
    messageId: chunk.messageId,
    role: 'assistant',
    content: '',
    attachments: [],
    parts: [],
    generation,
    status: 'streaming',
    rev: 0,
    stale: false,
    from: event.from,
    offset: undefined,
    epoch: undefined,
    ts: event.ts,
  }
  // `last === rev === 0` is a first, still empty snapshot: worth showing as a message that begins.
  if (last <= rev && known && !(chunk.snapshot && known.stale && last === rev)) return known
  const { text, parts } = contentOf(chunk)
  if (chunk.snapshot) return { ...base, content: text, parts, rev: last, stale: false }
  if (first === rev + 1) {
    const merged = mergeParts(base.parts, parts, { before: base.content !== '', now: text !== '' })
    return { ...base, content: base.content + text, parts: merged, rev: last, stale: base.stale }
  }
  return base.stale ? base : { ...base, stale: true }
}

export interface TrackOptions {
  /** The oldest go first. Default 1000. */
  max?: number
}

/** The messages of a channel in order, streamed ones growing in place. */
export interface MessagesView extends AsyncIterable<StreamedMessage> {
  /** A new array each time something changed: fit for React and other stores. */
  readonly list: readonly StreamedMessage[]
  get(messageId: string): StreamedMessage | undefined
  onChange(handler: (list: readonly StreamedMessage[]) => void): Undo
  /** Puts in messages from elsewhere, such as `channel.history()`: each at its place by offset. */
  add(events: readonly TidewireEvent[]): void
  clear(): void
  /** Stops listening; iterations end. */
  close(): void
}

/** Follows `chat_message` and `chat_message_chunk` of a channel. Create it before `channel.subscribe()`. */
export function trackMessages<Custom extends object>(channel: Channel<Custom>, { max = 1000 }: TrackOptions = {}): MessagesView {
  const raise = (error: unknown) => {
    throw error
  }
  const store = createStore<readonly StreamedMessage[]>([], raise)
  const changes = createStore<StreamedMessage | undefined>(undefined, raise)
  let closed = false
  const byId = new Map<string, StreamedMessage>()

  const take = (event: TidewireEvent) => {
    const id = idOf(event)
    const before = byId.get(id)
    const after = foldMessage(before, event)
    if (!after || after === before) return
    byId.set(id, after)
    store.set(before ? store.get().map((message) => (message === before ? after : message)) : trim(insert(store.get(), after)))
    changes.set(after)
  }
  const trim = (list: StreamedMessage[]) => {
    for (const old of list.splice(0, Math.max(0, list.length - max))) byId.delete(old.messageId)
    return list
  }
  const undo = channel.onEvent((event) => {
    if (event.type === 'chat_message' || event.type === 'chat_message_chunk') take(event)
  })

  return {
    get list() {
      return store.get()
    },
    get: (messageId) => byId.get(messageId),
    onChange: store.watch,
    add: (events) => events.forEach(take),
    clear() {
      byId.clear()
      store.set([])
    },
    close() {
      closed = true
      undo()
      changes.set(undefined)
    },
    [Symbol.asyncIterator]: () => iterate(changes.watch, closed),
  }
}

/** Behind everything without an offset only when it has none itself: history put in late goes to its place. */
function insert(list: readonly StreamedMessage[], message: StreamedMessage): StreamedMessage[] {
  const { offset, epoch } = message
  const later =
    offset === undefined ? -1 : list.findIndex((other) => other.epoch === epoch && other.offset !== undefined && other.offset > offset)
  return later < 0 ? [...list, message] : [...list.slice(0, later), message, ...list.slice(later)]
}

/** The newest state of each changed message; changes that were not fetched in time are merged, so nothing piles up. */
function iterate(watch: (handler: (message: StreamedMessage | undefined) => void) => Undo, ended: boolean): AsyncIterator<StreamedMessage> {
  const changed = new Map<string, StreamedMessage>()
  let wake = () => {}
  const undo = watch((message) => {
    if (message) changed.set(message.messageId, message)
    else ended = true
    wake()
  })
  const end = () => {
    undo()
    ended = true
    wake()
    return Promise.resolve<IteratorReturnResult<undefined>>({ done: true, value: undefined })
  }
  return {
    async next() {
      while (changed.size === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve))
      const first = changed.entries().next()
      if (first.done) return end()
      changed.delete(first.value[0])
      return { done: false, value: first.value[1] }
    },
    return: end,
  }
}
