import { h, setAttribute } from '../dom'
import type { AgentView, Entry } from '../trip_view'
import { hero } from './scene'

type Ask = (question: string) => void

const openers = [
  'Where should I go in March for beaches under €80 a day?',
  'Lisbon or Porto in May?',
  'Plan 4 days in Kyoto',
  'Somewhere for northern lights in winter',
]

const chip = (text: string, ask: Ask): HTMLElement =>
  h('li', {}, h('button', { class: 'chip', text, attrs: { type: 'button' }, on: { click: () => ask(text) } }))

/** What a new trip shows instead of nothing. */
export function emptyState(myName: string, ask: Ask): HTMLElement {
  return h('section', { class: 'empty', attrs: { hidden: true, 'aria-labelledby': 'empty-title' } },
    hero(),
    h('h2', { class: 'empty__title', text: `Where to, ${myName}?`, attrs: { id: 'empty-title' } }),
    h('p', { class: 'empty__text', text: 'Ask Juno for ideas, compare places, plan the days. Share the link and decide together: everybody sees the answer as it is written.' }),
    h('ul', { class: 'chips', attrs: { 'aria-label': 'Questions to start with' } }, ...openers.map((text) => chip(text, ask))),
  )
}

export interface FollowUps {
  readonly element: HTMLElement
  update(entries: readonly Entry[], agent: AgentView): void
}

/** Questions that go on from the last answer. */
export function followUps(ask: Ask): FollowUps {
  const element = h('ul', { class: 'chips chips--follow', attrs: { 'aria-label': 'Ask next', hidden: true } })
  let shownFor = ''
  return {
    element,
    update(entries, agent) {
      const last = entries[entries.length - 1]
      const questions = last?.by === 'agent' && last.state === 'sent' && !agent.active ? questionsAfter(last) : []
      const key = questions.join('\n')
      if (key === shownFor) return
      shownFor = key
      element.replaceChildren(...questions.map((text) => chip(text, ask)))
      setAttribute(element, 'hidden', questions.length === 0)
    },
  }
}

function questionsAfter({ cards, content }: Entry): string[] {
  const [first, second] = cards
  if (!first) return []
  const single = !second
  const questions: string[] = []
  if (second && !/\| Best months/.test(content)) questions.push(`${first.name} or ${second.name}?`)
  if (!/^## \d+ days? in/.test(content)) questions.push(`Plan 4 days in ${first.name}`)
  questions.push(single ? `What should I pack for ${first.name}?` : 'Other ideas?')
  if (single) questions.push(`What does ${first.name} cost?`)
  return questions.slice(0, 3)
}
