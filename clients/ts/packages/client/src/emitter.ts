import type { Undo } from './event'

/** How a handler ended: false when it threw; a promise of the same while it is at work. */
export type Outcome = boolean | Promise<boolean>

/** Handlers by name. A handler that throws, or whose promise rejects, does not keep the others from their turn; the error goes to `fault`. */
export interface Emitter {
  on(name: string, handler: (value: never) => unknown): Undo
  /** False when nobody listens. What came of each handler is added to `outcomes`. */
  emit(name: string, value: unknown, outcomes?: Outcome[]): boolean
}

export function createEmitter(fault: (error: unknown) => void): Emitter {
  const handlers = new Map<string, Set<(value: never) => unknown>>()
  const failed = (error: unknown) => {
    fault(error)
    return false
  }
  return {
    on(name, handler) {
      // Wrapped, so that the same function added twice counts twice and each undo takes its own away.
      const own = (value: never) => handler(value)
      let set = handlers.get(name)
      if (!set) handlers.set(name, (set = new Set()))
      set.add(own)
      return () => {
        set.delete(own)
        if (set.size === 0 && handlers.get(name) === set) handlers.delete(name)
      }
    },
    emit(name, value, outcomes) {
      const set = handlers.get(name)
      if (!set) return false
      for (const handler of Array.from(set)) {
        try {
          const result = handler(value as never)
          if (isPromise(result)) {
            const outcome = Promise.resolve(result).then(() => true, failed)
            outcomes?.push(outcome)
          }
        } catch (error) {
          outcomes?.push(failed(error))
        }
      }
      return true
    },
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}

/** One outcome of many: at once when none is at work. */
export function together(outcomes: readonly Outcome[]): Outcome {
  if (outcomes.includes(false)) return false
  return outcomes.length === 0 || Promise.all(outcomes).then((each) => !each.includes(false))
}

/** A value that can be watched. */
export interface Store<Value> {
  get(): Value
  set(value: Value): void
  watch(handler: (value: Value) => void): Undo
}

export function createStore<Value>(initial: Value, fault: (error: unknown) => void): Store<Value> {
  let current = initial
  const emitter = createEmitter(fault)
  return {
    get: () => current,
    set(value) {
      current = value
      emitter.emit('', value)
    },
    watch: (handler) => emitter.on('', handler),
  }
}
