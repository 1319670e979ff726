import { describe, expect, it } from 'vitest'
import { openUser, useServer, type Raw } from '../src/index'

// protocol.md section 8: messages in pieces.

const server = useServer({ flags: { shards: 3, 'limits.transfer_bytes': '256KiB', 'limits.transfers_per_user': 2 } })

const tell = async (raw: Raw, type: string, payload: object) => raw.ask({ type: `transfer_${type}`, payload })
const pieces = (text: string, size = 40_000): string[] => [...Array(Math.ceil(text.length / size))].map((_, i) => text.slice(i * size, (i + 1) * size))
const large = (fields: object, content = 'ü'.repeat(90_000)) => JSON.stringify({ type: 'chat_message', channel: 'chat:large', payload: { content, role: 'user' }, ...fields })
const bytes = (text: string) => new TextEncoder().encode(text).length

describe('a message in pieces', () => {
  it('larger than a message reaches every subscriber whole', async () => {
    const [alice, bob] = [await openUser(server()), await openUser(server(), 'bob')]
    await bob.subscribe('chat:large')
    const text = large({ id: 'mine' })
    expect(bytes(text)).toBeGreaterThan(64 * 1024)
    expect((await tell(alice, 'begin', { transferId: 'a', size: bytes(text) })).payload).toEqual({ transferId: 'a', nextIndex: 1, received: 0, duplicate: false })
    for (const [i, data] of pieces(text, 20_000).entries()) expect((await tell(alice, 'chunk', { transferId: 'a', index: i + 1, data })).payload.nextIndex).toBe(i + 2)
    const end = tell(alice, 'end', { transferId: 'a' })
    expect(await alice.next((message) => message.id === 'mine')).toMatchObject({ type: 'ack', payload: { duplicate: false } })
    expect((await end).type).toBe('ack')
    expect((await bob.next('chat_message')).payload.content).toBe('ü'.repeat(90_000))
  })

  it('goes on after a reconnect where it was', async () => {
    const text = large({ id: 'resumed' }, 'y'.repeat(100_000))
    const parts = pieces(text)
    const first = await openUser(server(), 'carol')
    await tell(first, 'begin', { transferId: 'r', size: bytes(text) })
    await tell(first, 'chunk', { transferId: 'r', index: 1, data: parts[0] })
    first.socket.terminate()
    await first.closed
    const second = await openUser(server(), 'carol')
    expect((await tell(second, 'begin', { transferId: 'r', size: bytes(text) })).payload).toEqual({ transferId: 'r', nextIndex: 2, received: 40_000, duplicate: true })
    expect((await tell(second, 'chunk', { transferId: 'r', index: 1, data: parts[0] })).payload.duplicate).toBe(true)
    expect((await tell(second, 'chunk', { transferId: 'r', index: 3, data: parts[2] })).payload).toMatchObject({ name: 'stream_gap', expectedIndex: 2 })
    for (let i = 1; i < parts.length; i++) await tell(second, 'chunk', { transferId: 'r', index: i + 1, data: parts[i] })
    second.send({ type: 'transfer_end', payload: { transferId: 'r' } })
    expect(await second.next((message) => message.id === 'resumed')).toMatchObject({ type: 'ack' })
  })

  it('may be a call', async () => {
    const rule = (allow: 'rpc' | 'serve') => [{ match: 'chat:*', allow: [allow] }]
    const worker = await openUser(server(), 'worker', { as: { channels: rule('serve') } })
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['measure'] } })
    const alice = await openUser(server(), 'alice', { as: { channels: rule('rpc') } })
    const text = JSON.stringify({ type: 'rpc', id: 'call', payload: { method: 'measure', params: 'z'.repeat(80_000) } })
    await tell(alice, 'begin', { transferId: 'c', size: bytes(text) })
    for (const [i, data] of pieces(text).entries()) await tell(alice, 'chunk', { transferId: 'c', index: i + 1, data })
    alice.send({ type: 'transfer_end', payload: { transferId: 'c' } })
    const request = await worker.next('rpc_request')
    worker.send({ type: 'rpc_response', payload: { requestId: request.payload.requestId, result: request.payload.params.length } })
    expect((await alice.next((message) => message.id === 'call')).payload.result).toBe(80_000)
  })

  it('is bounded in size and number', async () => {
    const dave = await openUser(server(), 'dave')
    expect((await tell(dave, 'begin', { transferId: 'x', size: 256 * 1024 + 1 })).payload).toMatchObject({ name: 'message_too_large', path: '/payload/size' })
    for (const transferId of ['1', '2']) expect((await tell(dave, 'begin', { transferId, size: 10 })).type).toBe('ack')
    expect((await tell(dave, 'begin', { transferId: '3', size: 10 })).payload.name).toBe('limit_exceeded')
    expect((await tell(dave, 'begin', { transferId: '1', size: 11 })).payload.name).toBe('conflict')
    expect((await tell(dave, 'chunk', { transferId: '1', index: 1, data: 'more than ten' })).payload).toMatchObject({ name: 'invalid_message', path: '/payload/data' })
    expect((await tell(dave, 'end', { transferId: '1' })).payload).toMatchObject({ name: 'stream_gap', expectedIndex: 1 })
    expect((await tell(dave, 'end', { transferId: 'unknown' })).payload.name).toBe('not_found')
  })
})
