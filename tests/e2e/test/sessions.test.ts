import { createClient, type Client, type ClientOptions, type TidewireEvent } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { api, mint, openRaw, openUser, refusal, request, startProxy, startServer, useServer, type Message, type Raw } from '../src/index'

// protocol.md section 6: a session outlives its connection.

const server = useServer({ flags: { shards: 2 } })
const brief = useServer({ flags: { 'session.ttl': '1ms' } })
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
const contents = (events: TidewireEvent[]) => events.map((event) => (event.payload as { content: string }).content)
const resume = (raw: Raw, sessionId: string, user = 'alice', more: object = {}) =>
  raw.ask({ type: 'auth', payload: { token: mint({ sub: user }), sessionId, ...more } })
const begin = async (on = server()) => {
  const raw = await openRaw(on)
  const { sessionId } = (await raw.next('welcome')).payload
  return { raw, sessionId: String(sessionId) }
}
const lose = async (raw: Raw) => {
  raw.socket.terminate()
  await raw.closed
}
const parked = (sessionId: string, on = server()) =>
  until(async () => (await api(on, 'sessions', {})).body.sessions.some((one: any) => one.sessionId === sessionId && !one.connected))

describe('resume', () => {
  it('welcome, every channel and what was missed come back in one frame after another', async () => {
    const { raw, sessionId } = await begin()
    for (const channel of ['chat:s1', 'chat:s2']) await raw.subscribe(channel)
    await lose(raw)
    const writer = await openUser(server(), 'writer')
    await writer.say('chat:s1', 'one')
    await writer.say('chat:s1', 'two')

    const next = await openRaw(server(), { as: false })
    expect(await resume(next, sessionId)).toMatchObject({ type: 'welcome', payload: { resumed: true, sessionId, userId: 'alice' } })
    const first = await next.next((message) => message.channel === 'chat:s1')
    expect(first).toMatchObject({ type: 'subscribed', payload: { recovered: true, wasRecovering: true } })
    expect(first.id).toBeUndefined()
    expect(first.payload.publications.map((one: Message) => one.payload.content)).toEqual(['one', 'two'])
    await writer.say('chat:s2', 'three')
    expect((await next.next('chat_message')).payload.content).toBe('three')
  })

  it('a token at the upgrade with Tidewire-Session, or session in the query', async () => {
    const { raw, sessionId } = await begin()
    await raw.subscribe('chat:s3')
    await lose(raw)
    const second = await openRaw(server(), { headers: { 'Tidewire-Session': sessionId } })
    expect((await second.next('welcome')).payload).toMatchObject({ resumed: true, sessionId })
    await second.next('subscribed')
    await lose(second)
    const third = await openRaw(server(), { path: `/ws?session=${sessionId}` })
    expect((await third.next('welcome')).payload).toMatchObject({ resumed: true, sessionId, restored: ['chat:s3'] })
    const wrong = await refusal(openRaw(server(), { as: { sid: 'bound' }, headers: { 'Tidewire-Session': sessionId } }))
    expect(wrong.status).toBe(401)
    expect(JSON.parse(wrong.body).error.name).toBe('session_mismatch')
  })

  it('another user: session_mismatch, 4401, counted; the session stays', async () => {
    const { raw, sessionId } = await begin()
    await lose(raw)
    const thief = await openRaw(server(), { as: false })
    expect((await resume(thief, sessionId, 'mallory')).payload).toMatchObject({ code: 1104, name: 'session_mismatch', path: '/payload/sessionId' })
    expect((await thief.closed).code).toBe(4401)
    const { text } = await request(`${server().internal}/metrics`)
    expect(text).toMatch(/tidewire_sessions_total\{event="refused"\} [1-9]/)
    const next = await openRaw(server(), { as: false })
    expect((await resume(next, sessionId)).payload.resumed).toBe(true)
  })

  it('unknown, ended and expired sessions: a new one, no error', async () => {
    const unknown = await openRaw(server(), { as: false })
    const { payload } = await resume(unknown, 'never-was')
    expect(payload.resumed).toBe(false)
    expect(payload.sessionId).not.toBe('never-was')

    const { raw, sessionId } = await begin()
    raw.socket.close(1000)
    await raw.closed
    const ended = await openRaw(server(), { as: false })
    expect((await resume(ended, sessionId)).payload.resumed).toBe(false)

    const short = await begin(brief())
    await lose(short.raw)
    await until(async () => (await api(brief(), 'sessions', {})).body.sessions.every((one: any) => one.sessionId !== short.sessionId || Date.now() >= one.expiresAt))
    const late = await openRaw(brief(), { as: false })
    expect((await resume(late, short.sessionId)).payload.resumed).toBe(false)
  })

  it('while the older connection looks alive, it closes with 4409', async () => {
    const { raw, sessionId } = await begin()
    await raw.subscribe('chat:s4')
    const next = await openRaw(server(), { as: false })
    expect((await resume(next, sessionId)).payload.resumed).toBe(true)
    expect((await raw.closed).code).toBe(4409)
    await next.next('subscribed')
    expect((await next.say('chat:s4', 'still here')).type).toBe('ack')
    expect((await next.next('chat_message')).payload.content).toBe('still here')
  })

  it('positions of the client count; of another epoch they are not recovered', async () => {
    const { raw, sessionId } = await begin()
    await raw.subscribe('chat:s5')
    const { epoch } = (await raw.say('chat:s5', 'one')).payload
    await raw.say('chat:s5', 'two')
    await lose(raw)
    const second = await openRaw(server(), { as: false })
    await resume(second, sessionId, 'alice', { positions: { 'chat:s5': { epoch, offset: 1 } } })
    expect((await second.next('subscribed')).payload.publications.map((one: Message) => one.payload.content)).toEqual(['two'])
    await lose(second)
    const third = await openRaw(server(), { as: false })
    await resume(third, sessionId, 'alice', { positions: { 'chat:s5': { epoch: 'gone', offset: 1 } } })
    expect((await third.next('subscribed')).payload).toMatchObject({ recovered: false, wasRecovering: true, publications: [] })
  })
})

