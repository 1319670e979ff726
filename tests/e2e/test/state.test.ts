import { describe, expect, it } from 'vitest'
import { openUser, useServer, type Claims, type Raw } from '../src/index'

// protocol.md section 13: the shared state of a channel.

const server = useServer({ flags: { 'limits.state_keys': 4, 'limits.state_value_bytes': '1KiB', 'limits.state_bytes': '2KiB', 'namespace.open.state': true } })

const everything: NonNullable<Claims['channels']>[number]['allow'] = ['subscribe', 'publish', 'state']
const open = (user = 'alice') => openUser(server(), user, { as: { sub: user, channels: [{ match: 'board:*', allow: everything }] } })
const get = (raw: Raw, channel: string, key?: string) => raw.ask({ type: 'state_get', channel, payload: { key } })
const set = (raw: Raw, channel: string, key: string, value: unknown, ifVersion?: number) =>
  raw.ask({ type: 'state_set', channel, payload: { key, value, ifVersion } })
const drop = (raw: Raw, channel: string, key: string, ifVersion?: number) =>
  raw.ask({ type: 'state_delete', channel, payload: { key, ifVersion } })

/** The state as a subscriber builds it: what `latest` holds, then every change. */
function board() {
  const keys = new Map<string, unknown>()
  const seen: number[] = []
  return {
    take({ payload }: { payload: Record<string, any> }) {
      expect(seen).not.toContain(payload.version)
      seen.push(payload.version)
      if (payload.deleted) keys.delete(payload.key)
      else keys.set(payload.key, payload.value)
    },
    get content() {
      return Object.fromEntries(keys)
    },
  }
}

describe('reading and writing', () => {
  it('a written value comes back with its version, byte for byte', async () => {
    const alice = await open()
    const value = { days: 3, title: 'Lisbon \u00e9\u4e16', rate: 1.5, none: null, list: [1, 'two', true] }
    const written = await set(alice, 'board:a', 'plan', value)
    expect(written).toMatchObject({ type: 'state', channel: 'board:a', payload: { key: 'plan', value } })
    expect(await get(alice, 'board:a', 'plan')).toMatchObject({ type: 'state', payload: written.payload })
  })

  it('a key that does not exist has version 0 and no value', async () => {
    const alice = await open()
    expect((await get(alice, 'board:empty', 'nothing')).payload).toEqual({ key: 'nothing', version: 0 })
  })

  it('without a key: all of them', async () => {
    const alice = await open()
    expect((await get(alice, 'board:all')).payload).toEqual({ entries: [] })
    const one = (await set(alice, 'board:all', 'one', 1)).payload
    const two = (await set(alice, 'board:all', 'two', null)).payload
    expect((await get(alice, 'board:all')).payload).toEqual({ entries: [one, two] })
  })

  it('a delete ends the key; deleting nothing is not_found', async () => {
    const alice = await open()
    await set(alice, 'board:d', 'k', 1)
    expect(await drop(alice, 'board:d', 'k')).toMatchObject({ type: 'state', payload: { key: 'k', version: 0 } })
    expect((await get(alice, 'board:d', 'k')).payload).toEqual({ key: 'k', version: 0 })
    expect(await drop(alice, 'board:d', 'k')).toMatchObject({ type: 'error', payload: { code: 1405, name: 'not_found', path: '/payload/key' } })
  })

  it('is seen from every connection, and channels do not share it', async () => {
    const alice = await open()
    const bob = await open('bob')
    await set(alice, 'board:s1', 'k', 'mine')
    expect((await get(bob, 'board:s1', 'k')).payload.value).toBe('mine')
    expect((await get(bob, 'board:s2', 'k')).payload.version).toBe(0)
  })
})

