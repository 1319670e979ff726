/** Every state of the page without a server, for screenshots: `/dev/?state=name`. Not part of the build. */
import '../src/styles/index.css'
import { answer } from '../../agent/src/answer'
import { cardOf } from '../../agent/src/catalog'
import { emptyMemory } from '../../agent/src/conversation'
import type { Entry, Person, Trip, TripView } from '../src/trip_view'
import { showTrip } from '../src/views/page'
import { askName } from '../src/views/welcome'

const ana: Person = { userId: 'ana-k3x9', name: 'Ana', isAgent: false, isMe: true }
const ben: Person = { userId: 'ben-p2mm', name: 'Ben Ortiz', isAgent: false, isMe: false }
const mei: Person = { userId: 'mei-77ab', name: '美 Mei', isAgent: false, isMe: false }
const juno: Person = { userId: 'agent', name: 'Juno', isAgent: true, isMe: false }
const start = Date.UTC(2026, 2, 3, 9, 41)

let serial = 0
const person = (who: Person, content: string, minutes: number, more: Partial<Entry> = {}): Entry => ({
  id: `e${++serial}`, by: 'person', userId: who.userId, name: who.name, mine: who.isMe, content, state: 'sent', ts: start + minutes * 60_000, cards: [], steps: [], seenBy: [], ...more,
})
const memory = emptyMemory()
function said(question: string, minutes: number, more: Partial<Entry> = {}): Entry {
  const { text, places, month, steps } = answer(question, memory)
  return { id: `e${++serial}`, by: 'agent', userId: 'agent', name: 'Juno', mine: false, content: text, state: 'sent', ts: start + minutes * 60_000, cards: places.map((place) => cardOf(place, month)), seenBy: [], steps: steps.map(({ says, tool, found }, at) => ({ id: `step-${at}`, kind: tool ? 'tool' : 'thought', says, found: found ?? '', running: false })), ...more }
}
const cut = (entry: Entry, share: number, state: Entry['state'] = 'streaming'): Entry => ({ ...entry, content: entry.content.slice(0, Math.round(entry.content.length * share)), state, cards: [] })

const beaches = 'Where should I go in March for beaches under €80 a day?'
const open: TripView['link']['state'] = { status: 'open', since: start, connectionId: 'c', sessionId: 's', userId: ana.userId, resumed: false, limits: { messageBytes: 65_536, channels: 100 }, server: 'tidewire/0.1.0' }
const rates = Array.from({ length: 40 }, (_, at) => Math.max(0, Math.round(24 * Math.sin(at / 4) + (at % 5))))
const base: TripView = {
  room: 'sunny-harbor-k3x9ab', me: { userId: ana.userId, name: ana.name },
  link: { state: open, online: true, fatal: undefined, everOpen: true, recovery: { kind: 'recovered', replayed: 3 } },
  loaded: true, entries: [], people: [ana, ben, mei, juno], typing: [],
  agent: { here: true, active: false, progress: null, task: '', writing: undefined, stoppable: undefined },
  plan: { loaded: true, saving: false, stops: [], conflicts: [], note: '' },
  numbers: { rttMs: 1.8, perSecond: 41, received: 1284, sent: 96, reconnects: 0, rates, trips: [] }, notice: undefined,
}
const talk = (): Entry[] => [
  person(ben, 'ok so we have a week and nobody wants snow', 0), person(mei, 'beach please 🏖️', 1), person(ana, beaches, 2), said(beaches, 2.2),
]
const waiting: TripView['link'] = { ...base.link, state: { status: 'waiting', attempt: 3, retryAt: 0, cause: { code: 1006, message: '' } } }

const stops = (titles: readonly string[]) => titles.map((title, at) => ({ id: `s${at}`, title, by: at % 2 ? 'Ben Ortiz' : 'Ana' }))

