import { describe, expect, it } from 'vitest'
import { all, mint, openRaw, openUser, useServer } from '../src/index'

// protocol.md section 4: subscribe, history, recovery.

const server = useServer()
const contents = (publications: any[]) => publications.map((one) => one.payload.content)

const filled = async (channel: string, count: number) => {
  const raw = await openUser(server(), 'writer')
  let epoch = ''
  for (let i = 1; i <= count; i++) epoch = (await raw.say(channel, `${i}`)).payload.epoch
  return { raw, epoch }
}

describe('subscribe', () => {
  it('begins at the newest position, with nothing of the past', async () => {
    const { epoch } = await filled('chat:a1', 3)
    const raw = await openUser(server())
    expect(await raw.subscribe('chat:a1')).toMatchObject({
      type: 'subscribed',
      channel: 'chat:a1',
      payload: { epoch, offset: 3, recovered: false, wasRecovering: false, publications: [], latest: [], streams: [] },
    })
  })

  it('history: n gives the n newest, oldest first, as whole envelopes', async () => {
    const { epoch } = await filled('chat:a2', 5)
    const raw = await openUser(server())
    const { publications } = (await raw.subscribe('chat:a2', { history: 2 })).payload
    expect(contents(publications)).toEqual(['4', '5'])
    expect(publications[0]).toMatchObject({ type: 'chat_message', offset: 4, epoch, from: { userId: 'writer' }, ts: expect.any(Number) })
  })

  it('taken back and wanted again at once: each command has its reply, and every event comes once', async () => {
    // On both shards, so that some answers come from the other one.
    for (let i = 0; i < 8; i++) {
      const raw = await openUser(server(), 'hasty')
      const channel = `chat:hasty${i}`
      const command = (type: string, id: string) => ({ type, id, channel })
      raw.send(command('subscribe', '1'), command('unsubscribe', '2'), command('subscribe', '3'))
      await raw.say(channel, 'once')
      const told = await raw.barrier()
      const replies = told.filter(({ id }) => id !== undefined)
      expect(replies.map(({ id }) => id)).toEqual(['1', '2', '3'])
      expect(replies.map(({ type }) => type).slice(1)).toEqual(['unsubscribed', 'subscribed'])
      if (replies[0]!.type !== 'subscribed') expect(replies[0]!.payload.name).toBe('not_subscribed')
      expect(told.filter(({ type }) => type === 'chat_message')).toHaveLength(1)
      raw.close()
    }
  })

  it('twice: already_subscribed; after unsubscribe again fine', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:a3')
    expect((await raw.subscribe('chat:a3')).payload).toMatchObject({ code: 1302, name: 'already_subscribed' })
    expect(await raw.ask({ type: 'unsubscribe', channel: 'chat:a3' })).toMatchObject({ type: 'unsubscribed', payload: { reason: 'unsubscribe' } })
    expect((await raw.ask({ type: 'unsubscribe', channel: 'chat:a3' })).payload).toMatchObject({ code: 1303, name: 'not_subscribed' })
    expect((await raw.subscribe('chat:a3')).type).toBe('subscribed')
  })

  it('after unsubscribe nothing arrives', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:a4')
    await raw.ask({ type: 'unsubscribe', channel: 'chat:a4' })
    await raw.say('chat:a4', 'x')
    expect((await raw.barrier()).filter((message) => message.type === 'chat_message')).toEqual([])
  })

  it.each(['chat', 'chat:', ':1', 'chat:a b', 'chat:*', 'chat:\u00e9'])('%s is no channel', async (channel) => {
    const raw = await openUser(server())
    expect((await raw.subscribe(channel)).payload).toMatchObject({ code: 1301, name: 'invalid_channel', path: '/channel' })
  })

  it('a channel of 255 bytes is one, of 256 is not', async () => {
    const raw = await openUser(server())
    expect((await raw.subscribe(`chat:${'x'.repeat(251)}`)).payload).toMatchObject({ name: 'invalid_message', path: '/channel' })
    expect((await raw.subscribe(`chat:${'x'.repeat(250)}`)).type).toBe('subscribed')
  })

  it('a rule of the token opens a namespace that is not configured', async () => {
    const raw = await openUser(server(), 'alice', { as: { channels: [{ match: 'nowhere:*', allow: all }] } })
    expect((await raw.subscribe('nowhere:1')).type).toBe('subscribed')
    const other = await openUser(server(), 'bob')
    expect((await other.subscribe('nowhere:1')).payload.name).toBe('permission_denied')
  })
})

