import type { Outgoing } from './codec'
import type { Environment, Visibility } from './options'

/** Tells the server when nobody looks, so that growing messages come in larger pieces, and when somebody does again. */
export interface VisibilityReport {
  get(): Visibility
  set(next: Visibility): void
  /** A connection is open; the server takes a new one for visible. */
  open(): void
  closed(): void
}

export function createVisibility(env: Environment, tell: (message: Outgoing) => unknown): VisibilityReport {
  let current: Visibility = 'visible'
  /** A session that goes on may remember. */
  let toldHidden = false
  let unwatch: (() => void) | undefined

  const report = () => {
    if (current === 'visible' && !toldHidden) return
    toldHidden ||= current === 'hidden'
    tell({ type: 'visibility', payload: { state: current } })
  }
  const set = (next: Visibility) => {
    if (next === current) return
    current = next
    report()
  }
  return {
    get: () => current,
    set,
    open() {
      // Watching begins with a look, which may report: not twice.
      const before = current
      unwatch ??= env.watchVisibility(set)
      if (current === before) report()
    },
    closed() {
      unwatch?.()
      unwatch = undefined
    },
  }
}