const states: Record<string, () => Partial<TripView>> = {
  empty: () => ({ people: [ana, juno] }),
  loading: () => ({ loaded: false, people: [], link: { ...base.link, everOpen: false, state: { status: 'connecting', attempt: 1 } } }),
  thinking: () => ({ entries: talk().slice(0, 3), agent: { here: true, active: true, progress: 0.2, task: 'Weighing 155 places for beaches in March under €80 a day', writing: undefined, stoppable: 'x' }, typing: ['Ben Ortiz'] }),
  streaming: () => {
    const entries = talk()
    entries[3] = cut(entries[3]!, 0.55)
    return { entries, agent: { here: true, active: true, progress: 0.68, task: 'Writing', writing: entries[3].id, stoppable: entries[3].id }, typing: ['Ben Ortiz', 'Mei'] }
  },
  working: () => {
    const entries = talk()
    const whole = entries[3]!
    entries[3] = { ...whole, content: '', cards: [], state: 'streaming', steps: whole.steps.slice(0, 2).map((step, at) => ({ ...step, found: '', running: at === 1 })) }
    return { entries, agent: { here: true, active: true, progress: 0.2, task: 'Weighing 155 places', writing: whole.id, stoppable: whole.id } }
  },
  stopped: () => {
    const entries = talk()
    entries[3] = cut(entries[3]!, 0.5, 'stopped')
    return { entries }
  },
  seen: () => ({ entries: [...talk(), person(ana, 'I could do the second week of March', 5, { seenBy: ['Ben Ortiz', '美 Mei'] })] }),
  plan: () => ({ entries: talk(), plan: { loaded: true, saving: false, conflicts: [], note: 'Merged with a change by Ben Ortiz.', stops: stops(['Land in Málaga, early bus to Nerja', 'Nerja: caves and Burriana beach', 'Frigiliana', 'Day trip to Granada, Alhambra tickets at 10:00 (book six weeks ahead)', 'Fly home']) } }),
  conflict: () => ({ entries: talk(), plan: { loaded: true, saving: true, note: 'Ben Ortiz changed “Nerja” at the same time.', stops: stops(['Land in Málaga', 'Nerja: the caves', 'Frigiliana']), conflicts: [{ id: 's1', mine: 'Nerja: two days on the beach', theirs: 'Nerja: the caves', by: 'Ben Ortiz' }] } }),
  answered: () => ({ entries: talk() }),
  compare: () => ({ entries: [...talk(), person(ben, 'and closer to home: Lisbon or Porto in May?', 4), said('Lisbon or Porto in May?', 4.1)] }),
  comparing: () => ({ entries: [person(ben, 'Lisbon or Porto in May?', 4), cut(said('Lisbon or Porto in May?', 4.1), 0.4)], agent: { here: true, active: true, progress: null, task: 'Writing', writing: 'e2', stoppable: 'e2' } }),
  itinerary: () => ({ entries: [person(ana, 'Plan 3 days in Kyoto', 0), said('Plan 3 days in Kyoto', 0.2)] }),
  sending: () => ({ entries: [...talk(), person(ana, 'I could do the second week of March', 5, { state: 'sending' }), person(ana, 'Or the third, if that is cheaper', 5, { state: 'failed', problem: 'The server did not answer in time.' })] }),
  offline: () => ({ entries: [...talk(), person(ana, 'I could do the second week of March', 5, { state: 'sending' })], link: { ...waiting, online: false } }),
  lost: () => ({ entries: talk(), link: waiting }),
  paused: () => ({ entries: [person(ana, beaches, 0), cut(said(beaches, 0.2), 0.4, 'paused')], people: [ana, ben], agent: { ...base.agent, here: false } }),
  back: () => ({ entries: talk(), notice: { kind: 'back', at: Date.now() + 3_600_000 }, numbers: { ...base.numbers, reconnects: 1 } }),
  fatal: () => ({ entries: [], loaded: false, people: [], link: { state: { status: 'closed', reason: { kind: 'unauthorized', message: '' } }, online: true, everOpen: false, recovery: undefined, fatal: 'This server hands out no demo tokens. Start it with “tidewire dev”.' } }),
  long: () => ({
    room: 'a-very-long-name-for-a-trip-that-somebody-has-given-it',
    people: Array.from({ length: 14 }, (_, at) => ({ ...ben, userId: `p${at}`, name: `Person with a rather long name ${at}`, isMe: at === 0 })),
    entries: [person(ben, `https://example.org/${'a-long-path/'.repeat(14)} ${'x'.repeat(160)}`, 0), person(mei, 'line one\nline two\n\n- a list\n- of things\n\n<b>not bold</b> **bold**', 1), person(ana, 'short', 2)],
  }),
}

const query = new URL(location.href).searchParams
const name = query.get('state') ?? 'empty'
const root = document.getElementById('app') as HTMLElement
const theme = query.get('theme')
if (theme) document.documentElement.dataset['theme'] = theme

if (name === 'welcome' || name === 'invited') void askName(root, base.room, name === 'invited')
else {
  const view: TripView = { ...base, ...(states[name] ?? states['empty']!)() }
  const nothing = (): void => undefined
  const handlers = new Set<(view: TripView) => void>()
  const trip: Trip = {
    view, send: nothing, retry: nothing, setTyping: nothing, stopAnswer: nothing, edit: nothing, resolve: nothing, setReading: nothing, reconnect: nothing, close: nothing,
    onChange(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
  }
  showTrip(root, trip, { rename: nothing, newTrip: nothing })
  // A second view, as the tick of every second brings one: states that need patience show.
  setTimeout(() => handlers.forEach((handler) => handler({ ...view })), 1000)
}
