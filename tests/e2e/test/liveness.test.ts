import { describe, expect, it } from 'vitest'
import { openRaw, openUser, mint, seconds, useServer } from '../src/index'

// protocol.md sections 4 (liveness) and 6 (life of a token).

describe('heartbeats', () => {
  const server = useServer({ flags: { 'heartbeat.interval': '300ms', 'heartbeat.timeout': '300ms' } })

  it('the server sends one every heartbeatMs', async () => {
    const raw = await openRaw(server())
    expect((await raw.next('welcome')).payload).toMatchObject({ heartbeatMs: 300, heartbeatTimeoutMs: 300 })
    const { payload, id } = await raw.next('connection_heartbeat')
    expect(id).toBeUndefined()
    expect(Math.abs(payload.timestamp - Date.now())).toBeLessThan(5_000)
    expect(payload.serverTime).toBeUndefined()
  })

  it('silence: close 4010', async () => {
    // `ws` answers pings by itself, but says nothing else.
    const raw = await openUser(server())
    expect((await raw.closed).code).toBe(4010)
  })

  it('any traffic keeps it: an answer, a ping frame, another message', async () => {
    const raw = await openUser(server())
    const answers = [
      () => raw.send({ type: 'connection_heartbeat', payload: { timestamp: 1 } }),
      () => raw.socket.ping(),
      () => raw.send({ type: 'nonsense' }),
    ]
    for (let i = 0; i < 6; i++) {
      const heartbeat = await raw.next((message) => message.type === 'connection_heartbeat' && message.payload.serverTime === undefined)
      expect(heartbeat).toBeTruthy()
      answers[i % 3]!()
    }
  })

  it('a heartbeat of the client is answered with its own timestamp and the server time', async () => {
    const raw = await openUser(server())
    const answer = await raw.ask({ type: 'connection_heartbeat', payload: { timestamp: 12.5 } })
    expect(answer.payload.timestamp).toBe(12.5)
    expect(Math.abs(answer.payload.serverTime - Date.now())).toBeLessThan(5_000)
  })

  it('an answer is not answered', async () => {
    const raw = await openUser(server())
    raw.send({ type: 'connection_heartbeat', payload: { timestamp: 77, serverTime: 78 } })
    expect((await raw.barrier()).filter((message) => message.payload.timestamp === 77)).toEqual([])
  })

  it('WebSocket pings are answered with their payload', async () => {
    const raw = await openUser(server())
    const pong = new Promise<string>((resolve) => raw.socket.once('pong', (data) => resolve(data.toString())))
    raw.socket.ping('are you there')
    expect(await pong).toBe('are you there')
  })
})

describe('the life of a token', () => {
  const server = useServer({ flags: { 'auth.leeway': '0', 'auth.grace': '1s' } })

  it('a second auth refreshes in place, on the same connection and session', async () => {
    const raw = await openRaw(server(), { as: { exp: seconds() + 60 } })
    const before = (await raw.next('welcome')).payload
    const after = await raw.ask({ type: 'auth', payload: { token: mint({ exp: seconds() + 7200 }), sessionId: before.sessionId } })
    expect(after).toMatchObject({ type: 'welcome', payload: { connectionId: before.connectionId, sessionId: before.sessionId } })
    expect(after.payload.expiresAt).toBeGreaterThan(before.expiresAt)
  })

  it('expired and not refreshed within the grace: close 4401, at most a second late', async () => {
    const exp = seconds() + 2
    const raw = await openUser(server(), 'alice', { as: { exp } })
    const { code } = await raw.closed
    const late = Date.now() - (exp + 1) * 1000
    expect(code).toBe(4401)
    expect(late).toBeGreaterThan(-100)
    expect(late).toBeLessThan(1_500)
  })

  it('refreshed within the grace: stays', async () => {
    const exp = seconds() + 2
    const raw = await openUser(server(), 'alice', { as: { exp } })
    expect((await raw.ask({ type: 'auth', payload: { token: mint() } })).type).toBe('welcome')
    const silent = await openUser(server(), 'alice', { as: { exp } })
    await silent.closed
    expect((await raw.barrier()).filter((message) => message.type === 'error')).toEqual([])
  })

  it('a refresh with a bad token is an error; the old one still counts', async () => {
    const raw = await openUser(server())
    expect((await raw.ask({ type: 'auth', payload: { token: 'nonsense' } })).payload.name).toBe('token_invalid')
    expect((await raw.subscribe('chat:1')).type).toBe('subscribed')
  })

  it('a refresh for another user is refused and changes nothing', async () => {
    const raw = await openUser(server(), 'alice')
    const { payload } = await raw.ask({ type: 'auth', payload: { token: mint({ sub: 'bob' }), client: 'cli/9', batch: true } })
    expect(payload).toMatchObject({ code: 1104, name: 'session_mismatch', path: '/payload/token' })
    await raw.subscribe('chat:refresh')
    await raw.say('chat:refresh', 'hi')
    expect((await raw.next('chat_message')).from?.client).not.toBe('cli/9')
    raw.send({ type: 'presence', id: '1', channel: 'chat:refresh' }, { type: 'presence', id: '2', channel: 'chat:refresh' })
    await raw.barrier()
    expect(raw.frames.some((frame) => frame.startsWith('['))).toBe(false)
  })

  it('a refresh that takes a permission away ends the subscription', async () => {
    const channels = [{ match: 'quiet:1', allow: ['subscribe' as const] }]
    const raw = await openUser(server(), 'alice', { as: { channels } })
    await raw.subscribe('quiet:1')
    await raw.ask({ type: 'auth', payload: { token: mint() } })
    expect(await raw.next('unsubscribed')).toMatchObject({ channel: 'quiet:1', payload: { reason: 'permission_revoked' } })
  })

  it('a token bound to a session needs that sessionId', async () => {
    const token = mint({ sid: 'session-1' })
    const wrong = await openRaw(server(), { as: false })
    expect((await wrong.ask({ type: 'auth', payload: { token, sessionId: 'session-2' } })).payload).toMatchObject({ code: 1104, name: 'session_mismatch' })
    const right = await openRaw(server(), { as: false })
    expect((await right.ask({ type: 'auth', payload: { token, sessionId: 'session-1' } })).payload.sessionId).toBe('session-1')
  })
})
