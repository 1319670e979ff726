import { highInMonth, lowInMonth, monthName, rainInMonth, type Destination, type Rain } from '../catalog'
import type { Query } from '../query'
import { listOf } from '../text'

export const rainWords: Record<Rain, string> = { dry: 'mostly dry', some: 'some rain', wet: 'rainy spells' }

export const weatherIn = (place: Destination, month: number): string =>
  `${lowInMonth(place, month)}–${highInMonth(place, month)} °C, ${rainWords[rainInMonth(place, month)]}`

export function monthsPhrase(months: readonly number[]): string {
  if (months.length === 0) return ''
  if (months.length > 2) return `${monthName(months[0]!)} to ${monthName(months[months.length - 1]!)}`
  return listOf(months.map(monthName), 'or')
}

export const budgetLine = ({ budgetPerDayEur: { low, mid, high } }: Destination): string =>
  `€${low} simple, €${mid} comfortable, €${high} with treats`

/** What the question filters on, in words: "for beaches in March under €80 a day". */
export function criteria(query: Query): string {
  const parts: string[] = []
  const wishes = [...query.interests.map((name) => interestNames[name]), ...query.themes.flatMap((theme) => themeNames[theme] ?? [])]
  if (wishes.length > 0) parts.push(`for ${listOf([...new Set(wishes)])}`)
  else if (query.warm) parts.push('with warm weather')
  if (query.areas.length > 0) parts.push(`in ${listOf(query.areas.map((area) => area.label), 'or')}`)
  if (query.months.length > 0) parts.push(`in ${monthsPhrase(query.months)}`)
  if (query.perDayMax !== undefined) parts.push(`under €${query.perDayMax} a day`)
  else if (query.level === 'low') parts.push('on a small budget')
  else if (query.level === 'high') parts.push('with some luxury')
  return parts.join(' ')
}

export const interestNames = { beach: 'beaches', nightlife: 'nightlife', nature: 'nature', culture: 'culture', family: 'families' } as const

const themeNames: Record<string, string> = {
  ski: 'skiing', 'northern lights': 'northern lights', safari: 'safari', div: 'diving', snorkel: 'snorkelling', surf: 'surf',
  hik: 'hiking', food: 'food', wine: 'wine', temple: 'temples', ruin: 'ancient sites', whale: 'whales', desert: 'deserts',
  volcan: 'volcanoes', jazz: 'music', spring: 'hot springs', lake: 'lakes', canal: 'canals', art: 'art',
}

/** "Kyoto, Japan", but "Sri Lanka". */
export const withCountry = ({ name, country }: Destination): string => (name === country ? name : `${name}, ${country}`)
