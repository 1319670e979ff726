import { describe, expect, it } from 'vitest'
import { mint, openRaw, openUser as open, request, useServer, type Message, type Raw, type Server } from '../src/index'

// docs/mechanisms/lanes.md: who shares a slow connection how, and what a namespace says about overflows.

const toml = `
[namespace.chat]
publish = true
subscribe = true
history = true
history_size = 10000
history_bytes = "64MiB"

[namespace.patient]
publish = true
subscribe = true
history_size = 10000
history_bytes = "64MiB"
overflow = "spill"

[namespace.window]
publish = true
subscribe = true
class = "ephemeral"
batch_window = "1s"
batch_messages = 20
`

const fast = { 'limits.messages_per_second': 1_000_000, 'limits.messages_burst': 1_000_000, 'limits.bytes_per_second': '1GiB', 'limits.bytes_burst': '1GiB', 'heartbeat.interval': '60s', 'limits.queue_bytes': '8MiB' }
const server = useServer({ toml, flags: fast })

/** Uncompressed, so that bytes are bytes. */
const openUser = (on: Server, user: string) => open(on, user, { ws: { perMessageDeflate: false } })

const metric = async (name: string) =>
  (await request(`${server().internal}/metrics`)).text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

const text = 'x'.repeat(8_000)
const say = (channel: string, content: string, fields: object = {}) => ({ type: 'chat_message', channel, payload: { content, role: 'user' }, ...fields })

/** Publishes until `enough`; gives the number of messages. */
async function flood(writer: Raw, channel: string, fields: object, enough: () => Promise<boolean>) {
  let count = 0
  while (!(await enough())) {
    expect(count).toBeLessThan(6_000)
    for (let batch = 0; batch < 10; batch++) writer.send(...Array.from({ length: 7 }, () => say(channel, text, fields)))
    count += 70
    await writer.barrier()
  }
  return count
}

describe('a saturated slow link', () => {
  it('lets a critical message through within two round trips, and starves nobody', async () => {
    const slow = await openUser(server(), 'slow')
    for (const channel of ['chat:bulk', 'chat:low', 'chat:urgent']) await slow.subscribe(channel)
    slow.socket.pause()
    const writer = await openUser(server(), 'writer')
    const waiting = (bytes: number) => async () => (await metric('tidewire_queue_bytes')) > bytes
    await flood(writer, 'chat:bulk', {}, waiting(3_000_000))
    await flood(writer, 'chat:low', { priority: 'low' }, waiting(6_000_000))
    // A slow reader from now on: eight messages, then a rest.
    let rests = true
    let read = 0
    slow.socket.on('message', () => {
      if (!rests || ++read % 8 !== 0) return
      slow.socket.pause()
      setTimeout(() => slow.socket.resume(), 5)
    })
    slow.socket.resume()
    const before = slow.messages.length
    expect((await writer.ask(say('chat:urgent', 'now', { priority: 'critical' }))).type).toBe('ack')
    const isUrgent = (message: Message) => message.channel === 'chat:urgent'
    // Two round trips as this link has them: a heartbeat waits for what is on its way, and for nothing else.
    for (let trip = 0; trip < 2; trip++) await slow.ask({ type: 'connection_heartbeat', payload: { timestamp: 0 } })
    expect(slow.messages.some(isUrgent)).toBe(true)
    rests = false
    slow.socket.resume()
    await slow.next((message) => message.channel === 'chat:low' && message.offset === 20)
    const arrived = slow.messages.slice(before)
    const upTo = arrived.slice(0, arrived.findIndex(isUrgent))
    expect(upTo.length * text.length, 'what was in the network, of the 6 MB that waited').toBeLessThan(1_500_000)
    // The bulk has twice the weight of low, not all of the link.
    const firstLow = arrived.findIndex((message) => message.channel === 'chat:low')
    const bulkLeft = arrived.slice(firstLow).filter((message) => message.channel === 'chat:bulk').length
    expect(bulkLeft).toBeGreaterThan(0)
    slow.close()
  })
})

