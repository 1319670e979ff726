import type { Destination } from './catalog'
import { parseQuery, type Intent, type Query } from './query'

/** What was asked and shown last, so that "and in May?" or "the second one" mean something. */
export interface Memory {
  query?: Query
  /** The places of the last answer, in its order. */
  shown: Destination[]
  /** Everything recommended so far, for "something else". */
  suggested: Set<string>
}

export const emptyMemory = (): Memory => ({ shown: [], suggested: new Set() })

const needsPlace = new Set<Intent>(['itinerary', 'packing', 'weather', 'cost', 'food', 'transport', 'safety', 'about', 'compare'])

/** Reads a message in the light of what was said before. */
export function understand(text: string, memory: Memory): Query {
  const query = parseQuery(text)
  const before = memory.query
  if (!before) return orientate(query)
  if (query.places.length === 0 && query.areas.length === 0) {
    if (refersBack(query, memory)) return withPlaces(query, before, memory)
    if (refines(query, before)) return merge(query, before)
  }
  if (query.places.length > 0 && !query.explicit && before.places.length > 0 && needsPlace.has(before.intent)) {
    return { ...query, ...carried(query, before), intent: before.intent === 'compare' ? 'about' : before.intent }
  }
  return orientate(query)
}

/** A question that needs a place but names none is a question for one. */
function orientate(query: Query): Query {
  const hasFilter = query.months.length + query.interests.length + query.themes.length > 0 || query.perDayMax || query.level || query.areas.length > 0
  if (query.places.length > 0 || !hasFilter) return query
  if (query.intent === 'packing' || query.intent === 'greeting' || query.intent === 'thanks' || query.intent === 'help') return query
  return { ...query, intent: 'recommend' }
}

const narrowing = new Set<Intent>(['itinerary', 'packing', 'weather', 'cost', 'food', 'transport', 'safety', 'about', 'compare'])

function refersBack(query: Query, memory: Memory): boolean {
  if (memory.shown.length === 0 || query.wantsOther) return false
  if (query.ordinal !== undefined) return true
  if (query.intent === 'recommend') return false
  if (query.pointsBack && query.intent !== 'greeting' && query.intent !== 'thanks') return true
  return query.explicit && narrowing.has(query.intent)
}

function withPlaces(query: Query, before: Query, memory: Memory): Query {
  const { shown } = memory
  const picked = query.ordinal === undefined ? undefined : query.ordinal < 0 ? shown[shown.length - 1] : shown[query.ordinal - 1]
  const several = query.intent === 'compare' ? shown.slice(0, 2) : shown.slice(0, 1)
  const intent = query.intent === 'unclear' || query.intent === 'recommend' ? 'about' : query.intent
  return { ...query, ...carried(query, before), intent, places: picked ? [picked] : several }
}

/** "cheaper", "in May?", "with kids": the same question with one thing changed. */
function refines(query: Query, before: Query): boolean {
  const says = query.months.length + query.interests.length + query.themes.length > 0 || query.perDayMax || query.level || query.days || query.wantsOther
  return Boolean(says) && (query.intent === 'unclear' || query.wantsOther || !query.explicit) && before.intent !== 'greeting'
}

function merge(query: Query, before: Query): Query {
  return {
    ...before,
    ...carried(query, before),
    interests: [...new Set([...before.interests, ...query.interests])],
    themes: [...new Set([...before.themes, ...query.themes])],
    warm: before.warm || query.warm,
    wantsOther: query.wantsOther,
    pointsBack: false,
  }
}

function carried(query: Query, before: Query): Pick<Query, 'months' | 'days' | 'perDayMax' | 'level'> {
  return {
    months: query.months.length > 0 ? query.months : before.months,
    days: query.days ?? before.days,
    perDayMax: query.perDayMax ?? (query.level === 'low' && before.perDayMax ? Math.round(before.perDayMax * 0.75) : before.perDayMax),
    level: query.level ?? before.level,
  }
}

/** Keeps what the answer showed. */
export function remember(memory: Memory, query: Query, shown: readonly Destination[]): void {
  if (query.intent === 'greeting' || query.intent === 'thanks' || query.intent === 'help' || query.intent === 'unclear') return
  memory.query = query
  if (shown.length > 0) memory.shown = [...shown]
  if (query.intent === 'recommend') for (const place of shown) memory.suggested.add(place.id)
}
