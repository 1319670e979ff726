import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { api, mint, openUser, request, useServer } from '../src/index'

// protocol.md section 7.

const server = useServer()

describe('the API key', () => {
  it.each([
    ['none', { authorization: '' }],
    ['a wrong one', { authorization: 'Bearer another-key-for-tests' }],
    ['a prefix of the right one', { authorization: 'Bearer an-api-key' }],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['a user token', { authorization: `Bearer ${mint()}` }],
  ])('%s: 401 with the error object', async (_what, headers) => {
    for (const verb of ['publish', 'broadcast', 'history', 'channels', 'connections', 'disconnect']) {
      const answer = await api(server(), verb, {}, headers)
      expect([verb, answer.status]).toEqual([verb, 401])
      expect(answer.body.error).toMatchObject({ code: 1101, name: 'unauthorized', retryable: false })
    }
  })

  it('the API is not on the public listener', async () => {
    const answer = await request(`${server().url}/api/v1/publish`, { method: 'POST', headers: { authorization: 'Bearer an-api-key-for-tests' }, body: '{}' })
    expect(answer.status).toBe(404)
  })
})

describe('a server without a key', () => {
  const keyless = useServer({ flags: { 'api.key': '' } })

  it('answers 401 to everyone', async () => {
    expect((await api(keyless(), 'channels', {}, { authorization: 'Bearer ' })).status).toBe(401)
    expect((await api(keyless(), 'channels', {})).status).toBe(401)
  })
})

describe('publish', () => {
  it('gives offset, epoch and duplicate; a key is honoured', async () => {
    const message = { channel: 'chat:p1', type: 'chat_message', payload: { content: 'x', role: 'system' }, key: 'k' }
    const first = await api(server(), 'publish', message)
    expect([first.status, first.body]).toEqual([200, { offset: 1, epoch: expect.any(String), duplicate: false }])
    expect(first.headers.get('content-type')).toMatch(/^application\/json/)
    expect((await api(server(), 'publish', message)).body).toEqual({ ...first.body, duplicate: true })
  })

  it('needs no permission of the namespace', async () => {
    expect((await api(server(), 'publish', { channel: 'quiet:1', type: 'note', payload: {} })).status).toBe(200)
  })

  it.each([
    ['not JSON', '{', 400, 'invalid_message', undefined],
    ['not an object', '[]', 400, 'invalid_message', undefined],
    ['no channel', { type: 'chat_message', payload: {} }, 400, 'invalid_channel', '/channel'],
    ['a type that is no name', { channel: 'chat:1', type: 'No', payload: {} }, 400, 'invalid_message', '/type'],
    ['an empty type', { channel: 'chat:1', type: '', payload: {} }, 400, 'invalid_message', '/type'],
    ['a bad channel', { channel: 'chat', type: 'chat_message', payload: {} }, 400, 'invalid_channel', '/channel'],
    ['no type', { channel: 'chat:1', payload: {} }, 400, 'invalid_message', '/type'],
    ['a bad payload', { channel: 'chat:1', type: 'chat_message', payload: { content: 5, role: 'user' } }, 400, 'invalid_message', '/payload/content'],
    ['a bad custom payload', { channel: 'shop:1', type: 'order_placed', payload: { cents: -1 } }, 400, 'invalid_message', '/payload/cents'],
    ['a payload that is no object', { channel: 'chat:1', type: 'chat_message', payload: 'x' }, 400, 'invalid_message', '/payload'],
    ['a bad priority', { channel: 'chat:1', type: 'note', payload: {}, priority: 'urgent' }, 400, 'invalid_message', '/priority'],
  ])('%s: a real HTTP code and the error object', async (_what, body, status, name, path) => {
    const answer = await api(server(), 'publish', body)
    expect(answer.status).toBe(status)
    expect(answer.body.error).toMatchObject({ ...(name ? { name } : {}), ...(path ? { path } : {}), message: expect.any(String) })
  })

  it('a body above the limit: 413', async () => {
    const answer = await api(server(), 'publish', { channel: 'chat:1', type: 'note', payload: { text: 'x'.repeat(1 << 20) } })
    expect(answer.status).toBe(413)
    expect(answer.body.error).toMatchObject({ code: 1003, name: 'message_too_large' })
  })

  it('the answer reaches also who is in the middle of a body that is far too large', async () => {
    const body = 'x'.repeat(12 << 20)
    for (let i = 0; i < 10; i++) expect((await api(server(), 'publish', body)).status).toBe(413)
  })

  it('a payload arrives byte for byte, from a batch too', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:bytes')
    const payload = '{"b":1.50,"a":123456789012345678901234567890, "c":1e3,"d":"\\u00e9\\/","a":2}'
    const body = `{"channel":"chat:bytes","type":"note","payload":${payload}}`
    expect((await api(server(), 'publish', body)).status).toBe(200)
    expect((await api(server(), 'batch', `{"commands":[{"publish":${body}}]}`)).status).toBe(200)
    await raw.next('note')
    await raw.next('note')
    const seen = raw.frames.filter((frame) => frame.includes('"note"'))
    expect(seen.map((frame) => frame.includes(`"payload":${payload}`))).toEqual([true, true])
  })

  it('nesting: 32 levels, as everywhere; the server survives any number', async () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
    const publish = (levels: number) => api(server(), 'publish', `{"channel":"chat:1","type":"note","payload":${nested(levels)}}`)
    expect((await publish(32)).status).toBe(200)
    expect((await publish(33)).body.error).toMatchObject({ name: 'invalid_message', path: '/payload' })
    const deep = `${'['.repeat(400_000)}${']'.repeat(400_000)}`
    for (const [verb, member] of [['publish', 'payload'], ['state/set', 'value'], ['rpc', 'params'], ['batch', 'commands']] as const)
      expect((await api(server(), verb, `{"${member}":${deep}}`)).body.error).toMatchObject({ name: 'invalid_message', path: '' })
  })

  it('GET: 405', async () => {
    const answer = await request(`${server().internal}/api/v1/publish`, { headers: { authorization: 'Bearer an-api-key-for-tests' } })
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe('POST')
    expect(answer.body.error).toMatchObject({ code: 1001, name: 'invalid_message' })
  })

  it('an unknown verb: 404', async () => {
    expect((await api(server(), 'frobnicate', {})).status).toBe(404)
  })
})

