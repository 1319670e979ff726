import { describe, expect, it } from 'vitest'
import type { ConnectionState } from '../src/index'
import { message, reconnect, scene, subscribedScene } from './setup'

describe('connecting', () => {
  it('sends auth and the subscribes in one batch, before the welcome', async () => {
    const { client, clock, network } = scene({ client: 'agent/1.0' })
    void client.channel('chat:1').subscribe()
    void client.connect()
    await clock.settle()
    network.current.accept()
    expect(network.current.protocols).toEqual(['tidewire.v1.json'])
    expect(network.current.frames).toHaveLength(1)
    expect(network.current.received.map((sent) => sent.type)).toEqual(['auth', 'subscribe'])
    expect(network.current.last('auth').payload).toEqual({ token: 'token', client: 'agent/1.0', batch: true })
  })

  it('goes idle, connecting, open and tells every watcher until its undo', async () => {
    const { client, connect } = scene()
    const seen: ConnectionState['status'][] = []
    const undo = client.onState((state) => seen.push(state.status))
    expect(client.state).toEqual({ status: 'idle' })
    await connect()
    expect(client.state).toMatchObject({ status: 'open', connectionId: 'c1', sessionId: 's1', userId: 'u1' })
    undo()
    client.close()
    expect(seen).toEqual(['connecting', 'open'])
  })

  it('connect() twice opens one socket and both promises resolve', async () => {
    const { client, clock, network } = scene()
    const both = Promise.all([client.connect(), client.connect()])
    await clock.settle()
    network.current.welcome()
    await both
    expect(network.connections).toHaveLength(1)
  })

  it('puts the token into a subprotocol when told so', async () => {
    const { client, clock, network } = scene({ tokenIn: 'subprotocol', token: 'a.b.c' })
    const opened = client.connect()
    await clock.settle()
    expect(network.current.protocols).toEqual(['tidewire.v1.json', 'tidewire.token.a.b.c'])
    network.current.accept()
    expect(network.current.received).toEqual([])
    network.current.send({ type: 'welcome', payload: { connectionId: 'c', sessionId: 's', userId: 'u', heartbeatMs: 1, heartbeatTimeoutMs: 1 } })
    await opened
  })

  it('resumes with the session the server gave', async () => {
    const it = scene()
    await it.connect()
    await reconnect(it)
    it.network.current.accept()
    expect(it.network.current.last('auth').payload).toMatchObject({ sessionId: 's1' })
  })

  it('a missing WebSocket class closes with words that say what to do', async () => {
    const { client } = scene({ environment: { WebSocket: undefined } })
    await expect(client.connect()).rejects.toThrow(/webSocket/)
    expect(client.state.status).toBe('closed')
  })
})

describe('reconnecting', () => {
  it.each([1000, 1001, 1002, 1006, 1009, 1011, 1012, 4001, 4008, 4010, 4012, 4013, 4029, 4399])('comes back after close code %i', async (code) => {
    const it = scene()
    await it.connect()
    it.network.current.close(code, 'why')
    expect(it.client.state).toMatchObject({ status: 'waiting', attempt: 1, cause: { code, message: 'why' } })
    await it.clock.pass(1000)
    expect(it.network.connections).toHaveLength(2)
  })

  it.each([1003, 1008, 4400, 4403, 4408, 4409, 4410, 4999])('stays away after close code %i', async (code) => {
    const it = scene()
    await it.connect()
    it.network.current.close(code, 'why')
    expect(it.client.state).toEqual({ status: 'closed', reason: { kind: 'rejected', code, message: 'why' } })
    await it.clock.pass(120_000)
    expect(it.network.connections).toHaveLength(1)
  })

  it('backs off further while it fails, and starts anew after a connection that held', async () => {
    const it = scene({ environment: { random: () => 0.999 } })
    await it.connect()
    const delays: number[] = []
    for (let i = 0; i < 7; i++) {
      it.network.current.close()
      delays.push(Math.ceil((it.clock.nextMs() ?? 0) / 1000))
      await it.clock.pass(it.clock.nextMs() ?? 0)
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30])
    it.network.current.welcome()
    await it.clock.pass(5_000)
    it.network.current.close()
    expect(it.client.state).toMatchObject({ status: 'waiting', attempt: 1 })
  })

  it('retries a first connection that fails', async () => {
    const { client, clock, network } = scene()
    const opened = client.connect()
    await clock.settle()
    network.current.close()
    await clock.pass(1000)
    network.current.welcome()
    await opened
    expect(client.metrics()).toMatchObject({ connects: 1, reconnects: 0 })
  })

  it('does not come back after close(), and connect() starts again', async () => {
    const it = scene()
    await it.connect()
    it.client.close()
    expect(it.client.state).toEqual({ status: 'closed', reason: { kind: 'closed' } })
    expect(it.clock.nextMs()).toBeUndefined()
    expect(it.network.current.dropped).toBe(true)
    await it.connect()
    expect(it.client.state.status).toBe('open')
  })

  it('close() inside a handler that hears of the loss is not undone by the back-off', async () => {
    const it = await subscribedScene()
    it.channel.onState(() => it.client.close())
    it.network.current.close()
    expect(it.client.state).toEqual({ status: 'closed', reason: { kind: 'closed' } })
    expect(it.clock.nextMs()).toBeUndefined()
  })

  it('close() while waiting to reconnect leaves no timer', async () => {
    const it = scene()
    await it.connect()
    it.network.current.close()
    it.client.close()
    expect(it.clock.nextMs()).toBeUndefined()
    await expect(it.client.rpc('x')).rejects.toMatchObject({ name: 'closed' })
  })

  it('hears nothing more of an old socket', async () => {
    const it = await subscribedScene()
    const old = it.network.current
    await reconnect(it)
    old.send(message(1))
    old.close(4400)
    expect(it.events).toEqual([])
    expect(it.client.state.status).toBe('connecting')
  })

  it('goaway: leaves and comes back after the delay that the server asks for', async () => {
    const it = scene()
    await it.connect()
    it.network.current.send({ type: 'goaway', payload: { reason: 'restart', reconnectAfterMs: 5000 } })
    expect(it.network.current.dropped).toBe(true)
    await it.clock.pass(4999)
    expect(it.network.connections).toHaveLength(1)
    await it.clock.pass(1001)
    expect(it.network.connections).toHaveLength(2)
  })

  it('a page that wakes does not wait for the back-off', async () => {
    const it = scene({ environment: { random: () => 0.9 } })
    await it.connect()
    it.network.current.close()
    it.wake()
    await it.clock.settle()
    expect(it.network.connections).toHaveLength(2)
    await it.clock.pass(10_000)
    expect(it.network.connections).toHaveLength(2)
  })

  it('a server that never answers the connect is given up after 15 s', async () => {
    const it = scene()
    void it.client.connect()
    await it.clock.pass(14_999)
    expect(it.client.state.status).toBe('connecting')
    await it.clock.pass(1)
    expect(it.client.state.status).toBe('waiting')
  })
})

