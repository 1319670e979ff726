import type { StreamedMessage } from '@tidewire/client'
import { partKinds, type PlaceCard } from '../../shared/events'
import type { StepView } from './trip_view'

type Parts = StreamedMessage['parts']

/** The steps of an answer: a thought or a call, and with the same id what came of it. `working`: the last one may still run. */
export function stepsOf(parts: Parts, working: boolean): readonly StepView[] {
  const results = new Map(parts.filter(({ kind }) => kind === partKinds.result).map(({ id, content }) => [id, content ?? '']))
  const begun = parts.filter(({ kind }) => kind === partKinds.thought || kind === partKinds.call)
  return begun.map(({ id = '', kind, content = '' }, at) => ({
    id,
    kind: kind === partKinds.call ? 'tool' : 'thought',
    says: content,
    found: results.get(id) ?? '',
    running: working && at === begun.length - 1 && !results.has(id),
  }))
}

/** The places behind an answer that has ended. */
export function cardsOf(parts: Parts, status: StreamedMessage['status']): readonly PlaceCard[] {
  const raw = status === 'streaming' ? undefined : parts.find(({ kind }) => kind === partKinds.places)?.content
  if (!raw) return []
  try {
    const cards: unknown = JSON.parse(raw)
    return Array.isArray(cards) ? cards.filter(isCard) : []
  } catch {
    // Stopped in its middle.
    return []
  }
}

function isCard(value: unknown): value is PlaceCard {
  const { id, name, bestMonths, budget } = (value ?? {}) as Partial<PlaceCard>
  return typeof id === 'string' && typeof name === 'string' && Array.isArray(bestMonths) && typeof budget?.low === 'number'
}
