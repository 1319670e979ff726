import type { TidewireError } from './error'
import type { AckCommand } from './generated/events'

/** How far a person has read: told until the server has it, over lost connections, only ever the newest. */
export interface Reading {
  mark(upTo: AckCommand): void
}

export function createReading(ask: (payload: AckCommand) => Promise<unknown>, fault: (error: unknown) => void): Reading {
  let newest: AckCommand | undefined
  let telling = false

  const tell = async () => {
    telling = true
    while (newest) {
      const mine = newest
      try {
        await ask(mine)
      } catch (caught) {
        const { name, code } = caught as TidewireError
        if (name === 'timeout') continue
        if (code !== 0) fault(caught)
      }
      if (newest === mine) newest = undefined
    }
    telling = false
  }
  return {
    mark(upTo) {
      newest = upTo
      if (!telling) void tell()
    },
  }
}
