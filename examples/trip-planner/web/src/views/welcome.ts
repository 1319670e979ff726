import { h } from '../dom'
import { cleanName, titleOf } from '../identity'
import { logo } from './icons'
import { hero } from './scene'

/** The first page: a name, and off. Resolves with the name. */
export function askName(root: HTMLElement, room: string, isInvited: boolean, known = ''): Promise<string> {
  return new Promise((resolve) => {
    const input = h('input', { class: 'field__input', attrs: { id: 'name', name: 'name', type: 'text', maxlength: '32', autocomplete: 'given-name', autocapitalize: 'words', placeholder: 'Your name', required: true, value: known } })
    const error = h('p', { class: 'field__error', attrs: { id: 'name-error', role: 'alert' } })
    const form = h('form', { class: 'welcome__form', attrs: { novalidate: true } },
      h('label', { class: 'field__label', text: 'What should we call you?', attrs: { for: 'name' } }),
      input, error,
      h('button', { class: 'primary-button primary-button--large', attrs: { type: 'submit' }, text: isInvited ? 'Join the trip' : 'Start planning' }),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const name = cleanName(input.value)
      if (name !== '') return resolve(name)
      error.textContent = 'A name helps the others know who is writing.'
      input.setAttribute('aria-invalid', 'true')
      input.setAttribute('aria-describedby', 'name-error')
      input.focus()
    })
    root.replaceChildren(
      h('main', { class: 'welcome' },
        h('div', { class: 'welcome__card' },
          hero(),
          h('div', { class: 'welcome__content' },
            h('p', { class: 'welcome__brand' }, logo(28), 'Landfall'),
            h('h1', { class: 'welcome__title', text: isInvited ? `You are invited to “${titleOf(room)}”` : 'Plan the trip together' }),
            h('p', { class: 'welcome__text', text: isInvited ? 'Your friends are planning a trip. Say your name and join the conversation.' : 'One chat for everyone who is coming, and Juno, a guide who knows where to go, when, and what it costs.' }),
            form,
          ),
        ),
      ),
    )
    input.focus()
  })
}
