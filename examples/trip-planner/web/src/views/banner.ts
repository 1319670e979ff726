import { h, setAttribute } from '../dom'
import type { TripView } from '../trip_view'
import { icon, type IconName } from './icons'

const noticeMs = 3500
/** A connection that takes this long is worth a word. */
const patienceMs = 900

export interface Banner {
  readonly element: HTMLElement
  update(view: TripView): void
}

interface Words {
  tone: 'info' | 'warn' | 'bad' | 'good'
  glyph: IconName
  text: string
  action?: string
}

/** One line over the top of the conversation when the connection needs words. Lies over the page: nothing moves. */
export function createBanner(reconnect: () => void): Banner {
  const text = h('span', { class: 'banner__text' })
  const glyph = h('span', { class: 'banner__icon' })
  const button = h('button', { class: 'banner__action', attrs: { type: 'button' }, on: { click: reconnect } })
  const box = h('div', { class: 'banner', attrs: { hidden: true } }, glyph, text, button)
  const element = h('div', { class: 'banner-frame', attrs: { role: 'status', 'aria-live': 'polite' } }, box)
  let shown = ''
  let downSince = 0

  return {
    element,
    update(view) {
      const { status } = view.link.state
      if (status === 'open') downSince = 0
      else downSince ||= Date.now()
      const words = wordsFor(view, downSince)
      setAttribute(box, 'hidden', words === undefined)
      const key = words ? `${words.tone}${words.text}${words.action ?? ''}` : ''
      if (key === shown) return
      shown = key
      if (!words) return
      box.className = `banner banner--${words.tone}`
      text.textContent = words.text
      glyph.replaceChildren(icon(words.glyph))
      button.textContent = words.action ?? ''
      setAttribute(button, 'hidden', words.action === undefined)
    },
  }
}

function wordsFor({ link, notice }: TripView, downSince: number): Words | undefined {
  const { state, online, fatal, everOpen } = link
  if (fatal !== undefined) return { tone: 'bad', glyph: 'alert', text: fatal, action: 'Try again' }
  if (!online) return { tone: 'warn', glyph: 'offline', text: 'You are offline. What you write waits here and goes out when you are back.' }
  if (state.status !== 'open' && Date.now() - downSince > patienceMs) {
    const what = everOpen ? 'The connection is lost.' : 'The server cannot be reached.'
    if (state.status === 'waiting') return { tone: 'warn', glyph: 'offline', text: `${what} Trying again by itself.`, action: 'Try now' }
    return { tone: 'info', glyph: 'clock', text: everOpen ? 'Reconnecting…' : 'Connecting…' }
  }
  if (state.status !== 'open' || !notice || Date.now() - notice.at > noticeMs) return undefined
  if (notice.kind === 'restarted') return { tone: 'good', glyph: 'check', text: 'Back online. The server restarted; everything here is still here.' }
  return { tone: 'good', glyph: 'check', text: 'Back online' }
}
