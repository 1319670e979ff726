import data from '../../data/destinations.json'
import type { PlaceCard, PlaceKind } from '../../shared/events'

export type Season = 'decFeb' | 'marMay' | 'junAug' | 'sepNov'
export type Interest = 'family' | 'nightlife' | 'nature' | 'culture' | 'beach'
export type Rain = 'dry' | 'some' | 'wet'

export interface SeasonClimate {
  lowC: number
  highC: number
  rain: Rain
}

/** One place of `data/destinations.json`. */
export interface Destination {
  id: string
  name: string
  country: string
  region: string
  lat: number
  lon: number
  /** 1 to 12. */
  bestMonths: number[]
  /** One person, without the flight. */
  budgetPerDayEur: { low: number; mid: number; high: number }
  climate: Record<Season, SeasonClimate>
  knownFor: string
  sights: string[]
  food: string[]
  gettingAround: string
  /** IATA code of the usual airport. */
  airport: string
  /** 0 to 5. */
  scores: Record<Interest, number>
  safety: string
  visa: string
}

export const destinations = data as Destination[]

export const monthNames = [
  'January', 'February', 'March', 'April', 'May', 'June',
  'July', 'August', 'September', 'October', 'November', 'December',
] as const

export const monthName = (month: number): string => monthNames[month - 1] ?? ''

const seasons: readonly Season[] = ['decFeb', 'marMay', 'junAug', 'sepNov']

export const seasonOf = (month: number): Season => seasons[Math.floor((month % 12) / 3)]!

/** The seasons' averages stand for their middle months; months between are interpolated. */
export function highInMonth(place: Destination, month: number): number {
  return Math.round(interpolate(month, (season) => place.climate[season].highC))
}

export function lowInMonth(place: Destination, month: number): number {
  return Math.round(interpolate(month, (season) => place.climate[season].lowC))
}

function interpolate(month: number, valueOf: (season: Season) => number): number {
  const quarters = (((month - 1) % 12) + 12) % 12 / 3
  const before = Math.floor(quarters)
  const share = quarters - before
  return valueOf(seasons[before]!) * (1 - share) + valueOf(seasons[(before + 1) % 4]!) * share
}

export const rainInMonth = (place: Destination, month: number): Rain => place.climate[seasonOf(month)].rain

const desertPlaces = new Set([
  'petra-and-wadi-rum', 'alula', 'namibia-s-desert', 'atacama-desert', 'grand-canyon-and-utah-parks', 'salar-de-uyuni',
  'luxor', 'cairo', 'dubai', 'marrakech', 'muscat',
])

/** What a picture of the place would show. */
export function kindOf(place: Destination): PlaceKind {
  const { beach, nature, culture } = place.scores
  if (desertPlaces.has(place.id)) return 'desert'
  if (place.lat > 60 && nature >= 4) return 'north'
  if (beach >= 4 && beach >= culture) return 'beach'
  if (nature >= 5 && /mount|alp|peak|ski|trek|hik|rock|glacier|andes|himalaya|inca|spires|towers/i.test(place.knownFor + place.sights.join(' '))) return 'mountains'
  if (nature >= 5) return 'wild'
  return 'city'
}

export function cardOf(place: Destination, month?: number): PlaceCard {
  return {
    id: place.id,
    name: place.name,
    country: place.country,
    tagline: place.knownFor,
    kind: kindOf(place),
    bestMonths: place.bestMonths,
    budget: place.budgetPerDayEur,
    highC: highInMonth(place, month ?? place.bestMonths[Math.floor(place.bestMonths.length / 2)]!),
    airport: place.airport,
  }
}

const earthKm = 6371
const radians = (degrees: number): number => (degrees * Math.PI) / 180

/** As the crow flies. */
export function distanceKm(a: Destination, b: Destination): number {
  const [latA, latB] = [radians(a.lat), radians(b.lat)]
  const half = Math.sin((latB - latA) / 2) ** 2 + Math.cos(latA) * Math.cos(latB) * Math.sin(radians(b.lon - a.lon) / 2) ** 2
  return Math.round(2 * earthKm * Math.asin(Math.sqrt(half)))
}

/** The nearest other places of the data set, nearest first. */
export function nearby(place: Destination, withinKm: number): Array<{ place: Destination; km: number }> {
  return destinations
    .filter((other) => other !== place)
    .map((other) => ({ place: other, km: distanceKm(place, other) }))
    .filter(({ km }) => km <= withinKm)
    .sort((a, b) => a.km - b.km)
}
