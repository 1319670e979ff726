import { createClient, trackMessages, type Client, type ClientOptions, type StreamedMessage, type TidewireEvent } from '@tidewire/client'
import { WebSocket as UndiciWebSocket } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { api, mint, openUser, seconds, startProxy, startServer, useServer, type Proxy, type Server } from '../src/index'

// The real client against the real server, over networks that fail.

const server = useServer()
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const clientOf = (url: string, user: string, options: Partial<ClientOptions> = {}): Client => {
  const client = createClient({ url, token: mint({ sub: user }), webSocket: WebSocket, reconnect: { minMs: 50, maxMs: 200 }, ...options })
  cleanups.push(() => client.close())
  return client
}
const proxied = async (on: Server): Promise<Proxy> => {
  const proxy = await startProxy(on.url)
  cleanups.push(() => proxy.close())
  return proxy
}
const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
const contents = (events: TidewireEvent[]) => events.map((event) => (event.payload as { content: string }).content)

describe('conversation', () => {
  it.each([
    ['ws', WebSocket],
    ['undici', UndiciWebSocket],
  ])('two clients talk, with the WebSocket of %s', async (_name, webSocket) => {
    const channel = `chat:talk-${_name}`
    const alice = clientOf(`${server().ws}/ws`, 'alice', { webSocket: webSocket as never, client: 'agent/1.0' })
    const bob = clientOf(`${server().ws}/ws`, 'bob', { tokenIn: 'subprotocol' })
    await Promise.all([alice.connect(), bob.connect()])
    const heard: TidewireEvent[] = []
    bob.channel(channel).on('chat_message', (event) => heard.push(event))
    await bob.channel(channel).subscribe()
    const result = await alice.channel(channel).publish('chat_message', { content: 'hello', role: 'user' })
    expect(result).toMatchObject({ offset: 1, duplicate: false })
    await until(() => heard.length === 1)
    expect(heard[0]).toMatchObject({ payload: { content: 'hello' }, from: { userId: 'alice', client: 'agent/1.0' }, replayed: false })
    expect((await bob.channel(channel).presence()).map((member) => member.userId)).toEqual(['bob'])
    expect((await bob.channel(channel).history({ limit: 5 })).publications).toHaveLength(1)
    await expect(bob.channel('quiet:1').subscribe()).rejects.toMatchObject({ name: 'permission_denied', code: 1201 })
    await expect(bob.channel(channel).publish('chat_message', { content: 1 as never, role: 'user' })).rejects.toMatchObject({ name: 'invalid_message', path: '/payload/content' })
  })

  it('the URL names the channel', async () => {
    const client = clientOf(`${server().ws}/ws/chat/implied`, 'alice')
    const heard: TidewireEvent[] = []
    client.on('chat_message', (event) => heard.push(event))
    await client.connect()
    await client.channel('chat:implied').subscribe()
    await client.channel('chat:implied').publish('chat_message', { content: 'x', role: 'user' })
    await until(() => heard.length === 1)
  })

  it('streams a message; a second viewer that joins in the middle sees the same text', async () => {
    const agent = clientOf(`${server().ws}/ws`, 'agent')
    await agent.connect()
    const viewers = [clientOf(`${server().ws}/ws`, 'v1'), clientOf(`${server().ws}/ws`, 'v2')]
    const views = viewers.map((viewer) => trackMessages(viewer.channel('chat:stream')))
    await viewers[0]!.connect()
    await viewers[0]!.channel('chat:stream').subscribe()
    const words = Array.from({ length: 40 }, (_, i) => `word${i} `)
    for (const [i, content] of words.entries()) {
      await agent.channel('chat:stream').publish('chat_message_chunk', { messageId: 'm', content, index: i + 1, isComplete: i === words.length - 1 })
      if (i === 20) {
        await viewers[1]!.connect()
        await viewers[1]!.channel('chat:stream').subscribe()
        expect(views[1]!.get('m')).toMatchObject({ status: 'streaming', stale: false })
      }
    }
    for (const view of views) {
      await until(() => view.get('m')?.status === 'complete')
      expect(view.get('m')?.content).toBe(words.join(''))
      expect(view.list).toHaveLength(1)
    }
  })

  it('channel.stream: text and parts reach a reader, who stops it; the producer hears of it, at once or at the first piece', async () => {
    const agent = clientOf(`${server().ws}/ws`, 'agent')
    const reader = clientOf(`${server().ws}/ws`, 'reader')
    const channel = 'chat:writer'
    const view = trackMessages(reader.channel(channel))
    await Promise.all([agent.connect(), reader.connect()])
    await reader.channel(channel).subscribe()

    const writer = agent.channel(channel).stream('answer')
    await writer.append('{"city":', { part: { id: 'c', kind: 'tool_call', name: 'weather' } })
    await writer.append('"Lisbon"}', { part: { id: 'c', kind: 'tool_call', name: 'weather' } })
    await writer.append('Warm.')
    await until(() => view.get('answer')?.content === 'Warm.')
    expect(view.get('answer')).toMatchObject({ status: 'streaming', parts: [{ id: 'c', kind: 'tool_call', name: 'weather', content: '{"city":"Lisbon"}' }, { kind: 'text' }] })
    expect(await reader.channel(channel).streamStatus()).toMatchObject({ status: 'active', streams: [{ messageId: 'answer', rev: 3 }] })

    const heard: unknown[] = []
    writer.onCancel((reason) => heard.push(reason))
    expect(await reader.channel(channel).cancelStream('answer', { reason: 'enough' })).toBe('cancelled')
    expect(await writer.done).toEqual({ status: 'cancelled', reason: 'enough' })
    expect(heard).toEqual(['enough'])
    await until(() => view.get('answer')?.status === 'cancelled')
    expect(view.get('answer')).toMatchObject({ content: 'Warm.', offset: 1 })
    expect(await reader.channel(channel).cancelStream('answer')).toBe('ended')
    expect(await reader.channel(channel).streamStatus()).toEqual({ status: 'none', streams: [] })

    expect(await reader.channel(channel).cancelStream('next')).toBe('pending')
    const next = agent.channel(channel).stream('next')
    await next.append('x')
    expect((await next.done).status).toBe('cancelled')
  })

  it('channel.stream: the server is killed in the middle; the answer is whole in the end', async () => {
    const first = await startServer()
    const proxy = await proxied(first)
    const agent = clientOf(`${proxy.ws}/ws`, 'agent')
    const reader = clientOf(`${proxy.ws}/ws`, 'reader')
    const view = trackMessages(reader.channel('chat:w2'))
    await Promise.all([agent.connect(), reader.connect()])
    await reader.channel('chat:w2').subscribe()
    const writer = agent.channel('chat:w2').stream('answer')
    const words = Array.from({ length: 60 }, (_, i) => `word${i} `)
    for (const word of words.slice(0, 30)) await writer.append(word)
    await until(() => (view.get('answer')?.rev ?? 0) > 20)
    await first.stop('SIGKILL')
    for (const word of words.slice(30)) void writer.append(word)
    const end = writer.complete()
    const second = await startServer()
    cleanups.push(() => second.stop())
    proxy.target(second.url)
    expect(await end).toEqual({ status: 'complete' })
    await until(() => view.get('answer')?.status === 'complete')
    expect(view.get('answer')?.content).toBe(words.join(''))
  })

  it('measures the round trip', async () => {
    const quick = await startServer({ flags: { 'heartbeat.interval': '200ms', 'heartbeat.timeout': '2s' } })
    cleanups.push(() => quick.stop())
    const client = clientOf(`${quick.ws}/ws`, 'alice')
    await client.connect()
    await until(() => client.metrics().rttMs !== undefined)
    expect(client.metrics().rttMs).toBeLessThan(1_000)
    const { received } = client.metrics()
    await until(() => client.metrics().received > received + 4)
    expect(client.state.status).toBe('open')
  })
})

