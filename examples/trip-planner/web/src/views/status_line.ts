import { h, setAttribute, setText } from '../dom'
import type { TripView } from '../trip_view'
import { icon } from './icons'

export interface StatusLine {
  readonly element: HTMLElement
  update(view: TripView): void
}

/** What the agent does and who types. Its height never changes. */
export function createStatusLine(stop: (id: string) => void): StatusLine {
  const task = h('span', { class: 'status__task' })
  const fill = h('span', { class: 'progress__fill' })
  const progress = h('span', { class: 'progress', attrs: { role: 'progressbar', 'aria-label': 'Juno’s progress', 'aria-valuemin': '0', 'aria-valuemax': '100' } }, fill)
  let stoppable: string | undefined
  const stopButton = h('button', { class: 'status__stop', attrs: { type: 'button' }, on: { click: () => stoppable && stop(stoppable) } }, icon('stop'), 'Stop')
  const agent = h('div', { class: 'status__agent', attrs: { hidden: true } }, icon('compass', 'status__compass'), task, progress, stopButton)
  const typists = h('span', { class: 'status__typists' })
  const dots = h('span', { class: 'dots', attrs: { 'aria-hidden': 'true' } }, h('i'), h('i'), h('i'))
  const typing = h('div', { class: 'status__typing', attrs: { hidden: true } }, dots, typists)
  // Says once that an answer begins; the timeline reads it out when it is whole.
  const said = h('span', { class: 'visually-hidden', attrs: { role: 'status' } })
  const element = h('div', { class: 'status', attrs: { role: 'group', 'aria-label': 'Activity' } }, agent, typing, said)

  return {
    element,
    update({ agent: state, typing: names, link }) {
      // Without a connection nobody knows what the agent does.
      stoppable = link.state.status === 'open' ? state.stoppable : undefined
      setAttribute(agent, 'hidden', link.state.status !== 'open' || (!state.active && !state.writing))
      setText(said, state.active || state.writing ? 'Juno is answering. Stop is above the message field.' : '')
      setText(task, state.task || 'Writing')
      const percent = state.progress === null ? undefined : Math.round(state.progress * 100)
      progress.classList.toggle('progress--unknown', percent === undefined)
      setAttribute(progress, 'aria-valuenow', percent === undefined ? undefined : String(percent))
      fill.style.transform = percent === undefined ? '' : `scaleX(${percent / 100})`
      setAttribute(stopButton, 'hidden', !stoppable)
      setAttribute(typing, 'hidden', names.length === 0)
      setText(typists, typingWords(names))
    },
  }
}

const firstName = (name: string): string => name.split(' ')[0] ?? name

function typingWords(all: readonly string[]): string {
  const names = all.map(firstName)
  if (names.length === 0) return ''
  if (names.length === 1) return `${names[0]} is typing`
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`
  return `${names.length} people are typing`
}
