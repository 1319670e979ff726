import { createHmac } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { api, namespaces, openUser, startBackend, startServer, type Backend, type BackendRequest, type Raw, type Server } from '../src/index'

// docs/mechanisms/rpc.md, backends: methods that an HTTP service of the application answers.

const secret = 'what only the backend and the server know'
let server: Server
let backend: Backend
let elsewhere: Backend

/** The method's last part says what the backend does. */
const behave = (request: BackendRequest, response: ServerResponse): object | void => {
  const { method, params } = request.body
  switch (String(method).split('.').at(-1)) {
    case 'echo':
      return { result: { params, caller: request.body.caller } }
    case 'fail':
      return { error: { name: 'no_route', message: 'none' } }
    case 'hang':
      return
    case 'drop':
      return void response.destroy()
    case 'broken':
      return void response.end('<html>')
    case 'noise':
      return void response.socket?.end('\u0001 no HTTP')
    case 'huge':
      return { result: 'x'.repeat(70_000) }
    case 'down':
      response.statusCode = 503
      return {}
    case 'move':
      return void response.writeHead(307, { location: `${elsewhere.url}/moved` }).end()
  }
  return { result: null }
}

const table = (name: string, methods: string, more = '') => `
[rpc.${name}]
methods = ["${methods}"]
url = "${backend.url}/${name}"
${more}`

beforeAll(async () => {
  elsewhere = await startBackend(() => ({ result: 'secrets of the internal network' }))
  backend = await startBackend(behave)
  const toml =
    namespaces +
    table('plain', 'plain.*', `secret = "${secret}"\ntimeout = "300ms"`) +
    table('safe', 'safe.*', 'idempotent = true') +
    table('fragile', 'fragile.*') +
    table('follows', 'follows.*', 'redirects = 2') +
    table('trusts', 'trusts.*', 'redirects = 2\nallow_private = true') +
    `\n[rpc.absent]\nmethods = ["absent.*"]\nurl = "http://127.0.0.1:1/rpc"\n`
  server = await startServer({ toml, flags: { 'outbound.response_bytes': '64KiB', 'outbound.breaker_failures': 3, 'outbound.breaker_time': '400ms' } })
})
afterAll(async () => {
  await server.stop()
  await backend.close()
  await elsewhere.close()
})

const open = (user = 'alice', allow: 'rpc' | 'serve' = 'rpc'): Promise<Raw> => openUser(server, user, { as: { sub: user, channels: [{ match: 'chat:*', allow: [allow] }] } })
const call = async (raw: Raw, method: string, params: unknown = null, fields: object = {}) => (await raw.ask({ type: 'rpc', payload: { method, params }, ...fields })).payload

