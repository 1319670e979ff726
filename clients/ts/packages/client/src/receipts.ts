import { localError, type TidewireError } from './error'
import type { Incoming } from './codec'
import type { Receipt, ReceiptAsk } from './generated/events'
import type { Position } from './state'

/** The receipts that publishes of one channel wait for. The server sends each behind the publish's ack. */
export interface Receipts {
  wait(position: Position, ask: ReceiptAsk): Promise<Receipt>
  take(message: Incoming): void
  /** The server tells the connection that published, so what is open ends with it. */
  down(error: TidewireError | undefined): void
}

interface Waiter {
  resolve(receipt: Receipt): void
  reject(error: TidewireError): void
}

export function createReceipts(): Receipts {
  const open = new Map<string, Waiter[]>()
  const nameOf = (epoch: unknown, offset: unknown, kind: unknown) => `${String(kind)} ${String(offset)} ${String(epoch)}`

  return {
    wait({ epoch, offset }, { kind }) {
      const receipt = new Promise<Receipt>((resolve, reject) => {
        const name = nameOf(epoch, offset, kind)
        open.set(name, [...(open.get(name) ?? []), { resolve, reject }])
      })
      receipt.catch(() => {}) // whoever does not look at it is not bothered
      return receipt
    },
    take({ payload }) {
      const name = nameOf(payload.epoch, payload.offset, payload.kind)
      const [first, ...others] = open.get(name) ?? []
      if (others.length > 0) open.set(name, others)
      else open.delete(name)
      first?.resolve(payload as unknown as Receipt)
    },
    down(error) {
      const lost = error ?? localError('connection_lost', 'the connection was lost before the receipt came', true)
      for (const waiters of Array.from(open.values())) for (const waiter of waiters) waiter.reject(lost)
      open.clear()
    },
  }
}
