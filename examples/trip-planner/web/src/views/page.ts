import { h } from '../dom'
import { titleOf, urlOfRoom } from '../identity'
import type { Trip, TripView } from '../trip_view'
import { createBanner } from './banner'
import { createBoard } from './board'
import { createComposer } from './composer'
import { createDetails, type DetailsActions } from './details'
import { createFocusGuard } from './focus_guard'
import { createHeader } from './header'
import { createItinerary, newStop } from './itinerary'
import { createSheet } from './sheet'
import { createStatusLine } from './status_line'
import { createTimeline } from './timeline'

/** The whole page of a trip; the result takes it off again. */
export function showTrip(root: HTMLElement, trip: Trip, actions: DetailsActions): () => void {
  const { room, me } = trip.view
  const send = (text: string): void => {
    trip.send(text)
    timeline.toEnd()
  }
  const ask = (question: string): void => {
    boardSheet.close()
    send(question)
  }
  const plan = (...titles: string[]): void => trip.edit({ kind: 'add', stops: titles.map((title) => newStop(title, me.name)) })
  const timeline = createTimeline({ retry: trip.retry, ask, plan, reading: trip.setReading }, me.name)
  const composer = createComposer({ send, typing: trip.setTyping })
  const status = createStatusLine(trip.stopAnswer)
  const banner = createBanner(trip.reconnect)
  const itinerary = createItinerary({ myName: me.name, edit: trip.edit, resolve: trip.resolve })
  const board = createBoard({ ask, plan }, itinerary.element)
  const details = createDetails(room, urlOfRoom(room, new URL(location.href)), actions)
  const boardSheet = createSheet('board', 'Itinerary and places', 'right', '(min-width: 75rem)', board.element)
  const detailsSheet = createSheet('details', 'Trip, people and connection', 'left', '(min-width: 56rem)', details.element)
  const header = createHeader(room, { openDetails: detailsSheet.open, openBoard: boardSheet.open })

  root.replaceChildren(
    h('a', { class: 'skip-link', text: 'Skip to the message field', attrs: { href: '#composer' } }),
    h('div', { class: 'page' },
      detailsSheet.element,
      h('main', { class: 'chat' }, header.element, h('div', { class: 'chat__body' }, banner.element, timeline.element), h('div', { class: 'chat__foot' }, status.element, composer.element)),
      boardSheet.element,
    ),
  )
  const unread = createUnread(room)
  const guardFocus = createFocusGuard(root, (lost) => (lost.closest('.plan') ? itinerary : composer).focus())
  const update = (view: TripView): void => {
    timeline.update(view)
    status.update(view)
    banner.update(view)
    board.update(view)
    details.update(view)
    itinerary.update(view)
    header.update(view, itinerary.count + board.count)
    unread(view)
    guardFocus()
  }
  const undo = trip.onChange(update)
  update(trip.view)
  if (matchMedia('(pointer: fine)').matches) composer.focus()
  return undo
}

/** Counts in the title what others wrote while the page was hidden. */
function createUnread(room: string): (view: TripView) => void {
  let seen: number | undefined
  return ({ entries, loaded }) => {
    if (!loaded) return
    if (document.visibilityState === 'visible' || seen === undefined) seen = entries.length
    const count = entries.slice(seen).filter((entry) => !entry.mine).length
    const title = `${count > 0 ? `(${count}) ` : ''}${titleOf(room)} · Landfall`
    if (document.title !== title) document.title = title
  }
}
