import type { PlaceCard } from '../../../shared/events'
import { h } from '../dom'
import { icon } from './icons'
import { scene } from './scene'

const initials = ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D']
const names = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

export interface PlaceActions {
  ask(question: string): void
  /** Puts stops into the itinerary. */
  plan(...titles: string[]): void
}

/** A place with its best months, as a card that asks for more when it is pressed, with a button that puts it into the itinerary. */
export function placeCard(place: PlaceCard, actions: PlaceActions): HTMLElement {
  return h('li', { class: 'place' },
    h('button', { class: 'place__button', attrs: { type: 'button' }, on: { click: () => actions.ask(`Tell me about ${place.name}`) } },
      h('span', { class: 'place__picture' }, scene(place.kind, place.id), h('span', { class: 'place__temp' }, `${place.highC}°`, aside(' by day, '))),
      h('span', { class: 'place__text' },
        h('span', { class: 'place__name', text: place.name }),
        h('span', { class: 'place__country' }, place.country === place.name ? 'the whole country' : place.country),
        months(place.bestMonths),
        aside(`Best in ${place.bestMonths.map((month) => names[month - 1]).join(', ')}, `),
        h('span', { class: 'place__facts' },
          h('span', { text: `from €${place.budget.low}/day` }),
          h('span', { class: 'place__airport' }, icon('plane'), place.airport),
        ),
      ),
    ),
    h('button', { class: 'place__add', attrs: { type: 'button', 'aria-label': `Add ${place.name} to the itinerary` }, on: { click: () => actions.plan(place.name) } }, icon('plus')),
  )
}

const aside = (text: string): HTMLElement => h('span', { class: 'visually-hidden', text })

const months = (best: readonly number[]): HTMLElement =>
  h('span', { class: 'months', attrs: { 'aria-hidden': 'true' } },
    ...initials.map((letter, index) => h('span', { class: best.includes(index + 1) ? 'month month--best' : 'month', text: letter })),
  )