describe('a network that fails', () => {
  it('cut again and again under load: nothing lost, nothing twice, in order', async () => {
    const proxy = await proxied(server())
    const reader = clientOf(`${proxy.ws}/ws`, 'reader')
    const writer = clientOf(`${proxy.ws}/ws`, 'writer')
    const heard: TidewireEvent[] = []
    const gaps: unknown[] = []
    reader.channel('chat:cut').on('chat_message', (event) => heard.push(event))
    reader.on('gap', (gap) => gaps.push(gap))
    await Promise.all([reader.connect(), writer.connect()])
    await reader.channel('chat:cut').subscribe()
    const acks: Promise<unknown>[] = []
    for (let i = 0; i < 60; i++) {
      acks.push(writer.channel('chat:cut').publish('chat_message', { content: `${i}`, role: 'user' }))
      if (i % 10 === 5) {
        const before = [reader.metrics().connects, writer.metrics().connects] as const
        proxy.cut()
        await until(() => reader.metrics().connects > before[0] && writer.metrics().connects > before[1])
      }
    }
    await Promise.all(acks)
    await until(() => heard.length >= 60)
    expect(contents(heard).sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
    expect(heard.map((event) => event.offset)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1))
    expect(gaps).toEqual([])
    expect(reader.metrics().reconnects).toBeGreaterThanOrEqual(5)
  })

  it('half open: silence is noticed and healed', async () => {
    const quick = await startServer({ flags: { 'heartbeat.interval': '300ms', 'heartbeat.timeout': '300ms' } })
    cleanups.push(() => quick.stop())
    const proxy = await proxied(quick)
    const client = clientOf(`${proxy.ws}/ws`, 'alice')
    const heard: TidewireEvent[] = []
    client.channel('chat:half').on('chat_message', (event) => heard.push(event))
    await client.connect()
    await client.channel('chat:half').subscribe()
    proxy.stall()
    await api(quick, 'publish', { channel: 'chat:half', type: 'chat_message', payload: { content: 'missed', role: 'system' } })
    await until(() => client.state.status === 'waiting' || client.state.status === 'connecting')
    proxy.resume()
    await until(() => heard.length === 1)
    expect(heard[0]).toMatchObject({ payload: { content: 'missed' }, replayed: true })
  })

  it('a stream continues over a reconnect in its middle', async () => {
    const proxy = await proxied(server())
    const viewer = clientOf(`${proxy.ws}/ws`, 'viewer')
    const agent = clientOf(`${server().ws}/ws`, 'agent')
    const view = trackMessages(viewer.channel('chat:mid'))
    await Promise.all([viewer.connect(), agent.connect()])
    await viewer.channel('chat:mid').subscribe()
    const send = (i: number, isComplete = false) => agent.channel('chat:mid').publish('chat_message_chunk', { messageId: 'm', content: `${i} `, index: i, isComplete })
    for (let i = 1; i <= 5; i++) await send(i)
    await until(() => view.get('m')?.rev === 5)
    proxy.cut()
    for (let i = 6; i <= 10; i++) await send(i)
    await until(() => view.get('m')?.rev === 10)
    expect(view.get('m')).toMatchObject({ content: '1 2 3 4 5 6 7 8 9 10 ', status: 'streaming', stale: false })
    await send(11, true)
    await until(() => view.get('m')?.status === 'complete')
  })

  it('the server is killed and comes back: everyone reconnects, hears of the gap, and no publish is lost', async () => {
    const first = await startServer()
    const proxy = await proxied(first)
    const reader = clientOf(`${proxy.ws}/ws`, 'reader')
    const writer = clientOf(`${proxy.ws}/ws`, 'writer')
    const heard: TidewireEvent[] = []
    const gaps: unknown[] = []
    reader.channel('chat:kill').on('chat_message', (event) => heard.push(event))
    reader.channel('chat:kill').on('gap', (gap) => gaps.push(gap))
    await Promise.all([reader.connect(), writer.connect()])
    await reader.channel('chat:kill').subscribe()
    await writer.channel('chat:kill').publish('chat_message', { content: 'before', role: 'user' })
    await until(() => heard.length === 1)
    await first.stop('SIGKILL')
    const pending = writer.channel('chat:kill').publish('chat_message', { content: 'during', role: 'user' })
    const second = await startServer()
    cleanups.push(() => second.stop())
    proxy.target(second.url)
    expect(await pending).toMatchObject({ offset: 1, duplicate: false })
    await until(() => gaps.length === 1 || contents(heard).includes('during'))
    await until(() => reader.channel('chat:kill').state.status === 'subscribed')
    await writer.channel('chat:kill').publish('chat_message', { content: 'after', role: 'user' })
    await until(() => contents(heard).includes('after'))
    expect(contents(heard).filter((content) => content === 'after')).toHaveLength(1)
    expect(gaps).toHaveLength(1)
  })

  it('a graceful restart: goaway, and a publish on the way is kept', async () => {
    const first = await startServer()
    const proxy = await proxied(first)
    const client = clientOf(`${proxy.ws}/ws`, 'alice')
    await client.connect()
    first.signal('SIGTERM')
    await until(() => client.state.status === 'waiting')
    const pending = client.channel('chat:grace').publish('chat_message', { content: 'kept', role: 'user' })
    const second = await startServer()
    cleanups.push(() => second.stop())
    proxy.target(second.url)
    expect(await pending).toMatchObject({ offset: 1 })
    expect(await first.exited).toBe(0)
  })
})

