import { createClient, type Client, type ClientOptions, type TidewireEvent } from '@tidewire/client'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { api, mint, openRaw, openUser, refusal, request, startProxy, startServer, useServer, type Message, type Raw, type Server } from '../src/index'

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

  it('what a parked session has no room for: 409, and what it had taken is kept', async () => {
    const { raw, sessionId } = await begin()
    await lose(raw)
    await parked(sessionId)
    const send = async (n: number) => api(server(), `sessions/${sessionId}/send`, { type: 'note', payload: { n, text: 'x'.repeat(60_000) } })
    let taken = 0
    let answer = await send(0)
    for (; answer.status === 200; answer = await send(taken)) {
      expect(answer.body).toEqual({ reached: 0, queued: 1 })
      taken++
    }
    expect(answer.status).toBe(409)
    expect(answer.body.error).toMatchObject({ name: 'limit_exceeded', path: '/payload' })
    expect((await api(server(), 'users/alice/send', { type: 'note', payload: { text: 'short' } })).status).toBe(200)
    const next = await openRaw(server(), { as: false })
    await resume(next, sessionId)
    for (let n = 0; n < taken; n++) expect((await next.next('note')).payload.n).toBe(n)
  })

  it('unknown: 404; a bad body: 400 with the pointer', async () => {
    expect((await api(server(), 'sessions/nobody/send', { type: 'note', payload: {} })).status).toBe(404)
    expect((await api(server(), 'users/nobody/send', { type: 'note', payload: {} })).status).toBe(404)
    const bad = await api(server(), 'users/nobody/send', { type: 'welcome', payload: {} })
    expect(bad.status).toBe(400)
    expect(bad.body.error).toMatchObject({ name: 'invalid_message', path: '/type' })
    expect((await api(server(), 'sessions/x/send', { type: 'note' })).body.error.path).toBe('/payload')
    // However many ids there are, the metrics know the endpoint only.
    const { text } = await request(`${server().internal}/metrics`)
    expect(text).toMatch(/tidewire_api_requests_total\{endpoint="users",status="4xx"\} [1-9]/)
    expect(text).not.toContain('nobody')
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

  it('goes on with the token in a subprotocol, where the URL names the session', async () => {
    const proxy = await startProxy(server().url)
    cleanups.push(() => proxy.close())
    const client = clientOf(`${proxy.ws}/ws`, { tokenIn: 'subprotocol' })
    await client.connect()
    const heard: TidewireEvent[] = []
    client.on('chat_message', (event) => heard.push(event))
    await client.channel('chat:c4').subscribe()
    const writer = await openUser(server(), 'writer')
    for (let round = 1; round <= 3; round++) {
      await writer.say('chat:c4', `${round} before`)
      proxy.cut()
      await writer.say('chat:c4', `${round} after`)
      await until(() => client.metrics().reconnects === round && client.state.status === 'open' && client.state.resumed)
      await until(() => heard.length === 2 * round)
    }
    expect(contents(heard)).toEqual(['1 before', '1 after', '2 before', '2 after', '3 before', '3 after'])
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

  it('goes on after kill -9 with SQLite: everything once, in order', async () => {
    const file = newFile()
    const flags = { 'history.url': `sqlite:${file}` }
    const first = await startServer({ flags })
    const proxy = await startProxy(first.url)
    cleanups.push(() => proxy.close())
    const client = clientOf(`${proxy.ws}/ws`)
    await client.connect()
    const sessionId = client.state.status === 'open' && client.state.sessionId
    const heard: TidewireEvent[] = []
    client.on('chat_message', (event) => heard.push(event))
    await client.channel('chat:k1').subscribe()
    const writer = await openUser(first, 'writer')
    for (const content of ['1', '2', '3']) await writer.say('chat:k1', content)
    await until(() => heard.length === 3)
    await written(file, String(sessionId))
    await first.stop('SIGKILL')
    const second = await startServer({ flags })
    cleanups.push(() => second.stop())
    const again = await openUser(second, 'writer')
    for (const content of ['4', '5']) await again.say('chat:k1', content)
    proxy.target(second.url)
    await until(() => heard.length >= 5)
    expect(client.state).toMatchObject({ status: 'open', resumed: true, sessionId })
    expect(contents(heard)).toEqual(['1', '2', '3', '4', '5'])
    expect(client.metrics().gaps).toBe(0)
  })
})

describe('a store', () => {
  it('brings parked sessions over a restart, with what was sent to them', async () => {
    const flags = { 'history.url': `sqlite:${newFile()}` }
    const first = await startServer({ flags })
    const { raw, sessionId } = await begin(first)
    await raw.subscribe('chat:d1')
    const said = { type: 'chat_message', channel: 'chat:d1', seq: 1, payload: { content: 'mine', role: 'user' } }
    expect((await raw.ask(said)).payload).toMatchObject({ offset: 1, duplicate: false })
    await lose(raw)
    await parked(sessionId, first)
    expect((await api(first, `sessions/${sessionId}/send`, { type: 'note', payload: { n: 1 } })).body).toEqual({ reached: 0, queued: 1 })
    await first.stop('SIGTERM')
    const second = await startServer({ flags })
    cleanups.push(() => second.stop())
    await (await openUser(second, 'writer')).say('chat:d1', 'two')
    const thief = await openRaw(second, { as: false })
    expect((await resume(thief, sessionId, 'mallory')).payload.name).toBe('session_mismatch')
    const next = await openRaw(second, { as: false })
    expect((await resume(next, sessionId)).payload).toMatchObject({ resumed: true, sessionId, restored: ['chat:d1'] })
    const { payload } = await next.next('subscribed')
    expect(payload.recovered).toBe(true)
    expect(payload.publications.at(-1).payload.content).toBe('two')
    expect((await next.next('note')).payload).toEqual({ n: 1 })
    expect((await next.ask(said)).payload).toMatchObject({ offset: 1, duplicate: true })
  })

  it('after kill -9 takes what is sent to a session before it is resumed', async () => {
    const file = newFile()
    const flags = { 'history.url': `sqlite:${file}`, shards: 2 }
    const first = await startServer({ flags })
    const [open, away] = [await begin(first), await begin(first)]
    for (const { raw, sessionId } of [open, away]) {
      await raw.subscribe('chat:b1')
      await written(file, sessionId)
    }
    await lose(away.raw)
    await parked(away.sessionId, first)
    await (await openUser(first, 'writer')).say('chat:b2', 'the last')
    await first.stop('SIGKILL')

    const send = (on: Server, target: string, n: number, more: object = {}) => api(on, `${target}/send`, { type: 'note', payload: { n }, ...more })
    const second = await startServer({ flags })
    const { sessions } = (await api(second, 'sessions', { userId: 'alice' })).body
    for (const { sessionId } of [open, away])
      expect(sessions).toContainEqual({ sessionId, userId: 'alice', connected: false, expiresAt: expect.any(Number) })
    expect((await send(second, `sessions/${open.sessionId}`, 1)).body).toEqual({ reached: 0, queued: 1 })
    expect((await send(second, `sessions/${open.sessionId}`, 0, { durable: false })).body).toEqual({ reached: 0, queued: 0 })
    expect((await send(second, 'users/alice', 2)).body).toEqual({ reached: 0, queued: 2 })
    expect((await send(second, 'sessions/nobody', 0)).status).toBe(404)
    // What was answered is in the file.
    await second.stop('SIGKILL')

    const third = await startServer({ flags })
    cleanups.push(() => third.stop())
    expect((await send(third, 'users/alice', 3)).body).toEqual({ reached: 0, queued: 2 })
    for (const [{ sessionId }, expected] of [[open, [1, 2, 3]], [away, [2, 3]]] as const) {
      const next = await openRaw(third, { as: false })
      expect((await resume(next, sessionId)).payload).toMatchObject({ resumed: true, sessionId, restored: ['chat:b1'] })
      for (const n of expected) expect((await next.next('note')).payload.n).toBe(n)
    }
    expect((await send(third, 'users/alice', 4)).body).toEqual({ reached: 2, queued: 0 })
  })

  it('a session that nobody resumes after a restart ends at its time', async () => {
    const flags = { 'history.url': `sqlite:${newFile()}` }
    const first = await startServer({ flags })
    const { raw, sessionId } = await begin(first)
    await lose(raw)
    await parked(sessionId, first)
    await first.stop('SIGTERM')
    const second = await startServer({ flags: { ...flags, 'session.ttl': '100ms' } })
    cleanups.push(() => second.stop())
    const send = () => api(second, `sessions/${sessionId}/send`, { type: 'note', payload: {} })
    await until(async () => (await send()).status === 404)
    await until(async () => (await api(second, 'sessions', {})).body.sessions.length === 0)
    const { text } = await request(`${second.internal}/metrics`)
    expect(text).toMatch(/tidewire_sessions_total\{event="expired"\} 1/)
  })

  it('a session that was open when the server stopped goes on with the next one', async () => {
    const flags = { 'history.url': `sqlite:${newFile()}` }
    const first = await startServer({ flags })
    const { raw, sessionId } = await begin(first)
    await raw.subscribe('chat:d2')
    await first.stop('SIGTERM')
    expect([1001, 4001, 4012]).toContain((await raw.closed).code)
    const second = await startServer({ flags })
    cleanups.push(() => second.stop())
    const next = await openRaw(second, { as: false })
    expect((await resume(next, sessionId)).payload).toMatchObject({ resumed: true, restored: ['chat:d2'] })
  })

  it('sessions come back after kill -9, parked or open; ended ones do not', async () => {
    const file = newFile()
    const flags = { 'history.url': `sqlite:${file}` }
    const first = await startServer({ flags })
    const [open, ended, away] = [await begin(first), await begin(first), await begin(first)]
    for (const [i, { raw }] of [open, ended, away].entries()) {
      const channel = `chat:e${i}`
      await raw.subscribe(channel)
      await raw.say(channel, 'one')
    }
    for (const { sessionId } of [open, ended, away]) await written(file, sessionId)
    ended.raw.socket.close(1000)
    await until(async () => (await api(first, 'sessions', {})).body.sessions.every((one: any) => one.sessionId !== ended.sessionId))
    await lose(away.raw)
    await parked(away.sessionId, first)
    // The store writes in order: what came before this is in the file.
    await (await openUser(first, 'writer')).say('chat:e9', 'the last')
    await first.stop('SIGKILL')

    const second = await startServer({ flags })
    cleanups.push(() => second.stop())
    const writer = await openUser(second, 'writer')
    await writer.say('chat:e0', 'two')
    await writer.say('chat:e2', 'two')
    for (const [channel, { sessionId }] of [['chat:e0', open], ['chat:e2', away]] as const) {
      const next = await openRaw(second, { as: false })
      expect((await resume(next, sessionId)).payload).toMatchObject({ resumed: true, sessionId, restored: [channel] })
      const { payload } = await next.next('subscribed')
      expect(payload.recovered).toBe(true)
      expect(payload.publications.map((one: Message) => one.payload.content).slice(-1)).toEqual(['two'])
      await writer.say(channel, 'three')
      expect((await next.next('chat_message')).payload.content).toBe('three')
    }
    const gone = await openRaw(second, { as: false })
    expect((await resume(gone, ended.sessionId)).payload.resumed).toBe(false)
  })
})

function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-sessions-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'history.db')
}

/** Waits until the file knows of a session. */
const written = (file: string, sessionId: string) =>
  until(() => [file, `${file}-wal`].some((path) => existsSync(path) && readFileSync(path).includes(sessionId)))
