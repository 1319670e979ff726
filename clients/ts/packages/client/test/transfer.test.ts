import { describe, expect, it } from 'vitest'
import { utf8Length } from '../src/codec'
import { pieceEnd, placeOf } from '../src/pieces'
import type { FakeConnection, WireMessage } from '../src/testing'
import { reconnect, scene, subscribedScene } from './setup'

const error = (name: string, more: object = {}) => ({ type: 'error', payload: { code: 1, name, message: name, retryable: false, ...more } })

/** The server's side of transfers: answers what has come since it was last called. */
function transferServer() {
  const transfers = new Map<string, { size: number; text: string; nextIndex: number }>()
  const wholes: WireMessage[] = []
  const seen = new WeakMap<FakeConnection, number>()

  const answerTo = ({ type, payload = {} }: WireMessage) => {
    const transferId = String(payload.transferId)
    const known = transfers.get(transferId)
    const ack = (duplicate: boolean) => {
      const { nextIndex = 1, text = '' } = transfers.get(transferId) ?? {}
      return { type: 'ack', payload: { transferId, nextIndex, received: utf8Length(text), duplicate } }
    }
    if (type === 'transfer_begin') {
      if (!known) transfers.set(transferId, { size: Number(payload.size), text: '', nextIndex: 1 })
      return ack(known !== undefined)
    }
    if (!known) return error('not_found')
    if (type === 'transfer_chunk') {
      if (Number(payload.index) > known.nextIndex) return error('stream_gap', { expectedIndex: known.nextIndex })
      if (Number(payload.index) < known.nextIndex) return ack(true)
      known.nextIndex++
      known.text += String(payload.data)
      return ack(false)
    }
    if (utf8Length(known.text) !== known.size) return error('stream_gap', { expectedIndex: known.nextIndex })
    transfers.delete(transferId)
    wholes.push(JSON.parse(known.text) as WireMessage)
    return { type: 'ack', payload: { duplicate: false } }
  }
  /** Takes at most `most` messages; gives how many there were. */
  const step = (connection: FakeConnection, most = Infinity) => {
    const from = seen.get(connection) ?? 0
    const fresh = connection.received.slice(from).slice(0, most)
    seen.set(connection, from + fresh.length)
    const mine = fresh.filter(({ type }) => type.startsWith('transfer_'))
    for (const message of mine) connection.send({ ...answerTo(message), id: message.id })
    return mine.length
  }
  return { step, wholes, transfers }
}

async function begun(options: Parameters<typeof subscribedScene>[0] = {}) {
  const it = await subscribedScene(options)
  const server = transferServer()
  const run = async () => {
    do await it.clock.settle()
    while (server.step(it.network.current) > 0)
  }
  return { ...it, server, run }
}
const types = (connection: FakeConnection) => connection.received.map(({ type }) => type).filter((type) => type.startsWith('transfer_'))
/** Quotes, characters of one to four bytes, and no two pieces alike. */
const content = Array.from({ length: 12_000 }, (_, i) => `"${i}" é € 🙂\n`).join('')
const large = { content, role: 'user' } as const

