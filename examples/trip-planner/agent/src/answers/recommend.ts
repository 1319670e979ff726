import { destinations, highInMonth, monthName, rainInMonth, type Destination } from '../catalog'
import type { Memory } from '../conversation'
import type { Query } from '../query'
import { countFitting, rank } from '../rank'
import { capitalized, listOf, monthSpan } from '../text'
import { criteria, interestNames, monthsPhrase, rainWords, withCountry } from './phrases'
import { reading, type Answer, type Step } from '../steps'

const shownAtOnce = 4

/** "Where should I go": the best places, each with the reason. */
export function recommend(query: Query, memory: Memory): Answer {
  const seen = query.wantsOther ? memory.suggested : new Set<string>()
  const { ranked, relaxed } = rankOrRelax(query, seen)
  const asked = criteria(query)
  const places = ranked.map(({ place }) => place)
  const steps: Step[] = [
    reading,
    { tool: 'search', says: `Weighing ${destinations.length} places${asked ? ` ${asked}` : ''}`, found: places.length === 0 ? 'nothing fits' : places.map(({ name }) => name).join(', ') },
  ]
  if (places.length > 1) steps.push({ says: `Comparing the best ${places.length}` })
  if (places.length === 0) {
    return { text: `I have nothing that fits ${asked || 'that'}. Try another month, a wider region or a higher budget.`, places, steps }
  }
  const lines = [relaxed ?? opening(query, asked, countFitting(query)), '']
  places.forEach((place, index) => lines.push(`### ${index + 1}. ${withCountry(place)}`, '', pitch(place, query), '', ...reasons(place, query), ''))
  lines.push(closing(places, query))
  return { text: lines.join('\n'), places, steps, ...(query.months[0] !== undefined && { month: query.months[0] }) }
}

/** Gives up the budget first, then the themes, and says so. */
function rankOrRelax(query: Query, seen: ReadonlySet<string>): { ranked: ReturnType<typeof rank>; relaxed?: string } {
  const ranked = rank(query, shownAtOnce, seen)
  if (ranked.length > 0) return { ranked }
  const attempts: Array<[Query, string]> = [
    [{ ...query, perDayMax: undefined, level: undefined }, `Nothing ${criteria(query)} stays inside that budget, so here is the closest I can find:`],
    [{ ...query, themes: [], perDayMax: undefined, level: undefined }, `I found no exact match ${criteria(query)}. These come closest:`],
    [{ ...query, themes: [], interests: query.interests.slice(0, 1), perDayMax: undefined }, `All of that at once is rare. These cover most of it:`],
  ]
  for (const [wider, relaxed] of attempts) {
    const found = rank(wider, shownAtOnce, seen)
    if (found.length > 0) return { ranked: found, relaxed }
  }
  return { ranked: [] }
}

function opening(query: Query, asked: string, count: number): string {
  if (!asked) return 'Here are a few places that rarely disappoint. Tell me a **month**, a **budget** or what you love, and I will narrow it down.'
  const lead = query.wantsOther ? 'More ideas' : capitalized(asked)
  return count > shownAtOnce ? `${lead}, **${count} places** fit. These are the ones I would look at first:` : `${lead}, this is what fits:`
}

function pitch(place: Destination, query: Query): string {
  const strengths = query.interests.filter((name) => place.scores[name] >= 4).map((name) => interestNames[name])
  return `Known for ${place.knownFor}.${strengths.length > 0 ? ` Great for ${listOf(strengths)}.` : ''}`
}

function reasons(place: Destination, query: Query): string[] {
  const lines: string[] = []
  const month = query.months[0]
  if (month !== undefined) {
    const when = query.months.length > 1 ? monthsPhrase(query.months) : monthName(month)
    const season = place.bestMonths.includes(month) ? ', right in the best season' : ''
    lines.push(`- **Weather:** around ${highInMonth(place, month)} °C by day in ${when}, ${rainWords[rainInMonth(place, month)]}${season}`)
  } else {
    lines.push(`- **When:** ${monthSpan(place.bestMonths)}`)
  }
  lines.push(`- **Budget:** from €${place.budgetPerDayEur.low} a day, about €${place.budgetPerDayEur.mid} for comfort`)
  lines.push(`- **Do not miss:** ${listOf(place.sights.slice(0, 3))}`)
  return lines
}

function closing(places: readonly Destination[], query: Query): string {
  const [first, second] = places
  if (!first) return ''
  const days = query.days ?? 4
  if (!second) return `Shall I plan **${days} days in ${first.name}**?`
  return `My pick is **${first.name}**. I can compare it with ${second.name}, or plan ${days} days there: just ask.`
}
