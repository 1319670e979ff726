import { createClient, type Client, type ClientOptions, type TidewireEvent } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { all, api, mint, namespaces, startProxy, startServer, useServer } from '../src/index'

// What the real client can say and hear, message by message, at the real server.

const toml = `${namespaces}
[namespace.read]
publish = true
subscribe = true
presence = true
history = true
receipts = true
`
const server = useServer({ toml })
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
const tokenOf = (sub: string) => mint({ sub, channels: [{ match: 'chat:*', allow: all }] })
const clientOf = async (user: string, options: Partial<ClientOptions> = {}): Promise<Client> => {
  const client = createClient({ url: `${server().ws}/ws`, token: tokenOf(user), webSocket: WebSocket, reconnect: { minMs: 20, maxMs: 100 }, ...options })
  cleanups.push(() => client.close())
  await client.connect()
  return client
}
const proxied = async (url = server().url) => {
  const proxy = await startProxy(url)
  cleanups.push(() => proxy.close())
  return proxy
}
const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
const hello = { content: 'hello', role: 'user' } as const

describe('auth', () => {
  it('says how large batches may be', async () => {
    const sizes = async (incomingBatch: ClientOptions['incomingBatch']) => {
      const frames: unknown[] = []
      class Recording extends WebSocket {
        constructor(url: string, protocols?: string | string[]) {
          super(url, protocols)
          this.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())))
        }
      }
      const channel = `chat:batch-${JSON.stringify(incomingBatch).replace(/\W/g, '')}`
      const bob = await clientOf('bob', { incomingBatch, webSocket: Recording })
      const heard: TidewireEvent[] = []
      bob.channel(channel).on('chat_message', (event) => heard.push(event))
      await bob.channel(channel).subscribe()
      const alice = await clientOf('alice', { batch: {} })
      await Promise.all(Array.from({ length: 12 }, () => alice.channel(channel).publish('chat_message', hello)))
      await until(() => heard.length === 12)
      return frames.filter(Array.isArray).map((frame) => frame.length as number)
    }
    expect(await sizes(false)).toEqual([])
    const limited = await sizes({ messages: 3, delayMs: 300 })
    expect(limited.length).toBeGreaterThan(0)
    expect(Math.max(...limited)).toBe(3)
  })

  it('tells what the server takes', async () => {
    const { state } = await clientOf('alice')
    expect(state).toMatchObject({ status: 'open', limits: { messageBytes: 65_536, channels: expect.any(Number) }, server: expect.stringMatching(/^tidewire\//) })
  })

  it('refreshes the token at will: rights grow, and a refused token changes nothing', async () => {
    const client = createClient({ url: `${server().ws}/ws`, token: mint({ sub: 'alice' }), webSocket: WebSocket })
    cleanups.push(() => client.close())
    await client.connect()
    const publish = () => client.channel('quiet:1').publish('chat_message', hello)
    await expect(publish()).rejects.toMatchObject({ name: 'permission_denied' })
    await client.refreshToken(mint({ sub: 'alice', channels: [{ match: 'quiet:*', allow: ['publish'] }] }))
    expect(await publish()).toMatchObject({ offset: 1 })
    await expect(client.refreshToken(mint({ sub: 'mallory' }))).rejects.toMatchObject({ name: 'session_mismatch' })
    await expect(client.refreshToken('no token')).rejects.toMatchObject({ name: 'token_invalid' })
    expect(await publish()).toMatchObject({ offset: 2 })
    expect(client.metrics().reconnects).toBe(0)
  })
})

describe('events', () => {
  it('carry nonce, sig, enc and trace through', async () => {
    const [alice, bob] = [await clientOf('alice'), await clientOf('bob')]
    const heard: TidewireEvent[] = []
    bob.channel('chat:sealed').on('chat_message', (event) => heard.push(event))
    await bob.channel('chat:sealed').subscribe()
    const fields = { nonce: 'n-1', sig: 'signature', enc: 'aes', trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    await alice.channel('chat:sealed').publish('chat_message', hello, fields)
    await until(() => heard.length === 1)
    expect(heard[0]).toMatchObject(fields)
  })
})

describe('echo: false', () => {
  it('in a busy channel: nothing of the others is lost or late, nothing of its own comes back', async () => {
    const channel = 'chat:echo'
    const alice = await clientOf('alice', { echo: false })
    const others = await Promise.all(['bob', 'carl', 'dora', 'emil'].map((user) => clientOf(user)))
    const heard: TidewireEvent[] = []
    alice.channel(channel).on('chat_message', (event) => heard.push(event))
    await alice.channel(channel).subscribe()
    const statuses: string[] = []
    alice.channel(channel).onState(({ status }) => statuses.push(status))
    const say = async (client: Client) => {
      for (let i = 0; i < 100; i++) await client.channel(channel).publish('chat_message', hello)
    }
    await Promise.all([alice, ...others].map(say))
    await until(() => heard.length >= 400)
    expect(heard).toHaveLength(400)
    expect(heard.some((event) => event.from?.userId === 'alice')).toBe(false)
    expect(heard.every((event, i) => i === 0 || event.offset! > heard[i - 1]!.offset!)).toBe(true)
    expect(statuses).toEqual([])
    expect(alice.metrics().gaps).toBe(0)
  })
})

describe('markRead', () => {
  it('arrives although the connection is gone', async () => {
    const channel = 'read:cut'
    const proxy = await proxied()
    const [alice, bob] = [await clientOf('alice'), await clientOf('bob', { url: `${proxy.ws}/ws` })]
    const heard: TidewireEvent[] = []
    bob.channel(channel).on('chat_message', (event) => heard.push(event))
    await bob.channel(channel).subscribe()
    for (let i = 0; i < 3; i++) await alice.channel(channel).publish('chat_message', hello)
    await until(() => heard.length === 3)
    const gone = new Promise<void>((resolve) => {
      const undo = bob.onState(({ status }) => {
        if (status !== 'waiting') return
        undo()
        bob.channel(channel).markRead()
        resolve()
      })
    })
    proxy.cut()
    await gone
    await until(async () => (await alice.channel(channel).receipts()).consumers.some(({ userId, read }) => userId === 'bob' && read === 3))
  })
})

describe('presence', () => {
  it('says again who one is when the server has lost the session', async () => {
    const first = await startServer()
    cleanups.push(() => first.stop())
    const proxy = await proxied(first.url)
    const bob = await clientOf('bob', { url: `${proxy.ws}/ws` })
    await bob.channel('chat:who').subscribe()
    await bob.channel('chat:who').updatePresence({ name: 'Bob', away: true })
    await first.stop('SIGKILL')
    const second = await startServer()
    cleanups.push(() => second.stop())
    proxy.target(second.url)
    await until(async () => {
      const { body } = await api(second, 'presence', { channel: 'chat:who' })
      return (body.members as { info?: { away?: boolean } }[])[0]?.info?.away
    })
  })
})

describe('stream.open', () => {
  it('announces a message; a newer generation fences the one before it', async () => {
    const channel = 'chat:announced'
    const [agent, reader] = [await clientOf('agent'), await clientOf('reader')]
    const old = agent.channel(channel).stream('m', { generation: 1 })
    await old.open()
    expect(await reader.channel(channel).streamStatus()).toMatchObject({ status: 'pending', streams: [{ messageId: 'm', generation: 1, rev: 0 }] })
    const fresh = agent.channel(channel).stream('m', { generation: 2 })
    await fresh.open()
    await old.append('too late')
    expect(await old.done).toMatchObject({ status: 'failed', error: { name: 'stream_fenced' } })
    await fresh.append('in time')
    expect(await fresh.complete()).toEqual({ status: 'complete' })
    await fresh.open()

    const unwanted = agent.channel(channel).stream('next')
    expect(await reader.channel(channel).cancelStream('next', { reason: 'changed my mind' })).toBe('pending')
    await unwanted.open()
    expect((await unwanted.done).status).toBe('cancelled')
  })
})
