import type { Channel } from './api'
import { createStore } from './emitter'
import type { TidewireEvent, Undo } from './event'
import type { ReceiptCursor } from './generated/events'
import type { ChannelState } from './state'

/** How far everybody is in a channel, kept up to date. */
export interface ReceiptsView {
  /** By user; a new map each time something changed. */
  readonly cursors: ReadonlyMap<string, ReceiptCursor>
  /** Who has read the event at this offset; or, with `delivered`, whose program has processed it. */
  passed(offset: number, kind?: 'read' | 'delivered'): string[]
  onChange(handler: (cursors: ReadonlyMap<string, ReceiptCursor>) => void): Undo
  close(): void
}

/**
 * Follows the receipts of a channel whose namespace keeps them (permission `presence`): asked for with every subscription, then changed as the
 * server tells. Create it before `channel.subscribe()`.
 */
export function trackReceipts<Custom extends object>(channel: Channel<Custom>): ReceiptsView {
  const store = createStore<ReadonlyMap<string, ReceiptCursor>>(new Map(), (error) => {
    throw error
  })
  let epoch: string | undefined
  let asked = 0

  const merge = (known: ReadonlyMap<string, ReceiptCursor>, changes: readonly ReceiptCursor[]) => {
    const next = new Map(known)
    for (const { userId, delivered, read } of changes) {
      const before = next.get(userId)
      next.set(userId, { userId, delivered: Math.max(delivered, before?.delivered ?? 0), read: Math.max(read, before?.read ?? 0) })
    }
    store.set(next)
  }
  const entered = ({ status }: ChannelState) => {
    if (status !== 'subscribed') return
    const mine = ++asked
    channel.receipts().then(
      (reply) => {
        if (mine !== asked) return
        // Cursors of another life of the stream say nothing of this one.
        merge(reply.epoch === epoch || epoch === undefined ? store.get() : new Map(), reply.consumers)
        epoch = reply.epoch
      },
      () => {}, // not allowed, or the connection is gone: the next subscription asks again
    )
  }
  const changed = ({ type, payload }: TidewireEvent) => {
    if (type === 'receipt_changed') merge(store.get(), [payload as ReceiptCursor])
  }
  const undo = [channel.onEvent(changed), channel.onState(entered)]
  entered(channel.state)
  return {
    get cursors() {
      return store.get()
    },
    passed: (offset, kind = 'read') => [...store.get().values()].filter((cursor) => cursor[kind] >= offset).map(({ userId }) => userId),
    onChange: store.watch,
    close() {
      asked++
      undo.forEach((each) => each())
    },
  }
}