describe('ifVersion', () => {
  it('0 creates once; the second learns what is there', async () => {
    const alice = await open()
    const { version } = (await set(alice, 'board:v1', 'k', 'first', 0)).payload
    expect(await set(alice, 'board:v1', 'k', 'second', 0)).toMatchObject({
      type: 'error',
      payload: { code: 1403, name: 'conflict', retryable: false, current: { value: 'first', version } },
    })
  })

  it('of two writers with the same version one wins, and the other can go on from `current`', async () => {
    const alice = await open()
    const bob = await open('bob')
    const { version } = (await set(alice, 'board:v2', 'n', 0)).payload
    const answers = await Promise.all([set(alice, 'board:v2', 'n', 1, version), set(bob, 'board:v2', 'n', 1, version)])
    const lost = answers.find(({ type }) => type === 'error')!
    expect(answers.filter(({ type }) => type === 'state')).toHaveLength(1)
    const { current } = lost.payload
    expect((await set(bob, 'board:v2', 'n', current.value + 1, current.version)).payload.value).toBe(2)
  })

  it('for a key that is not there: value null, version 0', async () => {
    const alice = await open()
    expect((await set(alice, 'board:v3', 'k', 1, 7)).payload).toMatchObject({ name: 'conflict', current: { value: null, version: 0 } })
    expect((await drop(alice, 'board:v3', 'k', 7)).payload).toMatchObject({ name: 'conflict', current: { value: null, version: 0 } })
  })

  it('a key that was deleted and made again never has an old version', async () => {
    const alice = await open()
    const old = (await set(alice, 'board:v4', 'k', 1)).payload.version
    await drop(alice, 'board:v4', 'k', old)
    expect((await set(alice, 'board:v4', 'k', 1)).payload.version).toBeGreaterThan(old)
    expect((await set(alice, 'board:v4', 'k', 2, old)).payload.name).toBe('conflict')
  })
})

describe('state_changed', () => {
  it('reaches every subscriber, the writer included, with who it was', async () => {
    const alice = await open()
    const bob = await open('bob')
    await alice.subscribe('board:c1')
    await bob.subscribe('board:c1')
    const { version } = (await set(alice, 'board:c1', 'k', [1])).payload
    for (const raw of [alice, bob]) {
      const change = await raw.next('state_changed')
      expect(change).toMatchObject({ channel: 'board:c1', from: { userId: 'alice' }, payload: { key: 'k', value: [1], version } })
      expect(change.ts).toBeGreaterThan(0)
      expect(change.offset).toBeUndefined()
    }
    await drop(bob, 'board:c1', 'k')
    const gone = await alice.next('state_changed')
    expect(gone.payload).toMatchObject({ key: 'k', deleted: true })
    expect(gone.payload).not.toHaveProperty('value')
    expect(gone.payload.version).toBeGreaterThan(version)
  })

  it('a refused change tells nobody', async () => {
    const alice = await open()
    await alice.subscribe('board:c2')
    await set(alice, 'board:c2', 'k', 1, 9)
    await drop(alice, 'board:c2', 'k')
    expect((await alice.barrier()).map(({ type }) => type)).not.toContain('state_changed')
  })

  it('who joins gets the whole state in `latest`, without what was deleted', async () => {
    const alice = await open()
    await set(alice, 'board:c3', 'a', 1)
    await set(alice, 'board:c3', 'b', 2)
    await set(alice, 'board:c3', 'a', 3)
    await drop(alice, 'board:c3', 'b')
    const late = await open('bob')
    const { payload } = await late.subscribe('board:c3')
    expect(payload.latest).toHaveLength(1)
    expect(payload.latest[0]).toMatchObject({ type: 'state_changed', from: { userId: 'alice' }, payload: { key: 'a', value: 3 } })
  })

  it('who joins in the middle of many changes misses none and sees none twice', async () => {
    const alice = await open()
    const last = 200
    const writing = (async () => {
      for (let n = 1; n <= last; n++) await set(alice, 'board:c4', `k${n % 3}`, n)
      await set(alice, 'board:c4', 'end', true)
    })()
    const readers = await Promise.all(['bob', 'carol', 'dave'].map(open))
    for (const reader of readers) {
      const shown = board()
      const { payload } = await reader.subscribe('board:c4')
      payload.latest.forEach(shown.take)
      while (!('end' in shown.content)) shown.take(await reader.next('state_changed'))
      expect(shown.content).toEqual({ k0: 198, k1: 199, k2: 200, end: true })
    }
    await writing
  })
})

