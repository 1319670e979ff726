import { describe, expect, it } from 'vitest'
import { mint, openRaw, openUser, refusal, seconds, useServer } from '../src/index'

// protocol.md section 1.

describe('subprotocols', () => {
  const server = useServer()

  it('none offered: none chosen, JSON', async () => {
    const raw = await openUser(server())
    expect(raw.protocol).toBe('')
    expect(raw.frames[0]).toContain('"welcome"')
  })

  it('the JSON form is chosen when offered', async () => {
    expect((await openUser(server(), 'alice', { protocols: ['tidewire.v1.json'] })).protocol).toBe('tidewire.v1.json')
  })

  it('the proto form is chosen when it is the one offered', async () => {
    const raw = await openRaw(server(), { protocols: ['tidewire.v1.proto'] })
    expect(raw.protocol).toBe('tidewire.v1.proto')
    raw.close()
  })

  it('only unknown ones: 400 that names the supported ones', async () => {
    const answer = await refusal(openRaw(server(), { protocols: ['graphql-ws', 'tidewire.v2.json'] }))
    expect(answer.status).toBe(400)
    expect(answer.body).toContain('tidewire.v1.json')
    expect(answer.body).toContain('tidewire.v1.proto')
  })

  it('unknown ones beside a known one do not matter', async () => {
    expect((await openUser(server(), 'alice', { protocols: ['mqtt', 'tidewire.v1.json'] })).protocol).toBe('tidewire.v1.json')
  })
})

