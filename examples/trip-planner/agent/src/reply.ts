import type { Channel, StreamEnd, StreamWriter } from '@tidewire/client'
import { answerId, partKinds, type TripEvents } from '../../shared/events'
import { answer, type Answer } from './answer'
import { cardOf } from './catalog'
import type { Memory } from './conversation'
import { ModelError, streamAnswer, type ModelOptions, type Turn } from './openai'
import { paceMs, toPieces } from './pieces'

export interface ReplySeams {
  channel: Pick<Channel<TripEvents>, 'stream'>
  model: ModelOptions | undefined
  wait(ms: number): Promise<void>
  now(): number
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
  text: string
  generation: number
  /** Its last piece. */
  rev: number
}

/** One answer, from the question to the acknowledged last piece. */
export interface Reply {
  /** The text, as far as it was written. */
  readonly done: Promise<string>
  /** The agent leaves: the answer ends where it is. */
  cancel(): void
}

const maxAttempts = 3
const thinkingMs = 420
const shownPlaces = 4

export function startReply(seams: ReplySeams, question: { id: string; text: string }, memory: Memory, turns: readonly Turn[], unfinished?: Unfinished): Reply {
  const { channel, wait, now, setStatus } = seams
  const messageId = answerId(question.id)
  const abort = new AbortController()
  let writer: StreamWriter | undefined

  const open = (generation: number, firstIndex = 1): StreamWriter => {
    writer = channel.stream(messageId, { generation, firstIndex })
    writer.onCancel(() => abort.abort())
    return writer
  }

  /** The steps of the work, as parts of the message that people can unfold. */
  const think = async (found: Answer, into: StreamWriter): Promise<void> => {
    for (const [at, step] of found.steps.entries()) {
      if (abort.signal.aborted || into.ended) return
      setStatus({ isActive: true, progress: ((at + 1) / (found.steps.length + 1)) * 0.3, currentTask: step.says })
      const id = `step-${at + 1}`
      await into.append(step.says, { part: { id, kind: step.tool ? partKinds.call : partKinds.thought, ...(step.tool && { name: step.tool }) } })
      await wait(thinkingMs)
      if (step.found) await into.append(step.found, { part: { id, kind: partKinds.result } })
    }
  }

  /** The whole of an answer: what was done for it, its text, the places in it. */
  const write = async (found: Answer, into: StreamWriter, speak: (into: StreamWriter) => Promise<void>, steps: boolean): Promise<StreamEnd> => {
    if (steps) await think(found, into)
    await speak(into)
    const cards = found.places.slice(0, shownPlaces).map((place) => cardOf(place, found.month))
    if (cards.length > 0 && !abort.signal.aborted) await into.append(JSON.stringify(cards), { part: { id: 'places', kind: partKinds.places } })
    return abort.signal.aborted ? into.cancel() : into.complete()
  }

  /**
   * An answer that the server has given up (it fell silent for too long) begins again as the next generation, and so does one that an
   * earlier process began and this one cannot go on with. Readers see the new one in place of the old.
   */
  const run = async (): Promise<string> => {
    const found = answer(question.text, memory)
    const said: string[] = []
    const speak = seams.model ? speakModel(seams.model, found, said) : speakData(found, said)
    try {
      setStatus({ isActive: true, progress: 0, currentTask: found.steps[0]?.says ?? 'Reading the question' })
      let generation = unfinished?.generation ?? 0
      const goesOn = unfinished && !seams.model && unfinished.text !== '' && found.text.startsWith(unfinished.text)
      if (unfinished && goesOn) {
        said.push(unfinished.text)
        const end = await write(found, open(generation, unfinished.rev + 1), (into) => recite(found.text.slice(unfinished.text.length), into, said), false)
        if (end.status !== 'failed') return said.join('')
      }
      if (unfinished) generation++
      for (let attempt = 0; attempt < maxAttempts && !abort.signal.aborted; attempt++) {
        const end = await write(found, open(generation + attempt), speak, true)
        if (end.status !== 'failed' || end.error.name !== 'stream_closed') break
      }
      return said.join('')
    } finally {
      setStatus(idle)
    }
  }

  const speakData = (found: Answer, said: string[]) => (into: StreamWriter): Promise<void> => {
    said.length = 0
    return recite(found.text, into, said)
  }

  const recite = async (text: string, into: StreamWriter, said: string[]): Promise<void> => {
    const pieces = toPieces(text)
    let due = now()
    for (const [at, piece] of pieces.entries()) {
      if (into.ended || abort.signal.aborted) return
      said.push(piece)
      await into.append(piece)
      setStatus({ isActive: true, progress: 0.3 + 0.7 * ((at + 1) / pieces.length), currentTask: 'Writing' })
      due = Math.max(due + paceMs(seams.random), now() - 100)
      await wait(Math.max(0, due - now()))
    }
  }

  /** What the model said is kept, so that a second attempt repeats it instead of asking again. */
  const speakModel = (model: ModelOptions, found: Answer, said: string[]) => {
    let source: AsyncIterator<string> | undefined
    return async (into: StreamWriter): Promise<void> => {
      for (const piece of said) await into.append(piece)
      source ??= friendly(streamAnswer(model, found, turns, abort.signal), abort.signal)
      while (!into.ended && !abort.signal.aborted) {
        const step = await source.next()
        if (step.done) return
        said.push(step.value)
        await into.append(step.value)
        setStatus({ isActive: true, progress: null, currentTask: 'Writing' })
      }
    }
  }

  const done = run()
  return {
    done,
    cancel() {
      abort.abort()
      void writer?.cancel('the agent left')
    },
  }
}

/** A model that fails says so in words; one that was stopped just ends. */
async function* friendly(source: AsyncIterable<string>, stopped: AbortSignal): AsyncGenerator<string> {
  let any = false
  try {
    for await (const piece of source) {
      any = true
      yield piece
    }
  } catch (error) {
    if (stopped.aborted) return
    const words = error instanceof ModelError ? error.message : 'The language model broke off.'
    yield any ? `\n\n*${words}*` : `Sorry, I cannot answer just now. ${words}`
  }
}