describe('the other verbs', () => {
  it('broadcast publishes to several channels and reports each, in their order', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:b1')
    await raw.subscribe('chat:b2')
    await raw.say('chat:b2', 'before')
    await raw.next('chat_message')
    const answer = await api(server(), 'broadcast', { channels: ['chat:b1', 'chat:b2'], type: 'chat_message', payload: { content: 'all', role: 'system' } })
    expect(answer.status).toBe(200)
    expect(answer.body.results).toEqual([
      { offset: 1, epoch: expect.any(String), duplicate: false },
      { offset: 2, epoch: expect.any(String), duplicate: false },
    ])
    expect(new Set([(await raw.next('chat_message')).channel, (await raw.next('chat_message')).channel])).toEqual(new Set(['chat:b1', 'chat:b2']))
  })

  it('broadcast with one bad channel publishes nothing', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:b3')
    const answer = await api(server(), 'broadcast', { channels: ['chat:b3', 'bad'], type: 'chat_message', payload: { content: 'x', role: 'system' } })
    expect([answer.status, answer.body.error.name]).toEqual([400, 'invalid_channel'])
    expect((await raw.barrier()).filter((message) => message.type === 'chat_message')).toEqual([])
  })

  it('history', async () => {
    for (const content of ['1', '2', '3']) await api(server(), 'publish', { channel: 'chat:h', type: 'chat_message', payload: { content, role: 'system' } })
    const { status, body } = await api(server(), 'history', { channel: 'chat:h', limit: 2, reverse: true })
    expect(status).toBe(200)
    expect(body).toMatchObject({ epoch: expect.any(String), offset: 3 })
    expect(body.publications.map((one: any) => one.payload.content)).toEqual(['3', '2'])
  })

  it('presence', async () => {
    const raw = await openUser(server(), 'zoe', { as: { info: { name: 'Zoe' } } })
    await raw.subscribe('chat:presence')
    expect((await api(server(), 'presence', { channel: 'chat:presence' })).body.members).toEqual([expect.objectContaining({ userId: 'zoe', clients: 1, info: { name: 'Zoe' } })])
  })

  it('channels and connections show who is where, with counters', async () => {
    const raw = await openUser(server(), 'seen', { headers: { 'tidewire-client': 'agent/7' } })
    await raw.subscribe('chat:seen')
    await raw.say('chat:seen', 'x')
    const { channels } = (await api(server(), 'channels', {})).body
    expect(channels.find((one: any) => one.channel === 'chat:seen')).toMatchObject({ subscribers: 1, offset: 1, members: 1, streams: 0 })
    const { connections } = (await api(server(), 'connections', { userId: 'seen' })).body
    expect(connections).toHaveLength(1)
    expect(connections[0]).toMatchObject({ userId: 'seen', client: 'agent/7', kind: 'agent', channels: 1, protocol: 'tidewire.v1.json', tls: false, address: expect.stringContaining('127.0.0.1') })
    expect(connections[0].messagesReceived).toBeGreaterThanOrEqual(2)
    expect(connections[0].bytesSent).toBeGreaterThan(0)
  })

  it('disconnect ends the connections of a user with 4410', async () => {
    const gone = await openUser(server(), 'unwanted')
    const stays = await openUser(server(), 'wanted')
    expect((await api(server(), 'disconnect', { userId: 'unwanted' })).status).toBe(200)
    expect((await gone.closed).code).toBe(4410)
    await stays.barrier()
  })

  it('disconnect without saying whom: 400', async () => {
    expect((await api(server(), 'disconnect', {})).status).toBe(400)
  })

  it('unsubscribe ends one subscription with reason operator', async () => {
    const raw = await openUser(server(), 'member')
    await raw.subscribe('chat:u1')
    const answer = await api(server(), 'unsubscribe', { userId: 'member', channel: 'chat:u1' })
    expect(answer.status).toBe(200)
    expect(await raw.next('unsubscribed')).toMatchObject({ channel: 'chat:u1', payload: { reason: 'operator' } })
  })
})

