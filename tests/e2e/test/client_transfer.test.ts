import { createClient, type Client, type TidewireEvent } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { all, mint, startProxy, useServer } from '../src/index'

// protocol.md section 8, messages in pieces, with the real client.

const server = useServer({ flags: { shards: 3, 'limits.transfer_bytes': '512KiB', 'limits.transfers_per_user': 2 } })
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
const clientOf = async (user: string, url = `${server().ws}/ws`): Promise<Client> => {
  const token = mint({ sub: user, channels: [{ match: 'chat:*', allow: all }] })
  const client = createClient({ url, token, webSocket: WebSocket, reconnect: { minMs: 20, maxMs: 100 } })
  cleanups.push(() => client.close())
  await client.connect()
  return client
}
const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
const content = (mark: string, lines = 14_000) => Array.from({ length: lines }, (_, i) => `"${mark}${i}" é € 🙂\n`).join('')

async function listener(channel: string) {
  const bob = await clientOf('bob')
  const heard: TidewireEvent[] = []
  bob.channel(channel).on('chat_message', (event) => heard.push(event))
  await bob.channel(channel).subscribe()
  return heard
}

describe('a message that is larger than a message may be', () => {
  it('is published like any other, several at once too', async () => {
    const heard = await listener('chat:whole')
    const alice = await clientOf('alice')
    const texts = ['a', 'b', 'c'].map(content)
    const results = await Promise.all(texts.slice(0, 2).map((text) => alice.channel('chat:whole').publish('chat_message', { content: text, role: 'user' })))
    results.push(await alice.channel('chat:whole').publish('chat_message', { content: texts[2]!, role: 'user' }))
    expect(results.map(({ offset, duplicate }) => [offset, duplicate])).toEqual([[1, false], [2, false], [3, false]])
    await until(() => heard.length === 3)
    expect(heard.map((event) => (event.payload as { content: string }).content === texts[event.offset! - 1])).toEqual([true, true, true])
  })

  it('goes on where it was when the connection is cut in its middle, and arrives once', async () => {
    const proxy = await startProxy(server().url)
    cleanups.push(() => proxy.close())
    const heard = await listener('chat:cut')
    const alice = await clientOf('alice', `${proxy.ws}/ws`)
    const text = content('x', 20_000)
    const sent: number[] = []
    let cuts = 0
    const result = await alice.channel('chat:cut').publish(
      'chat_message',
      { content: text, role: 'user' },
      {
        onProgress(progress) {
          sent.push(progress.sent)
          // Answers that had arrived before a cut are told after it: the next cut is of the next connection.
          if (cuts === 2 || alice.metrics().reconnects < cuts) return
          cuts++
          proxy.cut()
        },
      },
    )
    expect(result).toMatchObject({ offset: 1, duplicate: false })
    expect(alice.metrics().reconnects).toBe(2)
    // Never back to the beginning.
    expect(sent).toEqual([...sent].sort((a, b) => a - b))
    await until(() => heard.length === 1)
    expect((heard[0]!.payload as { content: string }).content).toBe(text)
  })

  it('may be a call', async () => {
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice')]
    worker.serve({ length: (params) => (params as string).length })
    await until(() => worker.metrics().received > 1)
    expect(await alice.rpc('length', content('r'))).toBe(content('r').length)
  })

  it('above the limit of the server is refused', async () => {
    const alice = await clientOf('alice')
    await expect(alice.channel('chat:big').publish('chat_message', { content: 'x'.repeat(600_000), role: 'user' })).rejects.toMatchObject({ name: 'message_too_large', path: '/payload/size' })
    expect(alice.channel('chat:big').send('chat_message', { content: 'x'.repeat(600_000), role: 'user' })).toBe(false)
  })

  it('a growing message takes a text of any length', async () => {
    const heard = await listener('chat:long')
    const agent = await clientOf('agent')
    const writer = agent.channel('chat:long').stream('m')
    const text = content('s').slice(0, 150_000)
    void writer.append(text)
    expect(await writer.complete()).toEqual({ status: 'complete' })
    await until(() => heard.length === 1)
    expect((heard[0]!.payload as { content: string }).content).toBe(text)
  })
})