describe('recovery', () => {
  it('since: every publication after it, in order, recovered: true', async () => {
    const { epoch } = await filled('chat:r1', 6)
    const raw = await openUser(server())
    const { payload } = await raw.subscribe('chat:r1', { since: { epoch, offset: 2 } })
    expect(payload).toMatchObject({ epoch, offset: 6, recovered: true, wasRecovering: true })
    expect(payload.publications.map((one: any) => one.offset)).toEqual([3, 4, 5, 6])
  })

  it('since the newest: recovered with nothing', async () => {
    const { epoch } = await filled('chat:r2', 2)
    const raw = await openUser(server())
    expect((await raw.subscribe('chat:r2', { since: { epoch, offset: 2 } })).payload).toMatchObject({ recovered: true, wasRecovering: true, publications: [] })
  })

  it('since 0: the whole stream', async () => {
    const { epoch } = await filled('chat:r3', 3)
    const raw = await openUser(server())
    expect(contents((await raw.subscribe('chat:r3', { since: { epoch, offset: 0 } })).payload.publications)).toEqual(['1', '2', '3'])
  })

  it('another epoch: recovered: false and no publications', async () => {
    await filled('chat:r4', 3)
    const raw = await openUser(server())
    expect((await raw.subscribe('chat:r4', { since: { epoch: 'another', offset: 1 } })).payload).toMatchObject({ recovered: false, wasRecovering: true, publications: [], offset: 3 })
  })

  it('an offset that was never reached: recovered: false', async () => {
    const { epoch } = await filled('chat:r5', 3)
    const raw = await openUser(server())
    expect((await raw.subscribe('chat:r5', { since: { epoch, offset: 9 } })).payload).toMatchObject({ recovered: false, wasRecovering: true, publications: [] })
  })

  it('trimmed past the position: recovered: false, never a part', async () => {
    const { epoch } = await filled('short:r6', 9)
    const raw = await openUser(server())
    expect((await raw.subscribe('short:r6', { since: { epoch, offset: 3 } })).payload).toMatchObject({ recovered: false, publications: [], offset: 9 })
    await raw.ask({ type: 'unsubscribe', channel: 'short:r6' })
    const edge = (await raw.subscribe('short:r6', { since: { epoch, offset: 4 } })).payload
    expect([edge.recovered, contents(edge.publications)]).toEqual([true, ['5', '6', '7', '8', '9']])
  })

  it('a namespace without history recovers only from the newest position', async () => {
    const { epoch } = await filled('gone:r7', 3)
    const raw = await openUser(server())
    expect((await raw.subscribe('gone:r7', { since: { epoch, offset: 3 } })).payload.recovered).toBe(true)
    await raw.ask({ type: 'unsubscribe', channel: 'gone:r7' })
    expect((await raw.subscribe('gone:r7', { since: { epoch, offset: 2 } })).payload).toMatchObject({ recovered: false, publications: [] })
  })

  it('while others publish: no hole and no double, whatever the moment', async () => {
    const { raw: writer, epoch } = await filled('chat:r8', 1)
    const reader = await openUser(server(), 'reader')
    let last = 1
    for (let round = 0; round < 20; round++) {
      writer.send(...Array.from({ length: 4 }, () => ({ type: 'chat_message', channel: 'chat:r8', payload: { content: 'x', role: 'user' } })))
      const { payload } = await reader.subscribe('chat:r8', { since: { epoch, offset: last } })
      expect(payload.recovered).toBe(true)
      for (const one of payload.publications) expect(one.offset).toBe(++last)
      await writer.say('chat:r8', 'mark')
      while ((await (async () => {
        const message = await reader.next('chat_message')
        if (message.offset! > last) expect(message.offset).toBe(++last)
        return message
      })()).payload.content !== 'mark');
      await reader.ask({ type: 'unsubscribe', channel: 'chat:r8' })
    }
    expect(last).toBe(1 + 20 * 5)
  })
})

describe('history', () => {
  it('the newest position and up to limit publications, oldest first; reverse: newest first', async () => {
    const { raw, epoch } = await filled('chat:h1', 5)
    const page = (await raw.ask({ type: 'history', channel: 'chat:h1', payload: { limit: 2 } })).payload
    expect(page).toMatchObject({ epoch, offset: 5 })
    expect(contents(page.publications)).toEqual(['1', '2'])
    expect(contents((await raw.ask({ type: 'history', channel: 'chat:h1', payload: { limit: 2, reverse: true } })).payload.publications)).toEqual(['5', '4'])
  })

  it('pages with since', async () => {
    const { raw, epoch } = await filled('chat:h2', 5)
    const next = (offset: number, fields = {}) => raw.ask({ type: 'history', channel: 'chat:h2', payload: { since: { epoch, offset }, limit: 2, ...fields } })
    expect(contents((await next(2)).payload.publications)).toEqual(['3', '4'])
    expect(contents((await next(4)).payload.publications)).toEqual(['5'])
    expect(contents((await next(4, { reverse: true })).payload.publications)).toEqual(['3', '2'])
  })

  it('without the permission: denied', async () => {
    const raw = await openUser(server())
    expect((await raw.ask({ type: 'history', channel: 'gone:h3', payload: { limit: 1 } })).payload.name).toBe('permission_denied')
  })
})

