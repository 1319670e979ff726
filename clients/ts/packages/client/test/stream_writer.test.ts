import { describe, expect, it } from 'vitest'
import type { StreamEnd } from '../src/index'
import { reconnect, scene } from './setup'

type Chunk = { index: number; content: string; isComplete: boolean; part?: object; generation?: number }

/** A server that folds one message as protocol.md says, and can forget it. Answers what came since it was last asked to. */
async function writing(options: object = {}) {
  const it = scene()
  await it.connect()
  const channel = it.client.channel('chat:1')
  const writer = channel.stream('m1', options)
  let text: string[] = []
  const answered = new Map<object, number>()
  let refusal: Record<string, unknown> | undefined

  const answerTo = ({ index, content }: Chunk): { type: string; payload: Record<string, unknown> } => {
    if (refusal) {
      const payload = refusal
      refusal = undefined
      return { type: 'error', payload }
    }
    if (index > text.length + 1)
      return { type: 'error', payload: { code: 1401, name: 'stream_gap', message: '', retryable: false, expectedIndex: text.length + 1 } }
    const duplicate = index <= text.length
    if (!duplicate) text.push(content)
    return { type: 'ack', payload: { duplicate } }
  }
  const answer = async () => {
    const network = it.network.current
    const chunks = network.received.filter(({ type }) => type === 'chat_message_chunk')
    for (const { id, payload } of chunks.slice(answered.get(network) ?? 0))
      network.send({ id: id as string, channel: 'chat:1', ...answerTo(payload as unknown as Chunk) })
    answered.set(network, chunks.length)
    await it.clock.settle()
  }
  const chunks = () =>
    it.network.current.received.filter(({ type }) => type === 'chat_message_chunk').map(({ payload }) => payload as unknown as Chunk)
  const cancelled = (messageId = 'm1', reason?: string) => {
    it.network.current.send({ type: 'stream_cancel', channel: 'chat:1', payload: { messageId, reason }, from: { userId: 'bob' } })
    return it.clock.settle()
  }
  return {
    ...it, channel, writer, answer, chunks, cancelled,
    text: () => text.join(''),
    forget: () => void (text = []),
    refuse: (error: Record<string, unknown>) => void (refusal = { code: 1, message: '', retryable: false, ...error }),
  }
}

