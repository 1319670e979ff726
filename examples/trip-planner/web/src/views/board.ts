import type { PlaceCard } from '../../../shared/events'
import { arrange, h, setAttribute, setText } from '../dom'
import type { Entry, TripView } from '../trip_view'
import { placeCard, type PlaceActions } from './place_card'

export interface Board {
  readonly element: HTMLElement
  readonly count: number
  update(view: TripView): void
}

/** The right column: the itinerary, and every place this chat has talked about. New ones come last, so that nothing moves away under the finger. */
export function createBoard(actions: PlaceActions, itinerary: HTMLElement): Board {
  const list = h('ul', { class: 'board__list' })
  const count = h('span', { class: 'panel__count' })
  const none = h('p', { class: 'board__none', text: 'Places from Juno’s answers gather here, so that nobody has to scroll.' })
  const element = h('div', { class: 'board' }, itinerary, h('h2', { class: 'panel__title' }, 'On the table', count), none, list)
  const cards = new Map<string, HTMLElement>()
  let shown: readonly Entry[] | undefined
  let total = 0

  const places = (entries: readonly Entry[]): PlaceCard[] => {
    const found = new Map<string, PlaceCard>()
    for (const entry of entries) for (const card of entry.cards) if (!found.has(card.id)) found.set(card.id, card)
    return [...found.values()]
  }

  return {
    element,
    get count() {
      return total
    },
    update({ entries }) {
      if (entries === shown) return
      shown = entries
      const all = places(entries)
      total = all.length
      setText(count, all.length > 0 ? String(all.length) : '')
      setAttribute(none, 'hidden', all.length > 0)
      arrange(list, all.map((place) => {
        let card = cards.get(place.id)
        if (!card) cards.set(place.id, (card = placeCard(place, actions)))
        return card
      }))
    },
  }
}
