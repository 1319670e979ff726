import { utf8Length } from './codec'
import type { BatchOptions, Environment } from './options'

/** Joins messages that leave close together into one JSON array, in order, within the server's size limit. */
export interface Batcher {
  push(text: string): void
  flush(): void
  /** Forgets what waits. */
  clear(): void
}

export function createBatcher(
  { windowMs = 0, max = 64 }: BatchOptions,
  env: Environment,
  maxBytes: () => number,
  write: (text: string) => void,
): Batcher {
  let waiting: string[] = []
  let bytes = 2
  let cancel: (() => void) | undefined

  const clear = () => {
    waiting = []
    bytes = 2
    cancel?.()
    cancel = undefined
  }
  const flush = () => {
    const batch = waiting
    clear()
    if (batch.length > 0) write(joined(batch))
  }
  return {
    push(text) {
      const size = utf8Length(text) + 1
      if (waiting.length > 0 && bytes + size > maxBytes()) flush()
      waiting.push(text)
      bytes += size
      if (waiting.length >= max) flush()
      else cancel ??= env.after(windowMs, flush)
    },
    flush,
    clear,
  }
}

/** A batch of one is the message itself. */
export function joined(texts: readonly string[]): string {
  return texts.length === 1 && texts[0] !== undefined ? texts[0] : `[${texts.join(',')}]`
}
