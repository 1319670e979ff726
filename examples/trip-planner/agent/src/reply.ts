import type { Channel } from '@tidewire/client'
import { answerId, parseAnswerId, type TripEvents } from '../../shared/events'
import { answer, type Answer } from './answer'
import { createAnswerStream, type AnswerStream, type StreamEnd } from './answer_stream'
import { cardOf } from './catalog'
import type { Memory } from './conversation'
import { ModelError, streamAnswer, type ModelOptions, type Turn } from './openai'
import { paceMs, toPieces } from './pieces'

export interface ReplySeams {
  channel: Channel<TripEvents>
  model: ModelOptions | undefined
  wait(ms: number): Promise<void>
  random(): number
  setStatus(status: Status): void
}

export interface Status {
  isActive: boolean
  progress: number | null
  currentTask: string | null
}

export const idle: Status = { isActive: false, progress: null, currentTask: null }

/** What an earlier process left unfinished. */
export interface Unfinished {
  messageId: string
  text: string
  /** Its last piece. */
  rev: number
}

/** One answer, from the question to the acknowledged last piece. */
export interface Reply {
  readonly messageIds: ReadonlySet<string>
  readonly done: Promise<string>
  cancel(): void
}

const maxAttempts = 4
const thinkingMs = 420

export function startReply(seams: ReplySeams, question: { id: string; text: string }, memory: Memory, turns: readonly Turn[], unfinished?: Unfinished): Reply {
  const { channel, wait, setStatus } = seams
  const abort = new AbortController()
  const messageIds = new Set<string>()
  let stream: AnswerStream | undefined

  const open = (messageId: string, firstIndex = 1): AnswerStream => {
    messageIds.add(messageId)
    stream = createAnswerStream({ channel, messageId, wait, firstIndex })
    return stream
  }

  const think = async (found: Answer): Promise<void> => {
    for (const [step, task] of found.tasks.entries()) {
      setStatus({ isActive: true, progress: (step + 1) / (found.tasks.length + 1) * 0.3, currentTask: task })
      await wait(thinkingMs)
    }
  }

  /**
   * A stream that the server gave up (interrupted, or a name it no longer takes) starts again under the next name; so does
   * one that an earlier process began and this one cannot continue. Readers see the last attempt only.
   */
  const deliver = async (produce: (into: AnswerStream) => Promise<void>): Promise<StreamEnd> => {
    const first = unfinished ? parseAnswerId(unfinished.messageId).attempt + 1 : 1
    for (let attempt = first; attempt < first + maxAttempts; attempt++) {
      const into = open(answerId(question.id, attempt))
      await produce(into)
      const end = abort.signal.aborted ? 'cancelled' : await into.finish()
      if (end !== 'lost' || abort.signal.aborted) return end
    }
    return 'lost'
  }

  const run = async (): Promise<string> => {
    const found = answer(question.text, memory)
    try {
      if (!unfinished) await think(found)
      const said = seams.model ? await speakModel(seams.model, found) : await speakData(found)
      if (found.places.length > 0 && !abort.signal.aborted) await showPlaces(found)
      return said
    } finally {
      setStatus(idle)
    }
  }

  const speakData = async (found: Answer): Promise<string> => {
    const pieces = toPieces(found.text)
    const rest = unfinished && found.text.startsWith(unfinished.text) ? toPieces(found.text.slice(unfinished.text.length)) : undefined
    if (unfinished && rest) {
      const into = open(unfinished.messageId, unfinished.rev + 1)
      await recite(rest, into, pieces.length - rest.length)
      if (abort.signal.aborted || (await into.finish()) !== 'lost') return found.text
    }
    await deliver((into) => recite(pieces, into, 0))
    return found.text
  }

  const recite = async (pieces: readonly string[], into: AnswerStream, before: number): Promise<void> => {
    let due = Date.now()
    for (const [at, piece] of pieces.entries()) {
      if (into.ended || abort.signal.aborted) return
      await into.push(piece)
      setStatus({ isActive: true, progress: 0.3 + 0.7 * ((before + at + 1) / (before + pieces.length)), currentTask: 'Writing' })
      due = Math.max(due + paceMs(seams.random), Date.now() - 100)
      await wait(Math.max(0, due - Date.now()))
    }
  }

  /** What the model said is kept, so that a second attempt repeats it instead of asking again. */
  const speakModel = async (model: ModelOptions, found: Answer): Promise<string> => {
    const said: string[] = []
    let source: AsyncIterator<string> | undefined
    await deliver(async (into) => {
      for (const piece of said) await into.push(piece)
      source ??= friendly(streamAnswer(model, found, turns, abort.signal))
      for (let step = await source.next(); !step.done; step = await source.next()) {
        said.push(step.value)
        await into.push(step.value)
        setStatus({ isActive: true, progress: null, currentTask: 'Writing' })
        if (into.ended || abort.signal.aborted) return
      }
    })
    return said.join('')
  }

  const showPlaces = async (found: Answer): Promise<void> => {
    const places = found.places.slice(0, 4).map((place) => cardOf(place, found.month))
    const messageId = answerId(question.id)
    await channel.publish('place_cards', { messageId, places }, { key: `cards-${messageId}`.slice(0, 64) }).catch(() => undefined)
  }

  const done = run()
  return {
    messageIds,
    done,
    cancel() {
      abort.abort()
      stream?.cancel()
    },
  }
}

async function* friendly(source: AsyncIterable<string>): AsyncGenerator<string> {
  let any = false
  try {
    for await (const piece of source) {
      any = true
      yield piece
    }
  } catch (error) {
    const words = error instanceof ModelError ? error.message : 'The language model broke off.'
    yield any ? `\n\n*${words}*` : `Sorry, I cannot answer just now. ${words}`
  }
}
