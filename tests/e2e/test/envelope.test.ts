import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openUser, repository, useServer } from '../src/index'

// protocol.md section 2.

interface BadVector {
  name: string
  json?: string
  errors: { code: string; path: string; id?: string }[]
  delivered: number
}

const bad = (JSON.parse(readFileSync(join(repository, 'protocol/vectors/bad.json'), 'utf8')) as { vectors: BadVector[] }).vectors

describe('bad messages', () => {
  const server = useServer({ flags: { 'limits.batch_messages': 128 }, toml: '[namespace.default]\npublish = true\nsubscribe = true\nhistory = true\npresence = true\nhistory_size = 0' })

  it('every golden vector earns its errors, and the connection stays open', async () => {
    const raw = await openUser(server())
    const wrong: string[] = []
    for (const { name, json, errors, delivered } of bad) {
      if (json === undefined || Buffer.byteLength(json) > 65_536) continue
      const taken = errors.length === 0 || delivered > 0
      // What this version does not have is refused before it is looked at.
      if (/^{"type":"(rpc|rpc_serve|rpc_response|state_get|state_set|state_delete|stream_cancel)"/.test(json)) continue
      raw.sendText(json)
      const errorsSeen = (await raw.barrier()).filter((message) => message.type === 'error')
      const seen = errorsSeen
        .map(({ id, payload }) => ({ code: payload.name, path: payload.path ?? '', ...(id === undefined ? {} : { id }) }))
        .slice(0, taken ? errors.length : undefined)
      if (JSON.stringify(sorted(seen)) !== JSON.stringify(sorted(errors))) wrong.push(`${name}: ${JSON.stringify(seen)}, wanted ${JSON.stringify(errors)}`)
    }
    expect(wrong).toEqual([])
  })
})

const sorted = (errors: { code: string; path: string; id?: string }[]) => errors.map(({ code, path, id }) => ({ code, path, id }))

describe('errors', () => {
  const server = useServer()

  it('have code, name, message, retryable, and the path of what is wrong', async () => {
    const raw = await openUser(server())
    const error = await raw.publish('chat:1', 'chat_message', { content: 'x', role: 'robot' })
    expect(error).toMatchObject({
      type: 'error',
      channel: 'chat:1',
      payload: { code: 1001, name: 'invalid_message', message: expect.any(String), retryable: false, path: '/payload/role' },
    })
  })

  it('an unknown type without a channel is unknown_type', async () => {
    const raw = await openUser(server())
    expect((await raw.ask({ type: 'frobnicate' })).payload).toMatchObject({ code: 1002, name: 'unknown_type' })
  })

  it('a server type is not a client type', async () => {
    const raw = await openUser(server())
    for (const type of ['welcome', 'subscribed', 'presence_join', 'goaway', 'state_changed'])
      expect((await raw.ask({ type, channel: 'chat:1', payload: {} })).payload.name).toBe('unknown_type')
  })

  it('unknown fields are ignored; from, ts and offset of a client do not count', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:2')
    raw.send({
      type: 'chat_message',
      channel: 'chat:2',
      payload: { content: 'x', role: 'user', extra: { deep: [1] } },
      from: { userId: 'root', connectionId: 'c', client: 'x' },
      ts: 1,
      offset: 99,
      colour: 'red',
    })
    const event = await raw.next('chat_message')
    expect(event).toMatchObject({ offset: 1, from: { userId: 'alice' }, payload: { extra: { deep: [1] } } })
    expect(event.ts).toBeGreaterThan(1_600_000_000_000)
    expect(event.colour).toBeUndefined()
  })

  it('ten bad messages in a row: close 4400', async () => {
    const raw = await openUser(server())
    for (let i = 0; i < 10; i++) raw.sendText('{')
    expect((await raw.closed).code).toBe(4400)
    expect(raw.messages.filter((message) => message.type === 'error')).toHaveLength(10)
  })

  it('a good message in between starts the count anew', async () => {
    const raw = await openUser(server())
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) raw.sendText('{"type":5}')
      expect(await raw.barrier()).toHaveLength(9)
    }
    raw.close()
    expect((await raw.closed).code).toBe(1000)
  })

  it('a message above 64 KiB: close 1009; exactly at the limit is fine', async () => {
    const raw = await openUser(server())
    const frame = (bytes: number) => {
      const shell = JSON.stringify({ type: 'chat_message', id: '1', channel: 'chat:big', payload: { content: '', role: 'user' } })
      return shell.replace('"content":""', `"content":"${'x'.repeat(bytes - shell.length)}"`)
    }
    raw.sendText(frame(65_536))
    expect((await raw.next((message) => message.id === '1')).type).toBe('ack')
    raw.sendText(frame(65_537))
    expect((await raw.closed).code).toBe(1009)
  })

  it('a binary frame on the JSON form: close 1003', async () => {
    const raw = await openUser(server())
    raw.sendText(Buffer.from('{"type":"presence"}'))
    expect((await raw.closed).code).toBe(1003)
  })

  it('text that is not UTF-8: close 1007', async () => {
    const raw = await openUser(server())
    raw.socket.send(Buffer.from([0x22, 0xff, 0x22]), { binary: false })
    expect((await raw.closed).code).toBe(1007)
  })
})

describe('batches', () => {
  const server = useServer()

  it('a bad element gets its error and the others are taken', async () => {
    const raw = await openUser(server())
    await raw.subscribe('chat:b')
    raw.send(
      { type: 'chat_message', id: 'a', channel: 'chat:b', payload: { content: '1', role: 'user' } },
      { type: 'chat_message', id: 'b', channel: 'chat:b', payload: { content: 2, role: 'user' } },
      { type: 'chat_message', id: 'c', channel: 'chat:b', payload: { content: '3', role: 'user' } },
    )
    const seen: Record<string, string> = {}
    const contents: string[] = []
    while (Object.keys(seen).length < 3 || contents.length < 2) {
      const message = await raw.next(() => true)
      if (message.id) seen[message.id] = message.payload.path ?? message.type
      else contents.push(message.payload.content)
    }
    expect(seen).toEqual({ a: 'ack', b: '/1/payload/content', c: 'ack' })
    expect(contents).toEqual(['1', '3'])
  })

  it('are sent only to clients that said so', async () => {
    const reader = await openUser(server())
    await reader.subscribe('chat:c')
    const writer = await openUser(server(), 'bob')
    writer.send(...Array.from({ length: 50 }, (_, i) => ({ type: 'chat_message', channel: 'chat:c', payload: { content: `${i}`, role: 'user' } })))
    for (let i = 0; i < 50; i++) expect((await reader.next('chat_message')).payload.content).toBe(`${i}`)
    expect(reader.frames.every((frame) => frame.startsWith('{'))).toBe(true)
  })
})