describe('overflow = spill', () => {
  it('pauses the channel instead of closing the connection, and the client recovers from its position', async () => {
    const slow = await openUser(server(), 'slow')
    await slow.subscribe('patient:1')
    await slow.subscribe('chat:other')
    slow.socket.pause()
    const writer = await openUser(server(), 'writer')
    const spills = await metric('tidewire_spills_total')
    const count = await flood(writer, 'patient:1', {}, async () => (await metric('tidewire_spills_total')) > spills)
    await writer.say('patient:1', 'the end')
    await writer.say('chat:other', 'still here')
    expect(await metric('tidewire_queue_bytes'), 'a spilled channel costs no queue').toBeLessThan(1_000_000)
    slow.socket.resume()
    const told = await slow.next('unsubscribed')
    expect(told).toMatchObject({ channel: 'patient:1', payload: { reason: 'insufficient_state' } })
    const seen = slow.messages.filter((message) => message.channel === 'patient:1' && message.type === 'chat_message')
    expect(seen.map((message) => message.offset)).toEqual(seen.map((_, i) => i + 1))
    expect(seen.length).toBeLessThan(count)
    expect(slow.messages.some((message) => message.channel === 'chat:other')).toBe(true)
    const last = seen.at(-1)
    const back = await slow.subscribe('patient:1', { since: { epoch: last?.epoch, offset: last?.offset } })
    expect(back.payload.recovered).toBe(true)
    const offsets = back.payload.publications.map((each: Message) => each.offset)
    expect(offsets).toEqual(Array.from({ length: count + 1 - seen.length }, (_, i) => seen.length + 1 + i))
    expect(slow.socket.readyState).toBe(slow.socket.OPEN)
    slow.close()
  })
})

describe('batching', () => {
  const event = (i: number) => ({ type: 'tick', channel: 'window:1', payload: { i } })

  it('sends the first after a quiet time at once, and the rest together', async () => {
    const reader = await open(server(), 'reader')
    await reader.subscribe('window:1')
    const writer = await openUser(server(), 'writer')
    const began = performance.now()
    writer.send(event(0))
    await reader.next('tick')
    expect(performance.now() - began).toBeLessThan(700)
    for (let i = 1; i <= 5; i++) writer.send(event(i))
    await writer.barrier()
    expect(reader.messages.filter((message) => message.type === 'tick')).toHaveLength(1)
    for (let i = 1; i <= 5; i++) expect((await reader.next('tick')).payload.i).toBe(i)
    expect(performance.now() - began).toBeGreaterThanOrEqual(999)
    reader.close()
  })

  it('ends the window early when the batch is full', async () => {
    const reader = await open(server(), 'reader')
    await reader.subscribe('window:2')
    const writer = await openUser(server(), 'writer')
    writer.send({ ...event(0), channel: 'window:2' })
    await reader.next('tick')
    const began = performance.now()
    writer.send(...Array.from({ length: 20 }, (_, i) => ({ ...event(i), channel: 'window:2' })))
    for (let i = 0; i < 20; i++) await reader.next('tick')
    expect(performance.now() - began).toBeLessThan(700)
    reader.close()
  })

  it('gives a client arrays of the size that it asked for', async () => {
    const reader = await openRaw(server(), { as: false })
    await reader.ask({ type: 'auth', payload: { token: mint({ sub: 'reader' }), batch: { messages: 4, delayMs: 100 } } })
    await reader.subscribe('chat:arrays')
    const writer = await openUser(server(), 'writer')
    writer.send(say('chat:arrays', '0'))
    await reader.next('chat_message')
    const from = reader.frames.length
    writer.send(...Array.from({ length: 3 }, (_, i) => say('chat:arrays', `${i + 1}`)))
    for (let i = 1; i <= 3; i++) expect((await reader.next('chat_message')).payload.content).toBe(`${i}`)
    const arrays = reader.frames.slice(from).map((frame) => JSON.parse(frame) as unknown[])
    expect(arrays.map((each) => each.length)).toEqual([3])
    writer.send(...Array.from({ length: 10 }, (_, i) => say('chat:arrays', `more ${i}`)))
    for (let i = 0; i < 10; i++) await reader.next('chat_message')
    for (const frame of reader.frames.slice(from)) {
      const parsed = JSON.parse(frame) as unknown
      if (Array.isArray(parsed)) expect(parsed.length).toBeLessThanOrEqual(4)
    }
    reader.close()
  })

  it('refuses a wish that makes no sense, with the place', async () => {
    const raw = await openUser(server(), 'reader')
    const error = await raw.ask({ type: 'auth', payload: { token: mint({ sub: 'reader' }), batch: { bytes: 1 } } })
    expect(error).toMatchObject({ type: 'error', payload: { name: 'invalid_message', path: '/payload/batch/bytes' } })
    raw.close()
  })

  it('counts how many messages leave together', async () => {
    const metrics = (await request(`${server().internal}/metrics`)).text
    expect(metrics).toMatch(/tidewire_messages_per_write_count \d/)
    expect(await metric('tidewire_frames_sent_total')).toBeGreaterThan(0)
  })
})