describe('a backend', () => {
  it('gets the call with who calls, signed, and its answer reaches the caller', async () => {
    const alice = await open()
    const from = backend.requests.length
    const { result } = await call(alice, 'plain.echo', { of: [1, 'ä'] }, { channel: 'chat:lisbon' })
    expect(result).toMatchObject({ params: { of: [1, 'ä'] }, caller: { userId: 'alice' } })
    const request = backend.requests[from]!
    expect(request.path).toBe('/plain')
    expect(request.headers['content-type']).toBe('application/json')
    expect(request.body).toMatchObject({ method: 'plain.echo', channel: 'chat:lisbon', timeoutMs: expect.any(Number), requestId: expect.any(String) })
    expect(Object.keys(request.body.caller)).toEqual(['userId', 'connectionId', 'sessionId', 'client'])
    const at = request.headers['tidewire-timestamp'] as string
    expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(30)
    const expected = createHmac('sha256', secret).update(`${at}.${request.text}`).digest('hex')
    expect(request.headers['tidewire-signature']).toBe(`sha256=${expected}`)
  })

  it('without a secret gets no signature', async () => {
    const from = backend.requests.length
    await call(await open(), 'safe.echo')
    expect(backend.requests[from]!.headers['tidewire-signature']).toBeUndefined()
  })

  it('is asked again over the same connection', async () => {
    const alice = await open()
    await call(alice, 'safe.echo')
    const before = backend.connections()
    for (let i = 0; i < 5; i++) await call(alice, 'safe.echo')
    expect(backend.connections()).toBe(before)
  })

  it('may answer with an error of its own', async () => {
    expect(await call(await open(), 'plain.fail')).toMatchObject({ name: 'rpc_failed', error: { name: 'no_route', message: 'none' } })
  })

  it('gives way to a connected worker, and takes over when it is gone', async () => {
    const [alice, worker] = [await open(), await open('worker', 'serve')]
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['safe.shared'] } })
    const answer = call(alice, 'safe.shared')
    const request = await worker.next('rpc_request')
    worker.send({ type: 'rpc_response', payload: { requestId: request.payload.requestId, result: 'by the worker' } })
    expect((await answer).result).toBe('by the worker')
    const lost = call(alice, 'safe.shared')
    await worker.next('rpc_request')
    worker.socket.terminate()
    expect(await lost).toEqual({ result: null }) // idempotent by configuration: the backend was asked next
    expect(backend.requests.at(-1)!.body).toMatchObject({ method: 'safe.shared', attempt: 2 })
  })

  it('that is slow: rpc_timeout', async () => {
    expect(await call(await open(), 'plain.hang')).toMatchObject({ name: 'rpc_timeout', retryable: true })
  })

  it('whose call is cancelled loses its connection', async () => {
    const alice = await open()
    alice.send({ type: 'rpc', id: 'mine', payload: { method: 'safe.hang' } })
    while (backend.requests.at(-1)?.body.method !== 'safe.hang') await backend.next()
    expect(await alice.ask({ type: 'rpc_cancel', payload: { id: 'mine' } })).toMatchObject({ type: 'ack' })
    expect((await alice.next((message) => message.id === 'mine')).payload.name).toBe('rpc_cancelled')
  })

  it('that answers rubbish, or too much: rpc_failed', async () => {
    const alice = await open()
    expect(await call(alice, 'plain.broken')).toMatchObject({ name: 'rpc_failed', error: { name: 'bad_response' } })
    expect(await call(alice, 'plain.noise')).toMatchObject({ name: 'unavailable', message: 'the backend: it does not speak HTTP' })
    expect(await call(alice, 'plain.huge')).toMatchObject({ name: 'rpc_failed', error: { name: 'bad_response' } })
  })

  it('that breaks the connection is asked once, or twice when it is idempotent', async () => {
    const alice = await open()
    const count = (method: string) => backend.requests.filter(({ body }) => body.method === method).length
    expect(await call(alice, 'plain.drop')).toMatchObject({ name: 'unavailable' })
    expect(count('plain.drop')).toBe(1)
    expect(await call(alice, 'safe.drop')).toMatchObject({ name: 'unavailable' })
    expect(count('safe.drop')).toBe(2)
  })

  it('that fails is left alone for a while, then tried once', async () => {
    const alice = await open()
    for (let i = 0; i < 3; i++) expect((await call(alice, 'fragile.down')).name).toBe('unavailable')
    const before = backend.requests.length
    const spared = await call(alice, 'fragile.echo')
    expect(spared).toMatchObject({ name: 'unavailable', retryable: true, retryAfterMs: expect.any(Number) })
    expect(backend.requests.length).toBe(before)
    let answer = spared
    while (answer.name === 'unavailable') answer = await call(alice, 'fragile.echo')
    expect(answer.result).toMatchObject({ caller: { userId: 'alice' } })
    expect((await call(alice, 'fragile.echo')).result).toBeDefined()
  })

  it('that is down: unavailable', async () => {
    expect(await call(await open(), 'absent.x')).toMatchObject({ name: 'unavailable', retryable: true })
  })
})

