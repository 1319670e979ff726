import { h } from '../dom'
import { icon } from './icons'

export interface Sheet {
  readonly element: HTMLElement
  open(): void
  close(): void
}

/**
 * A column on wide screens, a sheet over the page on narrow ones. As a sheet it is a modal dialog: focus moves in,
 * stays in, and goes back; Escape and the backdrop close it.
 */
export function createSheet(id: string, label: string, side: 'left' | 'right', columnFrom: string, content: HTMLElement): Sheet {
  const closeButton = h('button', { class: 'icon-button sheet__close', attrs: { type: 'button', 'aria-label': 'Close' }, on: { click: () => dialog.close() } }, icon('close'))
  const dialog = h('dialog', { class: 'sheet__dialog', attrs: { 'aria-label': label } }, closeButton)
  const column = h('aside', { class: `column column--${side}`, attrs: { 'aria-label': label } })
  const element = h('div', { class: 'sheet', attrs: { id, 'data-side': side } }, column, dialog)
  const wide = matchMedia(columnFrom)

  const place = (): void => {
    if (wide.matches) {
      if (dialog.open) dialog.close()
      column.append(content)
    } else dialog.append(content)
  }
  wide.addEventListener('change', place)
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  place()
  return {
    element,
    open: () => void (wide.matches || dialog.open || dialog.showModal()),
    close: () => dialog.close(),
  }
}
