import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { api, mint, namespaces, openRaw, openUser, refusal, request, secret, startServer } from '../src/index'

describe('SIGTERM', () => {
  it('goaway with a delay, then close 4012, then exit code 0', async () => {
    const server = await startServer()
    const raws = await Promise.all(Array.from({ length: 5 }, (_, i) => openUser(server, `user${i}`)))
    server.signal('SIGTERM')
    for (const raw of raws) {
      const { payload } = await raw.next('goaway')
      expect(payload).toMatchObject({ reason: expect.any(String), reconnectAfterMs: expect.any(Number) })
      expect((await raw.closed).code).toBe(4012)
    }
    expect(await server.exited).toBe(0)
  })

  it('closes at a pace, not all at once', async () => {
    const server = await startServer({ flags: { 'shutdown.pace': '1s' } })
    const raws = await Promise.all(Array.from({ length: 10 }, (_, i) => openUser(server, `user${i}`)))
    server.signal('SIGTERM')
    const times = await Promise.all(raws.map((raw) => raw.closed.then(() => Date.now())))
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500)
    expect(await server.exited).toBe(0)
  })

  it('takes no new connection and is no longer ready', async () => {
    const server = await startServer({ flags: { 'shutdown.pace': '3s' } })
    const raw = await openUser(server)
    await openUser(server, 'bob')
    server.signal('SIGTERM')
    await raw.next('goaway')
    const outcome = await openRaw(server).then(
      () => 'upgraded',
      () => 'refused',
    )
    expect(outcome).toBe('refused')
    const ready = await request(`${server.internal}/readyz`).then(
      ({ status }) => status,
      () => 503,
    )
    expect(ready).toBe(503)
    await server.stop()
  })

  it('twice: at once', async () => {
    const server = await startServer({ flags: { 'shutdown.pace': '20s' } })
    const raw = await openUser(server)
    await openUser(server, 'bob')
    server.signal('SIGTERM')
    await raw.next('goaway')
    const began = Date.now()
    server.signal('SIGTERM')
    await server.exited
    expect(Date.now() - began).toBeLessThan(3_000)
  })

  it('a client that never reads does not hold it up past the deadline', async () => {
    const server = await startServer({ flags: { 'shutdown.deadline': '1s' } })
    const raw = await openUser(server)
    raw.socket.pause()
    const began = Date.now()
    server.signal('SIGTERM')
    await server.exited
    expect(Date.now() - began).toBeLessThan(6_000)
  })
})

describe('SIGHUP', () => {
  it('reloads keys and origins; connections stay', async () => {
    const toml = (key: string, origin: string) => `auth.hmac_secret = "${key}"\norigins.allowed = ["${origin}"]\n${namespaces}`
    const other = 'another-secret-of-at-least-32-bytes!'
    const server = await startServer({ toml: toml(secret, 'https://old.example'), omit: ['auth.hmac_secret'] })
    const before = await openUser(server)
    writeFileSync(server.config, toml(other, 'https://new.example'))
    const reloaded = server.logged(/reload/i)
    server.signal('SIGHUP')
    await reloaded
    await before.barrier()
    expect((await refusal(openRaw(server))).status).toBe(401)
    const bearer = { authorization: `Bearer ${mint({}, { secret: other })}` }
    const after = await openRaw(server, { as: false, headers: { ...bearer, origin: 'https://new.example' } })
    await after.next('welcome')
    expect((await refusal(openRaw(server, { as: false, headers: { ...bearer, origin: 'https://old.example' } }))).status).toBe(403)
    await server.stop()
  })

  it('a broken file changes nothing and is logged', async () => {
    const server = await startServer()
    const raw = await openUser(server)
    writeFileSync(server.config, 'limits.messages_bytes = "lots"')
    const complaint = server.logged('messages_bytes')
    server.signal('SIGHUP')
    await complaint
    expect((await raw.say('chat:1', 'still here')).type).toBe('ack')
    await openUser(server)
    await server.stop()
  })
})

describe('SIGKILL and a new start', () => {
  it('a new epoch: since is not recovered, and says so', async () => {
    const first = await startServer()
    const raw = await openUser(first)
    const { epoch } = (await raw.say('chat:k', 'x')).payload
    await first.stop('SIGKILL')
    expect((await raw.closed).code).toBe(1006)
    const second = await startServer()
    const again = await openUser(second)
    const { payload } = await again.subscribe('chat:k', { since: { epoch, offset: 1 } })
    expect(payload).toMatchObject({ recovered: false, wasRecovering: true, publications: [] })
    expect(payload.epoch).not.toBe(epoch)
    await second.stop()
  })
})

describe('secrets', () => {
  it('are in no log line, nor are tokens and payloads', async () => {
    const server = await startServer({ flags: { 'log.level': 'debug' } })
    const raw = await openUser(server)
    await raw.subscribe('chat:s')
    await raw.say('chat:s', 'a-private-sentence')
    await refusal(openRaw(server, { as: false, headers: { authorization: `Bearer ${mint({ exp: 1 })}` } }))
    await api(server, 'publish', {}, { authorization: 'Bearer a-mistyped-key-of-the-api' })
    await server.stop('SIGTERM')
    const log = server.log()
    for (const word of [secret, 'an-api-key-for-tests', 'a-private-sentence', 'a-mistyped-key-of-the-api', createHmac('sha256', '').digest('hex'), 'eyJ'])
      expect(log).not.toContain(word)
  })
})
