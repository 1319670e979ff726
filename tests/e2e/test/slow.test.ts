import { describe, expect, it } from 'vitest'
import { openUser as open, request, useServer, type Raw, type Server } from '../src/index'

// A slow consumer hurts only itself: queues have limits, and what happens at them has a name.

const server = useServer({ flags: { 'limits.queue_bytes': '256KiB', 'heartbeat.interval': '60s', 'limits.messages_per_second': 1_000_000, 'limits.messages_burst': 1_000_000, 'limits.bytes_per_second': '1GiB', 'limits.bytes_burst': '1GiB' } })

/** Uncompressed, so that bytes are bytes. */
const openUser = (on: Server, user: string) => open(on, user, { ws: { perMessageDeflate: false } })

const text = 'x'.repeat(8_000)

/** Publishes until the kernel's buffers and the server's queue are surely full. */
async function flood(writer: Raw, channel: string, type: string, batches: number) {
  for (let batch = 0; batch < batches; batch++) {
    writer.send(...Array.from({ length: 7 }, () => ({ type, channel, payload: { text } })))
    if (batch % 10 === 0) await writer.barrier()
  }
  await writer.barrier()
}

const metric = async (on: Server, name: string) =>
  (await request(`${on.internal}/metrics`)).text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)

describe('a reader that stopped reading', () => {
  it('is closed as slow_consumer and recovers everything from history', async () => {
    const big = await openUser(server(), 'slow')
    const { epoch } = (await big.subscribe('chat:slow')).payload
    big.socket.pause()
    const writer = await openUser(server(), 'writer')
    const quick = await openUser(server(), 'quick')
    await quick.subscribe('chat:slow')
    let last = 0
    const readUpTo = async (offset: number) => {
      while (last < offset) expect((await quick.next('chat_message')).offset).toBe(++last)
    }
    const slowCloses = () => metric(server(), 'tidewire_connections_closed_total{side="server",code="4008"}')
    for (let batch = 1; (await slowCloses()) === 0; batch++) {
      expect(batch).toBeLessThan(300)
      for (let part = 0; part < 10; part++) {
        writer.send(...Array.from({ length: 7 }, () => ({ type: 'chat_message', channel: 'chat:slow', payload: { content: text, role: 'user' } })))
        // The quick one reads along and misses nothing.
        await readUpTo(last + 7)
      }
    }
    await writer.say('chat:slow', 'the end')
    await readUpTo(last + 1)
    big.socket.resume()
    // It reads the close frame if it wakes in time; otherwise the server has cut the connection by then.
    expect([4008, 1006]).toContain((await big.closed).code)
    const seen = big.messages.filter((message) => message.type === 'chat_message').map((message) => message.offset)
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1))
    const back = await openUser(server(), 'slow')
    const { payload } = await back.subscribe('chat:slow', { since: { epoch, offset: last - 20 } })
    expect([payload.recovered, payload.publications.length]).toEqual([true, 20])
  })

  it('does not delay the others', async () => {
    const stuck = await openUser(server(), 'stuck')
    await stuck.subscribe('chat:stuck')
    stuck.socket.pause()
    const writer = await openUser(server(), 'writer')
    const quick = await openUser(server(), 'quick')
    await quick.subscribe('chat:stuck')
    const waits: number[] = []
    for (let i = 0; i < 200; i++) {
      const began = performance.now()
      writer.send({ type: 'chat_message', channel: 'chat:stuck', payload: { content: text, role: 'user' } })
      await quick.next('chat_message')
      waits.push(performance.now() - began)
    }
    waits.sort((a, b) => a - b)
    expect(waits[100]).toBeLessThan(50)
    stuck.socket.terminate()
  })

  it('ephemeral events are dropped for it, and the connection lives', async () => {
    const slow = await openUser(server(), 'slow')
    await slow.subscribe('cursor:1')
    slow.socket.pause()
    const writer = await openUser(server(), 'writer')
    await flood(writer, 'cursor:1', 'moved', 300)
    slow.socket.resume()
    const before = (await slow.barrier()).filter((message) => message.type === 'moved').length
    expect(before).toBeLessThan(2_000)
    expect(slow.socket.readyState).toBe(slow.socket.OPEN)
  })

  it('latest events are conflated: it gets the newest', async () => {
    const slow = await openUser(server(), 'slow')
    await slow.subscribe('price:1')
    slow.socket.pause()
    const writer = await openUser(server(), 'writer')
    for (let i = 1; i <= 2_000; i++) {
      writer.send({ type: 'quote', channel: 'price:1', payload: { cents: i, text } })
      if (i % 7 === 0) await writer.barrier()
    }
    await writer.barrier()
    slow.socket.resume()
    await slow.next((message) => message.type === 'quote' && message.payload.cents === 2_000)
    const quotes = slow.messages.filter((message) => message.type === 'quote').map((message) => message.payload.cents)
    expect(quotes.at(-1)).toBe(2_000)
    expect(quotes.length).toBeLessThan(1_900)
    expect(quotes).toEqual([...quotes].sort((a, b) => a - b))
  })

  it('that unsubscribes hears nothing more of the channel, and nothing old after it comes back', async () => {
    const slow = await openUser(server(), 'slow')
    const quick = await openUser(server(), 'quick')
    const writer = await openUser(server(), 'writer')
    await slow.subscribe('cursor:2')
    await quick.subscribe('chat:2')
    slow.socket.pause()
    await flood(writer, 'cursor:2', 'moved', 300)
    slow.send(
      { type: 'unsubscribe', id: 'u', channel: 'cursor:2' },
      { type: 'subscribe', id: 's', channel: 'cursor:2' },
      { type: 'chat_message', channel: 'chat:2', payload: { content: 'I am back', role: 'user' } },
    )
    await quick.next('chat_message')
    expect(await metric(server(), 'tidewire_drops_total{reason="unsubscribed"}')).toBeGreaterThan(0)
    await writer.publish('cursor:2', 'moved', { fresh: true })
    slow.socket.resume()
    await slow.next((message) => message.payload.fresh === true)
    const heard = slow.messages.filter((message) => message.channel === 'cursor:2')
    const last = heard.findIndex((message) => message.id === 'u')
    expect(heard.slice(last).map((message) => message.type)).toEqual(['unsubscribed', 'subscribed', 'moved'])
  })

  it('streams are folded: fewer, larger pieces, and no text is lost', async () => {
    const slow = await openUser(server(), 'slow')
    await slow.subscribe('chat:fold')
    slow.socket.pause()
    const agent = await openUser(server(), 'agent')
    let whole = ''
    for (let i = 1; i <= 600; i++) {
      const content = `${i} ${'y'.repeat(1_500)} `
      whole += content
      agent.send({ type: 'chat_message_chunk', channel: 'chat:fold', payload: { messageId: 'm', content, isComplete: false, index: i } })
      if (i % 20 === 0) await agent.barrier()
    }
    await agent.barrier()
    slow.socket.resume()
    let shown = ''
    let rev = 0
    while (rev < 600) {
      const { payload } = await slow.next('chat_message_chunk')
      const [from, to] = payload.rev
      if (payload.snapshot) shown = payload.content
      else {
        expect(from).toBe(rev + 1)
        shown += payload.content
      }
      rev = to
    }
    expect(shown).toBe(whole)
  })
})
