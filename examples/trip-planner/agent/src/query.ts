import type { Destination, Interest } from './catalog'
import { findAreas, findPlaces, type Area } from './gazetteer'
import { fold, hasWord, numberFrom } from './text'

export type Intent =
  | 'recommend' | 'compare' | 'itinerary' | 'packing' | 'weather' | 'cost' | 'food' | 'transport' | 'safety' | 'about'
  | 'greeting' | 'thanks' | 'help' | 'unclear'

export type BudgetLevel = 'low' | 'mid' | 'high'

/** What a message asks for. */
export interface Query {
  intent: Intent
  /** The intent was said in words, not guessed. */
  explicit: boolean
  places: Destination[]
  areas: Area[]
  months: number[]
  days?: number
  /** EUR per person and day. */
  perDayMax?: number
  level?: BudgetLevel
  interests: Interest[]
  /** Words such as "diving" that are looked for in what a place is known for. */
  themes: string[]
  warm: boolean
  /** "there", "it", "the second one". */
  pointsBack: boolean
  /** 1 for "the first one". */
  ordinal?: number
  wantsOther: boolean
}

const interestWords: Record<Interest, RegExp> = {
  beach: /\b(beach|beaches|sea|seaside|coast|island|islands|swim|swimming|snorkel\w*|sunbath\w*)\b/,
  nightlife: /\b(nightlife|party|parties|partying|clubs?|clubbing|bars?|going out)\b/,
  nature: /\b(nature|hik\w+|mountains?|wildlife|outdoors?|trek\w*|national parks?|forest|waterfalls?|safari|fjords?|scenery)\b/,
  culture: /\b(culture|museums?|histor\w+|art|architecture|temples?|old towns?|ruins|galler\w+|castles?)\b/,
  family: /\b(family|families|kids?|children|child|toddler\w*|teen\w*)\b/,
}

/** What people say, and what the data set calls it. */
const themeWords: Record<string, RegExp> = {
  ski: /\b(ski\w*|snowboard\w*)\b/,
  'northern lights': /\b(northern lights|aurora)\b/,
  safari: /\bsafaris?\b/,
  div: /\b(div(e|ing)|scuba)\b/,
  snorkel: /\bsnorkel\w*\b/,
  surf: /\bsurf\w*\b/,
  hik: /\b(hik\w+|trek\w*|trails?)\b/,
  food: /\b(food\w*|eat\w*|cuisine|restaurants?|street food|gastronom\w*|foodie)\b/,
  wine: /\b(wine\w*|vineyards?)\b/,
  temple: /\btemples?\b/,
  ruin: /\b(ruins?|ancient|archaeolog\w*)\b/,
  whale: /\bwhales?\b/,
  desert: /\b(deserts?|dunes?)\b/,
  volcan: /\bvolcano\w*\b/,
  jazz: /\b(jazz|live music|music)\b/,
  spring: /\b(hot springs?|onsen|thermal baths?)\b/,
  lake: /\blakes?\b/,
  canal: /\bcanals?\b/,
  art: /\b(art|museums?|galler\w+)\b/,
}

const monthPatterns: ReadonlyArray<[RegExp, number[]]> = [
  [/\bjan(uary)?\b/, [1]], [/\bfeb(ruary)?\b/, [2]], [/\bmar(ch)?\b/, [3]], [/\bapr(il)?\b/, [4]],
  [/\b(in|during|of|early|mid|late|for|until|to|this|next|through|and|about) may\b|\bmay (to|until|or|and|is|please)\b|^may$/, [5]],
  [/\bjune?\b/, [6]], [/\bjuly?\b/, [7]], [/\baug(ust)?\b/, [8]], [/\bsept?(ember)?\b/, [9]], [/\boct(ober)?\b/, [10]],
  [/\bnov(ember)?\b/, [11]], [/\bdec(ember)?\b/, [12]], [/\bchristmas|xmas\b/, [12]], [/\bnew years?( eve)?\b/, [12, 1]],
  [/\beaster\b/, [4]], [/\bsummer\b/, [6, 7, 8]], [/\bwinter\b/, [12, 1, 2]], [/\bspring\b(?! water)/, [3, 4, 5]], [/\b(autumn|fall)\b/, [9, 10, 11]],
]