describe('heartbeats', () => {
  it('answers a heartbeat of the server, once, and measures the round trip from the answer', async () => {
    const it = scene()
    await it.connect()
    it.network.current.send({ type: 'connection_heartbeat', payload: { timestamp: 1 } })
    const sent = it.network.current.last('connection_heartbeat')
    await it.clock.pass(42)
    it.network.current.send({ type: 'connection_heartbeat', id: sent.id as string, payload: { ...sent.payload, serverTime: 5 } })
    expect(it.network.current.received.filter((one) => one.type === 'connection_heartbeat')).toHaveLength(1)
    expect(it.client.metrics().rttMs).toBe(42)
  })

  it('silence for heartbeatMs + heartbeatTimeoutMs and no answer to a last question: reconnects', async () => {
    const it = scene()
    await it.connect()
    await it.clock.pass(35_000)
    expect(it.network.current.last('connection_heartbeat')).toBeTruthy()
    expect(it.client.state.status).toBe('open')
    await it.clock.pass(1_000)
    expect(it.client.state.status).toBe('waiting')
  })

  it('any traffic is a sign of life', async () => {
    const it = scene()
    await it.connect()
    for (let i = 0; i < 20; i++) {
      await it.clock.pass(30_000)
      it.network.current.send({ type: 'something_else', payload: {} })
    }
    expect(it.client.state.status).toBe('open')
  })

  it('a timer that fires late after sleep gives the waiting messages one second', async () => {
    const it = scene()
    await it.connect()
    await it.clock.pass(35_000)
    it.network.current.send({ type: 'connection_heartbeat', payload: { timestamp: 1 } })
    await it.clock.pass(1_000)
    expect(it.client.state.status).toBe('open')
  })

  it.each(['wake', 'sleep'] as const)('on %s asks at once, and reconnects without an answer in 5 s', async (event) => {
    const it = scene()
    await it.connect()
    it[event]()
    expect(it.network.current.last('connection_heartbeat')).toBeTruthy()
    await it.clock.pass(5_000)
    expect(it.client.state.status).toBe('waiting')
  })
})

describe('robustness', () => {
  it('text that is not JSON is an error event, not an exception', async () => {
    const it = scene()
    await it.connect()
    const errors: unknown[] = []
    it.client.on('error', (error) => errors.push(error))
    it.network.current.sendText('{nope')
    it.network.current.sendText('[1,null,"x",{"type":5}]')
    expect(errors).toHaveLength(1)
    expect(it.client.state.status).toBe('open')
  })

  it('a handler that throws does not stop the others; the error is reported', async () => {
    const it = await subscribedScene()
    const errors: string[] = []
    const seen: number[] = []
    it.client.on('error', (error) => errors.push(String(error.message)))
    it.channel.on('chat_message', () => {
      throw new Error('bug')
    })
    it.channel.on('chat_message', (event) => seen.push(event.offset ?? 0))
    it.network.current.send(message(1), message(2))
    expect(seen).toEqual([1, 2])
    expect(errors).toEqual(['Error: bug', 'Error: bug'])
  })

  it('keys named __proto__ and constructor stay data', async () => {
    const it = await subscribedScene()
    it.network.current.sendText('{"type":"chat_message","channel":"chat:1","offset":1,"epoch":"e1","__proto__":{"polluted":1},"payload":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"content":"x","role":"user"}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.getPrototypeOf(it.events[0])).toBe(Object.prototype)
  })

  it('close() inside a handler ends the rest of the batch', async () => {
    const it = await subscribedScene()
    it.channel.on('chat_message', () => it.client.close())
    it.network.current.send(message(1), message(2))
    expect(it.events).toHaveLength(1)
  })
})