describe('tokens', () => {
  it('are renewed in place, again and again, on one connection', async () => {
    const strict = await startServer({ flags: { 'auth.leeway': '0', 'auth.grace': '0' } })
    cleanups.push(() => strict.stop())
    let given = 0
    const client = clientOf(`${strict.ws}/ws`, 'alice', { token: undefined, getToken: () => (given++, mint({ exp: seconds() + 8 })) })
    await client.connect()
    const state = client.state
    await until(() => given >= 2)
    await client.channel('chat:renew').publish('chat_message', { content: 'still here', role: 'user' })
    expect(client.state).toBe(state)
    expect(client.metrics().reconnects).toBe(0)
  })

  it('that the server refuses close the client as unauthorized', async () => {
    const client = clientOf(`${server().ws}/ws`, 'alice', { token: mint({}, { secret: 'another-secret-of-at-least-32-bytes!' }) })
    await expect(client.connect()).rejects.toMatchObject({ name: 'closed' })
    expect(client.state).toMatchObject({ status: 'closed', reason: { kind: 'unauthorized' } })
  })

  it('a client that an operator ends stays away', async () => {
    const client = clientOf(`${server().ws}/ws`, 'banned')
    await client.connect()
    await api(server(), 'disconnect', { userId: 'banned' })
    await until(() => client.state.status === 'closed')
    expect(client.state).toMatchObject({ reason: { kind: 'rejected', code: 4410 } })
  })
})

