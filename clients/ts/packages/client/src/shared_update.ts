import type { SharedState, SharedValue } from './api'
import type { TidewireError } from './error'
import type { RequestOptions } from './options'

export interface UpdateOptions extends RequestOptions {
  /** How often it may be beaten by others before it rejects with `conflict`. Default 16. */
  attempts?: number
}

/**
 * Changes a value that others change too: `change` gets the newest value (undefined: there is none) and gives the next one
 * (undefined: none). It is called again when someone else was faster, and when the connection was lost before the answer, so
 * it has to give the same when its work is done already. Resolves with what the key holds in the end.
 */
export async function updateShared(
  shared: Pick<SharedState, 'get' | 'set' | 'delete'>,
  key: string,
  change: (value: unknown) => unknown,
  { attempts = 16, ...rule }: UpdateOptions = {},
): Promise<SharedValue | undefined> {
  let current = await shared.get(key, rule)
  for (let attempt = 1; ; attempt++) {
    const next = change(current?.value)
    if (next === current?.value) return current
    try {
      if (next !== undefined) return await shared.set(key, next, { ...rule, ifVersion: current?.version ?? 0 })
      await shared.delete(key, { ...rule, ifVersion: current?.version ?? 0 })
      return undefined
    } catch (caught) {
      const error = caught as TidewireError
      if (attempt >= attempts) throw error
      if (error.name === 'conflict') current = newest(error.details.current)
      else if (error.name === 'connection_lost' || error.name === 'not_found') current = await shared.get(key, rule)
      else throw error
    }
  }
}

function newest(raw: unknown): SharedValue | undefined {
  const { value, version } = raw as SharedValue
  return version > 0 ? { value, version } : undefined
}
