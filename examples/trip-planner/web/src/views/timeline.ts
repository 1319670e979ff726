import { arrange, h, setAttribute } from '../dom'
import { plainText } from '../markdown'
import type { Entry, TripView } from '../trip_view'
import { icon } from './icons'
import { createMessage, problems, type MessageActions, type MessageElement } from './message'
import { emptyState, followUps } from './suggestions'

const groupMs = 5 * 60_000
const nearEndPx = 96

export interface Timeline {
  readonly element: HTMLElement
  update(view: TripView): void
  /** Follows the end again, as after sending. */
  toEnd(): void
}

export interface TimelineActions extends MessageActions {
  /** Whether the reader has the end before their eyes. */
  reading(atEnd: boolean): void
}

/** The conversation: keeps to the end while the reader is there, and stays put while they read above it. */
export function createTimeline(actions: TimelineActions, myName: string): Timeline {
  const messages = new Map<string, MessageElement>()
  const list = h('ol', { class: 'messages', attrs: { 'aria-label': 'Messages', role: 'list' } })
  const empty = emptyState(myName, actions.ask)
  const loading = skeleton()
  const suggestions = followUps(actions.ask)
  const inner = h('div', { class: 'timeline__inner' }, loading, empty, list, suggestions.element)
  const announcer = h('div', { class: 'visually-hidden', attrs: { 'aria-live': 'polite', role: 'log', 'aria-label': 'New messages' } })
  const jump = h('button', { class: 'jump', attrs: { type: 'button', hidden: true }, on: { click: () => toEnd(true) } }, icon('down'), 'New messages')
  const scroller = h('div', { class: 'timeline', attrs: { tabindex: '0', role: 'region', 'aria-label': 'Conversation' } }, inner)
  const title = h('h2', { class: 'visually-hidden', text: 'Conversation' })
  const element = h('div', { class: 'timeline-frame' }, title, scroller, jump, announcer)
  let follows = true
  let shown: readonly Entry[] | undefined
  let announced: Set<string> | undefined

  const toEnd = (smooth = false): void => {
    follows = true
    actions.reading(true)
    setAttribute(jump, 'hidden', true)
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth && !calm ? 'smooth' : 'instant' })
  }
  scroller.addEventListener('scroll', () => {
    follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearEndPx
    if (follows) setAttribute(jump, 'hidden', true)
    actions.reading(follows)
  }, { passive: true })
  actions.reading(true)
  new ResizeObserver(() => follows && toEnd()).observe(scroller)

  const announce = (entries: readonly Entry[]): void => {
    const known = announced
    announced = new Set(entries.map(keyOf))
    if (!known) return
    for (const entry of entries) {
      const words = known.has(keyOf(entry)) ? undefined : spoken(entry)
      if (words === undefined) continue
      announcer.append(h('p', { text: words }))
      while (announcer.children.length > 3) announcer.firstElementChild!.remove()
    }
  }

  const render = (entries: readonly Entry[]): void => {
    const elements = entries.map((entry, at) => {
      let message = messages.get(entry.id)
      if (!message) messages.set(entry.id, (message = createMessage(entry, actions)))
      const before = entries[at - 1]
      message.update(entry, !before || before.userId !== entry.userId || entry.ts - before.ts > groupMs)
      return message.element
    })
    arrange(list, elements)
    const ids = new Set(entries.map((entry) => entry.id))
    for (const id of messages.keys()) if (!ids.has(id)) messages.delete(id)
  }

  return {
    element,
    update({ entries, loaded, agent }) {
      if (entries === shown && !loading.isConnected) return suggestions.update(entries, agent)
      if (loaded) loading.remove()
      setAttribute(empty, 'hidden', !loaded || entries.length > 0)
      render(entries)
      suggestions.update(entries, agent)
      if (loaded) announce(entries)
      if (follows) toEnd()
      else if (shown && entries.length > shown.length) setAttribute(jump, 'hidden', false)
      shown = entries
    },
    toEnd: () => toEnd(),
  }
}

const keyOf = ({ id, state }: Entry): string => `${id} ${state}`

/** What a screen reader says when an entry comes into its state; an answer is read when it is whole. */
function spoken({ state, mine, name, content, problem }: Entry): string | undefined {
  if (mine) return state === 'failed' ? `Not sent: ${plainText(content)}. ${problem ?? ''}` : undefined
  switch (state) {
    case 'sent':
      return `${name}: ${plainText(content)}`
    case 'stopped':
      return `${name}, stopped: ${plainText(content)}`
    case 'paused':
    case 'broken':
      return problems[state]
    default:
      return undefined
  }
}

/** Grey lines where the history will be. */
function skeleton(): HTMLElement {
  const line = (width: string): HTMLElement => {
    const element = h('span', { class: 'skeleton__line' })
    element.style.width = width
    return element
  }
  return h('div', { class: 'skeleton', attrs: { 'aria-hidden': 'true' } }, line('42%'), line('78%'), line('64%'), line('30%'), line('70%'))
}