describe('permissions', () => {
  const as = { channels: [{ match: 'quiet:mine', allow: ['subscribe', 'publish'] }, { match: 'quiet:team-*', allow: ['subscribe'] }] } as const

  it('the default of the defaults is deny', async () => {
    const raw = await openUser(server())
    expect((await raw.subscribe('quiet:1')).payload).toMatchObject({ code: 1201, name: 'permission_denied' })
    expect((await raw.say('quiet:1', 'x')).payload).toMatchObject({ code: 1201, name: 'permission_denied' })
  })

  it('a rule matches exactly or by prefix, and allows what it lists', async () => {
    const raw = await openRaw(server(), { as: as as never })
    await raw.next('welcome')
    expect((await raw.subscribe('quiet:mine')).type).toBe('subscribed')
    expect((await raw.say('quiet:mine', 'x')).type).toBe('ack')
    expect((await raw.subscribe('quiet:mine2')).payload.name).toBe('permission_denied')
    expect((await raw.subscribe('quiet:team-a')).type).toBe('subscribed')
    expect((await raw.say('quiet:team-a', 'x')).payload.name).toBe('permission_denied')
  })

  it('a subscription token opens its channel for its own user only', async () => {
    const raw = await openUser(server())
    const channels = [{ match: 'quiet:invite', allow: all }]
    expect((await raw.subscribe('quiet:invite', { token: mint({ sub: 'bob', channels }) })).payload.name).toBe('session_mismatch')
    expect((await raw.subscribe('quiet:invite', { token: mint({ channels }) })).type).toBe('subscribed')
  })

  it('an ack of a client is taken without an answer', async () => {
    const raw = await openUser(server())
    const { epoch } = (await raw.subscribe('chat:ack')).payload
    raw.send({ type: 'ack', channel: 'chat:ack', payload: { epoch, offset: 0 } })
    expect((await raw.barrier()).filter((message) => message.type !== 'presence_join')).toEqual([])
  })

  it('an ack needs a channel, and a subscription there', async () => {
    const raw = await openUser(server())
    const ack = (channel?: string) => raw.ask({ type: 'ack', ...(channel ? { channel } : {}), payload: { epoch: 'e', offset: 0 } })
    for (const channel of [undefined, 'chat', 'chat:a b', ':a'])
      expect((await ack(channel)).payload).toMatchObject({ name: 'invalid_channel', path: '/channel' })
    expect((await ack('chat:elsewhere')).payload).toMatchObject({ name: 'not_subscribed', path: '/channel' })
  })
})

describe('limits of a connection', () => {
  const small = useServer({ flags: { 'limits.channels_per_connection': 2, 'limits.messages_per_second': 5, 'limits.messages_burst': 20 } })

  it('one channel too many: limit_exceeded', async () => {
    const raw = await openUser(small())
    await raw.subscribe('chat:1')
    await raw.subscribe('chat:2')
    expect((await raw.subscribe('chat:3')).payload).toMatchObject({ code: 1304, name: 'limit_exceeded' })
    await raw.ask({ type: 'unsubscribe', channel: 'chat:1' })
    expect((await raw.subscribe('chat:3')).type).toBe('subscribed')
  })

  it('too many messages: rate_limited with retryAfterMs, others are not touched', async () => {
    const loud = await openUser(small(), 'loud')
    const calm = await openUser(small(), 'calm')
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => loud.say('chat:rate', `${i}`)))
    const refused = answers.filter((answer) => answer.type === 'error')
    expect(refused.length).toBeGreaterThan(5)
    expect(refused[0]!.payload).toMatchObject({ code: 1501, name: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) })
    expect((await calm.say('chat:rate', 'x')).type).toBe('ack')
  })
})

describe('a rate of 0', () => {
  const free = useServer({ flags: { 'limits.messages_per_second': 0, 'limits.messages_burst': 5, 'limits.bytes_per_second': 0, 'limits.bytes_burst': 1024, 'limits.connects_per_address': 0, 'limits.connects_per_address_burst': 1 } })

  it('is no limit, whatever the burst', async () => {
    await openUser(free(), 'first')
    const raw = await openUser(free(), 'second')
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => raw.say('chat:free', `${i}`)))
    expect(answers.map((answer) => answer.type)).toEqual(Array.from({ length: 30 }, () => 'ack'))
  })
})
