import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TidewireError, type StreamEnd } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import { partKinds, type PlaceCard } from '../../shared/events'
import { answer } from '../src/answer'
import { emptyMemory } from '../src/conversation'
import type { ModelOptions } from '../src/openai'
import { startReply, type Status, type Unfinished } from '../src/reply'
import { fakeChannel } from './fake_channel'

const question = { id: 'q1', text: 'Plan 3 days in Kyoto' }
const whole = answer(question.text, emptyMemory())

const closed = (name = 'stream_closed'): StreamEnd => ({ status: 'failed', error: new TidewireError({ code: 1402, name, message: '', retryable: false }) })

function reply(on: ReturnType<typeof fakeChannel>, { model, unfinished }: { model?: ModelOptions; unfinished?: Unfinished } = {}) {
  const statuses: Status[] = []
  let clock = 0
  const seams = {
    channel: on.channel, model, random: () => 0.5, now: () => clock, setStatus: (status: Status) => void statuses.push(status),
    wait: (ms: number) => {
      clock += ms
      return Promise.resolve()
    },
  }
  return { ...startReply(seams, question, emptyMemory(), [{ role: 'user', content: question.text }], unfinished), statuses }
}

describe('an answer from the data', () => {
  it('is one message: the steps as parts, the text, the places', async () => {
    const on = fakeChannel()
    const { done, statuses } = reply(on)
    expect(await done).toBe(whole.text)
    const [{ messageId, options, pieces, end }] = on.streams as [(typeof on.streams)[0]]
    expect({ messageId, options, end }).toEqual({ messageId: 'ans-q1', options: { generation: 0, firstIndex: 1 }, end: { status: 'complete' } })
    expect(on.textOf(0)).toBe(whole.text)
    expect(pieces.filter(({ part }) => part).map(({ part }) => `${part!.kind} ${part!.id}`)).toEqual([
      `${partKinds.thought} step-1`, `${partKinds.call} step-2`, `${partKinds.result} step-2`, `${partKinds.call} step-3`, `${partKinds.places} places`,
    ])
    expect((JSON.parse(pieces.at(-1)!.content) as PlaceCard[]).map(({ name }) => name)).toEqual(['Kyoto'])
    expect(statuses[0]).toMatchObject({ isActive: true, progress: 0 })
    expect(statuses.at(-1)).toEqual({ isActive: false, progress: null, currentTask: null })
  })

  it.each([1, 2, 9])('stops after piece %i when someone has had enough', async (stopAt) => {
    const on = fakeChannel({ stopAt })
    const { done, statuses } = reply(on)
    await done
    expect(on.streams).toHaveLength(1)
    expect(on.streams[0]!.pieces).toHaveLength(stopAt)
    expect(statuses.at(-1)!.isActive).toBe(false)
  })

  it('begins again as the next generation when the server gave it up, but not for ever', async () => {
    const once = fakeChannel({ ends: [closed()] })
    await reply(once).done
    expect(once.streams.map(({ options }) => options.generation)).toEqual([0, 1])
    expect(once.textOf(1)).toBe(whole.text)
    const never = fakeChannel({ ends: Array.from({ length: 9 }, () => closed()) })
    await reply(never).done
    expect(never.streams).toHaveLength(3)
    const fenced = fakeChannel({ ends: [closed('stream_fenced')] })
    await reply(fenced).done
    expect(fenced.streams).toHaveLength(1)
  })

  it('goes on where an earlier process stopped', async () => {
    const on = fakeChannel()
    const text = whole.text.slice(0, 100)
    expect(await reply(on, { unfinished: { text, generation: 2, rev: 31 } }).done).toBe(whole.text)
    expect(on.streams[0]!.options).toEqual({ generation: 2, firstIndex: 32 })
    expect(text + on.textOf(0)).toBe(whole.text)
    expect(on.streams[0]!.pieces.filter(({ part }) => part).map(({ part }) => part!.kind)).toEqual([partKinds.places])
  })

  it('begins anew where it cannot go on', async () => {
    const on = fakeChannel()
    await reply(on, { unfinished: { text: 'something else', generation: 2, rev: 3 } }).done
    expect(on.streams.map(({ options }) => options)).toEqual([{ generation: 3, firstIndex: 1 }])
    expect(on.textOf(0)).toBe(whole.text)
  })

  it('ends where it is when the agent leaves', async () => {
    const on = fakeChannel()
    const it = reply(on)
    it.cancel()
    await it.done
    expect(on.streams.every(({ end }) => end?.status === 'cancelled')).toBe(true)
  })
})

describe('an answer from a model', () => {
  let close = (): void => undefined
  afterEach(() => close())

  /** What speaks the OpenAI API: so many words, then the end, an error or nothing. */
  async function model(words: string[], end: 'done' | 'error' | 'hang', status = 200): Promise<ModelOptions & { asked: unknown[] }> {
    const asked: unknown[] = []
    const server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      asked.push(JSON.parse(body))
      response.writeHead(status, { 'content-type': 'text/event-stream' })
      for (const content of words) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
      if (end === 'done') response.end('data: [DONE]\n\n')
      if (end === 'error') response.end('data: {"error":{"message":"overloaded"}}\n\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    close = () => {
      server.closeAllConnections()
      server.close()
    }
    return { apiKey: 'key', baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, model: 'm', asked }
  }

  it('streams its words after the steps, with the facts as context', async () => {
    const on = fakeChannel()
    const options = await model(['Go ', 'to Gion.'], 'done')
    expect(await reply(on, { model: options }).done).toBe('Go to Gion.')
    expect(on.textOf(0)).toBe('Go to Gion.')
    expect(JSON.stringify(options.asked)).toContain('Kyoto')
    expect(on.streams[0]!.pieces[0]!.part?.kind).toBe(partKinds.thought)
  })

  it('says the same again, without asking again, when the server gave the first attempt up', async () => {
    const on = fakeChannel({ ends: [closed()] })
    const options = await model(['Go ', 'to Gion.'], 'done')
    await reply(on, { model: options }).done
    expect(on.textOf(1)).toBe('Go to Gion.')
    expect(options.asked).toHaveLength(1)
  })

  it('says in words that the model failed', async () => {
    const broken = fakeChannel()
    await reply(broken, { model: await model(['Go '], 'error') }).done
    expect(broken.textOf(0)).toBe('Go \n\n*The language model stopped with an error.*')
    close()
    const refused = fakeChannel()
    await reply(refused, { model: await model([], 'done', 401) }).done
    expect(refused.textOf(0)).toContain('Check `OPENAI_API_KEY`')
  })

  it('a stop ends the request to the model too', async () => {
    const on = fakeChannel({ stopAt: whole.steps.length + whole.steps.filter(({ found }) => found).length + 1 })
    const { done } = reply(on, { model: await model(['Go ', 'and ', 'on'], 'hang') })
    expect(await done).toContain('Go ')
    expect(on.textOf(0)).toBe('Go ')
  })
})
