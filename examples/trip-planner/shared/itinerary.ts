/** The itinerary that everyone in a room edits: one key of the channel's shared state. */
export const itineraryKey = 'itinerary'
export const maxStops = 30
export const maxTitle = 120

export interface Stop {
  id: string
  title: string
  /** The name of who put it in. */
  by: string
}

export interface Itinerary {
  stops: readonly Stop[]
  /** The name of who changed it last. */
  by: string
}

/** What a person did. Each says enough to be done again on top of what others did meanwhile. */
export type Edit =
  | { kind: 'add'; stops: readonly Stop[] }
  /** `from` is what the person saw when they began. */
  | { kind: 'rename'; id: string; from: string; to: string }
  /** In front of that stop; undefined: to the end. */
  | { kind: 'move'; id: string; before: string | undefined }
  | { kind: 'remove'; id: string }

export type Outcome =
  | { kind: 'done'; stops: readonly Stop[] }
  /** The same words were changed by two people; undefined: the stop is gone. */
  | { kind: 'conflict'; theirs: string | undefined }
  | { kind: 'full' }

/** Does an edit. Doing it again changes nothing, so that a lost answer does no harm. */
export function applyEdit(stops: readonly Stop[], edit: Edit): Outcome {
  switch (edit.kind) {
    case 'add':
      return add(stops, edit.stops)
    case 'rename':
      return rename(stops, edit)
    case 'move':
      return { kind: 'done', stops: move(stops, edit.id, edit.before) }
    case 'remove':
      return { kind: 'done', stops: stops.some(({ id }) => id === edit.id) ? stops.filter(({ id }) => id !== edit.id) : stops }
  }
}

function add(stops: readonly Stop[], added: readonly Stop[]): Outcome {
  const fresh = added.filter(({ id }) => stops.every((stop) => stop.id !== id))
  if (fresh.length === 0) return { kind: 'done', stops }
  return stops.length + fresh.length > maxStops ? { kind: 'full' } : { kind: 'done', stops: [...stops, ...fresh] }
}

function rename(stops: readonly Stop[], { id, from, to }: Extract<Edit, { kind: 'rename' }>): Outcome {
  const now = stops.find((stop) => stop.id === id)
  if (!now) return { kind: 'conflict', theirs: undefined }
  if (now.title === to) return { kind: 'done', stops }
  if (now.title !== from) return { kind: 'conflict', theirs: now.title }
  return { kind: 'done', stops: stops.map((stop) => (stop === now ? { ...stop, title: to } : stop)) }
}

function move(stops: readonly Stop[], id: string, before: string | undefined): readonly Stop[] {
  const stop = stops.find((each) => each.id === id)
  if (!stop || id === before) return stops
  const others = stops.filter((each) => each !== stop)
  const at = before === undefined ? -1 : others.findIndex((each) => each.id === before)
  const moved = at < 0 ? [...others, stop] : [...others.slice(0, at), stop, ...others.slice(at)]
  return moved.every((each, place) => each === stops[place]) ? stops : moved
}

/** Reads what the state holds; anything else than an itinerary is an empty one. */
export function readItinerary(value: unknown): Itinerary {
  const { stops, by } = (typeof value === 'object' && value !== null ? value : {}) as Partial<Record<keyof Itinerary, unknown>>
  return { stops: Array.isArray(stops) ? stops.filter(isStop) : [], by: typeof by === 'string' ? by : '' }
}

function isStop(value: unknown): value is Stop {
  const { id, title, by } = (value ?? {}) as Partial<Stop>
  return typeof id === 'string' && typeof title === 'string' && typeof by === 'string'
}

/** "### Day 2: Fushimi Inari" of an answer, as titles of stops. */
export function daysOf(answer: string): string[] {
  return [...answer.matchAll(/^#{1,4} (Day \d+: .+)$/gm)].map((found) => found[1]!.replace(/[*_`]/g, '').trim().slice(0, maxTitle))
}
