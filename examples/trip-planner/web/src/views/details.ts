import { arrange, h, setText } from '../dom'
import { titleOf } from '../identity'
import type { Person, TripView } from '../trip_view'
import { avatar } from './avatar'
import { createConnectionPanel } from './connection_panel'
import { logo } from './icons'
import { shareButton } from './share'
import { themeSwitch } from './theme'

export interface Details {
  readonly element: HTMLElement
  update(view: TripView): void
}

export interface DetailsActions {
  rename(): void
  newTrip(): void
}

/** The left column: the trip, its people, the way to share it, the connection. */
export function createDetails(room: string, address: string, actions: DetailsActions): Details {
  const count = h('span', { class: 'panel__count' })
  const list = h('ul', { class: 'people' })
  const connection = createConnectionPanel()
  const rows = new Map<string, HTMLElement>()
  let shown: readonly Person[] | undefined
  const element = h('div', { class: 'details' },
    h('div', { class: 'details__brand' }, logo(32), h('span', { text: 'Landfall' })),
    h('section', { class: 'panel trip', attrs: { 'aria-labelledby': 'trip-title' } },
      h('p', { class: 'trip__kicker', text: 'Your trip' }),
      h('h2', { class: 'trip__title', text: titleOf(room), attrs: { id: 'trip-title' } }),
      h('p', { class: 'trip__text', text: 'Everyone with the link can join and ask.' }),
      shareButton(address, titleOf(room)),
    ),
    h('section', { class: 'panel', attrs: { 'aria-labelledby': 'people-title' } },
      h('h2', { class: 'panel__title', attrs: { id: 'people-title' } }, 'Here now', count),
      list,
    ),
    h('div', { class: 'details__end' },
      connection.element,
      h('div', { class: 'details__foot' },
        themeSwitch(),
        h('button', { class: 'quiet-button', attrs: { type: 'button' }, on: { click: actions.newTrip } }, 'New trip'),
      ),
    ),
  )

  const noteOn = (person: Person): HTMLElement | false => {
    if (person.isAgent) return h('span', { class: 'person__note', text: 'guide' })
    if (!person.isMe) return false
    return h('span', { class: 'person__note' }, 'you', h('button', { class: 'quiet-button', attrs: { type: 'button' }, on: { click: actions.rename } }, 'Rename'))
  }
  const row = (person: Person): HTMLElement => {
    const key = JSON.stringify(person)
    let found = rows.get(key)
    if (!found) {
      found = h('li', { class: 'person' }, avatar(person), h('span', { class: 'person__name', text: person.name }), noteOn(person))
      rows.set(key, found)
    }
    return found
  }

  return {
    element,
    update({ people, link, numbers, loaded }) {
      connection.update(link, numbers)
      if (people === shown) return
      shown = people
      setText(count, loaded ? String(people.length) : '')
      arrange(list, people.map(row))
    },
  }
}
