import { highInMonth, lowInMonth, monthName, rainInMonth, type Destination, type Season } from '../catalog'
import type { Query } from '../query'
import { capitalized, listOf, monthSpan } from '../text'
import { budgetLine, interestNames, rainWords, weatherIn, withCountry } from './phrases'
import { reading, type Answer } from '../steps'

/** Questions about one place. */
export function guide(query: Query): Answer {
  const place = query.places[0]!
  const month = query.months[0]
  return {
    text: sections[query.intent as Topic]?.(place, query) ?? about(place, query),
    places: [place],
    steps: [reading, { tool: 'look up', says: `Looking up ${place.name}`, found: place.country === place.name ? 'the whole country' : place.country }],
    ...(month !== undefined && { month }),
  }
}

type Topic = 'weather' | 'cost' | 'food' | 'transport' | 'safety' | 'packing' | 'about'

const sections: Record<Topic, (place: Destination, query: Query) => string> = { weather, cost, food, transport, safety, packing, about }

function about(place: Destination, query: Query): string {
  const strong = (Object.keys(interestNames) as Array<keyof typeof interestNames>).filter((name) => place.scores[name] >= 4)
  const month = query.months[0]
  return [
    `## ${withCountry(place)}`, '',
    `${capitalized(place.knownFor)}.${strong.length > 0 ? ` Especially good for ${listOf(strong.map((name) => interestNames[name]))}.` : ''}`, '',
    `- **Best time:** ${monthSpan(place.bestMonths)}`,
    ...(month === undefined ? [] : [`- **In ${monthName(month)}:** ${weatherIn(place, month)}`]),
    `- **A day costs:** ${budgetLine(place)}`,
    `- **See:** ${listOf(place.sights)}`,
    `- **Eat:** ${listOf(place.food)}`,
    `- **Getting around:** ${place.gettingAround}`,
    `- **Nearest airport:** ${place.airport}`, '',
    `Want a day-by-day plan, or shall I compare ${place.name} with somewhere else?`,
  ].join('\n')
}

const seasonTitles: Record<Season, string> = { decFeb: 'Dec–Feb', marMay: 'Mar–May', junAug: 'Jun–Aug', sepNov: 'Sep–Nov' }

function weather(place: Destination, query: Query): string {
  const rows = (Object.keys(seasonTitles) as Season[]).map((season) => {
    const { lowC, highC, rain } = place.climate[season]
    return `| ${seasonTitles[season]} | ${lowC}–${highC} °C | ${rainWords[rain]} |`
  })
  const month = query.months[0]
  const lead = month === undefined
    ? `The best time for **${place.name}** is **${monthSpan(place.bestMonths)}**.`
    : `In **${monthName(month)}**, ${place.name} has ${weatherIn(place, month)}. ${place.bestMonths.includes(month) ? 'That is one of its best months.' : `The best months are ${monthSpan(place.bestMonths)}.`}`
  return [lead, '', '| Season | Day | Rain |', '|---|---|---|', ...rows].join('\n')
}

function cost(place: Destination, query: Query): string {
  const { low, mid, high } = place.budgetPerDayEur
  const days = query.days ?? 5
  const verdict = query.perDayMax === undefined ? '' : query.perDayMax >= mid ? ` Your €${query.perDayMax} a day is comfortable there.` : query.perDayMax >= low ? ` Your €${query.perDayMax} a day works if you keep it simple.` : ` Your €${query.perDayMax} a day will be tight.`
  return [
    `What a day in **${place.name}** costs for one person, without the flight:${verdict}`, '',
    `| Style | A day | ${days} days |`, '|---|---|---|',
    `| Simple: hostel or guesthouse, street food, buses | €${low} | €${low * days} |`,
    `| Comfortable: nice room, restaurants, some tours | €${mid} | €${mid * days} |`,
    `| With treats: good hotel, private tours | €${high} | €${high * days} |`, '',
    `Prices are lower outside ${monthSpan(place.bestMonths)}.`,
  ].join('\n')
}

function food(place: Destination): string {
  return [`Come hungry to **${place.name}**. Do not leave without trying:`, '', ...place.food.map((dish) => `- **${capitalized(dish)}**`), '',
    `A simple day with street food and markets starts around €${place.budgetPerDayEur.low}, room included.`].join('\n')
}

function transport(place: Destination): string {
  return [`**Getting to ${place.name}:** the usual airport is **${place.airport}**.`, '', `**Getting around:** ${place.gettingAround}.`].join('\n')
}

function safety(place: Destination): string {
  return [`**Safety in ${place.name}:** ${place.safety}.`, '', `**Entry:** ${place.visa}`, '',
    'Rules change: look at your own government’s travel advice before you book.'].join('\n')
}

function packing(place: Destination, query: Query): string {
  const month = query.months[0] ?? place.bestMonths[0]!
  return [`Packing for **${place.name}** in **${monthName(month)}** (${weatherIn(place, month)}):`, '', ...packingList(place, month).map((item) => `- ${item}`)].join('\n')
}

export function packingList(place: Destination, month: number): string[] {
  const high = highInMonth(place, month)
  const low = lowInMonth(place, month)
  const rain = rainInMonth(place, month)
  const items = ['Shoes you have already walked far in', 'Power bank, adapter, and copies of your documents']
  if (high >= 24) items.push('Light, loose clothes, sunglasses, hat and sunscreen')
  else if (high >= 14) items.push('Layers: T-shirts, a jumper and a light jacket')
  if (high < 14) items.push('A warm jacket, jumpers and long trousers')
  if (low <= 2) items.push('Thermal layers, gloves, hat and shoes with grip')
  else if (low < 12 && high >= 14) items.push('Something warm for the evenings')
  if (rain === 'wet') items.push('A real rain jacket and a dry bag for electronics')
  else if (rain === 'some') items.push('A small umbrella or a packable rain jacket')
  if (place.scores.beach >= 4 && high >= 22) items.push('Swimwear, a quick-dry towel and reef-safe sunscreen')
  if (place.scores.nature >= 5) items.push('Day pack, refillable bottle and insect repellent')
  if (place.scores.culture >= 4 && /temple|mosque|church|cathedral|basilica/i.test(place.sights.join(' '))) items.push('Something that covers shoulders and knees for religious sites')
  return items
}
