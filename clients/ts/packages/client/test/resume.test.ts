import { describe, expect, it } from 'vitest'
import type { TidewireEvent } from '../src/index'
import { jwt, message, reconnect, scene, subscribedScene, url } from './setup'

const restored = (payload: Record<string, unknown> = {}, channel = 'chat:1') => ({
  type: 'subscribed',
  channel,
  payload: { epoch: 'e1', offset: 0, recovered: true, wasRecovering: true, publications: [], latest: [], streams: [], ...payload },
})

const publications = (...offsets: number[]) => offsets.map((offset) => message(offset))

async function resumed(offset: number, channels = ['chat:1']) {
  const it = await subscribedScene({}, offset)
  await reconnect(it)
  it.network.current.welcome({ resumed: true, restored: channels })
  return it
}

describe('resuming a session', () => {
  it('names the session and its positions, and subscribes to nothing before the answer', async () => {
    const it = await subscribedScene({}, 7)
    await reconnect(it)
    it.network.current.accept()
    expect(it.network.current.received.map((sent) => sent.type)).toEqual(['auth'])
    expect(it.network.current.last('auth').payload).toMatchObject({
      sessionId: 's1',
      positions: { 'chat:1': { epoch: 'e1', offset: 7 } },
    })
  })

  it('takes what the server brings back, without subscribing again', async () => {
    const it = await resumed(2)
    expect(it.client.state).toMatchObject({ status: 'open', resumed: true })
    expect(it.channel.state.status).toBe('subscribing')
    it.network.current.send(restored({ offset: 4, publications: publications(3, 4) }))
    it.network.current.send(message(5))
    expect(it.contents()).toEqual(['m3', 'm4', 'm5'])
    expect(it.channel.state).toEqual({ status: 'subscribed', recovered: true, wasRecovering: true })
    expect(it.network.current.received.map((sent) => sent.type)).toEqual(['auth'])
  })

  it('subscribes to what the session did not hold', async () => {
    const it = await subscribedScene({}, 2)
    const second = it.client.channel('chat:2').subscribe()
    await reconnect(it)
    it.network.current.welcome({ resumed: true, restored: ['chat:1'] })
    expect(it.network.current.received.filter((sent) => sent.type === 'subscribe').map((sent) => sent.channel)).toEqual(['chat:2'])
    it.network.current.subscribed()
    await second
  })

  it('a session that is gone: subscribes to everything from its positions', async () => {
    const it = await subscribedScene({}, 2)
    await reconnect(it)
    it.network.current.welcome({ resumed: false, sessionId: 's2' })
    expect(it.client.state).toMatchObject({ status: 'open', resumed: false, sessionId: 's2' })
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 2 } })
  })

  it('leaves out what it has handled already', async () => {
    const it = await resumed(3)
    it.network.current.send(restored({ offset: 5, publications: publications(2, 3, 4, 5) }))
    expect(it.contents()).toEqual(['m4', 'm5'])
  })

  it('asks again where the server knew of more than this client has handled', async () => {
    const it = await resumed(3)
    it.network.current.send(restored({ offset: 6, publications: publications(6) }))
    expect(it.contents()).toEqual([])
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 3 } })
  })

  it('tells of a gap when the past is gone', async () => {
    const it = await resumed(3)
    const gaps: unknown[] = []
    it.channel.on('gap', (gap) => gaps.push(gap))
    it.network.current.send(restored({ epoch: 'e2', offset: 1, recovered: false }))
    expect(gaps).toEqual([{ channel: 'chat:1', from: { epoch: 'e1', offset: 3 }, to: { epoch: 'e2', offset: 1 } }])
  })

  it('a channel that the token no longer allows stays out', async () => {
    const it = await resumed(3)
    it.network.current.send({ type: 'unsubscribed', channel: 'chat:1', payload: { reason: 'permission_revoked' } })
    expect(it.channel.state).toEqual({ status: 'unsubscribed', reason: 'permission_revoked' })
    expect(it.network.current.received.map((sent) => sent.type)).toEqual(['auth'])
  })

  it('leaves a channel that came back and is no longer wanted', async () => {
    const it = await subscribedScene({}, 3)
    it.network.current.close(1006)
    it.channel.unsubscribe().catch(() => {})
    await it.clock.pass(1000)
    it.network.current.welcome({ resumed: true, restored: ['chat:1'] })
    it.network.current.send(restored({ offset: 4, publications: publications(4) }))
    expect(it.contents()).toEqual([])
    expect(it.network.current.last('unsubscribe').channel).toBe('chat:1')
  })

  it('a connection lost before a channel was back: the next one brings it', async () => {
    const it = await resumed(3)
    await reconnect(it)
    it.network.current.welcome({ resumed: true, restored: ['chat:1'] })
    it.network.current.send(restored({ offset: 4, publications: publications(4) }))
    expect(it.contents()).toEqual(['m4'])
  })
})

describe('resuming with the token in a subprotocol', () => {
  const bySubprotocol = { tokenIn: 'subprotocol' } as const

  it('names the session in the URL, says nothing, and takes what comes back', async () => {
    const it = await subscribedScene(bySubprotocol, 2)
    expect(it.network.current.url).toBe(url)
    await reconnect(it)
    expect(it.network.current.url).toBe(`${url}?session=s1`)
    it.network.current.accept()
    expect(it.network.current.received).toEqual([])
    it.network.current.welcome({ resumed: true, restored: ['chat:1'] })
    it.network.current.send(restored({ offset: 4, publications: publications(2, 3, 4) }))
    expect(it.contents()).toEqual(['m3', 'm4'])
    expect(it.client.state).toMatchObject({ status: 'open', resumed: true })
    expect(it.network.current.received).toEqual([])
  })

  it('a session that is gone: subscribes to everything from its positions', async () => {
    const it = await subscribedScene(bySubprotocol, 2)
    await reconnect(it)
    it.network.current.welcome({ resumed: false, sessionId: 's2' })
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 2 } })
    await reconnect(it)
    expect(it.network.current.url).toBe(`${url}?session=s2`)
  })

  it('leaves the naming to a token that is bound to its session', async () => {
    const it = await subscribedScene({ ...bySubprotocol, token: jwt({ sub: 'ann', sid: 's1' }) })
    await reconnect(it)
    expect(it.network.current.url).toBe(url)
  })

  it('forgets a session that is not its own', async () => {
    let tokens = 0
    const it = await subscribedScene({ ...bySubprotocol, token: undefined, getToken: () => Promise.resolve(`t${++tokens}`) })
    await reconnect(it)
    it.network.current.accept()
    it.network.current.send({ type: 'error', payload: { code: 1104, name: 'session_mismatch', message: 'no', retryable: false } })
    await it.clock.settle()
    expect(it.network.current.url).toBe(url)
    expect(tokens).toBe(2)
  })
})

describe('events outside every channel', () => {
  it('reach handlers of the client, each once', async () => {
    const it = scene()
    await it.connect()
    const events: TidewireEvent[] = []
    it.client.onEvent((event) => events.push(event))
    it.network.current.send({ type: 'note', key: 'k1', ts: 5, payload: { a: 1 } }, { type: 'note', key: 'k1', ts: 5, payload: { a: 1 } })
    it.network.current.send({ type: 'note', key: 'k2', payload: {} })
    expect(events.map(({ type, channel, key }) => ({ type, channel, key }))).toEqual([
      { type: 'note', channel: '', key: 'k1' },
      { type: 'note', channel: '', key: 'k2' },
    ])
    expect(it.client.metrics().duplicates).toBe(1)
  })
})
