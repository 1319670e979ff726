import { h, setAttribute, setText } from '../dom'
import type { StepView } from '../trip_view'
import { icon } from './icons'

export interface StepList {
  readonly element: HTMLElement
  update(steps: readonly StepView[]): void
}

/**
 * What the agent does for an answer: one line that says the present step, and the whole list under it when it is unfolded.
 * Closed by default and of one height, so that nothing moves when a step follows the other.
 */
export function createSteps(): StepList {
  const glyph = h('span', { class: 'steps__glyph', attrs: { 'aria-hidden': 'true' } })
  const now = h('span', { class: 'steps__now' })
  const list = h('ol', { class: 'steps__list', attrs: { role: 'list' } })
  const element = h('details', { class: 'steps', attrs: { hidden: true } }, h('summary', { class: 'steps__summary' }, glyph, now, icon('chevron', 'steps__chevron')), list)
  let shown = ''

  return {
    element,
    update(steps) {
      const key = JSON.stringify(steps)
      if (key === shown) return
      shown = key
      const running = steps.find((step) => step.running)
      setAttribute(element, 'hidden', steps.length === 0)
      setAttribute(element, 'data-running', running !== undefined)
      setText(now, running ? running.says : summary(steps))
      glyph.replaceChildren(icon(running ? 'compass' : 'check'))
      list.replaceChildren(...steps.map(row))
    },
  }
}

const summary = ({ length }: readonly StepView[]): string => `${length} ${length === 1 ? 'step' : 'steps'}`

const row = ({ kind, says, found, running }: StepView): HTMLElement =>
  h('li', { class: 'step', attrs: { 'data-running': running } },
    h('span', { class: 'step__glyph', attrs: { 'aria-hidden': 'true' } }, icon(kind === 'tool' ? 'search' : 'thought')),
    h('span', { class: 'step__text' }, h('span', { text: says }), found !== '' && h('span', { class: 'step__found', text: found })),
    running && h('span', { class: 'visually-hidden', text: ' (now)' }),
  )