describe('ttlMs', () => {
  const brief = (raw: Raw, channel: string, ttlMs?: number) => raw.ask({ type: 'state_set', channel, payload: { key: 'k', value: 1, ttlMs } })

  it('a key goes by itself, and everybody is told', async () => {
    const alice = await open()
    await alice.subscribe('board:t1')
    const began = Date.now()
    const { payload } = await brief(alice, 'board:t1', 300)
    expect(payload.expiresAt).toBeGreaterThan(began)
    expect((await alice.next('state_changed')).payload).toEqual({ key: 'k', value: 1, version: payload.version, expiresAt: payload.expiresAt })
    const gone = await alice.next('state_changed')
    expect(gone.payload).toMatchObject({ key: 'k', deleted: true, reason: 'expired' })
    expect(gone.payload.version).toBeGreaterThan(payload.version)
    expect(gone.from).toBeUndefined()
    expect((await get(alice, 'board:t1', 'k')).payload).toEqual({ key: 'k', version: 0 })
  })

  it('set again without one, it stays', async () => {
    const alice = await open()
    await alice.subscribe('board:t2')
    await brief(alice, 'board:t2', 200)
    const { payload } = await brief(alice, 'board:t2')
    expect(payload).not.toHaveProperty('expiresAt')
    // Another key of the channel with the same time: when it has gone, the first one would have.
    await alice.ask({ type: 'state_set', channel: 'board:t2', payload: { key: 'other', value: 1, ttlMs: 250 } })
    expect((await alice.next((message) => message.payload.deleted === true)).payload.key).toBe('other')
    expect((await get(alice, 'board:t2', 'k')).payload.value).toBe(1)
  })

  it('out of its bounds: invalid_message', async () => {
    const alice = await open()
    for (const ttlMs of [0, -1, 366 * 86_400_000]) expect((await brief(alice, 'board:t3', ttlMs)).payload).toMatchObject({ name: 'invalid_message', path: '/payload/ttlMs' })
  })
})

describe('refusals', () => {
  it('permission `state` is needed, whatever else is allowed', async () => {
    const eve = await openUser(server(), 'eve', { as: { sub: 'eve', channels: [{ match: 'board:*', allow: ['subscribe', 'publish', 'history'] }] } })
    for (const answer of [await get(eve, 'board:p'), await set(eve, 'board:p', 'k', 1), await drop(eve, 'board:p', 'k')])
      expect(answer).toMatchObject({ type: 'error', channel: 'board:p', payload: { code: 1201, name: 'permission_denied' } })
  })

  it('a namespace may allow it to every user', async () => {
    const eve = await openUser(server(), 'eve')
    expect(await set(eve, 'open:p', 'k', 1, 0)).toMatchObject({ type: 'state', payload: { key: 'k', value: 1 } })
    expect(await set(eve, 'chat:p', 'k', 1)).toMatchObject({ type: 'error', payload: { name: 'permission_denied' } })
  })

  it('bad payloads are invalid_message with their path', async () => {
    const alice = await open()
    const answer = async (type: string, payload: object) => (await alice.ask({ type, channel: 'board:b', payload })).payload
    expect(await answer('state_set', { key: 'k' })).toMatchObject({ name: 'invalid_message', path: '/payload/value' })
    expect(await answer('state_set', { key: '', value: 1 })).toMatchObject({ name: 'invalid_message', path: '/payload/key' })
    expect(await answer('state_set', { key: 'k'.repeat(129), value: 1 })).toMatchObject({ name: 'invalid_message', path: '/payload/key' })
    expect(await answer('state_delete', { key: 'k', ifVersion: '1' })).toMatchObject({ name: 'invalid_message', path: '/payload/ifVersion' })
  })

  it('one key, one value, one channel too large: limit_exceeded, and nothing changes', async () => {
    const alice = await open()
    for (const key of ['a', 'b', 'c', 'd']) await set(alice, 'board:l1', key, 1)
    expect((await set(alice, 'board:l1', 'e', 1)).payload).toMatchObject({ code: 1304, name: 'limit_exceeded', path: '/payload/key' })
    expect((await set(alice, 'board:l1', 'a', 'x'.repeat(1023))).payload).toMatchObject({ name: 'limit_exceeded', path: '/payload/value' })
    expect((await set(alice, 'board:l1', 'a', 'x'.repeat(1022))).type).toBe('state')
    expect((await set(alice, 'board:l1', 'b', 'x'.repeat(1022))).payload).toMatchObject({ name: 'limit_exceeded' })
    expect((await get(alice, 'board:l1', 'b')).payload.value).toBe(1)
  })
})