describe('an event that is larger than a message', () => {
  it('goes in pieces that fit, and is the message that it is', async () => {
    const it = await begun()
    const told: { sent: number; total: number }[] = []
    const done = it.channel.publish('chat_message', large, { key: 'mine', onProgress: (progress) => told.push(progress) })
    await it.run()
    const [whole] = it.server.wholes
    expect(whole).toMatchObject({ type: 'chat_message', channel: 'chat:1', key: 'mine', payload: large })
    it.network.current.send({ type: 'ack', id: whole?.id, payload: { offset: 4, epoch: 'e1', duplicate: false } })
    expect(await done).toEqual({ offset: 4, epoch: 'e1', duplicate: false })
    for (const frame of it.network.current.frames) expect(utf8Length(frame)).toBeLessThanOrEqual(65_536)
    const total = utf8Length(JSON.stringify(whole))
    expect(told.at(-1)).toEqual({ sent: total, total })
    expect(told.map(({ sent }) => sent)).toEqual(told.map(({ sent }) => sent).sort((a, b) => a - b))
    expect(told.length).toBe(types(it.network.current).filter((type) => type === 'transfer_chunk').length)
    expect(it.client.metrics().pending).toBe(0)
  })

  it('keeps at most four pieces unacknowledged', async () => {
    const it = await begun()
    it.channel.publish('chat_message', large).catch(() => {})
    await it.clock.settle()
    it.server.step(it.network.current)
    await it.clock.settle()
    expect(types(it.network.current)).toEqual(['transfer_begin', 'transfer_chunk', 'transfer_chunk', 'transfer_chunk', 'transfer_chunk'])
  })

  it('goes on after a reconnect where the server has it', async () => {
    const it = await begun()
    const done = it.channel.publish('chat_message', large)
    await it.clock.settle()
    const first = it.network.current
    it.server.step(first)
    await it.clock.settle()
    it.server.step(first, 2)
    await reconnect(it)
    it.network.current.welcome()
    await it.run()
    const begins = [first, it.network.current].map((each) => each.last('transfer_begin').payload)
    expect(begins[1]).toEqual(begins[0])
    expect(it.network.current.received.find(({ type }) => type === 'transfer_chunk')?.payload?.index).toBe(3)
    const [whole] = it.server.wholes
    expect(whole?.payload).toEqual(large)
    it.network.current.send({ type: 'ack', id: whole?.id, payload: { offset: 1, epoch: 'e1', duplicate: false } })
    expect(await done).toMatchObject({ offset: 1 })
  })

  it('goes on in smaller pieces at a server that takes less', async () => {
    const it = await begun()
    it.channel.publish('chat_message', large).catch(() => {})
    await it.clock.settle()
    it.server.step(it.network.current)
    await it.clock.settle()
    it.server.step(it.network.current, 1)
    await reconnect(it)
    it.network.current.welcome({ limits: { messageBytes: 4_096, channels: 1 } })
    await it.run()
    expect(it.server.wholes[0]?.payload).toEqual(large)
    for (const frame of it.network.current.frames) expect(utf8Length(frame)).toBeLessThanOrEqual(4_096)
  })

  it('whose answer was lost goes once more, with its key', async () => {
    const it = await begun()
    const done = it.channel.publish('chat_message', large)
    await it.run()
    await reconnect(it)
    it.network.current.welcome()
    await it.run()
    expect(it.server.wholes.map(({ key }) => key)).toEqual([it.server.wholes[0]?.key, it.server.wholes[0]?.key])
    it.network.current.send({ type: 'ack', id: it.server.wholes[1]?.id, payload: { offset: 1, epoch: 'e1', duplicate: true } })
    expect(await done).toMatchObject({ duplicate: true })
  })

  it('begins again when the server has forgotten it', async () => {
    const it = await begun()
    it.channel.publish('chat_message', large).catch(() => {})
    await it.clock.settle()
    it.server.step(it.network.current)
    await it.clock.settle()
    it.server.transfers.clear()
    await it.run()
    expect(it.server.wholes).toEqual([])
    await it.clock.pass(600)
    await it.run()
    expect(it.server.wholes[0]?.payload).toEqual(large)
  })

  it('waits for its turn', async () => {
    const it = await begun()
    for (const key of ['one', 'two']) it.channel.publish('chat_message', large, { key, timeoutMs: 1_000 }).catch(() => {})
    await it.clock.settle()
    expect(types(it.network.current)).toEqual(['transfer_begin'])
    await it.run()
    expect(it.server.wholes.map(({ key }) => key)).toEqual(['one', 'two'])
  })

  it('that the server does not take is refused with its error', async () => {
    const it = await begun()
    const done = expect(it.channel.publish('chat_message', large)).rejects.toMatchObject({ name: 'message_too_large', path: '/payload/size' })
    await it.clock.settle()
    it.network.current.reply('transfer_begin', error('message_too_large', { path: '/payload/size' }))
    await done
    expect(it.client.metrics().pending).toBe(0)
  })

  it('tries again when too many go already, or the rate is exceeded', async () => {
    const it = await begun()
    it.channel.publish('chat_message', large).catch(() => {})
    await it.clock.settle()
    it.network.current.reply('transfer_begin', error('limit_exceeded'))
    await it.clock.pass(600)
    expect(types(it.network.current)).toHaveLength(2)
    it.network.current.reply('transfer_begin', error('rate_limited', { retryable: true, retryAfterMs: 3_000 }))
    await it.clock.pass(2_999)
    expect(types(it.network.current)).toHaveLength(2)
    await it.clock.pass(1)
    expect(types(it.network.current)).toHaveLength(3)
  })

  it('stops when it is aborted; time counts from the last piece', async () => {
    const it = await begun()
    const stop = new AbortController()
    const aborted = expect(it.channel.publish('chat_message', large, { signal: stop.signal })).rejects.toMatchObject({ name: 'aborted', maybeDelivered: false })
    await it.clock.settle()
    stop.abort()
    await aborted
    await it.run()
    expect(types(it.network.current)).toEqual(['transfer_begin'])

    const late = expect(it.channel.publish('chat_message', large, { timeoutMs: 1_000 })).rejects.toMatchObject({ name: 'timeout', maybeDelivered: false })
    await it.clock.pass(900)
    it.server.step(it.network.current)
    await it.clock.settle()
    it.server.step(it.network.current, 1)
    await it.clock.pass(999)
    expect(it.client.metrics().pending).toBeGreaterThan(0)
    await it.clock.pass(1)
    await late
  })

  it('waits for a connection when there is none', async () => {
    const it = scene()
    const server = transferServer()
    it.client.channel('chat:1').publish('chat_message', large).catch(() => {})
    await it.connect()
    do await it.clock.settle()
    while (server.step(it.network.current) > 0)
    expect(server.wholes[0]?.payload).toEqual(large)
  })
})

describe('a call that is larger than a message', () => {
  it('goes in pieces; lost before its end it goes on, lost after it it may have been made', async () => {
    const it = await begun()
    const sum = it.client.rpc<number>('sum', content)
    const lost = expect(sum).rejects.toMatchObject({ name: 'connection_lost', maybeDelivered: true })
    await it.clock.settle()
    it.server.step(it.network.current)
    await reconnect(it)
    it.network.current.welcome()
    await it.run()
    expect(it.server.wholes[0]).toMatchObject({ type: 'rpc', payload: { method: 'sum', params: content } })
    it.network.current.close(1006)
    await lost
  })
})

describe('cutting', () => {
  it('never within a character, and never above the limit', () => {
    for (const bytes of [1, 7, 100, 4_000]) {
      const text = content.slice(0, 3_000)
      const pieces: string[] = []
      for (let at = 0; at < text.length; ) {
        const end = pieceEnd(text, at, bytes)
        pieces.push(text.slice(at, end))
        at = end
      }
      expect(pieces.join('')).toBe(text)
      for (const piece of pieces) {
        expect(piece).toBe(new TextDecoder().decode(new TextEncoder().encode(piece)))
        if (bytes > 6) expect(utf8Length(JSON.stringify(piece)) - 2).toBeLessThanOrEqual(bytes)
      }
    }
  })

  it('finds the place behind so many bytes', () => {
    const text = 'aé€🙂b'
    for (let at = 0; at <= text.length; at++) {
      const head = text.slice(0, at)
      if (at !== 4) expect(placeOf(text, utf8Length(head))).toBe(at)
    }
  })
})
