import { describe, expect, it } from 'vitest'
import { openUser, useServer, type Raw } from '../src/index'

// protocol.md section 3, class stream: pieces of one growing message.

const server = useServer()

const words = ['Lisbon ', 'is ', 'a ', 'fine ', 'city', '.']
const piece = (raw: Raw, channel: string, messageId: string, index: number | undefined, content: string, isComplete = false) =>
  raw.publish(channel, 'chat_message_chunk', { messageId, content, isComplete, ...(index === undefined ? {} : { index }) })

/** What a subscriber shows: folds by rev and snapshot, and refuses holes. */
function screen() {
  let text = ''
  let rev = 0
  return {
    take({ payload }: { payload: Record<string, any> }) {
      const [from, to] = payload.rev as [number, number]
      if (payload.snapshot) text = payload.content
      else {
        expect(from).toBe(rev + 1)
        text += payload.content
      }
      rev = to
    },
    get text() {
      return text
    },
  }
}

describe('a growing message', () => {
  it('is delivered piece by piece with its range, then once as a durable chat_message', async () => {
    const agent = await openUser(server(), 'agent')
    const reader = await openUser(server(), 'bob')
    await reader.subscribe('chat:s1')
    for (const [i, word] of words.entries()) {
      const ack = await piece(agent, 'chat:s1', 'm1', i + 1, word, i === words.length - 1)
      expect(ack).toMatchObject({ type: 'ack', payload: { duplicate: false } })
    }
    const shown = screen()
    let done = await reader.next(() => true)
    for (; done.type !== 'chat_message'; done = await reader.next(() => true)) {
      if (done.type !== 'chat_message_chunk') continue
      expect(done.offset).toBeUndefined()
      expect(done.from?.userId).toBe('agent')
      shown.take(done)
    }
    expect(shown.text).toBe(words.join(''))
    expect(done).toMatchObject({ offset: 1, from: { userId: 'agent' }, payload: { messageId: 'm1', content: words.join(''), role: 'assistant' } })
  })

  it('numbered by arrival when it has no index', async () => {
    const agent = await openUser(server(), 'agent')
    await agent.subscribe('chat:s2')
    for (const word of words) await piece(agent, 'chat:s2', 'm1', undefined, word)
    const shown = screen()
    while (shown.text !== words.join('')) shown.take(await agent.next('chat_message_chunk'))
  })

  it('a repeated index is a duplicate and is not delivered', async () => {
    const agent = await openUser(server(), 'agent')
    const reader = await openUser(server(), 'bob')
    await reader.subscribe('chat:s3')
    await piece(agent, 'chat:s3', 'm1', 1, 'one ')
    expect((await piece(agent, 'chat:s3', 'm1', 1, 'one ')).payload).toMatchObject({ duplicate: true })
    await piece(agent, 'chat:s3', 'm1', 2, 'two')
    const shown = screen()
    shown.take(await reader.next('chat_message_chunk'))
    shown.take(await reader.next('chat_message_chunk'))
    expect(shown.text).toBe('one two')
  })

  it('a skipped index: stream_gap with expectedIndex, and the stream goes on from there', async () => {
    const agent = await openUser(server(), 'agent')
    await piece(agent, 'chat:s4', 'm1', 1, 'one ')
    const error = await piece(agent, 'chat:s4', 'm1', 4, 'four')
    expect(error).toMatchObject({ type: 'error', payload: { code: 1401, name: 'stream_gap', retryable: false, expectedIndex: 2 } })
    expect((await piece(agent, 'chat:s4', 'm1', 2, 'two')).type).toBe('ack')
  })

  it('a first piece with an index above 1: stream_gap', async () => {
    const agent = await openUser(server(), 'agent')
    expect((await piece(agent, 'chat:s5', 'm1', 2, 'x')).payload).toMatchObject({ name: 'stream_gap', expectedIndex: 1 })
  })

  it('who joins late gets one snapshot of the text so far, and then the rest', async () => {
    const agent = await openUser(server(), 'agent')
    for (let i = 0; i < 3; i++) await piece(agent, 'chat:s6', 'm1', i + 1, words[i]!)
    const late = await openUser(server(), 'bob')
    const { payload } = await late.subscribe('chat:s6')
    expect(payload.streams).toHaveLength(1)
    expect(payload.streams[0]).toMatchObject({
      type: 'chat_message_chunk',
      from: { userId: 'agent' },
      payload: { messageId: 'm1', content: words.slice(0, 3).join(''), isComplete: false, rev: [1, 3], snapshot: true },
    })
    const shown = screen()
    shown.take(payload.streams[0])
    for (let i = 3; i < words.length; i++) await piece(agent, 'chat:s6', 'm1', i + 1, words[i]!)
    while (shown.text !== words.join('')) shown.take(await late.next('chat_message_chunk'))
  })

  it('is in the history only once it is complete', async () => {
    const agent = await openUser(server(), 'agent')
    await piece(agent, 'chat:s7', 'm1', 1, 'half')
    expect((await agent.ask({ type: 'history', channel: 'chat:s7', payload: { limit: 10 } })).payload.publications).toEqual([])
    await piece(agent, 'chat:s7', 'm1', 2, ' whole', true)
    const { publications } = (await agent.ask({ type: 'history', channel: 'chat:s7', payload: { limit: 10 } })).payload
    expect(publications.map((one: any) => [one.type, one.payload.content])).toEqual([['chat_message', 'half whole']])
    const late = await openUser(server(), 'bob')
    expect((await late.subscribe('chat:s7')).payload.streams).toEqual([])
  })

  it('a piece for a complete message: stream_closed', async () => {
    const agent = await openUser(server(), 'agent')
    await piece(agent, 'chat:s8', 'm1', 1, 'all', true)
    expect((await piece(agent, 'chat:s8', 'm1', 2, 'more')).payload).toMatchObject({ code: 1402, name: 'stream_closed' })
  })

  it('belongs to the one who began it', async () => {
    const agent = await openUser(server(), 'agent')
    const other = await openUser(server(), 'mallory')
    await piece(agent, 'chat:s9', 'm1', 1, 'mine')
    expect((await piece(other, 'chat:s9', 'm1', 2, 'hijack')).payload).toMatchObject({ code: 1402, name: 'stream_closed' })
  })

  it('two messages grow side by side', async () => {
    const agent = await openUser(server(), 'agent')
    const reader = await openUser(server(), 'bob')
    await reader.subscribe('chat:s10')
    const shown = { a: screen(), b: screen() }
    for (const [i, word] of words.entries()) {
      await piece(agent, 'chat:s10', 'a', i + 1, word)
      await piece(agent, 'chat:s10', 'b', i + 1, word.toUpperCase())
    }
    while (shown.a.text.length + shown.b.text.length < 2 * words.join('').length) {
      const message = await reader.next('chat_message_chunk')
      shown[message.payload.messageId as 'a' | 'b'].take(message)
    }
    expect(shown.b.text).toBe(words.join('').toUpperCase())
  })

  it('text is never cut inside a character', async () => {
    const agent = await openUser(server(), 'agent')
    await piece(agent, 'chat:s11', 'm1', 1, '\u{1f469}\u200d\u{1f680} ')
    await piece(agent, 'chat:s11', 'm1', 2, '\u00e9\u4e16')
    const late = await openUser(server(), 'bob')
    expect((await late.subscribe('chat:s11')).payload.streams[0].payload.content).toBe('\u{1f469}\u200d\u{1f680} \u00e9\u4e16')
  })
})

describe('a producer that goes away', () => {
  const impatient = useServer({ toml: '[namespace.chat]\npublish = true\nsubscribe = true\nhistory = true\nstream_timeout = "300ms"' })

  it('the text so far becomes one durable message after stream_timeout', async () => {
    const agent = await openUser(impatient(), 'agent')
    const reader = await openUser(impatient(), 'bob')
    await reader.subscribe('chat:g1')
    await piece(agent, 'chat:g1', 'm1', 1, 'half a sent')
    agent.socket.terminate()
    expect(await reader.next('chat_message')).toMatchObject({ offset: 1, payload: { messageId: 'm1', content: 'half a sent' } })
  })
})
