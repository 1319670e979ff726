import { h, setAttribute, setText } from '../dom'
import { renderBlocks } from '../markdown'
import type { Entry } from '../trip_view'
import { avatar } from './avatar'
import { icon } from './icons'
import { placeCard } from './place_card'

export interface MessageActions {
  retry(id: string): void
  ask(question: string): void
}

/** One message of the timeline; `update` touches only what differs. */
export interface MessageElement {
  readonly element: HTMLElement
  update(entry: Entry, startsGroup: boolean): void
}

const timeOf = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

export function createMessage(first: Entry, actions: MessageActions): MessageElement {
  const body = h('div', { class: 'message__body prose' })
  const name = h('span', { class: 'message__name' })
  const time = h('time', { class: 'message__time' })
  const state = h('span', { class: 'message__state' })
  const problem = h('div', { class: 'message__problem', attrs: { hidden: true } })
  const places = h('ul', { class: 'places', attrs: { hidden: true, 'aria-label': 'Places in this answer' } })
  const bubble = h('div', { class: 'message__bubble' }, body, state)
  const element = h('li', { class: `message message--${first.by === 'agent' ? 'agent' : first.mine ? 'mine' : 'other'}` },
    h('div', { class: 'message__avatar' }, avatar({ userId: first.userId, name: first.name, isAgent: first.by === 'agent' })),
    h('div', { class: 'message__main' }, h('div', { class: 'message__head' }, name, time), bubble, problem, places),
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
    const words = entry.state === 'failed' ? (entry.problem ?? 'It could not be sent.') : entry.state === 'paused' ? 'Juno has lost the connection and goes on when it is back.' : undefined
    setAttribute(problem, 'hidden', words === undefined)
    problem.replaceChildren()
    if (words === undefined) return
    problem.append(icon(entry.state === 'failed' ? 'alert' : 'clock'), h('span', { text: words }))
    if (entry.state === 'failed') problem.append(h('button', { class: 'link-button', text: 'Try again', attrs: { type: 'button' }, on: { click: () => actions.retry(entry.id) } }))
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
      }
      if (entry.cards !== shown?.cards) {
        places.replaceChildren(...entry.cards.map((card) => placeCard(card, actions.ask)))
        setAttribute(places, 'hidden', entry.cards.length === 0)
      }
      setAttribute(element, 'data-id', entry.id)
      shown = entry
    },
  }
}
