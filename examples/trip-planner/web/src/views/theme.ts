import { h, setAttribute } from '../dom'
import { load, save } from '../identity'
import { icon, type IconName } from './icons'

type Theme = 'auto' | 'light' | 'dark'

const key = 'landfall.theme'
const order: readonly Theme[] = ['auto', 'light', 'dark']
const glyphs: Record<Theme, IconName> = { auto: 'auto', light: 'sun', dark: 'moon' }
const labels: Record<Theme, string> = { auto: 'Colours follow the device', light: 'Light colours', dark: 'Dark colours' }

const current = (): Theme => (order.includes(load(key) as Theme) ? (load(key) as Theme) : 'auto')

function apply(theme: Theme): void {
  save(key, theme === 'auto' ? undefined : theme)
  if (theme === 'auto') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** Device, light, dark. */
export function themeSwitch(): HTMLElement {
  const buttons = order.map((theme) =>
    h('button', { class: 'segment', attrs: { type: 'button', 'aria-label': labels[theme], title: labels[theme] }, on: { click: () => choose(theme) } }, icon(glyphs[theme])))
  const show = (theme: Theme): void => order.forEach((name, at) => setAttribute(buttons[at]!, 'aria-pressed', String(name === theme)))
  const choose = (theme: Theme): void => {
    apply(theme)
    show(theme)
  }
  show(current())
  return h('div', { class: 'segments', attrs: { role: 'group', 'aria-label': 'Colours' } }, ...buttons)
}
