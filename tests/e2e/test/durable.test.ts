import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { namespaces, openUser, request, startServer, type Claims, type Message, type Server } from '../src/index'

// docs/mechanisms/history.md: what was acknowledged survives the process.

const folders: string[] = []
const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'tidewire-durable-'))
  folders.push(folder)
  return join(folder, 'history.db')
}

const toml = namespaces.replace('[namespace.chat]', '[namespace.chat]\nhistory_size = 10000')

async function start(file: string, flags: Record<string, string> = {}) {
  const server = await startServer({ flags: { 'history.url': `sqlite:${file}`, ...flags }, toml })
  servers.push(server)
  return server
}

const keyed = (i: number) => ({ type: 'chat_message', id: `p${i}`, channel: 'chat:a', key: `k${i}`, payload: { content: `${i}`, role: 'user' } })

describe.each(['batch', 'always', 'off'])('history.sync = %s', (sync) => {
  it('kill -9 under load: every acknowledged message is there, once, in order, under the same epoch', async () => {
    const file = newFile()
    const first = await start(file, { 'history.sync': sync })
    const reader = await openUser(first, 'bob')
    const { payload: joined } = await reader.subscribe('chat:a')
    const writer = await openUser(first, 'alice')
    for (let i = 0; i < 400; ++i) writer.send(keyed(i))
    // In the middle of it.
    await writer.next((message) => message.type === 'ack' && message.payload.offset >= 50)
    await first.stop('SIGKILL')

    const acked = new Map<number, string>()
    for (const message of writer.messages)
      if (message.type === 'ack') acked.set(message.payload.offset, message.id?.slice(1) ?? '')
    const seen = reader.messages.filter((message) => message.type === 'chat_message')
    expect(acked.size).toBeGreaterThanOrEqual(50)

    const second = await start(file, { 'history.sync': sync })
    const back = await openUser(second, 'bob')
    const { payload } = await back.subscribe('chat:a', { since: { epoch: joined.epoch, offset: 0 } })
    expect(payload).toMatchObject({ epoch: joined.epoch, recovered: true })
    const publications = payload.publications as Message[]
    expect(publications.map((each) => each.offset)).toEqual(publications.map((_, i) => i + 1))
    expect(payload.offset).toBe(publications.length)
    for (const [offset, content] of acked) expect(publications[offset - 1]?.payload.content).toBe(content)
    for (const each of seen) expect(publications[(each.offset ?? 0) - 1]?.payload.content).toBe(each.payload.content)

    // A client that saw no answer sends again: nothing is there twice.
    const again = await openUser(second, 'alice')
    for (const message of [keyed(0), keyed(399)]) {
      const stored = publications.find((each) => each.key === message.key)
      const { payload: ack } = await again.ask(message)
      expect(ack.duplicate).toBe(stored !== undefined)
      if (stored) expect(ack.offset).toBe(stored.offset)
    }
  })
})

describe('a file', () => {
  it('knows a channel in which nobody has said anything after kill -9: what comes then is no gap', async () => {
    const file = newFile()
    const first = await start(file)
    const { payload: joined } = await (await openUser(first, 'bob')).subscribe('chat:empty')
    await first.stop('SIGKILL')
    const second = await start(file)
    await (await openUser(second, 'alice')).say('chat:empty', 'first')
    const since = { epoch: joined.epoch, offset: 0 }
    const { payload } = await (await openUser(second, 'bob')).subscribe('chat:empty', { since })
    expect(payload).toMatchObject({ epoch: joined.epoch, recovered: true })
    expect(payload.publications.map((each: Message) => each.payload.content)).toEqual(['first'])
  })

  it('keeps shared state and its versions', async () => {
    const file = newFile()
    const as: Claims = { sub: 'alice', channels: [{ match: 'chat:*', allow: ['subscribe', 'publish', 'state'] }] }
    const first = await start(file)
    const alice = await openUser(first, 'alice', { as })
    const { payload: written } = await alice.ask({ type: 'state_set', channel: 'chat:s', payload: { key: 'plan', value: { days: 3 } } })
    await first.stop('SIGKILL')
    const second = await start(file)
    const back = await openUser(second, 'alice', { as })
    expect((await back.ask({ type: 'state_get', channel: 'chat:s', payload: { key: 'plan' } })).payload).toEqual(written)
    const { payload: next } = await back.ask({ type: 'state_set', channel: 'chat:s', payload: { key: 'plan', value: 1 } })
    expect(next.version).toBeGreaterThan(written.version)
  })

  it('that is killed loses no receipt: who has received and read how much', async () => {
    const file = newFile()
    const flags = Object.fromEntries(['publish', 'subscribe', 'history', 'presence', 'receipts'].map((key) => [`namespace.work.${key}`, 'true']))
    const first = await start(file, { ...flags, 'namespace.work.ack': 'required' })
    const [alice, bob] = [await openUser(first, 'alice'), await openUser(first, 'bob')]
    await bob.subscribe('work:1')
    for (const content of ['one', 'two', 'three']) await alice.say('work:1', content)
    const two = await bob.next((message) => message.offset === 2)
    await bob.ask({ type: 'ack', channel: 'work:1', payload: { offset: 2, epoch: two.epoch, read: 1 } })
    // It is written when it is told, and the store writes in order: with the next event the cursor is in the file.
    await bob.next((message) => message.type === 'receipt_changed' && message.payload.read === 1)
    const { payload: told } = await alice.ask({ type: 'receipts', channel: 'work:1' })
    expect(told).toEqual({ epoch: two.epoch, consumers: [{ userId: 'bob', delivered: 2, read: 1 }] })
    await alice.say('work:1', 'four')
    await first.stop('SIGKILL')
    const second = await start(file, { ...flags, 'namespace.work.ack': 'required' })
    const back = await openUser(second, 'alice')
    expect((await back.ask({ type: 'receipts', channel: 'work:1' })).payload).toEqual(told)
  })

  it('that is damaged or in use ends the start with its path, and is left alone', async () => {
    const file = newFile()
    writeFileSync(file, 'not a database, for long enough to be a page'.repeat(200))
    await expect(start(file)).rejects.toThrow(file)
    const other = newFile()
    await start(other)
    await expect(start(other)).rejects.toThrow(/in use by another process/)
  })

  it('that cannot grow refuses publishes, says so, reads on, and stores again when it can', async () => {
    const file = newFile()
    const server = await start(file)
    const alice = await openUser(server)
    await alice.say('chat:a', 'before')
    const limit = (bytes: string) =>
      new Promise<void>((resolve) => spawn('prlimit', ['--pid', `${server.pid}`, `--fsize=${bytes}:unlimited`]).on('exit', () => resolve()))
    await limit('4096')
    const refused = await alice.ask(keyed(1))
    expect(refused).toMatchObject({ type: 'error', payload: { name: 'unavailable', retryable: true } })
    expect(refused.payload.message).toContain('history store')
    const ready = await request(`${server.internal}/readyz`)
    expect(ready.status).toBe(503)
    expect(ready.text).toContain('history cannot be stored')
    const { payload: page } = await alice.ask({ type: 'history', channel: 'chat:a', payload: { limit: 10 } })
    expect((page.publications as Message[]).map((each) => each.payload.content)).toEqual(['before'])
    await limit('unlimited')
    await server.logged('history is stored again')
    expect((await alice.ask(keyed(1))).payload).toMatchObject({ offset: 2, duplicate: false })
    expect((await request(`${server.internal}/readyz`)).status).toBe(200)
  })
})
