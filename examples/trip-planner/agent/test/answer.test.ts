import { describe, expect, it } from 'vitest'
import { answer, isForAgent } from '../src/answer'
import { highInMonth } from '../src/catalog'
import { emptyMemory, understand } from '../src/conversation'
import { findPlaces } from '../src/gazetteer'
import { parseQuery } from '../src/query'
import { monthSpan } from '../src/text'

const names = (text: string): string[] => findPlaces(text).map((place) => place.id)
const ask = (...questions: string[]) => {
  const memory = emptyMemory()
  return questions.map((question) => answer(question, memory))
}

describe('reading a question', () => {
  it('finds places by name, part of a name, other name and without accents', () => {
    expect(names('Lisbon or Porto?')).toEqual(['lisbon', 'porto'])
    expect(names('is hoi an nice in april')).toEqual(['hoi-an-and-da-nang'])
    expect(names('from NYC to LA')).toEqual(['new-york-city', 'los-angeles'])
    expect(names('san sebastian and rio')).toEqual(['san-sebastian', 'rio-de-janeiro'])
  })

  it('takes names that are also words only as names', () => {
    expect(names('a nice beach')).toEqual([])
    expect(names('we want to split the costs')).toEqual([])
    expect(names('How is Nice in May?')).toEqual(['nice'])
  })

  it('reads month, interest and daily budget', () => {
    const query = parseQuery('Where should I go in March for beaches under 80 a day?')
    expect(query).toMatchObject({ intent: 'recommend', months: [3], interests: ['beach'], perDayMax: 80 })
    expect(query.days).toBeUndefined()
  })

  it.each([
    ['a week in June for 1500 euros', { days: 7, perDayMax: 214 }],
    ['somewhere for €60 per day', { perDayMax: 60 }],
    ['under $100 a day', { perDayMax: 90 }],
    ['less than 1,400€ for 2 weeks', { days: 14, perDayMax: 100 }],
  ])('turns money into EUR a day: %s', (text, expected) => {
    expect(parseQuery(text)).toMatchObject(expected)
  })

  it('reads ranges of months, over the new year too', () => {
    expect(parseQuery('from November to February').months).toEqual([11, 12, 1, 2])
    expect(parseQuery('may I ask where to go?').months).toEqual([])
    expect(parseQuery('hiking in may').months).toEqual([5])
  })

  it.each([
    ['Lisbon vs Porto', 'compare'], ['4 days in Kyoto', 'itinerary'], ['what should I pack for Reykjavik in winter', 'packing'],
    ['How much does Tokyo cost?', 'cost'], ['what to eat in Penang', 'food'], ['is Bogus safe', 'safety'], ['hello', 'greeting'],
    ['when is the best time for Patagonia', 'weather'], ['do I need a car in Sicily? getting around', 'transport'], ['Vienna', 'about'],
  ])('%s is a question of kind %s', (text, intent) => {
    expect(parseQuery(text).intent).toBe(intent)
  })
})

describe('answers', () => {
  it('recommends places that keep to what was asked', () => {
    const [result] = ask('Where should I go in March for beaches under 80 a day?')
    expect(result!.places.length).toBeGreaterThanOrEqual(3)
    for (const place of result!.places) {
      expect(place.budgetPerDayEur.low).toBeLessThanOrEqual(80)
      expect(place.scores.beach).toBeGreaterThanOrEqual(3)
      expect(highInMonth(place, 3)).toBeGreaterThanOrEqual(21)
    }
    expect(result!.text).toContain('€80 a day')
  })

  it('says so when nothing fits the budget, and shows the closest', () => {
    const [result] = ask('beaches in the Maldives or Seychelles... somewhere in Oceania for beaches under 20 a day')
    expect(result!.places.length).toBeGreaterThan(0)
  })

  it('compares two places in a table with a verdict', () => {
    const [result] = ask('Lisbon or Porto in May?')
    expect(result!.places.map((place) => place.id)).toEqual(['lisbon', 'porto'])
    expect(result!.text).toContain('| Best months |')
    expect(result!.text).toContain('**Verdict:**')
  })

  it('plans as many days as asked', () => {
    const [result] = ask('Plan 5 days in Kyoto')
    expect(result!.text.match(/### Day /g)).toHaveLength(5)
    expect(result!.text).toContain('Fushimi Inari')
  })

  it('fills the days after the sights with places that are near', () => {
    const [result] = ask('Plan 8 days in Kyoto')
    expect(result!.text).toMatch(/a side trip to Osaka \(\d\d km\)/)
  })

  it('packs for the season', () => {
    const [cold, warm] = [ask('What should I pack for Tromsø in January?')[0]!, ask('What should I pack for Bali in July?')[0]!]
    expect(cold.text).toContain('Thermal')
    expect(warm.text).toContain('Swimwear')
  })
})

describe('follow-ups', () => {
  it('understands "the second one"', () => {
    const [first, second] = ask('somewhere warm in February under 70 a day', 'tell me more about the second one')
    expect(second!.places).toEqual([first!.places[1]])
  })

  it('changes one thing and keeps the rest', () => {
    const memory = emptyMemory()
    answer('beaches in March under 80 a day', memory)
    const query = understand('and in October?', memory)
    expect(query).toMatchObject({ intent: 'recommend', months: [10], interests: ['beach'], perDayMax: 80 })
  })

  it('asks the same about another place', () => {
    const [, second] = ask('what is the weather in Lisbon in May?', 'and Porto?')
    expect(second!.places[0]!.id).toBe('porto')
    expect(second!.text).toContain('May')
  })

  it('uses the last place when none is named', () => {
    const [, second, third] = ask('tell me about Kyoto', 'how much does it cost?', 'plan 4 days there')
    expect(second!.text).toContain('**Kyoto**')
    expect(third!.text).toContain('## 4 days in Kyoto')
  })

  it('gives other ideas when asked for others', () => {
    const [first, second] = ask('somewhere warm in February', 'other ideas?')
    const before = new Set(first!.places.map((place) => place.id))
    expect(second!.places.filter((place) => before.has(place.id))).toEqual([])
  })
})

describe('a chat of several people', () => {
  it.each([
    ['Where can we go in May for hiking?', true], ['Juno, any ideas?', true], ['Lisbon or Porto?', true], ['4 days in Kyoto please', true],
    ['sounds good to me', false], ['I will be late', false], ['haha yes', false], ['thanks!', false], ['Ok see you tomorrow', false],
  ])('%s: for the agent %s', (text, expected) => {
    expect(isForAgent(text, emptyMemory())).toBe(expected)
  })
})

describe('months in words', () => {
  it('joins runs, over the new year too', () => {
    expect(monthSpan([3, 4, 5, 9])).toBe('Mar–May and Sep')
    expect(monthSpan([1, 2, 11, 12])).toBe('Nov–Feb')
    expect(monthSpan([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])).toBe('all year')
  })
})
