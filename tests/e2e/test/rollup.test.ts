import { describe, expect, it } from 'vitest'
import { openUser, useServer, type Message, type Raw } from '../src/index'

// docs/mechanisms/roll-up.md: growing messages in the way each subscriber wants them.

const toml = `
[namespace.chat]
publish = true
subscribe = true
history = true

[namespace.calm]
publish = true
subscribe = true
rollup = "300ms"
`

const server = useServer({ toml, flags: { 'limits.hidden_rollup': '400ms' } })

const words = Array.from({ length: 30 }, (_, i) => ['Lisboa ', 'é ', 'bonita ', '🛫 ', '東京 '][i % 5] ?? '')
const whole = words.join('')

const piece = (channel: string, messageId: string, index: number) => ({
  type: 'chat_message_chunk',
  channel,
  payload: { messageId, content: words[index - 1] ?? '', isComplete: index === words.length, index },
})

/** Sends the pieces from..to, acknowledged one by one. */
async function produce(agent: Raw, channel: string, messageId: string, from: number, to: number) {
  for (let index = from; index <= to; index++) expect((await agent.ask(piece(channel, messageId, index))).type).toBe('ack')
}

const isPiece = (message: Message) => message.type === 'chat_message_chunk'
const pieces = (raw: Raw) => raw.messages.filter(isPiece).map(({ payload }) => payload)

/** Folds like any reader; fails on a hole. */
function fold(list: Record<string, any>[]) {
  let shown = ''
  let rev = 0
  for (const { content, rev: [from, to], snapshot } of list) {
    if (to <= rev) continue
    if (snapshot) shown = content
    else {
      expect(from).toBe(rev + 1)
      shown += content
    }
    rev = to
  }
  return shown
}

describe('roll-up', () => {
  it('sends the first piece at once and folds the rest, for this subscriber only', async () => {
    const [plain, rolled, agent] = await Promise.all(['plain', 'rolled', 'agent'].map((user) => openUser(server(), user)))
    await plain!.subscribe('chat:1')
    await rolled!.subscribe('chat:1', { rollup: 5_000 })
    await produce(agent!, 'chat:1', 'm', 1, 29)
    await rolled!.barrier()
    expect(pieces(rolled!).map(({ rev }) => rev)).toEqual([[1, 1]])
    await produce(agent!, 'chat:1', 'm', 30, 30)
    expect((await rolled!.next('chat_message')).payload.content).toBe(whole)
    expect(pieces(rolled!).map(({ rev, isComplete }) => [rev, isComplete])).toEqual([[[1, 1], false], [[2, 30], true]])
    expect(fold(pieces(rolled!))).toBe(whole)
    await plain!.next('chat_message')
    expect(pieces(plain!)).toHaveLength(30)
  })

  it('is the default that the namespace says, and `rollup: 0` is against it', async () => {
    const [calm, eager, agent] = await Promise.all(['calm', 'eager', 'agent'].map((user) => openUser(server(), user)))
    await calm!.subscribe('calm:1')
    await eager!.subscribe('calm:1', { rollup: 0 })
    const began = performance.now()
    await produce(agent!, 'calm:1', 'm', 1, 10)
    const folded = await calm!.next((message) => isPiece(message) && message.payload.rev[0] === 2)
    expect(performance.now() - began).toBeGreaterThanOrEqual(295)
    expect(folded.payload.rev[1]).toBeGreaterThan(2)
    await eager!.next((message) => isPiece(message) && message.payload.rev[0] === 10)
    expect(pieces(eager!)).toHaveLength(10)
  })

  it('whoever joins in the middle gets the text so far and goes on without overlap', async () => {
    const [early, agent] = await Promise.all(['early', 'agent'].map((user) => openUser(server(), user)))
    await early!.subscribe('chat:2', { rollup: 100 })
    await produce(agent!, 'chat:2', 'm', 1, 12)
    const late = await openUser(server(), 'late')
    const { payload } = await late.subscribe('chat:2', { rollup: 100 })
    await produce(agent!, 'chat:2', 'm', 13, 30)
    for (const raw of [early!, late]) await raw.next('chat_message')
    expect(fold(pieces(early!))).toBe(whole)
    expect(fold([...payload.streams.map((each: Message) => each.payload), ...pieces(late)])).toBe(whole)
  })
})

describe('stream modes', () => {
  it('conflate sends the whole text so far', async () => {
    const [reader, agent] = await Promise.all(['reader', 'agent'].map((user) => openUser(server(), user)))
    await produce(agent!, 'chat:3', 'm', 1, 5)
    await reader!.subscribe('chat:3', { stream: 'conflate:5000' })
    await produce(agent!, 'chat:3', 'm', 6, 30)
    await reader!.next('chat_message')
    const got = pieces(reader!)
    expect(got.map(({ rev, snapshot }) => [rev, snapshot])).toEqual([[[1, 6], true], [[1, 30], true]])
    expect(got.at(-1)?.content).toBe(whole)
  })

  it('final sends no pieces, only the durable message', async () => {
    const [reader, agent] = await Promise.all(['reader', 'agent'].map((user) => openUser(server(), user)))
    await reader!.subscribe('chat:4', { stream: 'final' })
    await produce(agent!, 'chat:4', 'm', 1, 30)
    expect((await reader!.next('chat_message')).payload.content).toBe(whole)
    expect(pieces(reader!)).toEqual([])
  })

  it('final begins without pieces in the middle of a message too', async () => {
    const [reader, agent] = await Promise.all(['reader', 'agent'].map((user) => openUser(server(), user)))
    await produce(agent!, 'chat:late-final', 'm', 1, 5)
    expect((await reader!.subscribe('chat:late-final', { stream: 'final' })).payload.streams).toEqual([])
    await produce(agent!, 'chat:late-final', 'm', 6, 30)
    expect((await reader!.next('chat_message')).payload.content).toBe(whole)
  })

  it('refuses other modes, with the place', async () => {
    const reader = await openUser(server(), 'reader')
    const error = await reader.ask({ type: 'subscribe', channel: 'chat:5', payload: { stream: 'conflate:0' } })
    expect(error.payload).toMatchObject({ name: 'invalid_message', path: '/payload/stream' })
  })
})

describe('visibility', () => {
  it('rolls up for a hidden client and hands over at once when it is visible again', async () => {
    const [reader, agent] = await Promise.all(['reader', 'agent'].map((user) => openUser(server(), user)))
    await reader!.subscribe('chat:6')
    expect((await reader!.ask({ type: 'visibility', payload: { state: 'hidden' } })).type).toBe('ack')
    await produce(agent!, 'chat:6', 'm', 1, 20)
    expect((await reader!.ask({ type: 'visibility', payload: { state: 'visible' } })).type).toBe('ack')
    await reader!.barrier()
    expect(pieces(reader!).length).toBeLessThan(10)
    expect(fold(pieces(reader!))).toBe(words.slice(0, 20).join(''))
    await produce(agent!, 'chat:6', 'm', 21, 30)
    await reader!.next('chat_message')
    expect(pieces(reader!).filter(({ rev }) => rev[0] > 20)).toHaveLength(10)
    expect(fold(pieces(reader!))).toBe(whole)
  })

  it('refuses what is neither visible nor hidden', async () => {
    const reader = await openUser(server(), 'reader')
    const error = await reader.ask({ type: 'visibility', payload: { state: 'asleep' } })
    expect(error.payload).toMatchObject({ name: 'invalid_message', path: '/payload/state' })
  })
})
