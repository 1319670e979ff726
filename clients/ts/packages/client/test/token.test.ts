import { describe, expect, it, vi } from 'vitest'
import type { TokenRequest } from '../src/index'
import { jwt, reconnect, scene } from './setup'

const start = 1_700_000_000

describe('tokens', () => {
  it('asks getToken before connecting and sends what it gives', async () => {
    const reasons: string[] = []
    const it = scene({ token: undefined, getToken: async ({ reason }: TokenRequest) => (reasons.push(reason), 'fresh') })
    await it.connect()
    expect(reasons).toEqual(['connect'])
    expect(it.network.current.last('auth').payload).toMatchObject({ token: 'fresh' })
  })

  it('keeps a token that is still good when reconnecting', async () => {
    const getToken = vi.fn(() => jwt({ exp: start + 3600 }))
    const it = scene({ token: undefined, getToken })
    await it.connect()
    await reconnect(it)
    expect(getToken).toHaveBeenCalledTimes(1)
  })

  it('never reconnects with a token that has expired', async () => {
    const tokens = [jwt({ exp: start + 20, n: 1 }), jwt({ exp: start + 3600, n: 2 })]
    const getToken = vi.fn(() => tokens.shift() ?? null)
    const it = scene({ token: undefined, getToken })
    await it.connect()
    await it.clock.pass(18_000)
    it.network.current.close()
    await it.clock.pass(2_000)
    it.network.current.accept()
    expect(getToken).toHaveBeenCalledTimes(2)
    expect(it.network.current.last('auth').payload?.token).toBe(jwt({ exp: start + 3600, n: 2 }))
  })

  it('a fixed token that has expired closes as unauthorized without a connection', async () => {
    const it = scene({ token: jwt({ exp: start - 1 }) })
    await expect(it.client.connect()).rejects.toMatchObject({ name: 'closed' })
    expect(it.client.state).toMatchObject({ status: 'closed', reason: { kind: 'unauthorized' } })
    expect(it.network.connections).toHaveLength(0)
  })

  it('refreshes in place before the end, on the same connection', async () => {
    const reasons: string[] = []
    const it = scene({ token: undefined, getToken: ({ reason }: TokenRequest) => (reasons.push(reason), `t-${reason}`) })
    void it.client.connect()
    await it.clock.settle()
    it.network.current.welcome({ expiresAt: it.clock.now() + 100_000, heartbeatMs: 1e6 })
    await it.clock.pass(79_999)
    expect(reasons).toEqual(['connect'])
    await it.clock.pass(1)
    expect(reasons).toEqual(['connect', 'refresh'])
    expect(it.network.current.last('auth').payload).toMatchObject({ token: 't-refresh', sessionId: 's1' })
    it.network.current.welcome({ expiresAt: it.clock.now() + 10_000 })
    await it.clock.pass(8_000)
    expect(reasons).toEqual(['connect', 'refresh', 'refresh'])
    expect(it.network.connections).toHaveLength(1)
  })

  it('tries a refresh again when getToken throws', async () => {
    let calls = 0
    const it = scene({
      token: undefined,
      getToken: () => {
        if (++calls === 2) throw new Error('offline')
        return `t${calls}`
      },
    })
    void it.client.connect()
    await it.clock.settle()
    it.network.current.welcome({ expiresAt: it.clock.now() + 10_000 })
    await it.clock.pass(8_000)
    expect(calls).toBe(2)
    await it.clock.pass(2_000)
    expect(it.network.current.last('auth').payload).toMatchObject({ token: 't3' })
  })

  it('a refused token is replaced once; a second refusal closes', async () => {
    const reasons: string[] = []
    const it = scene({ token: 'stale', getToken: ({ reason }: TokenRequest) => (reasons.push(reason), 'also bad') })
    const opened = it.client.connect()
    const failure = expect(opened).rejects.toMatchObject({ name: 'closed' })
    await it.clock.settle()
    it.network.current.accept()
    it.network.current.reply('auth', { type: 'error', payload: { code: 1103, name: 'token_invalid', message: 'bad', retryable: false } })
    await it.clock.settle()
    expect(it.network.connections).toHaveLength(2)
    it.network.current.accept()
    it.network.current.close(4401, 'bad')
    await failure
    expect(reasons).toEqual(['rejected'])
    expect(it.client.state).toEqual({ status: 'closed', reason: { kind: 'unauthorized', message: 'bad' } })
  })

  it('getToken that throws is retried with back-off; null means signed out', async () => {
    const answers: (() => string | null)[] = [
      () => {
        throw new Error('503')
      },
      () => null,
    ]
    const it = scene({ token: undefined, getToken: () => (answers.shift() as () => string | null)() })
    it.client.connect().catch(() => {})
    await it.clock.settle()
    expect(it.client.state).toMatchObject({ status: 'waiting', cause: { message: '503' } })
    await it.clock.pass(1_000)
    expect(it.client.state).toMatchObject({ status: 'closed', reason: { kind: 'unauthorized' } })
  })

  it('getToken that hangs is given up after 10 s and its signal fires', async () => {
    let signal: AbortSignal | undefined
    const it = scene({ token: undefined, getToken: (request: TokenRequest) => ((signal = request.signal), new Promise<string>(() => {})) })
    void it.client.connect()
    await it.clock.pass(10_000)
    expect(signal?.aborted).toBe(true)
    expect(it.client.state.status).toBe('waiting')
  })

  it('close() while getToken works stays closed', async () => {
    let give = (_token: string) => {}
    const it = scene({ token: undefined, getToken: () => new Promise<string>((resolve) => (give = resolve)) })
    it.client.connect().catch(() => {})
    await it.clock.settle()
    it.client.close()
    give('late')
    await it.clock.settle()
    expect(it.network.connections).toHaveLength(0)
    expect(it.client.state.status).toBe('closed')
  })

  it('a renewed token that is bound to another session sends that one', async () => {
    const it = scene({ token: undefined, getToken: ({ reason }: TokenRequest) => jwt({ sid: reason }) })
    void it.client.connect()
    await it.clock.settle()
    it.network.current.welcome({ expiresAt: it.clock.now() + 10_000, sessionId: 'connect' })
    await it.clock.pass(8_000)
    expect(it.network.current.last('auth').payload).toMatchObject({ sessionId: 'refresh' })
  })

  it('sends the session that the token is bound to', async () => {
    const it = scene({ token: jwt({ exp: start + 60, sid: 'bound' }) })
    await it.connect()
    expect(it.network.current.last('auth').payload).toMatchObject({ sessionId: 'bound' })
  })
})
