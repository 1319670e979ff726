import { createClient, trackReceipts, type Client, type TidewireEvent } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { api, mint, openRaw, openUser, request, startProxy, useServer, type Message, type Raw } from '../src/index'

// protocol.md sections 7 and 8: acknowledgements, redelivery, dead letters, receipts.

const options = `
publish = true
subscribe = true
history = true
presence = true
history_size = 200
ack = "required"
ack_window = 5
receipts = true
`
// Where something has to be sent again soon, often, or not while the test runs.
const toml = `
[namespace.work]${options}
ack_timeout = "200ms"
ack_attempts = 3

[namespace.again]${options}
ack_timeout = "200ms"
ack_attempts = 100

[namespace.calm]${options}
ack_timeout = "60s"

[namespace.dead]
subscribe = true
history = true
`
const server = useServer({ toml, flags: { 'limits.receipt_timeout': '1s' } })

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

const ack = (raw: Raw, channel: string, { offset, epoch }: Message, more: object = {}) =>
  raw.send({ type: 'ack', channel, payload: { offset, epoch, ...more } })
const clientOf = async (user: string, url = `${server().ws}/ws`): Promise<Client> => {
  const client = createClient({ url, token: mint({ sub: user }), webSocket: WebSocket, reconnect: { minMs: 50, maxMs: 200 } })
  cleanups.push(() => client.close())
  await client.connect()
  return client
}
const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
const metric = async (name: string) => {
  const { text } = await request(`${server().internal}/metrics`)
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

describe('consumers', () => {
  it('one that never acknowledges: sent three times, then a dead letter, then the next', async () => {
    const channel = 'work:never'
    const alice = await openUser(server(), 'alice')
    const bob = await openUser(server(), 'bob')
    const undertaker = await openUser(server(), 'carl')
    await undertaker.subscribe('dead:work.never')
    await bob.subscribe(channel)
    await alice.say(channel, 'poison')
    await alice.say(channel, 'good')
    const times = [undefined, 1, 2]
    for (const redelivered of times) {
      const event = await bob.next((message) => message.offset === 1)
      expect(event.redelivered).toBe(redelivered)
    }
    const letter = await undertaker.next('dead_letter')
    expect(letter.payload).toMatchObject({ channel, offset: 1, attempts: 3, consumer: { userId: 'bob' }, event: { payload: { content: 'poison' } } })
    const good = await bob.next((message) => message.offset === 2)
    ack(bob, channel, good)
    await bob.barrier()
    expect((await alice.ask({ type: 'receipts', channel })).payload.consumers).toEqual([{ userId: 'bob', delivered: 2, read: 0 }])
    expect(await metric('tidewire_dead_letters_total')).toBeGreaterThanOrEqual(1)
  })

  it('a slow one gets no more than the window, and everything in the end', async () => {
    const channel = 'calm:slow'
    const alice = await openUser(server(), 'alice')
    const bob = await openUser(server(), 'bob')
    await bob.subscribe(channel)
    for (let i = 1; i <= 20; i++) await alice.say(channel, `m${i}`)
    const first = await bob.barrier()
    expect(first.filter((message) => message.type === 'chat_message').map((message) => message.offset)).toEqual([1, 2, 3, 4, 5])
    const epoch = first[0]!.epoch
    const seen = new Set([1, 2, 3, 4, 5])
    ack(bob, channel, { offset: 5, epoch } as Message)
    while (seen.size < 20) {
      const { offset } = await bob.next('chat_message')
      seen.add(offset!)
      ack(bob, channel, { offset, epoch } as Message)
    }
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('the client: what a handler could not take comes again, also over a lost connection', async () => {
    const channel = 'again:client'
    const proxy = await startProxy(server().url)
    cleanups.push(() => proxy.close())
    const alice = await clientOf('alice')
    const bob = await clientOf('bob', `${proxy.ws}/ws`)
    bob.on('error', () => {})
    const handled: number[] = []
    let broken = true
    bob.channel(channel).on('chat_message', (event: TidewireEvent) => {
      if (broken && event.offset === 2) throw new Error('cannot')
      handled.push(event.offset!)
    })
    await bob.channel(channel).subscribe({ ack: 'auto' })
    for (let i = 1; i <= 3; i++) await alice.channel(channel).publish('chat_message', { content: `m${i}`, role: 'user' })
    await until(() => handled.includes(3))
    broken = false
    await until(() => handled.includes(2))
    await until(async () => (await alice.channel(channel).receipts()).consumers[0]?.delivered === 3)
    proxy.cut()
    await alice.channel(channel).publish('chat_message', { content: 'm4', role: 'user' })
    await until(() => handled.includes(4))
    expect(handled).toEqual([1, 3, 2, 4])
  })
})

describe('the client', () => {
  it('gets what a handler could not take when it comes back, without waiting for the server to send it again', async () => {
    const channel = 'calm:client'
    const proxy = await startProxy(server().url)
    cleanups.push(() => proxy.close())
    const alice = await clientOf('alice')
    const bob = await clientOf('bob', `${proxy.ws}/ws`)
    const faults: unknown[] = []
    bob.on('error', (error) => faults.push(error))
    const handled: number[] = []
    let broken = true
    bob.channel(channel).on('chat_message', (event: TidewireEvent) => {
      if (broken && event.offset === 2) throw new Error('cannot')
      handled.push(event.offset!)
    })
    await bob.channel(channel).subscribe({ ack: 'auto' })
    for (let i = 1; i <= 2; i++) await alice.channel(channel).publish('chat_message', { content: `m${i}`, role: 'user' })
    await until(() => faults.length === 1)
    broken = false
    proxy.cut()
    await until(() => handled.includes(2))
    await until(async () => (await alice.channel(channel).receipts()).consumers[0]?.delivered === 2)
    expect(handled).toEqual([1, 2])
  })
})

describe('the client with async handlers', () => {
  it('acknowledges when the promise resolves; what rejected comes again', async () => {
    const channel = 'again:async'
    const alice = await clientOf('alice')
    const bob = await clientOf('bob')
    const faults: string[] = []
    bob.on('error', (error) => faults.push(error.message))
    const started: [number, number | undefined][] = []
    let work = (): Promise<void> => Promise.reject(new Error('the database is away'))
    bob.channel(channel).on('chat_message', async ({ offset, redelivered }) => {
      started.push([offset!, redelivered])
      await work()
    })
    await bob.channel(channel).subscribe({ ack: 'auto' })
    await alice.channel(channel).publish('chat_message', { content: 'm1', role: 'user' })
    await until(() => started.length >= 2)
    expect(started.slice(0, 2)).toEqual([[1, undefined], [1, 1]])
    expect(faults[0]).toContain('the database is away')
    expect((await alice.channel(channel).receipts()).consumers.some(({ delivered }) => delivered > 0)).toBe(false)

    let finish = () => {}
    work = () => new Promise((resolve) => (finish = resolve))
    const before = started.length
    await until(() => started.length === before + 1)
    // Sent again meanwhile, and not handed out, since it is at work.
    const { received } = bob.metrics()
    await until(() => bob.metrics().received > received)
    expect(started.length).toBe(before + 1)
    finish()
    await until(async () => (await alice.channel(channel).receipts()).consumers[0]?.delivered === 1)
  })
})

describe('trackReceipts', () => {
  it('shows who has read what, before and after it began', async () => {
    const channel = 'calm:seen'
    const [alice, bob, carl] = [await clientOf('alice'), await clientOf('bob'), await clientOf('carl')]
    const heard: number[] = []
    for (const reader of [bob, carl]) {
      reader.channel(channel).on('chat_message', ({ offset }) => heard.push(offset!))
      await reader.channel(channel).subscribe()
    }
    for (const content of ['one', 'two']) await alice.channel(channel).publish('chat_message', { content, role: 'user' })
    await until(() => heard.length === 4)
    bob.channel(channel).markRead(1)
    await until(async () => (await alice.channel(channel).receipts()).consumers.some(({ read }) => read === 1))
    const view = trackReceipts(alice.channel(channel))
    await alice.channel(channel).subscribe()
    await until(() => view.passed(1).includes('bob'))
    bob.channel(channel).markRead()
    carl.channel(channel).ack()
    await until(() => view.passed(2).includes('bob') && view.passed(2, 'delivered').includes('carl'))
    expect(view.passed(2)).toEqual(['bob'])
  })
})

describe('a session that comes back', () => {
  const lose = async (raw: Raw) => {
    raw.socket.terminate()
    await raw.closed
  }
  const begin = async (user: string) => {
    const raw = await openRaw(server(), { as: { sub: user } })
    return { raw, sessionId: String((await raw.next('welcome')).payload.sessionId) }
  }
  const resume = async (user: string, sessionId: string) => {
    const raw = await openRaw(server(), { as: { sub: user }, headers: { 'Tidewire-Session': sessionId } })
    expect((await raw.next('welcome')).payload.resumed).toBe(true)
    return raw
  }

  it('gets what it had received and not acknowledged, and nothing that it had', async () => {
    const channel = 'calm:resume'
    const alice = await openUser(server(), 'alice')
    const { raw, sessionId } = await begin('bob')
    await raw.subscribe(channel)
    for (const content of ['one', 'two', 'three']) await alice.say(channel, content)
    const one = await raw.next('chat_message')
    await raw.next('chat_message')
    ack(raw, channel, one)
    await raw.barrier()
    await lose(raw)
    const again = await resume('bob', sessionId)
    const { payload } = await again.next('subscribed')
    expect(payload).toMatchObject({ recovered: true })
    expect(payload.publications.map((event: Message) => event.payload.content)).toEqual(['two', 'three'])
  })

  it('counts how often an event was sent: what breaks a consumer every time is a dead letter in the end', async () => {
    const channel = 'work:crasher'
    const alice = await openUser(server(), 'alice')
    const undertaker = await openUser(server(), 'carl')
    await undertaker.subscribe('dead:work.crasher')
    const { raw, sessionId } = await begin('bob')
    await raw.subscribe(channel)
    await alice.say(channel, 'poison')
    await raw.next('chat_message')
    await lose(raw)
    for (let times = 2; times <= 3; times++) {
      const again = await resume('bob', sessionId)
      await again.next('subscribed')
      if (times < 3) await lose(again)
    }
    expect((await undertaker.next('dead_letter')).payload).toMatchObject({ channel, offset: 1, attempts: 3, consumer: { userId: 'bob', sessionId } })
  })

  it('may send a numbered publish again', async () => {
    const channel = 'calm:numbers'
    const { raw, sessionId } = await begin('alice')
    const say = (on: Raw) => on.publish(channel, 'chat_message', { content: 'once', role: 'user' }, { seq: 1 })
    const first = await say(raw)
    await lose(raw)
    const again = await say(await resume('alice', sessionId))
    expect(again.payload).toEqual({ ...first.payload, duplicate: true })
  })
})

describe('publishers', () => {
  it('are told when all have it; two devices of a user are one', async () => {
    const channel = 'calm:all'
    const alice = await clientOf('alice')
    const bob = await openUser(server(), 'bob')
    const phone = await openUser(server(), 'bob')
    const carl = await openUser(server(), 'carl')
    for (const each of [bob, phone, carl]) await each.subscribe(channel)
    const result = await alice.channel(channel).publish('chat_message', { content: 'x', role: 'user' }, { receipt: { kind: 'delivered', count: 'all' } })
    ack(phone, channel, await phone.next('chat_message'))
    ack(carl, channel, await carl.next('chat_message'), { read: 1 })
    const receipt = await result.receipt!
    expect(receipt).toMatchObject({ offset: 1, kind: 'delivered', count: 2, complete: true })
    expect([...receipt.consumers].sort()).toEqual(['bob', 'carl'])
    const changed = await bob.next((message) => message.type === 'receipt_changed' && message.payload.userId === 'carl')
    expect(changed.payload).toEqual({ userId: 'carl', delivered: 1, read: 1 })
    const { body } = await api(server(), 'receipts', { channel, offset: 1 })
    expect(body.consumers.map((each: { userId: string }) => each.userId).sort()).toEqual(['bob', 'carl'])
  })

  it('are told in time when not enough have', async () => {
    const alice = await clientOf('alice')
    const result = await alice.channel('calm:late').publish('chat_message', { content: 'x', role: 'user' }, { receipt: { kind: 'read', count: 1 } })
    expect(await result.receipt).toMatchObject({ count: 0, consumers: [], complete: false })
  })

  it('that crash and try again with the same key publish once, and are told', async () => {
    const channel = 'calm:crash'
    const bob = await openUser(server(), 'bob')
    await bob.subscribe(channel)
    const fields = { key: 'k1', receipt: { kind: 'read', count: 'all' } }
    const first = await openUser(server(), 'alice')
    first.send({ type: 'chat_message', channel, ...fields, payload: { content: 'once', role: 'user' } })
    const event = await bob.next('chat_message')
    first.socket.terminate()
    const second = await openUser(server(), 'alice')
    const again = await second.publish(channel, 'chat_message', { content: 'once', role: 'user' }, fields)
    expect(again.payload).toMatchObject({ duplicate: true, offset: event.offset, epoch: event.epoch })
    ack(bob, channel, event, { read: event.offset })
    expect((await second.next('receipt')).payload).toMatchObject({ offset: event.offset, kind: 'read', consumers: ['bob'], complete: true })
  })

  it('number their publishes within the session', async () => {
    const alice = await openUser(server(), 'alice')
    const say = (seq: number) => alice.publish('calm:seq', 'chat_message', { content: `n${seq}`, role: 'user' }, { seq })
    expect((await say(1)).payload).toMatchObject({ offset: 1, duplicate: false })
    expect((await say(1)).payload).toMatchObject({ offset: 1, duplicate: true })
    expect((await say(3)).payload).toMatchObject({ offset: 2, duplicate: false })
  })
})
