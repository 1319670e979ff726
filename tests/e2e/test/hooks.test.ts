import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, namespaces, openRaw, openUser, startBackend, startServer, type Backend, type BackendRequest, type Server } from '../src/index'

// docs/mechanisms/hooks.md: the application has a say over HTTP.

let server: Server
let app: Backend
let answer: (request: BackendRequest) => object | Promise<object> | void = () => ({})

beforeAll(async () => {
  app = await startBackend((request) => answer(request))
  const toml =
    namespaces +
    `
[hooks]
connect = { url = "${app.url}/connect", secret = "shared" }
subscribe = { url = "${app.url}/subscribe", namespaces = ["chat"] }
publish = { url = "${app.url}/publish", namespaces = ["chat"], timeout = "300ms" }
`
  server = await startServer({ toml, flags: { 'outbound.breaker_failures': 3, 'outbound.breaker_time': '300ms' } })
})
afterAll(async () => {
  await server.stop()
  await app.close()
})
const rules = (rule: (request: BackendRequest) => object | Promise<object> | void) => void (answer = rule)

describe('the connect hook', () => {
  it('hears who comes, signed, and may give more', async () => {
    rules(({ path, body }) => (path === '/connect' ? { info: { name: 'Ann', from: body.user.meta }, channels: [{ match: 'quiet:*', allow: ['subscribe'] }] } : {}))
    const from = app.requests.length
    const ann = await openUser(server, 'ann', { as: { meta: { plan: 'free' } } })
    const request = app.requests[from]!
    expect(request.body).toMatchObject({ hook: 'connect', user: { userId: 'ann', meta: { plan: 'free' } } })
    expect(request.headers['tidewire-signature']).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect((await ann.subscribe('quiet:a')).type).toBe('subscribed')
    await ann.subscribe('chat:info')
    const { payload } = await ann.ask({ type: 'presence', channel: 'chat:info' })
    expect(payload.members[0].info).toEqual({ name: 'Ann', from: { plan: 'free' } })
  })

  it('may refuse: the error, then 4403', async () => {
    rules(({ path }) => (path === '/connect' ? { deny: { name: 'banned', message: 'until Friday' } } : {}))
    const raw = await openRaw(server, { as: { sub: 'eve' } })
    expect((await raw.next('error')).payload).toMatchObject({ name: 'permission_denied', message: 'until Friday', error: { name: 'banned' } })
    expect((await raw.closed).code).toBe(4403)
  })

  it('holds what a client sends before it is welcome', async () => {
    let admit: (verdict: object) => void = () => {}
    rules(({ path }) => (path === '/connect' ? new Promise<object>((resolve) => (admit = resolve)) : {}))
    const from = app.requests.length
    const raw = await openRaw(server, { as: { sub: 'ann' } })
    const subscribed = raw.subscribe('cursor:a')
    while (app.requests.length === from) await app.next()
    admit({})
    expect((await subscribed).type).toBe('subscribed')
    expect(raw.messages.map(({ type }) => type)).toEqual(['welcome'])
  })
})

describe('the subscribe hook', () => {
  it('may refuse, or leave less', async () => {
    rules(({ path, body }) => {
      if (path !== '/subscribe') return {}
      return body.channel === 'chat:secret' ? { deny: { name: 'members_only' } } : { permissions: ['subscribe'] }
    })
    const ann = await openUser(server, 'ann')
    expect((await ann.subscribe('chat:secret')).payload).toMatchObject({ name: 'permission_denied', error: { name: 'members_only' } })
    await ann.say('chat:less', 'before')
    expect((await ann.subscribe('chat:less', { history: 5 })).payload.publications).toEqual([])
  })

  it('is asked again when a session is resumed', async () => {
    let kicked = false
    rules(({ path, body }) => (path === '/subscribe' && kicked && body.channel === 'chat:r1' ? { deny: { name: 'kicked' } } : {}))
    const ann = await openRaw(server, { as: { sub: 'ann' } })
    const { sessionId } = (await ann.next('welcome')).payload
    for (const channel of ['chat:r1', 'chat:r2']) await ann.subscribe(channel)
    ann.socket.terminate()
    await ann.closed
    kicked = true
    const back = await openUser(server, 'ann', { headers: { 'tidewire-session': sessionId } })
    const told = [await back.next((message) => message.channel !== undefined), await back.next((message) => message.channel !== undefined)]
    expect(told).toContainEqual(expect.objectContaining({ channel: 'chat:r1', payload: { reason: 'permission_revoked' } }))
    expect(told).toContainEqual(expect.objectContaining({ channel: 'chat:r2', type: 'subscribed', payload: expect.objectContaining({ recovered: true }) }))
  })
})

describe('the publish hook', () => {
  it('may refuse or replace, and keeps the order whatever the answers do', async () => {
    const slow: ((verdict: object) => void)[] = []
    rules(({ path, body }) => {
      if (path !== '/publish') return {}
      if (body.payload.content === 'slow') return new Promise<object>((resolve) => slow.push(resolve))
      if (body.payload.content === 'rude') return { deny: { name: 'rude', message: 'be kind' } }
      return { payload: { ...body.payload, content: `${body.payload.content}!` } }
    })
    const ann = await openUser(server, 'ann')
    await ann.subscribe('chat:order')
    const acks = ['slow', 'rude', 'quick'].map((text) => ann.say('chat:order', text))
    while (app.requests.filter(({ body }) => body.channel === 'chat:order' && body.hook === 'publish').length < 3) await app.next()
    expect((await ann.barrier()).filter(({ type }) => type === 'chat_message')).toEqual([])
    slow[0]!({})
    expect((await acks[0])!.payload.offset).toBe(1)
    expect((await acks[1])!.payload).toMatchObject({ name: 'permission_denied', message: 'be kind', error: { name: 'rude' } })
    expect((await acks[2])!.payload.offset).toBe(2)
    expect((await ann.next('chat_message')).payload.content).toBe('slow')
    expect((await ann.next('chat_message')).payload.content).toBe('quick!')
  })

  it('is not asked about other namespaces, nor about what the application publishes itself', async () => {
    rules(({ path }) => (path === '/publish' ? { deny: {} } : {}))
    const ann = await openUser(server, 'ann')
    expect((await ann.say('short:a', 'x')).type).toBe('ack')
    expect((await api(server, 'publish', { channel: 'chat:a', type: 'chat_message', payload: { content: 'x', role: 'user' } })).status).toBe(200)
    expect((await ann.say('chat:a', 'x')).payload.name).toBe('permission_denied')
  })

  it('that does not answer counts as a refusal, and is spared after a few times', async () => {
    rules(({ path }) => (path === '/publish' ? undefined : {}))
    const ann = await openUser(server, 'ann')
    for (let i = 0; i < 3; i++) expect((await ann.say('chat:down', 'x')).payload).toMatchObject({ name: 'unavailable', retryable: true })
    const before = app.requests.length
    expect((await ann.say('chat:down', 'x')).payload.name).toBe('unavailable')
    expect(app.requests.length).toBe(before)
    rules(() => ({}))
    let ack = await ann.say('chat:down', 'x')
    while (ack.type === 'error') ack = await ann.say('chat:down', 'x')
    expect(ack.type).toBe('ack')
  })
})

it('a hook that is down lets through what its configuration says', async () => {
  const toml = `${namespaces}\n[hooks.publish]\nurl = "http://127.0.0.1:1/publish"\non_failure = "allow"\n`
  const open = await startServer({ toml })
  const ann = await openUser(open, 'ann')
  expect((await ann.say('chat:a', 'x')).type).toBe('ack')
  await open.stop()
})
