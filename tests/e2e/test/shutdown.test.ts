import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { api, mint, openRaw, openUser, refusal, request, secret, startServer, type Server } from '../src/index'

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
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-certificates-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const certify = (name: string) =>
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', `/CN=${name}`, '-keyout', files.key, '-out', files.cert], { stdio: 'ignore' })
  const shown = (server: Server) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(server.url)
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        const { CN } = socket.getPeerCertificate().subject
        resolve(String(CN))
        socket.destroy()
      })
      socket.on('error', reject)
    })
  const startSecure = () => startServer({ flags: { 'tls.cert_file': files.cert, 'tls.key_file': files.key } })
  const secure = { ws: { rejectUnauthorized: false } }

  it('reads the certificate again; connections stay', async () => {
    certify('first')
    const server = await startSecure()
    expect(server.ws).toMatch(/^wss:/)
    const raw = await openUser(server, 'alice', secure)
    expect(await shown(server)).toBe('first')
    certify('second')
    const told = server.logged('certificate was read again')
    server.signal('SIGHUP')
    await told
    expect(await shown(server)).toBe('second')
    expect((await raw.say('chat:1', 'still here')).type).toBe('ack')
    await openUser(server, 'bob', secure)
    await server.stop()
  })

  it('a broken certificate changes nothing and is logged', async () => {
    certify('good')
    const server = await startSecure()
    writeFileSync(files.cert, 'not a certificate')
    const complaint = server.logged('certificate was not changed')
    server.signal('SIGHUP')
    await complaint
    expect(await shown(server)).toBe('good')
    await server.stop()
  })

  it('without TLS does no harm', async () => {
    const server = await startServer()
    const raw = await openUser(server)
    const told = server.logged('SIGHUP')
    server.signal('SIGHUP')
    await told
    await raw.barrier()
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
    for (const word of [secret, 'an-api-key-for-tests', 'a-private-sentence', 'a-mistyped-key-of-the-api', 'eyJ'])
      expect(log).not.toContain(word)
  })
})
