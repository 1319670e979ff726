import { foldMessage, type Client, type StreamedMessage, type TidewireEvent } from '@tidewire/client'
import { answerId, roomChannel, type TripEvents } from '../../shared/events'
import { answer, isForAgent } from './answer'
import { createCompany } from './company'
import { emptyMemory } from './conversation'
import type { ModelOptions, Turn } from './openai'
import { idle, startReply, type Reply, type Status } from './reply'

export interface RoomSeams {
  client: Pick<Client<TripEvents>, 'channel'>
  userId(): string
  model: ModelOptions | undefined
  wait(ms: number): Promise<void>
  now(): number
  random(): number
  log(line: string): void
}

/** The agent's presence in one room. */
export interface Room {
  readonly name: string
  /** Last time a person wrote. */
  readonly lastUsed: number
  readonly busy: boolean
  /** Resolves when the past is read and the people are counted; rejects when the server does not let the agent in. */
  readonly entered: Promise<void>
  people(): Promise<number>
  leave(): Promise<void>
}

/** Questions older than this were asked to someone who was not there. */
const answerWithinMs = 180_000
const historyLimit = 60
/** More than a replay can bring. */
const keptMessages = 300
const maxQueue = 8
const maxTurns = 12
const statusEveryMs = 150

/** Joins a room and answers what is asked there, one question after the other, until `leave()`. */
export function joinRoom(name: string, seams: RoomSeams): Room {
  const { client, now } = seams
  const channel = client.channel(roomChannel(name))
  const memory = emptyMemory()
  const messages = new Map<string, StreamedMessage>()
  /** Questions that were considered: each is answered at most once. */
  const handled = new Set<string>()
  const queue: StreamedMessage[] = []
  const company = createCompany()
  /** Before that, an answer may still be on its way and nobody knows who is there: nothing is considered. */
  let listening = false
  let current: Reply | undefined
  let lastUsed = now()
  let lastStatus = 0
  let status: Status = idle

  const setStatus = (next: Status): void => {
    const urgent = next.currentTask !== status.currentTask || next.isActive !== status.isActive
    status = next
    if (!urgent && now() - lastStatus < statusEveryMs) return
    lastStatus = now()
    channel.send('agent_status_update', next)
  }

  const take = (event: TidewireEvent): void => {
    if (event.type !== 'chat_message' && event.type !== 'chat_message_chunk') return
    const { messageId } = event.payload as { messageId?: string }
    const id = messageId ?? `${event.epoch}-${event.offset}`
    const folded = foldMessage(messages.get(id), event)
    if (folded) messages.set(id, { ...folded, messageId: id })
    if (event.type === 'chat_message' && folded?.role === 'user') {
      lastUsed = now()
      if (folded.from && folded.from.userId !== seams.userId()) company.wrote(folded.from.userId, event.ts ?? now())
    }
    if (messages.size > keptMessages) forgetOldest()
  }

  const forgetOldest = (): void => {
    const [oldest] = messages.keys()
    messages.delete(oldest!)
    handled.delete(oldest!)
  }

  /** One that was interrupted is begun again. */
  const answered = (questionId: string): boolean => {
    const status = messages.get(answerId(questionId))?.status
    return status === 'complete' || status === 'cancelled'
  }

  /** Looks for questions that nobody answered; called after every message and after every replay. */
  const consider = (): void => {
    if (!listening) return
    for (const message of messages.values()) {
      if (message.role !== 'user' || handled.has(message.messageId) || message.from?.userId === seams.userId()) continue
      handled.add(message.messageId)
      const tooOld = message.ts !== undefined && now() - message.ts > answerWithinMs
      if (answered(message.messageId)) {
        // By an earlier process: follow-ups need to know what was said.
        answer(message.content, memory)
        continue
      }
      if (tooOld) continue
      if (company.several(now()) && !isForAgent(message.content, memory)) continue
      if (queue.length < maxQueue) queue.push(message)
    }
    void work()
  }

  const turnsBefore = (question: StreamedMessage): Turn[] => {
    const all = [...messages.values()].filter((message) => message.status !== 'streaming' && (message.role === 'user' || message.role === 'assistant'))
    const until = all.findIndex((message) => message.messageId === question.messageId)
    return all.slice(Math.max(0, until + 1 - maxTurns), until + 1).map(({ role, content }) => ({ role: role as Turn['role'], content }))
  }

  const work = async (): Promise<void> => {
    if (current) return
    const question = queue.shift()
    if (!question) return
    if (answered(question.messageId)) return work()
    const left = messages.get(answerId(question.messageId))
    const unfinished = left && left.rev > 0 ? { text: left.content, generation: left.generation, rev: left.rev } : undefined
    current = startReply({ ...seams, channel, setStatus }, { id: question.messageId, text: question.content }, memory, turnsBefore(question), unfinished)
    await current.done.catch((error: unknown) => seams.log(`room ${name}: ${String(error)}`))
    current = undefined
    void work()
  }

  const countPeople = async (): Promise<number> => {
    const members = await channel.presence()
    company.counted(members.map(({ userId }) => userId).filter((userId) => userId !== seams.userId()))
    return company.present
  }

  const undos = [
    channel.onEvent((event) => {
      take(event)
      if (event.type === 'chat_message') queueMicrotask(consider)
    }),
    channel.on('presence_join', ({ payload }) => void (payload.userId !== seams.userId() && company.came(payload.userId))),
    channel.on('presence_leave', ({ payload }) => company.left(payload.userId)),
    channel.on('gap', () => void reload()),
    channel.onState((state) => {
      if (state.status !== 'subscribed') return
      if (listening) countPeople().catch(() => undefined)
      // A server that restarted has forgotten the status; one that did not shows it to those who join.
      channel.send('agent_status_update', status)
    }),
  ]

  /** The server forgot the past: what people wrote before this client was back is in its new history. */
  const reload = async (): Promise<void> => {
    const page = await channel.history({ limit: historyLimit }).catch(() => undefined)
    page?.publications.forEach(take)
    consider()
  }

  const enter = async (): Promise<void> => {
    await channel.subscribe({ history: historyLimit })
    await countPeople().catch(() => 0)
    listening = true
    consider()
  }
  const entered = enter()

  return {
    name,
    entered,
    get lastUsed() {
      return lastUsed
    },
    get busy() {
      return current !== undefined
    },
    people: countPeople,
    async leave() {
      for (const undo of undos) undo()
      current?.cancel()
      await channel.unsubscribe().catch(() => undefined)
    },
  }
}
