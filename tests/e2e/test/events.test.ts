import { describe, expect, it } from 'vitest'
import { api, openUser, useServer } from '../src/index'

// protocol.md section 3: the event types and their delivery classes.

const server = useServer()

const pair = async (channel: string) => {
  const alice = await openUser(server(), 'alice')
  const bob = await openUser(server(), 'bob')
  await alice.subscribe(channel)
  await bob.subscribe(channel)
  await alice.barrier()
  return { alice, bob }
}

describe('durable', () => {
  it('chat_message: an ack with offset and epoch; to everyone with offset, epoch, ts and from; the publisher too', async () => {
    const { alice, bob } = await pair('chat:d1')
    const ack = await alice.publish('chat:d1', 'chat_message', { content: 'Hi \u{1f30a}', role: 'user', attachments: [{ kind: 'file' }], messageId: 'm1' })
    expect(ack).toMatchObject({ type: 'ack', channel: 'chat:d1', payload: { offset: 1, epoch: expect.any(String), duplicate: false } })
    for (const reader of [alice, bob])
      expect(await reader.next('chat_message')).toMatchObject({
        channel: 'chat:d1',
        offset: 1,
        epoch: ack.payload.epoch,
        ts: expect.any(Number),
        from: { userId: 'alice' },
        payload: { content: 'Hi \u{1f30a}', role: 'user', attachments: [{ kind: 'file' }], messageId: 'm1' },
      })
  })

  it('echo: false keeps it from the publisher only', async () => {
    const { alice, bob } = await pair('chat:d2')
    await alice.publish('chat:d2', 'chat_message', { content: 'x', role: 'user' }, { echo: false })
    expect((await bob.next('chat_message')).payload.content).toBe('x')
    expect((await alice.barrier()).filter((message) => message.type === 'chat_message')).toEqual([])
  })

  it('the same key again: the same position, duplicate, delivered once', async () => {
    const { alice, bob } = await pair('chat:d3')
    const first = await alice.publish('chat:d3', 'chat_message', { content: 'once', role: 'user' }, { key: 'k1' })
    const second = await alice.publish('chat:d3', 'chat_message', { content: 'once', role: 'user' }, { key: 'k1' })
    expect(second.payload).toEqual({ ...first.payload, duplicate: true })
    await alice.say('chat:d3', 'after')
    expect((await bob.next('chat_message')).payload.content).toBe('once')
    expect((await bob.next('chat_message')).payload.content).toBe('after')
  })

  it('without an id: fire and forget', async () => {
    const { alice, bob } = await pair('chat:d4')
    alice.send({ type: 'chat_message', channel: 'chat:d4', payload: { content: 'x', role: 'user' }, echo: false })
    await bob.next('chat_message')
    expect((await alice.barrier()).filter((message) => message.type === 'ack')).toEqual([])
  })

  it('trace passes through, with a priority of the publisher', async () => {
    const { alice, bob } = await pair('chat:d5')
    const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await alice.publish('chat:d5', 'chat_message', { content: 'x', role: 'user' }, { priority: 'high', trace })
    expect(await bob.next('chat_message')).toMatchObject({ trace, priority: 'high' })
    const { publications } = (await alice.ask({ type: 'history', channel: 'chat:d5', payload: { limit: 1 } })).payload
    expect(publications[0]).toMatchObject({ trace, priority: 'high' })
  })

  it('the default priority of its type is not told', async () => {
    const { alice, bob } = await pair('chat:d8')
    await alice.publish('chat:d8', 'chat_message', { content: 'x', role: 'user' }, { priority: 'normal' })
    expect((await bob.next('chat_message')).priority).toBeUndefined()
  })

  it('payload numbers arrive as they were written', async () => {
    const { alice, bob } = await pair('shop:d6')
    alice.sendText('{"type":"note","channel":"shop:d6","payload":{"a":1.50,"b":12345678901234567890,"c":1e3}}')
    await bob.next('note')
    expect(bob.frames.at(-1)).toContain('{"a":1.50,"b":12345678901234567890,"c":1e3}')
  })

  it('offsets count without holes over many publishers', async () => {
    const { alice, bob } = await pair('chat:d7')
    for (let i = 0; i < 50; i++) (i % 2 ? alice : bob).send({ type: 'chat_message', channel: 'chat:d7', payload: { content: `${i}`, role: 'user' } })
    for (const reader of [alice, bob])
      for (let offset = 1; offset <= 50; offset++) expect((await reader.next('chat_message')).offset).toBe(offset)
  })
})

