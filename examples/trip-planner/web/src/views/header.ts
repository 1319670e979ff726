import { h, setAttribute, setText } from '../dom'
import { titleOf } from '../identity'
import type { Person, TripView } from '../trip_view'
import { avatar } from './avatar'
import { describe } from './connection_panel'
import { icon, logo } from './icons'

const shownAvatars = 4

export interface HeaderActions {
  openDetails(): void
  openBoard(): void
}

export interface Header {
  readonly element: HTMLElement
  update(view: TripView, places: number): void
}

/** The line over the chat: which trip, who is here, and on small screens the ways to the columns. */
export function createHeader(room: string, actions: HeaderActions): Header {
  const dot = h('span', { class: 'dot', attrs: { 'aria-hidden': 'true' } })
  const summary = h('span')
  const stack = h('div', { class: 'stack', attrs: { 'aria-hidden': 'true' } })
  const places = h('span', { class: 'badge', attrs: { hidden: true } })
  const element = h('header', { class: 'header' },
    h('div', { class: 'header__trip' },
      logo(34),
      h('div', { class: 'header__text' }, h('h1', { class: 'header__title', text: titleOf(room) }), h('p', { class: 'header__summary' }, dot, summary)),
    ),
    stack,
    h('button', { class: 'icon-button header__board', attrs: { type: 'button' }, on: { click: actions.openBoard } }, icon('map'), h('span', { class: 'visually-hidden', text: 'Itinerary and places' }), places),
    h('button', { class: 'icon-button header__details', attrs: { type: 'button', 'aria-label': 'People and connection' }, on: { click: actions.openDetails } }, icon('people')),
  )
  let shown: readonly Person[] | undefined
  return {
    element,
    update({ people, link, loaded }, placeCount) {
      const [tone, words] = describe(link)
      dot.dataset['tone'] = tone
      const humans = people.filter((person) => !person.isAgent).length
      const who = humans === 1 ? 'Just you' : `${humans} people`
      const guide = people.some((person) => person.isAgent) ? ' and Juno' : ''
      setText(summary, tone === 'good' ? (loaded && humans > 0 ? who + guide : 'Live') : words)
      setText(places, String(placeCount))
      setAttribute(places, 'hidden', placeCount === 0)
      if (people === shown) return
      shown = people
      const rest = people.length - shownAvatars
      stack.replaceChildren(...people.slice(0, shownAvatars).map(avatar), ...(rest > 0 ? [h('span', { class: 'avatar avatar--more', text: `+${rest}` })] : []))
    },
  }
}
