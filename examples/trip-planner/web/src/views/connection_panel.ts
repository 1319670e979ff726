import { h, setText } from '../dom'
import type { Link, Numbers } from '../trip_view'
import { createSparkline } from './sparkline'

export interface ConnectionPanel {
  readonly element: HTMLElement
  update(link: Link, numbers: Numbers): void
}

/** How the line is: state, round trip, traffic. */
export function createConnectionPanel(): ConnectionPanel {
  const dot = h('span', { class: 'dot', attrs: { 'aria-hidden': 'true' } })
  const state = h('span', { class: 'connection__state' })
  const rtt = h('dd')
  const rate = h('dd')
  const reconnects = h('dd')
  const total = h('dd')
  const session = h('dd')
  const recovery = h('dd')
  const traffic = createSparkline()
  const figure = (label: string, value: HTMLElement): HTMLElement => h('div', { class: 'figure' }, h('dt', { text: label }), value)
  const element = h('section', { class: 'panel connection', attrs: { 'aria-labelledby': 'connection-title' } },
    h('h2', { class: 'panel__title', attrs: { id: 'connection-title' } }, 'Connection', h('span', { class: 'connection__badge' }, dot, state)),
    traffic.element,
    h('dl', { class: 'figures' }, figure('Round trip', rtt), figure('Messages/s', rate), figure('Reconnects', reconnects), figure('Received', total), figure('Session', session), figure('Missed', recovery)),
  )
  return {
    element,
    update(link, numbers) {
      const [tone, words] = describe(link)
      dot.dataset['tone'] = tone
      setText(state, words)
      setText(rtt, numbers.rttMs === undefined ? '–' : `${numbers.rttMs < 10 ? numbers.rttMs.toFixed(1) : Math.round(numbers.rttMs)} ms`)
      setText(rate, numbers.perSecond >= 10 ? String(Math.round(numbers.perSecond)) : numbers.perSecond.toFixed(1))
      setText(reconnects, String(numbers.reconnects))
      setText(total, numbers.received.toLocaleString())
      setText(session, link.state.status !== 'open' ? '–' : link.state.resumed ? 'resumed' : 'new')
      setText(recovery, missedWords(link))
      traffic.update(numbers.rates)
    },
  }
}

/** What happened to what was missed while away. */
function missedWords({ recovery }: Link): string {
  if (!recovery || recovery.kind === 'fresh') return '–'
  if (recovery.kind === 'gap') return 'not all kept'
  return recovery.replayed === 0 ? 'nothing' : `${recovery.replayed} recovered`
}

export function describe({ state, online, fatal }: Link): [tone: 'good' | 'warn' | 'bad', words: string] {
  if (fatal !== undefined) return ['bad', 'Stopped']
  if (!online) return ['bad', 'Offline']
  switch (state.status) {
    case 'open':
      return ['good', 'Live']
    case 'waiting':
      return ['warn', 'Reconnecting']
    case 'idle':
    case 'connecting':
      return ['warn', 'Connecting']
    case 'closed':
      return ['bad', 'Closed']
  }
}
