import { describe, expect, it } from 'vitest'
import { destinations, type Destination } from '../src/catalog'

const regions = new Set(['Europe', 'Asia', 'Africa', 'Middle East', 'North America', 'South America', 'Oceania'])
const within = (value: number, min: number, max: number): boolean => Number.isFinite(value) && value >= min && value <= max

/** Everything that is wrong with a place; empty when it is whole. */
function faults(place: Destination): string[] {
  const found: string[] = []
  const check = (ok: boolean, what: string): void => void (ok || found.push(what))
  check(/^[a-z0-9-]+$/.test(place.id), 'id')
  for (const field of ['name', 'country', 'knownFor', 'gettingAround', 'safety', 'visa'] as const) check(place[field].length > 2, field)
  check(regions.has(place.region), 'region')
  check(within(place.lat, -90, 90) && within(place.lon, -180, 180), 'lat/lon')
  check(place.bestMonths.length > 0 && place.bestMonths.every((month) => Number.isInteger(month) && within(month, 1, 12)), 'bestMonths')
  check(new Set(place.bestMonths).size === place.bestMonths.length, 'bestMonths twice')
  const { low, mid, high } = place.budgetPerDayEur
  check(low > 10 && low < mid && mid < high, 'budgetPerDayEur')
  for (const season of ['decFeb', 'marMay', 'junAug', 'sepNov'] as const) {
    const { lowC, highC, rain } = place.climate[season]
    check(within(lowC, -25, 35) && within(highC, -15, 45) && lowC < highC, `climate.${season}`)
    check(['dry', 'some', 'wet'].includes(rain), `climate.${season}.rain`)
  }
  check(within(place.sights.length, 3, 6), 'sights')
  check(place.food.length >= 3, 'food')
  check(/^[A-Z]{3}$/.test(place.airport), 'airport')
  for (const name of ['family', 'nightlife', 'nature', 'culture', 'beach'] as const) {
    check(Number.isInteger(place.scores[name]) && within(place.scores[name], 0, 5), `scores.${name}`)
  }
  return found
}

describe('the data set', () => {
  it('has at least 100 places on every continent', () => {
    expect(destinations.length).toBeGreaterThanOrEqual(100)
    expect(new Set(destinations.map((place) => place.region))).toEqual(regions)
  })

  it('names no place twice', () => {
    expect(new Set(destinations.map((place) => place.id)).size).toBe(destinations.length)
  })

  it.each(destinations.map((place) => [place.id, place] as const))('%s is whole', (_id, place) => {
    expect(faults(place)).toEqual([])
  })
})
