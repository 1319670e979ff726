import { describe, expect, it } from 'vitest'
import type { SubscribeOptions, TidewireEvent } from '../src/index'
import { message, reconnect, scene } from './setup'

/** A subscriber of `chat:1` that acknowledges, and what it sent. */
async function consumer(options: SubscribeOptions, failing: (event: TidewireEvent) => boolean = () => false, work?: (event: TidewireEvent) => Promise<void>) {
  const it = scene()
  await it.connect()
  const channel = it.client.channel('chat:1')
  it.client.on('error', () => {})
  const handled: string[] = []
  channel.on('chat_message', (event) => {
    handled.push(event.redelivered ? `${event.offset} again` : `${event.offset}`)
    if (failing(event)) throw new Error('cannot')
    return work?.(event)
  })
  const done = channel.subscribe(options)
  it.network.current.subscribed()
  await done
  const acks = () => it.network.current.received.filter((sent) => sent.type === 'ack').map((sent) => sent.payload?.offset)
  return { ...it, channel, handled, acks }
}

describe('ack: auto', () => {
  it('acknowledges once for what was handled together', async () => {
    const it = await consumer({ ack: 'auto' })
    it.network.current.send(message(1), message(2), message(3))
    expect(it.acks()).toEqual([])
    await it.clock.pass(20)
    expect(it.acks()).toEqual([3])
    expect(it.network.current.last('ack')).toEqual({ type: 'ack', channel: 'chat:1', payload: { epoch: 'e1', offset: 3 } })
  })

  it('stops before an event whose handler threw, and hands it out when it comes again', async () => {
    let broken = true
    const it = await consumer({ ack: 'auto' }, (event) => broken && event.offset === 2)
    it.network.current.send(message(1), message(2), message(3))
    await it.clock.pass(20)
    expect(it.acks()).toEqual([1])
    broken = false
    it.network.current.send(message(2, { redelivered: 1 }), message(3, { redelivered: 1 }))
    await it.clock.pass(20)
    expect(it.handled).toEqual(['1', '2', '3', '2 again'])
    expect(it.acks()).toEqual([1, 3])
    expect(it.client.metrics().duplicates).toBe(1)
  })

  it('an event that was handled is not handed out again; its ack is', async () => {
    const it = await consumer({ ack: 'auto' })
    it.network.current.send(message(1))
    await it.clock.pass(20)
    it.network.current.send(message(1, { redelivered: 1 }))
    await it.clock.pass(20)
    expect(it.handled).toEqual(['1'])
    expect(it.acks()).toEqual([1, 1])
  })

  it('goes on behind a dead letter', async () => {
    const it = await consumer({ ack: 'auto' }, (event) => event.offset === 1)
    it.network.current.send(message(1), message(2))
    it.network.current.send(message(1, { redelivered: 1 }), message(2, { redelivered: 1 }))
    await it.clock.pass(20)
    expect(it.acks()).toEqual([0])
    it.network.current.send(message(2, { redelivered: 1 }))
    await it.clock.pass(20)
    expect(it.acks().at(-1)).toBe(2)
  })

  it('comes back from the last event that was handled, not from the last that arrived', async () => {
    let broken = true
    const it = await consumer({ ack: 'auto' }, (event) => broken && event.offset === 2)
    it.network.current.send(message(1), message(2), message(3))
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 1 } })
    broken = false
    it.network.current.subscribed({ offset: 4, wasRecovering: true, recovered: true, publications: [message(2), message(3), message(4)] })
    await it.clock.pass(20)
    expect(it.handled).toEqual(['1', '2', '3', '2', '4'])
    expect(it.acks()).toEqual([4])
  })

  it('a gap begins anew', async () => {
    const it = await consumer({ ack: 'auto' }, (event) => event.offset === 1)
    it.network.current.send(message(1))
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed({ epoch: 'e2', offset: 7, wasRecovering: true, recovered: false })
    it.network.current.send(message(8, { epoch: 'e2' }))
    await it.clock.pass(20)
    expect(it.network.current.last('ack').payload).toEqual({ epoch: 'e2', offset: 8 })
  })
})

