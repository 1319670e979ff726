import { nearby, type Destination } from '../catalog'
import type { Query } from '../query'
import { monthSpan } from '../text'
import { monthsPhrase, weatherIn } from './phrases'
import { reading, type Answer } from '../steps'

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
  return { text: lines.join('\n'), places: [place], steps: [
    reading,
    { tool: 'sights', says: `Picking the sights of ${place.name}`, found: place.sights.slice(0, 3).join(', ') },
    { tool: 'days', says: `Laying out ${days} ${days === 1 ? 'day' : 'days'}` },
  ], ...(month !== undefined && { month }) }
}

function intro(place: Destination, month: number | undefined): string {
  if (month === undefined) return `${place.name} is about ${place.knownFor}. The best time is ${monthSpan(place.bestMonths)}.`
  const season = place.bestMonths.includes(month) ? 'a good time to go' : `outside the best months (${monthSpan(place.bestMonths)})`
  return `${monthsPhrase([month])} is ${season}: expect ${weatherIn(place, month)}.`
}

const sightsADay = 2
const sideTripKm = 250

function sightsOf(place: Destination, day: number): string[] {
  return place.sights.slice((day - 1) * sightsADay, day * sightsADay)
}

interface SlowDay {
  title: string
  morning: string
  afternoon: string
}

const slowDays: readonly SlowDay[] = [
  { title: 'the slow side', morning: 'sleep in, then a long breakfast where the locals have it', afternoon: 'follow a street you liked on the first day, without a plan' },
  { title: 'markets and making', morning: 'visit a market and buy what you do not know', afternoon: 'take a cooking, craft or language class' },
  { title: 'out of town', morning: 'take an early train, bus or boat to the next village or bay', afternoon: 'walk, swim or sit there, and come back at dusk' },
  { title: 'second helpings', morning: 'go back to the place you left too early', afternoon: 'find the presents and the view for the last picture' },
]

/** Days after the sights: side trips to places of the data set that are near, and slow days between. */
function freeDay(place: Destination, day: number): SlowDay {
  const free = day - Math.ceil(place.sights.length / sightsADay) - 1
  const near = nearby(place, sideTripKm)[Math.floor(free / 2)]
  if (!near || free % 2 === 1) return slowDays[Math.floor(free / 2) % slowDays.length]!
  const [first, second] = near.place.sights
  return { title: `a side trip to ${near.place.name} (${near.km} km)`, morning: `leave early; ${first} first`, afternoon: `${second}, then back or stay the night` }
}

const dayTitle = (place: Destination, day: number): string => sightsOf(place, day)[0] ?? freeDay(place, day).title

function dayPlan(place: Destination, day: number): string[] {
  const [first, second] = sightsOf(place, day)
  const dish = place.food[(day - 1) % place.food.length]!
  return [
    `- **Morning:** ${first ? `${first}, early, before the crowds` : freeDay(place, day).morning}`,
    `- **Lunch:** ${day <= place.food.length ? `try ${dish}` : lunches[day % lunches.length]!}`,
    `- **Afternoon:** ${second ?? (first ? 'take the neighbourhood around it slowly' : freeDay(place, day).afternoon)}`,
    `- **Evening:** ${evening(place, day)}`,
  ]
}

const lunches = ['whatever the table next to you has', 'a picnic from the market', 'the small place with the handwritten menu']

const evenings = {
  night: ['dinner late, then the bars: this place wakes up at night', 'an easy dinner and an early night', 'live music, and a walk home'],
  beach: ['a swim and sunset by the water', 'grilled fish with sand under the table', 'a last swim in the dusk'],
  nature: ['a quiet dinner; tomorrow starts early', 'look at the stars, far from the lights', 'a slow dinner by the fire'],
  town: ['an after-dinner walk while the streets empty', 'a concert or a film, in whatever language', 'dessert somewhere else than dinner'],
} as const

function evening(place: Destination, day: number): string {
  const { nightlife, beach, nature } = place.scores
  const mood = nightlife >= 4 ? 'night' : beach >= 4 ? 'beach' : nature >= 5 ? 'nature' : 'town'
  return evenings[mood][(day - 1) % 3]!
}

function costs(place: Destination, days: number): string {
  const { low, mid } = place.budgetPerDayEur
  return `Reckon with €${low * days} in all on a simple budget, €${mid * days} in comfort, without the flight to ${place.airport}`
}
