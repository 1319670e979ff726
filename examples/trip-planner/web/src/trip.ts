import { createClient, trackMessages, type ConnectionState, type StreamedMessage } from '@tidewire/client'
import { answerId, roomChannel, type TripEvents } from '../../shared/events'
import type { Identity } from './identity'
import { createEntries } from './entries'
import { createOutbox } from './outgoing'
import { createPlan, followPlan } from './plan'
import { createPresence } from './presence'
import type { ReadPositions } from './seen'
import { fetchToken, NoDemoTokens } from './token'
import type { AgentView, Entry, Link, Notice, Numbers, Trip, TripView } from './trip_view'

const historyLimit = 200
const pingEveryMs = 5000
/** The server ends what nobody repeats; this is for when it cannot be heard. */
const typingShownMs = 10_000
const sendWithinMs = 10 * 60_000
const samples = 40
/** Faster than this nobody sees letters come. */
const rollupMs = 40
/** An active status that nobody renewed for this long belongs to an agent that is gone. */
const statusValidMs = 12_000

/** One room, live: the only place of the page that talks to the server. */
export function openTrip(room: string, me: Identity, url: string): Trip {
  const handlers = new Set<(view: TripView) => void>()
  let link: Link = { state: { status: 'idle' }, online: navigator.onLine, fatal: undefined, everOpen: false, recovery: undefined }
  let wakeClient = (): void => {}

  const client = createClient<TripEvents>({
    url,
    client: 'web/0.1.0',
    reconnect: { minMs: 300, maxMs: 5000 },
    async getToken(request) {
      try {
        return await fetchToken(me, request)
      } catch (error) {
        if (!(error instanceof NoDemoTokens)) throw error
        setLink({ fatal: error.message })
        return null
      }
    },
    environment: {
      watch(wake, sleep) {
        wakeClient = wake
        return watchBrowser(wake, sleep, (online) => setLink({ online }))
      },
    },
  })
  const channel = client.channel(roomChannel(room))
  const messages = trackMessages(channel)

  const typing = new Map<string, number>()
  let loaded = false
  let notice: Notice | undefined
  let reading: ReadPositions = { epoch: undefined, read: new Map() }
  let readsEnd = false
  let toldRead = 0
  let status = { active: false, progress: null as number | null, task: '', at: 0 }
  let numbers: Numbers = { rttMs: undefined, perSecond: 0, received: 0, sent: 0, reconnects: 0, rates: [], trips: [] }

  let scheduled = false
  const changed = (): void => {
    if (scheduled) return
    scheduled = true
    const run = (): void => {
      scheduled = false
      view = build()
      for (const handler of handlers) handler(view)
    }
    // Frames do not come while the page is hidden.
    if (document.visibilityState === 'hidden') setTimeout(run, 200)
    else requestAnimationFrame(run)
  }
  const setLink = (part: Partial<Link>): void => {
    link = { ...link, ...part }
    changed()
  }

  const presence = createPresence(client, room, me, changed)
  const entries = createEntries({ myId: me.userId, nameOf: presence.nameOf, agentHere: () => presence.agentHere })
  const outbox = createOutbox({
    room,
    storage: sessionStorageOrNone(),
    changed,
    publish: ({ id, content }) => {
      presence.callAgent()
      const sent = channel.publish('chat_message', { content, role: 'user', messageId: id }, { key: id, timeoutMs: sendWithinMs })
      return sent.then(() => entries.place(id))
    },
  })

  const plan = createPlan({ shared: channel.shared, myName: me.name, changed })
  followPlan(channel, plan)

  const noteArrivals = (list: readonly StreamedMessage[]): void => {
    for (const { messageId } of list) {
      entries.place(messageId)
      outbox.arrived(messageId)
    }
    changed()
  }

  let agent: AgentView = { here: false, active: false, progress: null, task: '', writing: undefined, stoppable: undefined }
  const buildAgent = (): AgentView => {
    const here = presence.agentHere
    const active = here && status.active && Date.now() - status.at < statusValidMs
    const writing = entries.list.findLast((entry) => entry.state === 'streaming')?.id
    const stoppable = writing ?? (active ? nextAnswer(entries.list) : undefined)
    const next: AgentView = { here, active, progress: active ? status.progress : null, task: active ? status.task : '', writing, stoppable }
    return JSON.stringify(next) === JSON.stringify(agent) ? agent : next
  }

  let typists: readonly string[] = []
  const buildTyping = (): readonly string[] => {
    const names = [...typing.keys()].map((userId) => presence.nameOf(userId))
    return names.join('\n') === typists.join('\n') ? typists : names
  }

  const build = (): TripView => {
    const shown = entries.rebuild(messages.list, outbox.list, reading)
    agent = buildAgent()
    typists = buildTyping()
    return { room, me, link, loaded, entries: shown, people: presence.people, typing: typists, agent, plan: plan.view, numbers, notice }
  }
  let view = build()

  const joined = (): void => {
    loaded = true
    changed()
    toldRead = 0
    noteRead()
    void loadReaders()
    void ping()
  }
  const ping = async (): Promise<void> => {
    if (client.state.status !== 'open') return
    const rtt = await presence.refresh().catch(() => undefined)
    if (rtt === undefined) return
    presence.callAgent()
    numbers = { ...numbers, rttMs: rtt, trips: [...numbers.trips, rtt].slice(-samples) }
    changed()
  }
  /** The server lost its memory: its new history may hold what others wrote before this page was back. */
  const reload = async (): Promise<void> => {
    setNotice('restarted')
    const page = await channel.history({ limit: historyLimit }).catch(() => undefined)
    if (page) messages.add(page.publications)
    changed()
  }
  /** Others see under their messages that this person has read them. */
  const noteRead = (): void => {
    const offset = channel.position?.offset ?? 0
    if (!readsEnd || document.visibilityState !== 'visible' || !loaded || offset === toldRead || client.state.status !== 'open') return
    toldRead = offset
    channel.markRead(offset)
  }
  const readers = (list: ReadonlyArray<{ userId: string; read: number }>, before: ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
    const read = new Map(before)
    for (const each of list) if (each.userId !== me.userId && !presence.isAgent(each.userId)) read.set(each.userId, each.read)
    return read
  }
  const loadReaders = async (): Promise<void> => {
    const reply = await channel.receipts().catch(() => undefined)
    if (reply) reading = { epoch: reply.epoch, read: readers(reply.consumers, new Map()) }
    changed()
  }
  const setNotice = (kind: Notice['kind']): void => {
    notice = { kind, at: Date.now() }
    changed()
  }
  const onState = (state: ConnectionState): void => {
    const back = state.status === 'open' && link.everOpen
    setLink({ state, everOpen: link.everOpen || state.status === 'open', fatal: state.status === 'closed' ? closedWords(state, link.fatal) : undefined })
    if (back) setNotice('back')
  }

  messages.onChange(noteArrivals)
  client.onState(onState)
  client.on('error', () => undefined)
  channel.on('gap', () => void reload())
  channel.on('agent_status_update', ({ payload, from, ts, replayed }) => {
    if (from) presence.sawAgent(from.userId)
    status = { active: payload.isActive, progress: payload.progress, task: payload.currentTask ?? '', at: replayed ? Math.min(ts ?? 0, Date.now()) : Date.now() }
    changed()
  })
  channel.on('chat_message_chunk', ({ from }) => void (from && presence.sawAgent(from.userId)))
  channel.on('receipt_changed', ({ payload }) => {
    reading = { ...reading, read: readers([payload], reading.read) }
    changed()
  })
  // After the handlers that show it.
  channel.onEvent(({ offset, replayed }) => {
    if (offset === undefined) return
    if (replayed && link.recovery) setLink({ recovery: { ...link.recovery, replayed: link.recovery.replayed + 1 } })
    queueMicrotask(noteRead)
  })
  channel.on('user_typing', ({ payload, from }) => {
    const userId = from?.userId ?? payload.userId
    if (userId === me.userId) return
    if (payload.isTyping === false) typing.delete(userId)
    else typing.set(userId, Date.now())
    changed()
  })
  channel.on('chat_message', ({ from }) => void (from && typing.delete(from.userId)))
  channel.onState((state) => {
    if (state.status === 'subscribed') {
      const kind = !state.wasRecovering ? 'fresh' : state.recovered ? 'recovered' : 'gap'
      setLink({ recovery: { kind, replayed: 0 } })
      joined()
    }
    if (state.status === 'denied') setLink({ fatal: `You may not join this trip: ${state.error.message}` })
  })

  const tick = setInterval(() => {
    const { received, sent, reconnects, messagesPerSecond } = client.metrics()
    const rate = Math.max(0, received - numbers.received)
    numbers = { ...numbers, received, sent, reconnects, perSecond: messagesPerSecond, rates: [...numbers.rates, rate].slice(-samples) }
    for (const [userId, at] of typing) if (Date.now() - at > typingShownMs) typing.delete(userId)
    changed()
  }, 1000)
  const pinging = setInterval(() => document.visibilityState === 'visible' && void ping(), pingEveryMs)

  channel.subscribe({ history: historyLimit, rollup: rollupMs }).catch(() => undefined)
  client.connect().catch(() => undefined)

  return {
    get view() {
      return view
    },
    onChange(handler) {
      handlers.add(handler)
      return () => handlers.delete(handler)
    },
    send: (text) => void outbox.add(text),
    retry: outbox.retry,
    setTyping(isTyping) {
      if (isTyping) channel.typing()
      else channel.stopTyping()
    },
    stopAnswer(id) {
      channel.cancelStream(id, { reason: 'stopped by a reader', timeoutMs: 5000 }).catch(() => undefined)
    },
    edit: plan.edit,
    resolve: plan.resolve,
    setReading(atEnd) {
      readsEnd = atEnd
      noteRead()
    },
    reconnect() {
      if (client.state.status === 'closed') {
        setLink({ fatal: undefined })
        client.connect().catch(() => undefined)
      } else wakeClient()
    },
    close() {
      clearInterval(tick)
      clearInterval(pinging)
      messages.close()
      client.close()
    },
  }
}