describe('ack: auto with async handlers', () => {
  /** Handlers that end when the test says so. */
  async function worker() {
    const jobs = new Map<number, { resolve(): void; reject(error: Error): void }>()
    const it = await consumer({ ack: 'auto' }, undefined, ({ offset = 0 }) => new Promise<void>((resolve, reject) => jobs.set(offset, { resolve, reject })))
    return { ...it, end: (offset: number) => jobs.get(offset)?.resolve(), fail: (offset: number) => jobs.get(offset)?.reject(new Error('cannot')) }
  }

  it('acknowledges when the promise resolves, not before', async () => {
    const it = await worker()
    it.network.current.send(message(1))
    await it.clock.pass(1_000)
    expect(it.acks()).toEqual([])
    it.end(1)
    await it.clock.pass(20)
    expect(it.acks()).toEqual([1])
  })

  it('acknowledges up to the oldest that is still at work', async () => {
    const it = await worker()
    it.network.current.send(message(1), message(2), message(3))
    it.end(1)
    it.end(3)
    await it.clock.pass(20)
    expect(it.acks()).toEqual([1])
    it.end(2)
    await it.clock.pass(20)
    expect(it.acks()).toEqual([1, 3])
  })

  it('a rejected one stays unacknowledged, is an error event, and is handed out again when it comes again', async () => {
    const it = await worker()
    const errors: string[] = []
    it.client.on('error', (error) => errors.push(error.message))
    it.network.current.send(message(1), message(2))
    it.fail(1)
    it.end(2)
    await it.clock.pass(1_000)
    expect(it.acks()).toEqual([])
    expect(errors).toEqual(['Error: cannot'])
    it.network.current.send(message(1, { redelivered: 1 }))
    it.end(1)
    await it.clock.pass(20)
    expect(it.handled).toEqual(['1', '2', '1 again'])
    expect(it.acks()).toEqual([2])
  })

  it('what comes again while it is at work is not handed out twice', async () => {
    const it = await worker()
    it.network.current.send(message(1))
    it.network.current.send(message(1, { redelivered: 1 }))
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 0 } })
    it.network.current.subscribed({ offset: 1, wasRecovering: true, recovered: true, publications: [message(1)] })
    it.end(1)
    await it.clock.pass(20)
    expect(it.handled).toEqual(['1'])
    expect(it.acks()).toEqual([1])
  })

  it('a promise of an earlier life of the stream says nothing of this one', async () => {
    const it = await worker()
    it.network.current.send(message(1))
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed({ epoch: 'e2', offset: 0, wasRecovering: true, recovered: false })
    it.end(1)
    await it.clock.pass(20)
    expect(it.acks()).toEqual([])
  })
})

describe('ack: manual', () => {
  it('hands out again what the application has not acknowledged', async () => {
    const it = await consumer({ ack: 'manual' })
    it.network.current.send(message(1), message(2))
    it.channel.ack(1)
    it.network.current.send(message(2, { redelivered: 1 }))
    expect(it.handled).toEqual(['1', '2', '2 again'])
    it.channel.ack()
    it.channel.ack(1)
    expect(it.acks()).toEqual([1, 2])
    it.network.current.send(message(2, { redelivered: 2 }))
    expect(it.handled).toHaveLength(3)
  })

  it('comes back from there', async () => {
    const it = await consumer({ ack: 'manual' })
    it.network.current.send(message(1), message(2))
    it.channel.ack(1)
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 1 } })
  })
})

describe('without ack', () => {
  it('nothing is acknowledged by itself, and what comes again is a duplicate', async () => {
    const it = await consumer({})
    it.network.current.send(message(1))
    it.network.current.send(message(1, { redelivered: 1 }))
    await it.clock.pass(100)
    expect(it.handled).toEqual(['1'])
    expect(it.acks()).toEqual([])
    it.channel.markRead()
    expect(it.network.current.last('ack').payload).toEqual({ epoch: 'e1', offset: 1, read: 1 })
  })
})

describe('receipts', () => {
  const ask = { kind: 'read', count: 2 } as const
  const receipt = { offset: 1, epoch: 'e1', kind: 'read', count: 2, consumers: ['bob', 'carl'], complete: true }

  it('a publish gives its receipt when it comes', async () => {
    const it = await consumer({})
    const told: unknown[] = []
    const publish = it.channel.publish('chat_message', { content: 'x', role: 'user' }, { receipt: ask, onReceipt: (given) => told.push(given) })
    expect(it.network.current.last('chat_message').receipt).toEqual(ask)
    it.network.current.reply('chat_message', { type: 'ack', payload: { offset: 1, epoch: 'e1', duplicate: false } })
    const result = await publish
    it.network.current.send({ type: 'receipt', channel: 'chat:1', payload: { ...receipt, offset: 9 } })
    it.network.current.send({ type: 'receipt', channel: 'chat:1', payload: receipt })
    expect(await result.receipt).toEqual(receipt)
    expect(told).toEqual([receipt])
  })

  it('what is open ends with the connection', async () => {
    const it = await consumer({})
    const publish = it.channel.publish('chat_message', { content: 'x', role: 'user' }, { receipt: ask })
    it.network.current.reply('chat_message', { type: 'ack', payload: { offset: 1, epoch: 'e1', duplicate: false } })
    const result = await publish
    it.network.current.close(1006)
    await expect(result.receipt).rejects.toMatchObject({ name: 'connection_lost' })
  })

  it('how far the others are can be asked', async () => {
    const it = await consumer({})
    const list = it.channel.receipts({ offset: 3 })
    expect(it.network.current.last('receipts').payload).toEqual({ offset: 3 })
    it.network.current.reply('receipts', { type: 'receipts', payload: { epoch: 'e1', consumers: [{ userId: 'bob', delivered: 4, read: 3 }] } })
    expect((await list).consumers).toEqual([{ userId: 'bob', delivered: 4, read: 3 }])
  })
})
