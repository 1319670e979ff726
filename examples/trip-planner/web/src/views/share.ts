import { h } from '../dom'
import { icon } from './icons'

const doneMs = 2200

/** Shares the address where the device has a sheet for it, else copies it; says which happened. */
export function shareButton(address: string, title: string, className = 'primary-button'): HTMLElement {
  const label = h('span', { text: 'Invite people' })
  const status = h('span', { class: 'visually-hidden', attrs: { role: 'status' } })
  let timer: ReturnType<typeof setTimeout> | undefined
  const say = (words: string): void => {
    label.textContent = words
    status.textContent = words
    clearTimeout(timer)
    timer = setTimeout(() => {
      label.textContent = 'Invite people'
      status.textContent = ''
    }, doneMs)
  }
  const share = async (): Promise<void> => {
    const isTouch = matchMedia('(pointer: coarse)').matches
    if (isTouch && 'share' in navigator) {
      try {
        await navigator.share({ title: `Landfall: ${title}`, url: address })
        return
      } catch (error) {
        if ((error as Error).name === 'AbortError') return
      }
    }
    say((await copy(address)) ? 'Link copied' : address)
  }
  return h('button', { class: className, attrs: { type: 'button' }, on: { click: () => void share() } }, icon('link'), label, status)
}

/** Also works on plain http, where there is no clipboard API. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const field = h('textarea', { attrs: { readonly: true, 'aria-hidden': 'true' }, class: 'visually-hidden' })
    field.value = text
    document.body.append(field)
    field.select()
    const done = document.execCommand('copy')
    field.remove()
    return done
  }
}