/** The answer that is to come: to the newest question that has none. */
function nextAnswer(entries: readonly Entry[]): string | undefined {
  const ids = new Set(entries.map(({ id }) => id))
  const question = entries.findLast((entry) => entry.by === 'person' && !ids.has(answerId(entry.id)))
  return question && answerId(question.id)
}

function closedWords(state: Extract<ConnectionState, { status: 'closed' }>, known: string | undefined): string | undefined {
  const { reason } = state
  if (reason.kind === 'closed') return undefined
  if (reason.kind === 'unauthorized') return known ?? `The server did not accept your sign-in: ${reason.message}`
  if (reason.code === 4409) return 'This trip is open in a newer tab.'
  return `The server ended the connection: ${reason.message || reason.code}`
}

function watchBrowser(wake: () => void, sleep: () => void, online: (online: boolean) => void): () => void {
  const visible = (): void => void (document.visibilityState === 'visible' && wake())
  const up = (): void => {
    online(true)
    wake()
  }
  const down = (): void => {
    online(false)
    sleep()
  }
  const undos = [
    listen(window, 'online', up), listen(window, 'offline', down), listen(window, 'pageshow', visible), listen(document, 'visibilitychange', visible),
  ]
  return () => undos.forEach((undo) => undo())
}

function listen(target: EventTarget, type: string, handler: () => void): () => void {
  target.addEventListener(type, handler)
  return () => target.removeEventListener(type, handler)
}

function sessionStorageOrNone(): Storage | undefined {
  try {
    return sessionStorage
  } catch {
    return undefined
  }
}
