import { h, setAttribute } from '../dom'
import { icon } from './icons'

const maxLength = 4000

export interface ComposerActions {
  send(text: string): void
  /** At every key; false when the field is empty again. */
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

  const grow = (): void => {
    input.style.height = 'auto'
    input.style.height = `${input.scrollHeight}px`
    setAttribute(button, 'disabled', input.value.trim() === '')
  }
  const submit = (): void => {
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    grow()
    actions.typing(false)
    actions.send(text)
  }

  input.addEventListener('input', () => {
    grow()
    actions.typing(input.value.trim() !== '')
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