it('/metrics tells how calls of each backend ended, and whose breaker is open', async () => {
  const alice = await open()
  const line = async (name: string, labels: string) => {
    const text = await (await fetch(`${server.internal}/metrics`)).text()
    return Number(text.split('\n').find((each) => each.startsWith(`tidewire_backend_${name}{${labels}}`))?.split(' ').at(-1))
  }
  const outcome = (backend: string, of: string) => line('calls_total', `backend="${backend}",outcome="${of}"`)
  const before = [await outcome('rpc.plain', '2xx'), await outcome('rpc.fragile', '5xx'), await outcome('rpc.fragile', 'breaker_open')]
  await call(alice, 'plain.echo')
  expect(await outcome('rpc.plain', '2xx')).toBe(before[0]! + 1)
  for (let i = 0; i < 3; i++) await call(alice, 'fragile.down')
  expect(await outcome('rpc.fragile', '5xx')).toBe(before[1]! + 3)
  expect(await line('breaker_open', 'backend="rpc.fragile"')).toBe(1)
  await call(alice, 'fragile.echo')
  expect(await outcome('rpc.fragile', 'breaker_open')).toBeGreaterThan(before[2]!)
  expect(await line('calls_running', 'backend="rpc.plain"')).toBe(0)
  expect(await line('call_duration_seconds_count', 'backend="rpc.plain"')).toBeGreaterThan(0)
})

describe('a redirect', () => {
  it('is not followed by default', async () => {
    expect(await call(await open(), 'plain.move')).toMatchObject({ name: 'unavailable' })
    expect(elsewhere.requests).toEqual([])
  })

  it('to a private address is not followed unless it is allowed', async () => {
    expect(await call(await open(), 'follows.move')).toMatchObject({ name: 'unavailable', message: expect.stringContaining('private address') })
    expect(elsewhere.requests).toEqual([])
  })

  it('is followed with method and body where it is allowed, and even then not by a kept connection of another', async () => {
    const alice = await open()
    expect((await call(alice, 'trusts.move', { n: 1 })).result).toBe('secrets of the internal network')
    expect(elsewhere.requests[0]).toMatchObject({ path: '/moved', body: { method: 'trusts.move', params: { n: 1 } } })
    // The connection to `elsewhere` is still open, and this backend may not use it.
    expect(await call(alice, 'follows.move')).toMatchObject({ name: 'unavailable' })
    expect(elsewhere.requests.length).toBe(1)
  })
})

describe('POST /api/v1/rpc', () => {
  it('calls a worker in the name of a user, or of the server', async () => {
    const worker = await open('worker', 'serve')
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['sum'] } })
    const answer = api(server, 'rpc', { method: 'sum', params: [1, 2], userId: 'bob', channel: 'chat:a', timeoutMs: 5000 })
    const request = await worker.next('rpc_request')
    expect(request).toMatchObject({ channel: 'chat:a', payload: { method: 'sum', params: [1, 2], caller: { userId: 'bob' } } })
    worker.send({ type: 'rpc_response', payload: { requestId: request.payload.requestId, result: 3 } })
    expect(await answer).toMatchObject({ status: 200, body: { result: 3 } })
  })

  it('answers with the status of the error', async () => {
    const call = async (body: object) => {
      const { status, body: answer } = await api(server, 'rpc', body)
      return { status, name: answer.error.name, path: answer.error.path }
    }
    expect(await call({ method: 'nobody' })).toEqual({ status: 404, name: 'method_not_found', path: '/method' })
    expect(await call({ method: 'plain.fail' })).toMatchObject({ status: 502, name: 'rpc_failed' })
    expect(await call({ method: 'plain.hang', timeoutMs: 50 })).toMatchObject({ status: 504, name: 'rpc_timeout' })
    expect(await call({})).toMatchObject({ status: 400, path: '/method' })
    expect(await call({ method: '' })).toMatchObject({ status: 400, path: '/method' })
    expect(await call({ method: 'x', timeoutMs: 0 })).toMatchObject({ status: 400, path: '/timeoutMs' })
    expect(await call({ method: 'x', channel: 'nowhere' })).toMatchObject({ status: 400, name: 'invalid_channel' })
    expect(await call({ method: 'x', userId: 5 })).toMatchObject({ status: 400, path: '/userId' })
  })
})
