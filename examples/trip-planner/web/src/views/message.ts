import { h, setAttribute, setText } from '../dom'
import { renderBlocks } from '../markdown'
import type { Entry, EntryState } from '../trip_view'
import { avatar } from './avatar'
import { icon, type IconName } from './icons'
import { daysOf } from '../../../shared/itinerary'
import { placeCard, type PlaceActions } from './place_card'
import { createSteps } from './steps'

export interface MessageActions extends PlaceActions {
  retry(id: string): void
}

/** One message of the timeline; `update` touches only what differs. */
export interface MessageElement {
  readonly element: HTMLElement
  update(entry: Entry, startsGroup: boolean): void
}

const timeOf = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** What is said under a message in such a state. */
export const problems: Partial<Record<EntryState, string>> = {
  paused: 'Juno has lost the connection and goes on when it is back.',
  stopped: 'Stopped. This is as far as it got.',
  broken: 'Juno did not come back to finish this.',
}
const glyphs: Partial<Record<EntryState, IconName>> = { failed: 'alert', stopped: 'stop', broken: 'alert' }

function seenWords(names: readonly string[]): string {
  if (names.length === 0) return ''
  if (names.length <= 3) return `Seen by ${names.join(', ').replace(/, ([^,]*)$/, ' and $1')}`
  return `Seen by ${names.length} people`
}

export function createMessage(first: Entry, actions: MessageActions): MessageElement {
  const body = h('div', { class: 'message__body prose' })
  const name = h('span', { class: 'message__name' })
  const time = h('time', { class: 'message__time' })
  const state = h('span', { class: 'message__state' })
  const problem = h('div', { class: 'message__problem', attrs: { hidden: true } })
  const places = h('ul', { class: 'places', attrs: { hidden: true, 'aria-label': 'Places in this answer' } })
  const steps = createSteps()
  const seen = h('div', { class: 'message__seen' })
  const add = h('button', { class: 'chip message__add', attrs: { type: 'button', hidden: true }, on: { click: () => actions.plan(...daysOf(shown?.content ?? '')) } })
  const bubble = h('div', { class: 'message__bubble' }, body, state)
  const element = h('li', { class: `message message--${first.by === 'agent' ? 'agent' : first.mine ? 'mine' : 'other'}` },
    h('div', { class: 'message__avatar' }, avatar({ userId: first.userId, name: first.name, isAgent: first.by === 'agent' })),
    h('div', { class: 'message__main' }, h('div', { class: 'message__head' }, name, time), steps.element, bubble, problem, add, places, first.mine && seen),
  )
  let shown: Entry | undefined
  let blocks: string[] = []

  const renderBody = (entry: Entry): void => {
    const growing = entry.state === 'streaming' || entry.state === 'paused'
    const next = renderBlocks(entry.content, { growing, breaks: entry.by === 'person' })
    next.forEach((html, at) => {
      if (html === blocks[at]) return
      const template = document.createElement('template')
      template.innerHTML = html
      const block = template.content.firstElementChild!
      const old = body.children[at]
      if (old) old.replaceWith(block)
      else body.append(block)
    })
    while (body.children.length > next.length) body.lastElementChild!.remove()
    blocks = next
  }

  const renderState = (entry: Entry): void => {
    setAttribute(element, 'data-state', entry.state)
    setAttribute(element, 'aria-busy', entry.state === 'streaming' ? 'true' : undefined)
    state.replaceChildren()
    if (!entry.mine) return
    const [glyph, label] = entry.state === 'sending' ? (['clock', 'Sending'] as const) : entry.state === 'failed' ? (['alert', 'Not sent'] as const) : (['check', 'Sent'] as const)
    state.append(icon(glyph), h('span', { class: 'visually-hidden', text: label }))
  }

  const renderProblem = (entry: Entry): void => {
    const words = entry.state === 'failed' ? (entry.problem ?? 'It could not be sent.') : problems[entry.state]
    setAttribute(problem, 'hidden', words === undefined)
    problem.replaceChildren()
    if (words === undefined) return
    problem.append(icon(glyphs[entry.state] ?? 'clock'), h('span', { text: words }))
    if (entry.state === 'failed') problem.append(h('button', { class: 'link-button', text: 'Try again', attrs: { type: 'button' }, on: { click: () => actions.retry(entry.id) } }))
  }

  const renderAdd = (entry: Entry): void => {
    const days = entry.by === 'agent' && entry.state === 'sent' ? daysOf(entry.content).length : 0
    setAttribute(add, 'hidden', days === 0)
    if (days > 0) setText(add, `Add ${days === 1 ? 'this day' : `these ${days} days`} to the itinerary`)
  }

  return {
    element,
    update(entry, startsGroup) {
      element.classList.toggle('message--first', startsGroup)
      if (entry === shown) return
      setText(name, entry.name)
      setText(time, timeOf.format(entry.ts))
      setAttribute(time, 'datetime', new Date(entry.ts).toISOString())
      if (entry.content !== shown?.content || entry.state !== shown.state) renderBody(entry)
      if (entry.state !== shown?.state) {
        renderState(entry)
        renderProblem(entry)
        renderAdd(entry)
      }
      steps.update(entry.steps)
      if (entry.seenBy !== shown?.seenBy) setText(seen, seenWords(entry.seenBy))
      if (entry.cards !== shown?.cards) {
        places.replaceChildren(...entry.cards.map((card) => placeCard(card, actions)))
        setAttribute(places, 'hidden', entry.cards.length === 0)
      }
      setAttribute(element, 'data-id', entry.id)
      shown = entry
    },
  }
}
