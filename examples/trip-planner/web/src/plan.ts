import { updateShared, type Channel, type SharedState, type SharedValue } from '@tidewire/client'
import { applyEdit, itineraryKey, readItinerary, type Edit, type Stop } from '../../shared/itinerary'
import type { TripEvents } from '../../shared/events'
import type { PlanView } from './trip_view'

export interface PlanSeams {
  shared: Pick<SharedState, 'get' | 'set' | 'delete'>
  myName: string
  changed(): void
}

/** The itinerary as this page sees it: what the server holds, with this person's unanswered edits on top. */
export interface Plan {
  readonly view: PlanView
  edit(edit: Edit): void
  /** Settles a conflict: this person's words, or those that are there. */
  resolve(id: string, whose: 'mine' | 'theirs'): void
  /** What the server holds now; undefined: nothing. */
  took(value: SharedValue | undefined): void
  /** The same, from a new subscription: whatever was known before. */
  reset(value: SharedValue | undefined): void
}

const sendWithinMs = 10 * 60_000
const empty: PlanView = { loaded: false, saving: false, stops: [], conflicts: [], note: '' }

class Stopped extends Error {
  constructor(readonly outcome: { kind: 'conflict'; theirs: string | undefined } | { kind: 'full' }) {
    super(outcome.kind)
  }
}

export function createPlan({ shared, myName, changed }: PlanSeams): Plan {
  let known: SharedValue | undefined
  let view = empty
  const open: Edit[] = []
  let working = false

  const show = (part: Partial<PlanView>): void => {
    let stops = readItinerary(known?.value).stops
    for (const edit of open) {
      const outcome = applyEdit(stops, edit)
      if (outcome.kind === 'done') stops = outcome.stops
    }
    view = { ...view, saving: open.length > 0, ...part, stops: same(stops, view.stops) ? view.stops : stops }
    changed()
  }

  const took = (value: SharedValue | undefined): void => {
    if (value && known && value.version < known.version) return
    known = value
    show({ loaded: true })
  }

  /** The first attempt goes out with the version on the page: who was faster is met as a conflict, and merged. */
  const attempt = async (edit: Edit): Promise<string> => {
    let looked = false
    let tries = 0
    let others = ''
    const get: SharedState['get'] = (key, options) => {
      if (looked) return shared.get(key, options)
      looked = true
      return Promise.resolve(known)
    }
    const result = await updateShared({ ...shared, get }, itineraryKey, (value) => {
      const { stops, by } = readItinerary(value)
      if (tries++ > 0) others = by
      const outcome = applyEdit(stops, edit)
      if (outcome.kind !== 'done') throw new Stopped(outcome)
      return outcome.stops === stops ? value : { stops: outcome.stops, by: myName }
    }, { timeoutMs: sendWithinMs })
    took(result)
    return others
  }

  const settle = async (edit: Edit): Promise<void> => {
    try {
      const others = await attempt(edit)
      open.shift()
      show({ note: others && others !== myName ? `Merged with a change by ${others}.` : '' })
    } catch (error) {
      open.shift()
      if (!(error instanceof Stopped)) show({ note: problemOf(error) })
      else if (error.outcome.kind === 'full') show({ note: 'The itinerary is full.' })
      else if (edit.kind === 'rename') await clash(edit, error.outcome.theirs)
    }
  }

  const clash = async (edit: Extract<Edit, { kind: 'rename' }>, theirs: string | undefined): Promise<void> => {
    took(await shared.get(itineraryKey).catch(() => known))
    if (theirs === undefined) return show({ note: `“${edit.from}” was removed meanwhile.` })
    const by = readItinerary(known?.value).by
    const others = view.conflicts.filter(({ id }) => id !== edit.id)
    show({ conflicts: [...others, { id: edit.id, mine: edit.to, theirs, by }], note: `${by} changed “${edit.from}” at the same time.` })
  }

  const work = async (): Promise<void> => {
    if (working) return
    working = true
    for (let next = open[0]; next; next = open[0]) await settle(next)
    working = false
  }

  const edit = (next: Edit): void => {
    open.push(next)
    show({ note: '' })
    void work()
  }

  return {
    get view() {
      return view
    },
    edit,
    took,
    reset(value) {
      known = undefined
      took(value)
    },
    resolve(id, whose) {
      const conflict = view.conflicts.find((each) => each.id === id)
      if (!conflict) return
      show({ conflicts: view.conflicts.filter((each) => each !== conflict), note: '' })
      const now = view.stops.find((stop) => stop.id === id)
      if (whose === 'mine' && now) edit({ kind: 'rename', id, from: now.title, to: conflict.mine })
    },
  }
}

const same = (a: readonly Stop[], b: readonly Stop[]): boolean =>
  a.length === b.length && a.every((stop, at) => stop.id === b[at]!.id && stop.title === b[at]!.title && stop.by === b[at]!.by)

const words: Record<string, string> = {
  permission_denied: 'You may not change the itinerary here.',
  rate_limited: 'Too many changes at once. Try again in a moment.',
  limit_exceeded: 'The itinerary is too large.',
  timeout: 'The change was not saved: the server did not answer.',
}

function problemOf(error: unknown): string {
  const { name = '', message = '' } = error as { name?: string; message?: string }
  return words[name] ?? `The change was not saved: ${message || 'unknown fault'}`
}

/** Keeps the plan as the server has it: read with every subscription, so that what was deleted meanwhile is gone; then each change. */
export function followPlan(channel: Channel<TripEvents>, plan: Plan): void {
  channel.onState(({ status }) => {
    if (status === 'subscribed') channel.shared.get(itineraryKey).then(plan.reset, () => undefined)
  })
  channel.on('state_changed', ({ payload: { key, value, version, deleted } }) => {
    if (key === itineraryKey) plan.took(deleted ? undefined : { value, version })
  })
}
