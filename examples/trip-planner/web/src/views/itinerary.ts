import { arrange, h, setAttribute, setText } from '../dom'
import { maxTitle, type Edit, type Stop } from '../../../shared/itinerary'
import { randomText } from '../identity'
import type { Conflict, PlanView, TripView } from '../trip_view'
import { icon } from './icons'

export interface ItineraryActions {
  myName: string
  edit(edit: Edit): void
  resolve(id: string, whose: 'mine' | 'theirs'): void
}

export interface ItineraryPanel {
  readonly element: HTMLElement
  readonly count: number
  /** The field for a new stop. */
  focus(): void
  update(view: TripView): void
}

export const newStop = (title: string, by: string): Stop => ({ id: randomText(12), title: title.trim().slice(0, maxTitle), by })

/** The list of stops that everyone edits: add, rename, move, remove, each with a button. */
export function createItinerary(actions: ItineraryActions): ItineraryPanel {
  const count = h('span', { class: 'panel__count' })
  const saving = h('span', { class: 'plan__saving', text: 'Saving', attrs: { hidden: true } })
  const list = h('ol', { class: 'plan__list', attrs: { role: 'list' } })
  const none = h('p', { class: 'plan__none', text: 'No stops yet. Write one, or add a place or a plan from an answer. Everyone can change it.' })
  const note = h('p', { class: 'plan__note', attrs: { role: 'status' } })
  const input = h('input', { class: 'plan__input', attrs: { type: 'text', maxlength: String(maxTitle), placeholder: 'Add a stop', 'aria-label': 'New stop', autocomplete: 'off', enterkeyhint: 'done' } })
  const form = h('form', { class: 'plan__add' }, input, h('button', { class: 'icon-button', attrs: { type: 'submit', 'aria-label': 'Add the stop' } }, icon('plus')))
  const element = h('section', { class: 'panel plan', attrs: { 'aria-labelledby': 'plan-title' } },
    h('h2', { class: 'panel__title', attrs: { id: 'plan-title' } }, 'Itinerary', count, saving), none, list, form, note)
  const rows = new Map<string, Row>()
  let shown: PlanView | undefined

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (input.value.trim() === '') return
    actions.edit({ kind: 'add', stops: [newStop(input.value, actions.myName)] })
    input.value = ''
  })

  return {
    element,
    get count() {
      return shown?.stops.length ?? 0
    },
    focus: () => input.focus({ preventScroll: true }),
    update({ plan }) {
      if (plan === shown) return
      shown = plan
      setText(count, plan.stops.length > 0 ? String(plan.stops.length) : '')
      setAttribute(saving, 'hidden', !plan.saving)
      setAttribute(none, 'hidden', plan.stops.length > 0)
      setText(note, plan.note)
      const focused = document.activeElement
      arrange(list, plan.stops.map((stop, at) => {
        let row = rows.get(stop.id)
        if (!row) rows.set(stop.id, (row = createRow(stop.id, actions)))
        row.update(stop, plan.stops[at - 1], plan.conflicts.find(({ id }) => id === stop.id))
        return row.element
      }))
      for (const id of rows.keys()) if (plan.stops.every((stop) => stop.id !== id)) rows.delete(id)
      // Moving an element in the list takes the focus from it.
      if (focused instanceof HTMLElement && focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true })
    },
  }
}

interface Row {
  readonly element: HTMLElement
  update(stop: Stop, before: Stop | undefined, conflict: Conflict | undefined): void
}

function createRow(id: string, actions: ItineraryActions): Row {
  const title = h('button', { class: 'stop__title', attrs: { type: 'button' }, on: { click: () => begin() } })
  const input = h('input', { class: 'plan__input', attrs: { type: 'text', maxlength: String(maxTitle), 'aria-label': 'Words of the stop', autocomplete: 'off', enterkeyhint: 'done' } })
  const form = h('form', { class: 'stop__form', attrs: { hidden: true } }, input, h('button', { class: 'icon-button', attrs: { type: 'submit', 'aria-label': 'Save' } }, icon('check')))
  const up = h('button', { class: 'icon-button stop__tool', attrs: { type: 'button' }, on: { click: () => before && actions.edit({ kind: 'move', id, before: before.id }) } }, icon('up'))
  const remove = h('button', { class: 'icon-button stop__tool', attrs: { type: 'button' }, on: { click: () => actions.edit({ kind: 'remove', id }) } }, icon('close'))
  const clash = h('div', { class: 'stop__clash', attrs: { hidden: true, role: 'group' } })
  const line = h('div', { class: 'stop__line' }, h('span', { class: 'stop__number', attrs: { 'aria-hidden': 'true' } }), title, up, remove)
  const element = h('li', { class: 'stop' }, line, form, clash)
  let stop: Stop | undefined
  let before: Stop | undefined
  let from: string | undefined

  /** What the person saw when they began is what their change is measured against. */
  const begin = (): void => {
    from = stop?.title ?? ''
    input.value = from
    setAttribute(form, 'hidden', false)
    setAttribute(line, 'hidden', true)
    input.focus()
    input.select()
  }
  const end = (save: boolean): void => {
    if (from === undefined) return
    const to = input.value.trim().slice(0, maxTitle)
    const was = from
    from = undefined
    setAttribute(form, 'hidden', true)
    setAttribute(line, 'hidden', false)
    if (save && to !== '' && to !== was) actions.edit({ kind: 'rename', id, from: was, to })
    title.focus({ preventScroll: true })
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    end(true)
  })
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    event.stopPropagation()
    end(false)
  })

  const showClash = (conflict: Conflict | undefined): void => {
    setAttribute(clash, 'hidden', conflict === undefined)
    if (!conflict) return clash.replaceChildren()
    setAttribute(clash, 'aria-label', `${conflict.by} changed this at the same time`)
    clash.replaceChildren(
      h('p', { text: `${conflict.by} wrote this at the same time. Yours: “${conflict.mine}”` }),
      h('div', { class: 'stop__choice' },
        h('button', { class: 'link-button', text: 'Use mine', attrs: { type: 'button' }, on: { click: () => actions.resolve(id, 'mine') } }),
        h('button', { class: 'link-button', text: `Keep ${conflict.by}’s`, attrs: { type: 'button' }, on: { click: () => actions.resolve(id, 'theirs') } }),
      ),
    )
  }
  let clashing: Conflict | undefined

  return {
    element,
    update(next, previous, conflict) {
      before = previous
      setAttribute(up, 'disabled', previous === undefined)
      if (conflict !== clashing) showClash((clashing = conflict))
      if (stop && stop.title === next.title && stop.by === next.by) return
      stop = next
      setText(title, next.title)
      setAttribute(title, 'title', `Added by ${next.by}`)
      setAttribute(title, 'aria-label', `Edit ${next.title}`)
      setAttribute(up, 'aria-label', `Move ${next.title} up`)
      setAttribute(remove, 'aria-label', `Remove ${next.title}`)
    },
  }
}