const intentWords: ReadonlyArray<[Intent, RegExp]> = [
  ['compare', /\b(vs|versus|compare\w*|difference between|better|which of)\b/],
  ['packing', /\b(pack|packing|bring|wear|clothes|suitcase|luggage)\b/],
  ['itinerary', /\b(itinerary|plan|schedule|day by day|days? in|what (should|can|to|could) (we|i)? ?(do|see)|things to do|route)\b/],
  ['weather', /\b(weather|climate|temperature|how (hot|warm|cold)|rain\w*|best (time|month|season)|when (should|to|is))\b/],
  ['cost', /\b(cost\w*|how much|expensive|afford\w*|price\w*)\b/],
  ['food', /\b(what (should|to|can|do) (we|i)? ?(eat|drink|try)|where to eat|dish\w*|food|cuisine|eat)\b/],
  ['transport', /\b(get(ting)? around|airport|transport|fly (in|to)|rent a car|trains?|metro|get there|without a car)\b/],
  ['safety', /\b(safe\w*|visas?|danger\w*|scams?|entry rules?|passport)\b/],
  ['recommend', /\b(where|recommend\w*|suggest\w*|ideas?|somewhere|destinations?|which (place|city|country|island)|looking for|want to go|holiday|vacation|getaway|trip|options|places|honeymoon)\b/],
  ['about', /\b(tell me|about|what is|what s|whats|like|info|known for|worth)\b/],
]

const words = (folded: string): number => folded.split(' ').filter(Boolean).length

/** Reads one message, without its context. */
export function parseQuery(text: string): Query {
  const folded = fold(text)
  const places = findPlaces(text)
  const areas = findAreas(text)
  const interests = (Object.keys(interestWords) as Interest[]).filter((name) => interestWords[name].test(folded))
  const themes = Object.keys(themeWords).filter((name) => themeWords[name]!.test(folded))
  const money = findMoney(text)
  const days = findDays(folded)
  const found = findIntent(folded, places, areas.length > 0)
  const ordinal = findOrdinal(folded)
  return {
    ...found,
    places,
    areas,
    months: findMonths(folded),
    ...(days !== undefined && { days }),
    ...perDay(money, days),
    ...level(folded),
    interests,
    themes,
    warm: /\b(warm|hot|sun|sunny|sunshine|heat)\b/.test(folded) || interests.includes('beach'),
    pointsBack: ordinal !== undefined || /\b(it|there|that|this (place|one)|them|both|the (city|place|island))\b/.test(folded),
    ...(ordinal !== undefined && { ordinal }),
    wantsOther: /\b(other|others|else|another|more (ideas|options|places)|different)\b/.test(folded),
  }
}

function findIntent(folded: string, places: readonly Destination[], hasArea: boolean): { intent: Intent; explicit: boolean } {
  if (/^(hi|hello|hey|good (morning|evening|afternoon)|hola|bonjour)\b/.test(folded) && words(folded) <= 5) return { intent: 'greeting', explicit: true }
  if (/\b(thanks|thank you|thx|perfect|awesome)\b/.test(folded) && words(folded) <= 6) return { intent: 'thanks', explicit: true }
  if (/\b(what can you do|help|how do you work|who are you)\b/.test(folded) && places.length === 0) return { intent: 'help', explicit: true }
  if (places.length >= 2 && /\b(or|vs|versus|compare\w*|than|better|between)\b/.test(folded)) return { intent: 'compare', explicit: true }
  for (const [intent, pattern] of intentWords) {
    if (!pattern.test(folded)) continue
    if (intent === 'compare' && places.length < 2 && !/\b(compare|them|both)\b/.test(folded)) continue
    if (intent === 'recommend' && places.length > 0) continue
    if (intent === 'food' && places.length === 0 && /\b(where|somewhere|for)\b/.test(folded)) continue
    if (intent === 'about' && places.length === 0 && !hasArea && words(folded) < 3) continue
    return { intent, explicit: true }
  }
  if (places.length > 0) return { intent: 'about', explicit: false }
  return { intent: hasArea ? 'recommend' : 'unclear', explicit: false }
}

