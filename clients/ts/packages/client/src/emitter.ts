import type { Undo } from './event'

/** Handlers by name. A handler that throws does not keep the others from their turn; the error goes to `fault`. */
export interface Emitter {
  on(name: string, handler: (value: never) => void): Undo
  /** False when nobody listens. */
  emit(name: string, value: unknown): boolean
}

export function createEmitter(fault: (error: unknown) => void): Emitter {
  const handlers = new Map<string, Set<(value: never) => void>>()
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
    emit(name, value) {
      const set = handlers.get(name)
      if (!set) return false
      for (const handler of Array.from(set)) {
        try {
          handler(value as never)
        } catch (error) {
          fault(error)
        }
      }
      return true
    },
  }
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
