import { describe, expect, it } from 'vitest'
import { createAnswerStream } from '../src/answer_stream'

interface Chunk {
  messageId: string
  content: string
  isComplete: boolean
  index?: number
}

/** A server that folds one message as protocol.md says, can forget it, and can refuse. */
function fakeServer() {
  let texts: string[] = []
  let complete = false
  const refusals: Array<{ name: string; details?: object }> = []
  return {
    text: () => texts.join(''),
    get complete() {
      return complete
    },
    restart() {
      texts = []
      complete = false
    },
    refuseNext: (name: string) => void refusals.push({ name }),
    channel: {
      async publish(_type: string, payload: unknown) {
        const { content, isComplete, index = 0 } = payload as Chunk
        await Promise.resolve()
        const refusal = refusals.shift()
        if (refusal) throw refusal
        if (index <= texts.length) return { duplicate: true, offset: undefined, epoch: undefined }
        if (index > texts.length + 1) throw { name: 'stream_gap', details: { expectedIndex: texts.length + 1 } }
        texts.push(content)
        complete = isComplete
        return { duplicate: false, offset: undefined, epoch: undefined }
      },
    },
  }
}

const open = (server: ReturnType<typeof fakeServer>, firstIndex?: number) =>
  createAnswerStream({ channel: server.channel as never, messageId: 'm', window: 4, wait: () => Promise.resolve(), ...(firstIndex && { firstIndex }) })

const words = Array.from({ length: 40 }, (_, at) => `w${at} `)

describe('an answer on its way', () => {
  it('arrives whole and is completed', async () => {
    const server = fakeServer()
    const stream = open(server)
    for (const word of words) await stream.push(word)
    expect(await stream.finish()).toBe('complete')
    expect(server.text()).toBe(words.join(''))
  })

  it('goes again from the first piece when the server forgot it', async () => {
    const server = fakeServer()
    const stream = open(server)
    for (const [at, word] of words.entries()) {
      if (at === 17) server.restart()
      await stream.push(word)
    }
    expect(await stream.finish()).toBe('complete')
    expect(server.text()).toBe(words.join(''))
  })

  it('survives a restart that loses only the last piece', async () => {
    const server = fakeServer()
    const stream = open(server)
    for (const word of words) await stream.push(word)
    server.restart()
    expect(await stream.finish()).toBe('complete')
    expect(server.text()).toBe(words.join(''))
  })

  it.each(['rate_limited', 'timeout', 'internal'])('sends a piece again that was refused with %s', async (name) => {
    const server = fakeServer()
    const stream = open(server)
    server.refuseNext(name)
    for (const word of words) await stream.push(word)
    expect(await stream.finish()).toBe('complete')
    expect(server.text()).toBe(words.join(''))
  })

  it('ends as lost when the server takes no more of it', async () => {
    const server = fakeServer()
    const stream = open(server)
    await stream.push('a')
    server.refuseNext('stream_closed')
    await stream.push('b')
    expect(await stream.finish()).toBe('lost')
  })

  it('stops when cancelled', async () => {
    const server = fakeServer()
    const stream = open(server)
    await stream.push('a')
    stream.cancel()
    expect(await stream.finish()).toBe('cancelled')
  })
})