function findMonths(folded: string): number[] {
  const range = monthRange(folded)
  if (range.length > 0) return range
  const found = new Set<number>()
  for (const [pattern, months] of monthPatterns) {
    if (pattern.test(folded)) for (const month of months) found.add(month)
  }
  return [...found]
}

/** "from March to May", also over the new year. */
function monthRange(folded: string): number[] {
  const named = monthPatterns.slice(0, 12)
  const match = /\b([a-z]{3,9}) (?:to|until|through|till) ([a-z]{3,9})\b/.exec(folded)
  if (!match) return []
  const monthOf = (word: string): number => named.findIndex(([pattern]) => pattern.test(word)) + 1
  const from = monthOf(match[1]!)
  const to = monthOf(match[2]!)
  if (!from || !to) return []
  return Array.from({ length: ((to - from + 12) % 12) + 1 }, (_, step) => ((from - 1 + step) % 12) + 1)
}

interface Money {
  eur: number
  daily: boolean
}

const ratesToEur: Record<string, number> = { $: 0.9, usd: 0.9, dollars: 0.9, dollar: 0.9, bucks: 0.9, '£': 1.15, gbp: 1.15, pounds: 1.15 }

function findMoney(text: string): Money | undefined {
  const lower = text.toLowerCase().replace(/(\d)[,.](\d{3})\b/g, '$1$2')
  const match =
    /([€$£])\s?(\d{2,6})/.exec(lower) ??
    /(?:under|below|less than|max(?:imum)?|up to|around|about|budget(?: of)?|for)\s+(?:of\s+)?()(\d{2,6})\s?(?=(€|\$|£|eur|euros?|usd|dollars?|bucks|gbp|pounds)?\s*(?:a|per|\/|each)?\s*(?:day|night|$|[.,?!€$£]|eur|usd|dollar|pound|bucks|gbp|in total|total|all in))/.exec(lower) ??
    /()(\d{2,6})\s?(€|\$|£|eur|euros?|usd|dollars?|bucks|gbp|pounds)/.exec(lower)
  if (!match) return undefined
  const rate = ratesToEur[match[1] || match[3] || '€'] ?? 1
  const after = lower.slice(match.index, match.index + match[0].length + 24)
  return { eur: Math.round(Number(match[2]) * rate), daily: /(a|per|\/|each)\s*(day|night)|daily/.test(after) }
}

/** A sum that is not "a day" and too large for one is for the whole trip. */
function perDay(money: Money | undefined, days: number | undefined): { perDayMax?: number } {
  if (!money) return {}
  if (!money.daily && days && money.eur > 300) return { perDayMax: Math.round(money.eur / days) }
  return { perDayMax: money.eur }
}

function level(folded: string): { level?: BudgetLevel } {
  if (/\b(cheap\w*|budget|affordable|backpack\w*|inexpensive|low cost|shoestring|save money)\b/.test(folded)) return { level: 'low' }
  if (/\b(luxur\w+|splurge|five star|5 star|high end|fancy)\b/.test(folded)) return { level: 'high' }
  return {}
}

function findDays(folded: string): number | undefined {
  for (const match of folded.matchAll(/\b(\w+) ?(days?|nights?|weeks?)\b/g)) {
    // "80 a day" is a price.
    const count = match[1] === 'a' && match[2] === 'week' ? 1 : numberFrom(match[1]!)
    if (count && count > 0) return Math.min(count * (match[2]!.startsWith('week') ? 7 : 1), 30)
  }
  if (/\b(for|just|only) a day\b/.test(folded)) return 1
  if (hasWord(folded, 'fortnight')) return 14
  if (/\blong weekend\b/.test(folded)) return 3
  if (/\bweekend\b/.test(folded)) return 2
  return undefined
}

function findOrdinal(folded: string): number | undefined {
  const match = /\b(first|second|third|fourth|last|1st|2nd|3rd|4th)( (one|place|option))?\b/.exec(folded)
  if (!match || !(match[2] || /^(the )?(first|second|third|fourth|last)$/.test(folded))) return undefined
  return { first: 1, '1st': 1, second: 2, '2nd': 2, third: 3, '3rd': 3, fourth: 4, '4th': 4, last: -1 }[match[1]!]
}