describe('health and metrics', () => {
  it('/livez and /readyz', async () => {
    expect((await request(`${server().internal}/livez`)).status).toBe(200)
    expect((await request(`${server().internal}/readyz`)).status).toBe(200)
  })

  it('/metrics is Prometheus text that promtool accepts, and counts', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:m')
    await raw.say('chat:m', 'x')
    await raw.next('chat_message')
    const { text, headers } = await request(`${server().internal}/metrics`)
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const report = execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
    expect(report).toBe('')
    const value = (name: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    expect(value('tidewire_connections')).toBeGreaterThan(0)
    expect(value('tidewire_messages_received_total')).toBeGreaterThan(0)
    expect(value('tidewire_deliveries_total')).toBeGreaterThan(0)
    expect(text).not.toContain('alice')
  })
})

describe('static files', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tidewire-static-'))
  const script = `console.log(${JSON.stringify('x'.repeat(5000))})`
  mkdirSync(join(dir, 'site/assets'), { recursive: true })
  writeFileSync(join(dir, 'secret.txt'), 'secret')
  writeFileSync(join(dir, 'site/index.html'), '<!doctype html><title>hello</title>')
  writeFileSync(join(dir, 'site/assets/app-3f9a2b1c.js'), script)
  writeFileSync(join(dir, 'site/assets/app-3f9a2b1c.js.gz'), gzipSync(script))
  writeFileSync(join(dir, 'site/assets/app-3f9a2b1c.js.br'), brotliCompressSync(script))
  const web = useServer({ flags: { 'static.dir': join(dir, 'site') } })
  afterAll(() => rmSync(dir, { recursive: true }))
  const asset = '/assets/app-3f9a2b1c.js'

  /** Without fetch's own decompression and path clean-up. */
  const plain = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }>((resolve, reject) => {
      const { hostname, port } = new URL(web().url)
      get({ hostname, port, path, headers }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(parts) }))
      }).on('error', reject)
    })

  it('/ is index.html, revalidated; hashed names are immutable', async () => {
    const index = await plain('/')
    expect(index.status).toBe(200)
    expect(index.bytes.toString()).toContain('hello')
    expect(index.headers['content-type']).toMatch(/^text\/html/)
    expect(index.headers['cache-control']).toContain('no-cache')
    expect((await plain(asset)).headers['cache-control']).toContain('immutable')
  })

  it('ETag and If-None-Match: 304', async () => {
    const { headers } = await plain(asset)
    const again = await plain(asset, { 'if-none-match': String(headers.etag) })
    expect([again.status, again.bytes.length]).toEqual([304, 0])
  })

  it.each([
    ['br, gzip', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip', 'gzip'],
    ['identity', undefined],
  ])('Accept-Encoding: %s gives %s', async (accepted, coding) => {
    const answer = await plain(asset, { 'accept-encoding': accepted })
    expect(answer.headers['content-encoding']).toBe(coding)
    expect(answer.headers.vary).toMatch(/accept-encoding/i)
  })

  it('ranges', async () => {
    const part = await plain(asset, { range: 'bytes=0-10' })
    expect([part.status, part.bytes.toString(), part.headers['content-range']]).toEqual([206, script.slice(0, 11), `bytes 0-10/${script.length}`])
    expect((await plain(asset, { range: 'bytes=999999-' })).status).toBe(416)
  })

  it.each(['/../secret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '/..%2fsecret.txt', '/assets/%00', '//etc/passwd', '/....//secret.txt'])('no way out by %s', async (path) => {
    const answer = await plain(path)
    expect([400, 403, 404]).toContain(answer.status)
    expect(answer.bytes.toString()).not.toContain('secret')
  })

  it('what is not there: 404; what may not be done: 405', async () => {
    expect((await plain('/missing.js')).status).toBe(404)
    expect((await request(`${web().url}/`, { method: 'POST', body: 'x' })).status).toBe(405)
  })
})
