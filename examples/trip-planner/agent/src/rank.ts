import { destinations, highInMonth, rainInMonth, type Destination } from './catalog'
import type { Query } from './query'
import { fold } from './text'

export interface Ranked {
  place: Destination
  score: number
}

const lowCostCeiling = 70

/** How well a place fits, or undefined when it breaks something that was asked for. */
export function fit(place: Destination, query: Query): number | undefined {
  if (query.areas.length > 0 && !query.areas.some((area) => area.has(place))) return undefined
  const parts = [monthFit(place, query), budgetFit(place, query), interestFit(place, query), themeFit(place, query)]
  let score = general(place)
  for (const part of parts) {
    if (part === undefined) return undefined
    score += part
  }
  return score
}

function general(place: Destination): number {
  const { nature, culture, beach, nightlife, family } = place.scores
  return (Math.max(nature, culture, beach) * 2 + nightlife + family) * 0.1
}

function monthFit(place: Destination, query: Query): number | undefined {
  if (query.months.length === 0) return 0
  let sum = 0
  for (const month of query.months) {
    const high = highInMonth(place, month)
    if (query.warm && high < 21) return undefined
    if (query.interests.includes('beach') && high < 24) sum -= 3
    if (query.warm) sum += Math.min(high, 30) * 0.08 - (high > 34 ? 1.5 : 0)
    if (place.bestMonths.includes(month)) sum += 3.5
    else if (place.bestMonths.includes((month % 12) + 1) || place.bestMonths.includes(((month + 10) % 12) + 1)) sum += 0.5
    else sum -= 2.5
    sum += { dry: 1, some: 0, wet: -1.5 }[rainInMonth(place, month)]
  }
  return sum / query.months.length
}

function budgetFit(place: Destination, query: Query): number | undefined {
  const { low, mid, high } = place.budgetPerDayEur
  if (query.perDayMax !== undefined) {
    if (low > query.perDayMax) return undefined
    return mid <= query.perDayMax ? 2 : 0.8 * ((query.perDayMax - low) / Math.max(1, mid - low))
  }
  if (query.level === 'low') return low > lowCostCeiling ? undefined : (lowCostCeiling - low) / 15
  if (query.level === 'high') return Math.min(high / 200, 3)
  return 0
}

function interestFit(place: Destination, query: Query): number | undefined {
  let sum = 0
  for (const interest of query.interests) {
    const score = place.scores[interest]
    if (score < 3) return undefined
    sum += (score - 3) * 1.6
  }
  return sum
}

const searchText = new Map(destinations.map((place) => [
  place.id,
  { main: fold(place.knownFor), rest: fold([...place.sights, ...place.food, place.gettingAround].join(' ')) },
]))

/** The words that prove a theme. */
const proof: Record<string, readonly string[]> = {
  food: ['food', 'eat', 'kitchen', 'hawker', 'cuisine', 'tapas', 'pizza'],
  div: ['div', 'snorkel', 'reef', 'coral'],
  snorkel: ['snorkel', 'reef', 'coral'],
  hik: ['hik', 'trek', 'trail', 'walks'],
  art: ['art', 'museum', 'galler'],
}
/** Themes that many places serve without saying so. */
const optional = new Set(['food', 'art', 'hik'])
const snowAtMostC = 9

/** Themes that the numbers do not cover must show up in the words. */
function themeFit(place: Destination, query: Query): number | undefined {
  const text = searchText.get(place.id)!
  let sum = 0
  for (const theme of query.themes) {
    const words = proof[theme] ?? [theme]
    if (theme === 'ski' && query.months.some((month) => highInMonth(place, month) > snowAtMostC)) return undefined
    if (words.some((word) => ` ${text.main}`.includes(` ${word}`))) sum += 3
    else if (words.some((word) => ` ${text.rest}`.includes(` ${word}`))) sum += 1.6
    else if (optional.has(theme)) sum -= 0.5
    else return undefined
  }
  return sum
}

/** The best places for a query, not more than two of one country. */
export function rank(query: Query, count: number, exclude: ReadonlySet<string> = new Set()): Ranked[] {
  const all: Ranked[] = []
  for (const place of destinations) {
    if (exclude.has(place.id)) continue
    const score = fit(place, query)
    if (score !== undefined) all.push({ place, score })
  }
  all.sort((a, b) => b.score - a.score || a.place.name.localeCompare(b.place.name))
  const perCountry = new Map<string, number>()
  const oneCountry = query.areas.length > 0
  return all.filter(({ place }) => {
    const seen = (perCountry.get(place.country) ?? 0) + 1
    perCountry.set(place.country, seen)
    return oneCountry || seen <= 1
  }).slice(0, count)
}

/** How many places are left after the hard filters: what the agent says while it works. */
export const countFitting = (query: Query): number => destinations.filter((place) => fit(place, query) !== undefined).length