describe('channel.stream', () => {
  it('numbers the pieces, names their parts and ends with an empty one', async () => {
    const it = await writing({ generation: 2 })
    void it.writer.append('find lisbon', { part: { id: 'c1', kind: 'tool_call', name: 'find' } })
    void it.writer.append('Lis')
    void it.writer.append('')
    const end = it.writer.complete()
    expect(it.chunks()).toEqual([
      { messageId: 'm1', content: 'find lisbon', isComplete: false, index: 1, generation: 2, part: { id: 'c1', kind: 'tool_call', name: 'find' } },
      { messageId: 'm1', content: 'Lis', isComplete: false, index: 2, generation: 2 },
      { messageId: 'm1', content: '', isComplete: true, index: 3, generation: 2 },
    ])
    await it.answer()
    expect(await end).toEqual({ status: 'complete' })
    await it.writer.append('late')
    expect(it.chunks()).toHaveLength(3)
  })

  it('goes on where an earlier process stopped', async () => {
    const it = await writing({ firstIndex: 8 })
    void it.writer.append('x')
    expect(it.chunks()[0]?.index).toBe(8)
  })

  it('append waits while the window is full, and holds back what does not fit', async () => {
    const it = await writing({ window: 2 })
    let room = 0
    for (const piece of 'abcdefgh') void it.writer.append(piece).then(() => room++)
    await it.clock.settle()
    expect(it.chunks()).toHaveLength(2)
    expect(room).toBe(4)
    for (let round = 0; round < 4; round++) await it.answer()
    expect(it.text()).toBe('abcdefgh')
    expect(room).toBe(8)
  })

  it('sends again after a reconnect what was not acknowledged', async () => {
    const it = await writing()
    void it.writer.append('a')
    await it.answer()
    void it.writer.append('b')
    await reconnect(it)
    void it.writer.append('c')
    it.network.current.welcome()
    await it.clock.settle()
    expect(it.chunks().map(({ index }) => index)).toEqual([2, 3])
    await it.answer()
    expect(it.text()).toBe('abc')
  })

  it('gives all pieces again, cut as before, to a server that forgot them', async () => {
    const it = await writing()
    for (const piece of ['one ', 'two ']) void it.writer.append(piece)
    await it.answer()
    it.forget()
    void it.writer.append('three')
    const end = it.writer.complete()
    await it.answer()
    await it.clock.pass(250)
    await it.answer()
    expect(await end).toEqual({ status: 'complete' })
    expect(it.text()).toBe('one two three')
    expect(it.chunks().map(({ content }) => content)).toEqual(['one ', 'two ', 'three', '', 'one ', 'two ', 'three', ''])
  })

  it('tries again later what was refused for now, not before it may', async () => {
    const it = await writing()
    it.refuse({ name: 'rate_limited', retryable: true, retryAfterMs: 900 })
    for (const piece of ['a', 'b']) void it.writer.append(piece)
    await it.answer()
    await it.clock.pass(899)
    expect(it.chunks()).toHaveLength(2)
    void it.writer.append('c')
    await it.clock.pass(1)
    expect(it.chunks()).toHaveLength(5)
    await it.answer()
    expect(it.text()).toBe('abc')
  })

  it.each(['stream_closed', 'stream_fenced', 'permission_denied'])('fails when it is refused with %s', async (name) => {
    const it = await writing()
    it.refuse({ name })
    void it.writer.append('a')
    await it.answer()
    expect(await it.writer.done).toMatchObject({ status: 'failed', error: { name } })
    await it.writer.append('b')
    expect(it.chunks()).toHaveLength(1)
  })

  it('fails when pieces from before its first are wanted', async () => {
    const it = await writing({ firstIndex: 3 })
    void it.writer.append('c')
    await it.answer()
    expect(await it.writer.done).toMatchObject({ status: 'failed', error: { name: 'stream_gap' } })
  })

  it('a reader can stop it: the producer hears of it once', async () => {
    const it = await writing()
    const heard: Array<string | undefined> = []
    it.writer.onCancel((reason) => heard.push(reason))
    it.writer.onCancel(() => heard.push('gone'))()
    void it.writer.append('a')
    await it.cancelled('another')
    expect(it.writer.ended).toBeUndefined()
    await it.cancelled('m1', 'enough')
    await it.cancelled('m1', 'enough')
    expect(heard).toEqual(['enough'])
    expect(it.writer.ended).toEqual({ status: 'cancelled', reason: 'enough' } satisfies StreamEnd)
    await it.writer.append('b')
    expect(it.chunks()).toHaveLength(1)
    expect(await it.writer.complete()).toEqual({ status: 'cancelled', reason: 'enough' })
  })

  it('its producer can stop it', async () => {
    const it = await writing()
    void it.writer.append('a')
    await it.answer()
    const end = it.writer.cancel('changed my mind')
    expect(it.network.current.last('stream_cancel').payload).toEqual({ messageId: 'm1', reason: 'changed my mind' })
    it.network.current.reply('stream_cancel', { type: 'ack', payload: { duplicate: false, state: 'cancelled' } })
    expect(await end).toEqual({ status: 'cancelled', reason: 'changed my mind' })
  })
})

describe('streams of others', () => {
  it.each([
    ['cancelled', { duplicate: false, state: 'cancelled' }],
    ['pending', { duplicate: false, state: 'pending' }],
    ['ended', { duplicate: true, state: 'ended' }],
    ['ended', { duplicate: true }],
  ])('cancelStream says %s', async (result, payload) => {
    const it = await writing()
    const done = it.channel.cancelStream('m9', { reason: 'enough' })
    it.network.current.reply('stream_cancel', { type: 'ack', payload })
    expect(await done).toBe(result)
  })

  it('streamStatus asks, about one message or all', async () => {
    const it = await writing()
    const done = it.channel.streamStatus({ messageId: 'm9' })
    expect(it.network.current.last('stream_status').payload).toEqual({ messageId: 'm9' })
    it.network.current.reply('stream_status', { type: 'stream_status', payload: { status: 'none', streams: [] } })
    expect(await done).toEqual({ status: 'none', streams: [] })
  })
})

describe('a long text', () => {
  it('is cut into pieces, between characters, and stays together', async () => {
    const it = await writing()
    const long = '🙂"'.repeat(20_000)
    void it.writer.append(long, { part: { id: 'r', kind: 'reasoning' } })
    void it.writer.append('.')
    await it.answer()
    expect(it.text()).toBe(`${long}.`)
    expect(it.chunks().length).toBeGreaterThan(5)
    expect(it.chunks().slice(0, -1).every(({ part }) => part !== undefined)).toBe(true)
    for (const frame of it.network.current.frames) expect(frame.length).toBeLessThan(32_768)
  })
})
