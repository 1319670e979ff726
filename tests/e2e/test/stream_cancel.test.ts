import { describe, expect, it } from 'vitest'
import { openUser, useServer, type Raw } from '../src/index'

// protocol.md section 10: stopping a growing message.

const server = useServer({
  toml: `
[namespace.chat]
publish = true
subscribe = true
history = true
cancel = true

[namespace.strict]
publish = true
subscribe = true
history = true
`,
  flags: { shards: 3 },
})

const piece = (raw: Raw, channel: string, messageId: string, index: number, content: string, isComplete = false) =>
  raw.publish(channel, 'chat_message_chunk', { messageId, content, isComplete, index })
const cancel = (raw: Raw, channel: string, messageId: string, reason?: string) =>
  raw.ask({ type: 'stream_cancel', channel, payload: { messageId, reason } })

describe('stream_cancel of a message that grows', () => {
  it('the asker gets an ack, the producer the same message with who asked', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(agent, 'chat:a', 'm1', 1, 'half')
    expect(await cancel(bob, 'chat:a', 'm1', 'enough')).toMatchObject({ type: 'ack', channel: 'chat:a', payload: { duplicate: false } })
    expect(await agent.next('stream_cancel')).toMatchObject({
      channel: 'chat:a',
      from: { userId: 'bob' },
      payload: { messageId: 'm1', reason: 'enough' },
    })
  })

  it('reaches the producer from every shard', async () => {
    const agents = await Promise.all(Array.from({ length: 8 }, (_, i) => openUser(server(), `agent${i}`)))
    const bob = await openUser(server(), 'bob')
    for (const [i, agent] of agents.entries()) {
      await piece(agent, `chat:many${i}`, 'm1', 1, 'half')
      await cancel(bob, `chat:many${i}`, 'm1')
      const told = await agent.next('stream_cancel')
      expect(told.channel).toBe(`chat:many${i}`)
      expect(told.payload).toEqual({ messageId: 'm1' })
    }
  })

  it('readers see its end, and the text so far becomes one durable message with status `cancelled`', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:b')
    await piece(agent, 'chat:b', 'm1', 1, 'half ')
    await piece(agent, 'chat:b', 'm1', 2, 'a word')
    await cancel(bob, 'chat:b', 'm1')
    const last = await bob.next(({ payload }) => payload.isComplete === true)
    expect(last).toMatchObject({ type: 'chat_message_chunk', from: { userId: 'agent' }, payload: { messageId: 'm1', content: '', rev: [3, 3], status: 'cancelled' } })
    expect(await bob.next('chat_message')).toMatchObject({
      offset: 1,
      from: { userId: 'agent' },
      payload: { messageId: 'm1', content: 'half a word', role: 'assistant', status: 'cancelled' },
    })
    const { publications } = (await bob.ask({ type: 'history', channel: 'chat:b', payload: { limit: 10 } })).payload
    expect(publications.map(({ payload }: any) => payload.content)).toEqual(['half a word'])
    const late = await openUser(server(), 'carol')
    expect((await late.subscribe('chat:b')).payload.streams).toEqual([])
  })

  it('the next piece is stream_closed; a piece sent again is still a duplicate', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(agent, 'chat:c', 'm1', 1, 'half')
    await cancel(bob, 'chat:c', 'm1')
    expect((await piece(agent, 'chat:c', 'm1', 2, 'more')).payload).toMatchObject({ code: 1402, name: 'stream_closed' })
    expect((await piece(agent, 'chat:c', 'm1', 1, 'half')).payload).toMatchObject({ duplicate: true })
  })

  it('goes to the connection that sent the last piece', async () => {
    const first = await openUser(server(), 'agent')
    const second = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(first, 'chat:d', 'm1', 1, 'one ')
    await piece(second, 'chat:d', 'm1', 2, 'two')
    await cancel(bob, 'chat:d', 'm1')
    await second.next('stream_cancel')
    expect((await first.barrier()).map(({ type }) => type)).not.toContain('stream_cancel')
  })

  it('one message is cancelled, the others grow on', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(agent, 'chat:e', 'a', 1, 'a')
    await piece(agent, 'chat:e', 'b', 1, 'b')
    await cancel(bob, 'chat:e', 'a')
    expect(await piece(agent, 'chat:e', 'b', 2, 'b', true)).toMatchObject({ type: 'ack', payload: { offset: 2 } })
  })
})

describe('stream_cancel before the first piece', () => {
  it('is remembered: the producer is told right after its first piece', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    expect((await cancel(bob, 'chat:f', 'm1', 'never mind')).type).toBe('ack')
    expect((await piece(agent, 'chat:f', 'm1', 1, 'Well')).type).toBe('ack')
    expect(await agent.next('stream_cancel')).toMatchObject({ channel: 'chat:f', from: { userId: 'bob' }, payload: { messageId: 'm1', reason: 'never mind' } })
    expect((await piece(agent, 'chat:f', 'm1', 2, ', ')).payload.name).toBe('stream_closed')
    const { publications } = (await bob.ask({ type: 'history', channel: 'chat:f', payload: { limit: 10 } })).payload
    expect(publications.map(({ payload }: any) => payload)).toEqual([{ messageId: 'm1', content: 'Well', role: 'assistant', status: 'cancelled' }])
  })

  it('does nothing to a message that is whole in one piece', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await cancel(bob, 'chat:g', 'm1')
    expect(await piece(agent, 'chat:g', 'm1', 1, 'All of it.', true)).toMatchObject({ type: 'ack', payload: { offset: 1 } })
    expect((await agent.barrier()).map(({ type }) => type)).not.toContain('stream_cancel')
  })
})

describe('stream_cancel of a message that has ended', () => {
  it('is acknowledged as a duplicate and changes nothing', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(agent, 'chat:h', 'm1', 1, 'done', true)
    expect(await cancel(bob, 'chat:h', 'm1')).toMatchObject({ type: 'ack', payload: { duplicate: true } })
    await piece(agent, 'chat:h', 'm2', 1, 'half')
    await cancel(bob, 'chat:h', 'm2')
    expect(await cancel(bob, 'chat:h', 'm2')).toMatchObject({ type: 'ack', payload: { duplicate: true } })
    expect((await agent.barrier()).filter(({ type }) => type === 'stream_cancel')).toHaveLength(1)
  })
})

describe('who may cancel', () => {
  it('without permission `cancel` nobody but the producer', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await piece(agent, 'strict:a', 'm1', 1, 'mine')
    expect(await cancel(bob, 'strict:a', 'm1')).toMatchObject({ type: 'error', payload: { code: 1201, name: 'permission_denied' } })
    expect((await cancel(bob, 'strict:a', 'unknown')).payload.name).toBe('permission_denied')
    expect((await piece(agent, 'strict:a', 'm1', 2, ' still')).type).toBe('ack')
    expect((await cancel(agent, 'strict:a', 'm1')).type).toBe('ack')
    await agent.next('stream_cancel')
  })

  it('a rule of the token can allow it', async () => {
    const agent = await openUser(server(), 'agent')
    const boss = await openUser(server(), 'boss', { as: { sub: 'boss', channels: [{ match: 'strict:*', allow: ['cancel'] }] } })
    await piece(agent, 'strict:b', 'm1', 1, 'mine')
    expect((await cancel(boss, 'strict:b', 'm1')).type).toBe('ack')
    expect((await agent.next('stream_cancel')).from?.userId).toBe('boss')
  })
})