describe('custom types', () => {
  it('are checked against the schema of their namespace, with the path of what is wrong', async () => {
    const raw = await openUser(server())
    expect((await raw.publish('shop:1', 'order_placed', { cents: 5 })).payload).toMatchObject({ offset: 1, duplicate: false })
    expect((await raw.publish('shop:1', 'order_placed', { cents: 0 })).payload).toMatchObject({ name: 'invalid_message', path: '/payload/cents' })
    expect((await raw.publish('shop:1', 'order_placed', {})).payload).toMatchObject({ name: 'invalid_message', path: '/payload/cents' })
  })

  it('without a schema take any object', async () => {
    const raw = await openUser(server())
    expect((await raw.publish('shop:1', 'anything_at_all', { deep: { er: [] } })).type).toBe('ack')
  })

  it('a name that is not snake_case is refused', async () => {
    const raw = await openUser(server())
    expect((await raw.publish('shop:1', 'OrderPlaced', {})).payload).toMatchObject({ name: 'invalid_message', path: '/type' })
  })
})

describe('latest', () => {
  it('agent_status_update: no offset; the newest of each sender is given to late joiners', async () => {
    const { alice, bob } = await pair('chat:l1')
    const ack = await alice.publish('chat:l1', 'agent_status_update', { isActive: true, progress: 0.1, currentTask: 'one' })
    expect(ack.payload).toEqual({ duplicate: false })
    await alice.publish('chat:l1', 'agent_status_update', { isActive: true, progress: 0.2, currentTask: 'two' })
    await bob.publish('chat:l1', 'agent_status_update', { isActive: false, progress: null, currentTask: null })
    const event = await bob.next('agent_status_update')
    expect(event.offset).toBeUndefined()
    const late = await openUser(server(), 'carol')
    const { latest } = (await late.subscribe('chat:l1')).payload
    const tasks = latest.map((one: any) => [one.type, one.from.userId, one.payload.currentTask]).sort((a: string[], b: string[]) => a[1]!.localeCompare(b[1]!))
    expect(tasks).toEqual([
      ['agent_status_update', 'alice', 'two'],
      ['agent_status_update', 'bob', null],
    ])
  })

  it.each([[-0.1], [1.1], ['0.5'], [undefined]])('progress %s is refused', async (progress) => {
    const raw = await openUser(server())
    const error = await raw.publish('chat:l2', 'agent_status_update', { isActive: true, progress, currentTask: null })
    expect(error.payload).toMatchObject({ name: 'invalid_message', path: '/payload/progress' })
  })

  it('a namespace of class latest treats its custom types so', async () => {
    const raw = await openUser(server())
    for (const cents of [1, 2, 3]) await raw.publish('price:eur', 'quote', { cents })
    const late = await openUser(server(), 'bob')
    const { payload } = await late.subscribe('price:eur')
    expect(payload.latest.map((one: any) => one.payload.cents)).toEqual([3])
    expect(payload.publications).toEqual([])
  })
})

describe('ephemeral', () => {
  it('user_typing: to whoever is there, kept nowhere', async () => {
    const { alice, bob } = await pair('chat:e1')
    expect((await alice.publish('chat:e1', 'user_typing', { userId: 'alice', sessionId: 's1', isTyping: true })).payload).toEqual({ duplicate: false })
    expect(await bob.next('user_typing')).toMatchObject({ payload: { userId: 'alice', sessionId: 's1', isTyping: true }, from: { userId: 'alice' } })
    const late = await openUser(server(), 'carol')
    const { payload } = await late.subscribe('chat:e1', { history: 10 })
    expect([payload.publications, payload.latest, payload.streams]).toEqual([[], [], []])
  })

  it('user_typing in the name of another user is forged', async () => {
    const raw = await openUser(server())
    expect((await raw.publish('chat:e2', 'user_typing', { userId: 'bob', sessionId: 's1' })).payload).toMatchObject({ code: 1202, name: 'forged_sender', path: '/payload/userId' })
  })

  it('a namespace of class ephemeral treats its custom types so', async () => {
    const reader = await openUser(server(), 'bob')
    await reader.subscribe('cursor:1')
    const raw = await openUser(server())
    expect((await raw.publish('cursor:1', 'moved', { x: 1 })).payload).toEqual({ duplicate: false })
    expect((await reader.next('moved')).offset).toBeUndefined()
  })
})

describe('the server API publishes the same events', () => {
  it('to subscribers, with offset and the sender api', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:api')
    const answer = await api(server(), 'publish', { channel: 'chat:api', type: 'chat_message', payload: { content: 'from the back end', role: 'system' } })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ offset: 1, epoch: expect.any(String), duplicate: false })
    expect(await raw.next('chat_message')).toMatchObject({ offset: 1, payload: { role: 'system' } })
  })
})
