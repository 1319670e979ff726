import { h, setAttribute } from '../dom'
import { icon } from './icons'

const maxLength = 4000
const typingEveryMs = 2000
const typingIdleMs = 3500

export interface ComposerActions {
  send(text: string): void
  typing(isTyping: boolean): void
}

export interface Composer {
  readonly element: HTMLElement
  focus(): void
}

/** Where one writes: Enter sends, Shift and Enter makes a line. */
export function createComposer(actions: ComposerActions): Composer {
  const input = h('textarea', {
    class: 'composer__input',
    attrs: { id: 'composer', rows: '1', maxlength: String(maxLength), placeholder: 'Ask Juno, or write to everyone', autocomplete: 'off', enterkeyhint: 'send', 'aria-label': 'Message' },
  })
  const button = h('button', { class: 'composer__send', attrs: { type: 'submit', 'aria-label': 'Send message', disabled: true } }, icon('send'))
  const element = h('form', { class: 'composer', attrs: { 'aria-label': 'Write a message' } }, input, button)
  let lastTyping = 0
  let idleTimer: ReturnType<typeof setTimeout> | undefined

  const grow = (): void => {
    input.style.height = 'auto'
    input.style.height = `${input.scrollHeight}px`
    setAttribute(button, 'disabled', input.value.trim() === '')
  }
  const stopTyping = (): void => {
    clearTimeout(idleTimer)
    if (lastTyping === 0) return
    lastTyping = 0
    actions.typing(false)
  }
  const noteTyping = (): void => {
    if (input.value.trim() === '') return stopTyping()
    if (Date.now() - lastTyping > typingEveryMs) {
      lastTyping = Date.now()
      actions.typing(true)
    }
    clearTimeout(idleTimer)
    idleTimer = setTimeout(stopTyping, typingIdleMs)
  }
  const submit = (): void => {
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    grow()
    stopTyping()
    actions.send(text)
  }

  input.addEventListener('input', () => {
    grow()
    noteTyping()
  })
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    submit()
  })
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    submit()
    input.focus()
  })
  return { element, focus: () => input.focus({ preventScroll: true }) }
}
