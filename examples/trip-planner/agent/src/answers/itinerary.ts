import type { Destination } from '../catalog'
import type { Query } from '../query'
import { monthSpan } from '../text'
import { monthsPhrase, weatherIn } from './phrases'
import type { Answer } from '../answer'

const defaultDays = 3
const maxDays = 10

/** Days for one place: two sights a day, meals between, slower days once the sights are used up. */
export function itinerary(query: Query): Answer {
  const place = query.places[0]!
  const days = Math.min(query.days ?? defaultDays, maxDays)
  const month = query.months[0]
  const lines = [`## ${days} ${days === 1 ? 'day' : 'days'} in ${place.name}`, '', intro(place, month), '']
  for (let day = 1; day <= days; day++) lines.push(`### Day ${day}: ${dayTitle(place, day)}`, '', ...dayPlan(place, day), '')
  lines.push('**Good to know**', '', `- ${place.gettingAround[0]!.toUpperCase()}${place.gettingAround.slice(1)}`, `- ${costs(place, days)}`, `- ${place.safety}`)
  if (query.days && query.days > maxDays) lines.push('', `That leaves ${query.days - maxDays} days: enough for a second place. Tell me which direction you like.`)
  return { text: lines.join('\n'), places: [place], tasks: ['Reading the question', `Picking the sights of ${place.name}`, `Laying out ${days} days`], ...(month !== undefined && { month }) }
}

function intro(place: Destination, month: number | undefined): string {
  if (month === undefined) return `${place.name} is about ${place.knownFor}. The best time is ${monthSpan(place.bestMonths)}.`
  const season = place.bestMonths.includes(month) ? 'a good time to go' : `outside the best months (${monthSpan(place.bestMonths)})`
  return `${monthsPhrase([month])} is ${season}: expect ${weatherIn(place, month)}.`
}

const sightsADay = 2

function sightsOf(place: Destination, day: number): string[] {
  return place.sights.slice((day - 1) * sightsADay, day * sightsADay)
}

function dayTitle(place: Destination, day: number): string {
  const [first] = sightsOf(place, day)
  return first ?? slowDays[(day - 1) % slowDays.length]!.title
}

const slowDays = [
  { title: 'the slow side', morning: 'sleep in, then a long breakfast where the locals have it', afternoon: 'follow a street you liked on the first day, without a plan' },
  { title: 'a day out', morning: 'take an early train, bus or boat to the next town or bay', afternoon: 'walk, swim or sit there, and come back at dusk' },
  { title: 'markets and making', morning: 'visit a market and buy what you do not know', afternoon: 'take a cooking, craft or language class' },
] as const

function dayPlan(place: Destination, day: number): string[] {
  const [first, second] = sightsOf(place, day)
  const slow = slowDays[(day - 1) % slowDays.length]!
  const dish = place.food[(day - 1) % place.food.length]!
  return [
    `- **Morning:** ${first ? `${first}, early, before the crowds` : slow.morning}`,
    `- **Lunch:** try ${dish}`,
    `- **Afternoon:** ${second ?? (first ? 'take the neighbourhood around it slowly' : slow.afternoon)}`,
    `- **Evening:** ${evening(place, day)}`,
  ]
}

function evening(place: Destination, day: number): string {
  const { nightlife, beach, nature } = place.scores
  if (nightlife >= 4) return day % 2 === 1 ? 'dinner late, then the bars: this place wakes up at night' : 'an easy dinner and an early night'
  if (beach >= 4) return 'a swim and sunset by the water'
  if (nature >= 4) return 'a quiet dinner; tomorrow starts early'
  return 'an after-dinner walk while the streets empty'
}

function costs(place: Destination, days: number): string {
  const { low, mid } = place.budgetPerDayEur
  return `Reckon with €${low * days} in all on a simple budget, €${mid * days} in comfort, without the flight to ${place.airport}`
}