describe('batches', () => {
  it('from the server and to the server are taken apart', async () => {
    const client = clientOf(`${server().ws}/ws`, 'alice', { batch: { windowMs: 5, max: 50 } })
    const heard: TidewireEvent[] = []
    client.channel('chat:batch').on('chat_message', (event) => heard.push(event))
    await client.connect()
    await client.channel('chat:batch').subscribe()
    const acks = await Promise.all(Array.from({ length: 120 }, (_, i) => client.channel('chat:batch').publish('chat_message', { content: `${i}`, role: 'user' })))
    expect(acks.map((ack) => ack.offset)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
    await until(() => heard.length === 120)
    expect(contents(heard)).toEqual(Array.from({ length: 120 }, (_, i) => `${i}`))
  })

  it('a bare socket and the client hear the same', async () => {
    const raw = await openUser(server(), 'raw')
    await raw.subscribe('chat:same')
    const client = clientOf(`${server().ws}/ws`, 'alice')
    const view = trackMessages(client.channel('chat:same'))
    await client.connect()
    await client.channel('chat:same').subscribe()
    await raw.say('chat:same', 'hello')
    await until(() => view.list.length === 1)
    const [message] = view.list as [StreamedMessage]
    expect(message).toMatchObject({ content: (await raw.next('chat_message')).payload.content, offset: 1 })
  })
})
