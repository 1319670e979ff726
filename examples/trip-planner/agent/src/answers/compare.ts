import { highInMonth, rainInMonth, type Destination, type Interest } from '../catalog'
import type { Query } from '../query'
import { fit } from '../rank'
import { capitalized, monthSpan } from '../text'
import { monthsPhrase, rainWords } from './phrases'
import { reading, type Answer } from '../steps'

const rows: readonly Interest[] = ['beach', 'nature', 'culture', 'nightlife', 'family']

/** Two to four places side by side, and a verdict. */
export function compare(query: Query): Answer {
  const places = query.places.slice(0, 4)
  const [a, b] = places
  if (!a || !b) return { text: 'Name two places and I will put them side by side, for example **Lisbon or Porto**.', places, steps: [reading] }
  const lines = [`**${places.map((place) => place.name).join(' or ')}?** Here they are side by side.`, '', ...table(places, query), '']
  for (const place of places) lines.push(`**${place.name}** is about ${place.knownFor}.`, '')
  lines.push(verdict(a, b, query))
  return { text: lines.join('\n'), places, steps: [
    reading,
    { tool: 'compare', says: `Comparing ${a.name} and ${b.name}`, found: 'weather, costs, strengths' },
    { says: 'Weighing the differences' },
  ], ...(query.months[0] !== undefined && { month: query.months[0] }) }
}

function table(places: readonly Destination[], query: Query): string[] {
  const row = (label: string, value: (place: Destination) => string): string => `| ${label} | ${places.map(value).join(' | ')} |`
  const month = query.months[0]
  return [
    row('', (place) => place.name),
    `|---|${places.map(() => '---').join('|')}|`,
    row('Best months', (place) => monthSpan(place.bestMonths)),
    ...(month === undefined ? [] : [row(monthsPhrase([month]), (place) => `${highInMonth(place, month)} °C, ${rainWords[rainInMonth(place, month)]}`)]),
    row('Comfortable day', (place) => `€${place.budgetPerDayEur.mid}`),
    ...rows.map((name) => row(capitalized(name), (place) => dots(place.scores[name]))),
    row('Airport', (place) => place.airport),
  ]
}

const dots = (score: number): string => '●'.repeat(score) + '○'.repeat(5 - score)

function verdict(a: Destination, b: Destination, query: Query): string {
  const wishes = query.interests.length > 0 || query.months.length > 0 || query.perDayMax !== undefined
  if (wishes) {
    const scoreA = fit(a, { ...query, areas: [] }) ?? -10
    const scoreB = fit(b, { ...query, areas: [] }) ?? -10
    if (Math.abs(scoreA - scoreB) > 0.4) {
      const winner = scoreA > scoreB ? a : b
      return `**Verdict:** for what you asked, I would take **${winner.name}**.`
    }
  }
  const cheaper = a.budgetPerDayEur.mid <= b.budgetPerDayEur.mid ? a : b
  const dearer = cheaper === a ? b : a
  const difference = dearer.budgetPerDayEur.mid - cheaper.budgetPerDayEur.mid
  const best = (place: Destination, other: Destination): string => {
    const gain = [...rows].sort((x, y) => place.scores[y] - other.scores[y] - (place.scores[x] - other.scores[x]))[0]!
    return place.scores[gain] > other.scores[gain] ? gain : place === cheaper && difference > 0 ? 'the price' : 'a change of scene'
  }
  const saving = difference > 0 ? `**${cheaper.name}** saves you about €${difference} a day` : 'They cost about the same'
  return `**Verdict:** choose **${a.name}** for ${best(a, b)}, **${b.name}** for ${best(b, a)}. ${saving}.`
}