describe('sessions of the server API', () => {
  it('send reaches a session and a user wherever they are, and waits for a parked one', async () => {
    const { raw, sessionId } = await begin()
    expect((await api(server(), `sessions/${sessionId}/send`, { type: 'note', payload: { n: 1 } })).body).toEqual({ reached: 1, queued: 0 })
    const note = await raw.next('note')
    expect(note).toMatchObject({ payload: { n: 1 }, key: expect.any(String), ts: expect.any(Number) })
    expect(note.channel).toBeUndefined()
    await lose(raw)
    await parked(sessionId)
    expect((await api(server(), `sessions/${sessionId}/send`, { type: 'note', payload: { n: 2 }, durable: false })).body).toEqual({ reached: 0, queued: 0 })
    expect((await api(server(), `sessions/${sessionId}/send`, { type: 'note', payload: { n: 3 } })).body).toEqual({ reached: 0, queued: 1 })
    const next = await openRaw(server(), { as: false })
    await resume(next, sessionId)
    expect((await next.next((message) => message.type === 'note' && message.payload.n !== 1)).payload).toEqual({ n: 3 })

    const [first, second] = [await openUser(server(), 'carol'), await openUser(server(), 'carol')]
    expect((await api(server(), 'users/carol/send', { type: 'note', payload: {} })).body).toEqual({ reached: 2, queued: 0 })
    await Promise.all([first.next('note'), second.next('note')])
  })

  it('unknown: 404; a bad body: 400 with the pointer', async () => {
    expect((await api(server(), 'sessions/nobody/send', { type: 'note', payload: {} })).status).toBe(404)
    expect((await api(server(), 'users/nobody/send', { type: 'note', payload: {} })).status).toBe(404)
    const bad = await api(server(), 'users/nobody/send', { type: 'welcome', payload: {} })
    expect(bad.status).toBe(400)
    expect(bad.body.error).toMatchObject({ name: 'invalid_message', path: '/type' })
    expect((await api(server(), 'sessions/x/send', { type: 'note' })).body.error.path).toBe('/payload')
  })

  it('lists sessions of a user', async () => {
    const { raw, sessionId } = await begin()
    const list = await api(server(), 'sessions', { userId: 'alice' })
    expect(list.body.sessions).toContainEqual({ sessionId, userId: 'alice', connected: true, connectionId: expect.any(String), shard: expect.any(Number) })
    raw.close()
  })
})

describe('the client', () => {
  const clientOf = (url: string, options: Partial<ClientOptions> = {}): Client => {
    const client = createClient({ url, token: mint({ sub: 'alice' }), webSocket: WebSocket, reconnect: { minMs: 50, maxMs: 200 }, ...options })
    cleanups.push(() => client.close())
    return client
  }

  it('goes on after its TCP connection is cut: everything once, in order', async () => {
    const proxy = await startProxy(server().url)
    cleanups.push(() => proxy.close())
    const client = clientOf(`${proxy.ws}/ws`)
    await client.connect()
    const heard: TidewireEvent[] = []
    client.on('chat_message', (event) => heard.push(event))
    await client.channel('chat:c1').subscribe()
    const writer = await openUser(server(), 'writer')
    let sent = 0
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10; i++) await writer.say('chat:c1', String(++sent))
      proxy.cut()
      for (let i = 0; i < 10; i++) await writer.say('chat:c1', String(++sent))
      await until(() => client.state.status === 'open' && client.state.resumed)
    }
    await until(() => heard.length >= sent)
    expect(contents(heard)).toEqual(Array.from({ length: sent }, (_, i) => String(i + 1)))
    expect(client.metrics().gaps).toBe(0)
  })

  it('falls back to subscribing when the server has forgotten the session', async () => {
    const proxy = await startProxy(brief().url)
    cleanups.push(() => proxy.close())
    const client = clientOf(`${proxy.ws}/ws`)
    await client.connect()
    const heard: TidewireEvent[] = []
    client.on('chat_message', (event) => heard.push(event))
    await client.channel('chat:c2').subscribe()
    const writer = await openUser(brief(), 'writer')
    await writer.say('chat:c2', 'one')
    proxy.cut()
    await writer.say('chat:c2', 'two')
    await until(() => client.metrics().reconnects === 1)
    expect(client.state).toMatchObject({ resumed: false })
    await until(() => heard.length === 2)
    expect(contents(heard)).toEqual(['one', 'two'])
  })

  it('comes back to a server that restarted', async () => {
    const first = await startServer({})
    const proxy = await startProxy(first.url)
    cleanups.push(() => proxy.close())
    const client = clientOf(`${proxy.ws}/ws`)
    await client.connect()
    const gaps: unknown[] = []
    client.on('gap', (gap) => gaps.push(gap))
    await client.channel('chat:c3').subscribe()
    await (await openUser(first, 'writer')).say('chat:c3', 'one')
    await until(() => client.channel('chat:c3').position?.offset === 1)
    await first.stop('SIGKILL')
    const second = await startServer({})
    cleanups.push(() => second.stop())
    proxy.target(second.url)
    await until(() => client.state.status === 'open')
    expect(client.state).toMatchObject({ resumed: false })
    await until(() => gaps.length === 1)
  })
})