describe('the token', () => {
  const server = useServer({ flags: { 'auth.timeout': '300ms' } })

  it('in the Authorization header: welcomed without asking', async () => {
    const raw = await openRaw(server(), { as: { sub: 'bob', exp: seconds() + 100 } })
    const { id, payload } = await raw.next('welcome')
    expect(id).toBeUndefined()
    expect(payload).toMatchObject({ userId: 'bob', resumed: false, protocol: 1, heartbeatMs: 25_000, heartbeatTimeoutMs: 10_000 })
    expect(payload.limits).toEqual({ messageBytes: 65_536, channels: 128 })
    expect(payload.server).toMatch(/^tidewire\//)
    expect(payload.connectionId).toBeTruthy()
    expect(payload.sessionId).toBeTruthy()
    expect(Math.abs(payload.expiresAt - (seconds() + 100) * 1000)).toBeLessThanOrEqual(2000)
  })

  it('in an offered subprotocol, which is never the chosen one', async () => {
    const raw = await openRaw(server(), { as: false, protocols: [`tidewire.token.${mint({ sub: 'carol' })}`, 'tidewire.v1.json'] })
    expect((await raw.next('welcome')).payload.userId).toBe('carol')
    expect(raw.protocol).toBe('tidewire.v1.json')
  })

  it('in the first message', async () => {
    const raw = await openRaw(server(), { as: false })
    const welcome = await raw.ask({ type: 'auth', payload: { token: mint({ sub: 'dave' }) } })
    expect(welcome).toMatchObject({ type: 'welcome', payload: { userId: 'dave' } })
  })

  it('the header counts before the subprotocol', async () => {
    const raw = await openRaw(server(), { as: { sub: 'header' }, protocols: ['tidewire.v1.json', `tidewire.token.${mint({ sub: 'protocol' })}`] })
    expect((await raw.next('welcome')).payload.userId).toBe('header')
  })

  it('in the query string only when switched on', async () => {
    const raw = await openRaw(server(), { as: false, path: `/ws?token=${mint()}` })
    expect((await raw.ask({ type: 'presence', channel: 'chat:1' })).payload.name).toBe('unauthorized')
  })

  it.each([
    ['a wrong signature', mint({}, { secret: 'another-secret-of-at-least-32-bytes!' })],
    ['alg none', mint({}, { header: { alg: 'none' } })],
    ['expired beyond the leeway', mint({ exp: seconds() - 60 })],
    ['no exp', mint({ exp: undefined })],
    ['not yet valid', mint({ nbf: seconds() + 600 })],
    ['no subject', mint({ sub: undefined })],
    ['no JWT at all', 'hello'],
  ])('%s at the upgrade: 401 with a JSON error, no upgrade', async (_what, token) => {
    const answer = await refusal(openRaw(server(), { as: false, headers: { authorization: `Bearer ${token}` } }))
    expect(answer.status).toBe(401)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    const error = JSON.parse(answer.body)
    const payload = error.payload ?? error.error ?? error
    expect(payload).toMatchObject({ code: expect.any(Number), name: expect.stringMatching(/^(token_expired|token_invalid)$/), retryable: false })
    expect(answer.body).not.toContain(token)
  })

  it('a bad token in the first message: an error with its path, then close 4401', async () => {
    const raw = await openRaw(server(), { as: false })
    const error = await raw.ask({ type: 'auth', payload: { token: mint({ exp: seconds() - 60 }) } })
    expect(error).toMatchObject({ type: 'error', payload: { code: 1102, name: 'token_expired', path: '/payload/token' } })
    expect((await raw.closed).code).toBe(4401)
  })

  it('without a token only auth and connection_heartbeat are accepted', async () => {
    const raw = await openRaw(server(), { as: false })
    for (const type of ['subscribe', 'presence', 'history', 'chat_message'])
      expect(await raw.ask({ type, channel: 'chat:1', payload: type === 'chat_message' ? { content: '', role: 'user' } : {} })).toMatchObject({
        type: 'error',
        payload: { code: 1101, name: 'unauthorized' },
      })
    expect((await raw.ask({ type: 'connection_heartbeat', payload: { timestamp: 5 } })).payload).toMatchObject({ timestamp: 5, serverTime: expect.any(Number) })
  })

  it('without auth in time: close 4408', async () => {
    const raw = await openRaw(server(), { as: false })
    expect((await raw.closed).code).toBe(4408)
  })

  it('pipelined with subscribes in one batch', async () => {
    const raw = await openRaw(server(), { as: false })
    raw.send({ type: 'auth', id: '1', payload: { token: mint() } }, { type: 'subscribe', id: '2', channel: 'chat:pipelined' })
    expect(await raw.next('welcome')).toMatchObject({ id: '1' })
    expect(await raw.next('subscribed')).toMatchObject({ id: '2', channel: 'chat:pipelined' })
  })
})

describe('the token in the query string, switched on', () => {
  const server = useServer({ flags: { 'auth.allow_query_token': true } })

  it('is taken', async () => {
    const raw = await openRaw(server(), { as: false, path: `/ws?token=${mint({ sub: 'erin' })}` })
    expect((await raw.next('welcome')).payload.userId).toBe('erin')
  })

  it('and does not reach the log', async () => {
    const token = mint({ sub: 'frank' })
    const raw = await openRaw(server(), { as: false, path: `/ws?token=${token}` })
    await raw.next('welcome')
    raw.close()
    await raw.closed
    expect(server().log()).not.toContain(token)
  })
})

describe('origins', () => {
  const server = useServer({ toml: `origins.allowed = ["https://app.example.com", "https://*.trips.example"]\n[namespace.default]\nsubscribe = true` })

  it.each(['https://app.example.com', 'https://eu.trips.example'])('%s may connect', async (origin) => {
    await openUser(server(), 'alice', { headers: { origin } })
  })

  it.each(['https://evil.example', 'http://app.example.com', 'https://app.example.com.evil.example', 'https://app.example.com:8443', 'https://trips.example', 'null'])(
    '%s: 403',
    async (origin) => {
      const answer = await refusal(openRaw(server(), { headers: { origin } }))
      expect(answer.status).toBe(403)
    },
  )

  it('a request without Origin passes', async () => {
    await openUser(server())
  })
})

describe('the URL', () => {
  const server = useServer()

  it('/ws/{resource}/{id} is subscribed to {resource}:{id} once authenticated', async () => {
    const raw = await openUser(server(), 'alice', { path: '/ws/chat/42' })
    const subscribed = await raw.next('subscribed')
    expect(subscribed).toMatchObject({ channel: 'chat:42', payload: { offset: 0, recovered: false, wasRecovering: false, publications: [], latest: [], streams: [] } })
    expect(subscribed.id).toBeUndefined()
    await raw.say('chat:42', 'hello')
    expect((await raw.next('chat_message')).channel).toBe('chat:42')
  })

  it('also when auth comes in the first message', async () => {
    const raw = await openRaw(server(), { as: false, path: '/ws/chat/43' })
    await raw.ask({ type: 'auth', payload: { token: mint() } })
    expect((await raw.next('subscribed')).channel).toBe('chat:43')
  })

  it('a channel that is not permitted: close 4403', async () => {
    const raw = await openRaw(server(), { path: '/ws/quiet/1' })
    expect((await raw.closed).code).toBe(4403)
  })

  it.each(['/ws/chat/', '/ws/chat', '/ws/chat/a%20b', '/ws/chat/*', '/ws/ch%00at/1'])('%s is no channel: refused', async (path) => {
    const answer = await refusal(openRaw(server(), { path }))
    expect([400, 404]).toContain(answer.status)
  })

  it('another path: 404', async () => {
    expect((await refusal(openRaw(server(), { path: '/socket' }))).status).toBe(404)
  })
})

describe('who connects', () => {
  const server = useServer()

  it.each([
    ['Tidewire-Client header', { headers: { 'tidewire-client': 'agent/2.1' } }, 'agent/2.1'],
    ['nothing known', { headers: { 'user-agent': '' } }, undefined],
  ])('%s', async (_what, options, client) => {
    const raw = await openUser(server(), 'alice', options)
    await raw.subscribe('chat:who')
    await raw.say('chat:who', 'me')
    const { from } = await raw.next('chat_message')
    expect(from).toMatchObject({ userId: 'alice', connectionId: expect.any(String) })
    if (client) expect(from?.client).toBe(client)
  })

  it('the client field of auth', async () => {
    const raw = await openRaw(server(), { as: false })
    await raw.ask({ type: 'auth', payload: { token: mint(), client: 'trip-agent/3' } })
    await raw.subscribe('chat:who2')
    await raw.say('chat:who2', 'me')
    expect((await raw.next('chat_message')).from?.client).toContain('trip-agent/3')
  })
})

describe('connection caps', () => {
  const server = useServer({ flags: { 'limits.connections': 2, shards: 1 } })

  it('one too many: 503 with Retry-After; room again when one leaves', async () => {
    const first = await openUser(server())
    await openUser(server())
    const answer = await refusal(openRaw(server()))
    expect(answer.status).toBe(503)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    first.close()
    await first.closed
    await expect.poll(() => openUser(server()).then(() => true, () => false)).toBe(true)
  })
})

describe('connections of one user', () => {
  const server = useServer({ flags: { 'limits.connections_per_user': 2 } })

  it('the oldest is closed with 4409', async () => {
    const first = await openUser(server())
    const second = await openUser(server())
    await openUser(server(), 'bob')
    await openUser(server())
    expect((await first.closed).code).toBe(4409)
    expect(await second.barrier()).toEqual([])
  })
})
