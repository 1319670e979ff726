import { destinations } from './catalog'
import { compare } from './answers/compare'
import { guide } from './answers/guide'
import { itinerary } from './answers/itinerary'
import { recommend } from './answers/recommend'
import { understand, remember, type Memory } from './conversation'
import { findPlaces } from './gazetteer'
import type { Query } from './query'
import { reading, type Answer } from './steps'

export type { Answer } from './steps'

/** Answers from the data set alone, and keeps in memory what a follow-up needs. */
export function answer(text: string, memory: Memory): Answer {
  const query = understand(text, memory)
  const result = compose(query, memory)
  remember(memory, query, result.places)
  return result
}

function compose(query: Query, memory: Memory): Answer {
  switch (query.intent) {
    case 'greeting':
      return plain('Hi! I am Juno. Tell me **when** you want to go, **what you love** and roughly **what a day may cost**, and I will find places that fit.')
    case 'thanks':
      return plain('You are welcome. Ask me to plan the days, to compare two places, or what to pack.')
    case 'help':
      return plain(help)
    case 'recommend':
      return recommend(query, memory)
    case 'compare':
      return compare(query)
    case 'unclear':
      return plain('I am not sure what you are after. Try **where to go in March for beaches under €80 a day**, **Lisbon or Porto?** or **4 days in Kyoto**.')
    case 'itinerary':
      return query.places.length > 0 ? itinerary(query) : recommend(query, memory)
    case 'packing':
      return query.places.length > 0 ? guide(query) : plain('Where to, and in which month? Then I can tell you what to pack.')
    case 'weather':
    case 'cost':
    case 'food':
    case 'transport':
    case 'safety':
    case 'about':
      return query.places.length > 0 ? guide(query) : recommend(query, memory)
  }
}

const help = [
  `I know ${destinations.length} places well. You can ask me:`, '',
  '- **Where to go:** “somewhere warm in February under €70 a day”',
  '- **Which one:** “Lisbon or Porto in May?”',
  '- **What to do:** “4 days in Kyoto”',
  '- **Details:** weather, costs, food, getting around, safety, packing', '',
  'And I follow along: “the second one”, “cheaper”, “what about October?”',
].join('\n')

const plain = (text: string): Answer => ({ text, places: [], steps: [reading] })

/** In a chat of several people: is this for the agent, or for the others? */
export function isForAgent(text: string, memory: Memory): boolean {
  if (/(^|\W)juno\b/i.test(text)) return true
  const query = understand(text, memory)
  if (query.intent === 'unclear' || query.intent === 'thanks' || query.intent === 'greeting') return false
  const filters = query.months.length + query.interests.length + query.themes.length + query.areas.length
  if (query.intent === 'recommend') return filters > 0 && (text.includes('?') || query.explicit)
  return query.explicit && (findPlaces(text).length > 0 || text.includes('?'))
}
