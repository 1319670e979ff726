import { describe, expect, it } from 'vitest'
import { api, openUser, useServer, type Message } from '../src/index'

// protocol.md section 11: presence, one member a user over several devices; a device is a session.

const grace = 600
const server = useServer({ flags: { 'presence.grace': `${grace}ms` } })
const large = useServer({
  flags: { 'namespace.crowd.subscribe': true, 'namespace.crowd.presence': true, 'namespace.crowd.join_leave': true, 'namespace.crowd.presence_sample': 4 },
})
const members = async (raw: Awaited<ReturnType<typeof openUser>>, channel: string) =>
  (await raw.ask({ type: 'presence', channel })).payload.members.sort((a: any, b: any) => a.userId.localeCompare(b.userId))

it('lists each user once, with the number of devices and the public info', async () => {
  const phone = await openUser(server(), 'alice', { as: { info: { name: 'Alice' } } })
  const laptop = await openUser(server(), 'alice', { as: { info: { name: 'Alice' } } })
  const bob = await openUser(server(), 'bob')
  for (const raw of [phone, laptop, bob]) await raw.subscribe('chat:p1')
  expect(await members(bob, 'chat:p1')).toEqual([
    { userId: 'alice', clients: 2, info: { name: 'Alice' }, since: expect.any(Number) },
    expect.objectContaining({ userId: 'bob', clients: 1 }),
  ])
})

it('join when the first device comes, leave when the last one goes, nothing in between', async () => {
  const watcher = await openUser(server(), 'watcher')
  await watcher.subscribe('chat:p2')
  const phone = await openUser(server(), 'alice', { as: { info: { name: 'Alice' } } })
  const laptop = await openUser(server(), 'alice')
  await phone.subscribe('chat:p2')
  expect(await watcher.next((message) => message.type === 'presence_join' && message.payload.userId === 'alice')).toMatchObject({
    channel: 'chat:p2',
    payload: { clients: 1, info: { name: 'Alice' } },
  })
  await laptop.subscribe('chat:p2')
  phone.close()
  await phone.closed
  await laptop.ask({ type: 'unsubscribe', channel: 'chat:p2' })
  const last = await watcher.next((message) => message.type.startsWith('presence_') && message.payload.userId === 'alice')
  expect(last).toMatchObject({ type: 'presence_leave', payload: { userId: 'alice', clients: 0 } })
  expect((await members(watcher, 'chat:p2')).map((one: any) => one.userId)).toEqual(['watcher'])
})

it('a connection that is cut leaves no ghost, and its user not before the grace is over', async () => {
  const watcher = await openUser(server(), 'watcher')
  await watcher.subscribe('chat:p3')
  const alice = await openUser(server(), 'alice')
  await alice.subscribe('chat:p3')
  const cut = performance.now()
  alice.socket.terminate()
  await watcher.next('presence_leave')
  expect(performance.now() - cut).toBeGreaterThan(grace - 50)
  expect(await members(watcher, 'chat:p3')).toHaveLength(1)
})

it('the same session on a new connection within the grace is no news', async () => {
  const watcher = await openUser(server(), 'watcher')
  await watcher.subscribe('chat:p6')
  const before = await openUser(server(), 'alice', { as: { sid: 'p6' } })
  await before.subscribe('chat:p6')
  before.socket.terminate()
  const after = await openUser(server(), 'alice', { as: { sid: 'p6' } })
  await after.subscribe('chat:p6')
  await openUser(server(), 'bob').then((bob) => bob.subscribe('chat:p6'))
  await after.ask({ type: 'unsubscribe', channel: 'chat:p6' })
  const events = []
  for (let i = 0; i < 3; ++i) events.push(await watcher.next((message) => message.type.startsWith('presence_')))
  expect(events.map((each) => `${each.type} ${each.payload.userId}`)).toEqual(['presence_join alice', 'presence_join bob', 'presence_leave alice'])
})

it('a namespace without presence: unsupported or denied, never an empty list', async () => {
  const raw = await openUser(server())
  const answer = await raw.ask({ type: 'presence', channel: 'gone:p4' })
  expect(['unsupported', 'permission_denied']).toContain(answer.payload.name)
})

it('public info named __proto__ is data', async () => {
  const raw = await openUser(server(), '__proto__', { as: { info: { constructor: 'x' } } })
  await raw.subscribe('chat:p5')
  expect((await members(raw, 'chat:p5')).map((one: any) => one.userId)).toEqual(['__proto__'])
})

describe('presence_update', () => {
  const update = (raw: Awaited<ReturnType<typeof openUser>>, channel: string, info: object) => raw.ask({ type: 'presence_update', channel, payload: { info } })

  it('replaces the info for everybody, until the user has left', async () => {
    const watcher = await openUser(server(), 'watcher')
    await watcher.subscribe('chat:u1')
    const alice = await openUser(server(), 'alice', { as: { info: { name: 'Alice' } } })
    await alice.subscribe('chat:u1')
    expect(await update(alice, 'chat:u1', { name: 'Alice', away: true })).toMatchObject({ type: 'ack' })
    const told = await watcher.next('presence_update')
    expect(told).toMatchObject({ channel: 'chat:u1', payload: { userId: 'alice', clients: 1, info: { name: 'Alice', away: true } } })
    const laptop = await openUser(server(), 'alice', { as: { info: { name: 'From the token' } } })
    await laptop.subscribe('chat:u1')
    expect((await members(watcher, 'chat:u1'))[0]).toMatchObject({ userId: 'alice', clients: 2, info: { away: true } })
    for (const raw of [alice, laptop]) await raw.ask({ type: 'unsubscribe', channel: 'chat:u1' })
    await watcher.next('presence_leave')
    await alice.subscribe('chat:u1')
    expect((await watcher.next('presence_join')).payload.info).toEqual({ name: 'Alice' })
  })

  it('needs a subscription, and an object', async () => {
    const alice = await openUser(server(), 'alice')
    expect((await update(alice, 'chat:u2', {})).payload.name).toBe('not_subscribed')
    await alice.subscribe('chat:u2')
    const bad = await alice.ask({ type: 'presence_update', channel: 'chat:u2', payload: { info: 'away' } })
    expect(bad.payload).toMatchObject({ name: 'invalid_message', path: '/payload/info' })
  })
})

it('lastSeen: who left, the newest first', async () => {
  const watcher = await openUser(server(), 'watcher')
  await watcher.subscribe('chat:l1')
  const began = Date.now()
  for (const name of ['alice', 'bob']) {
    const raw = await openUser(server(), name)
    await raw.subscribe('chat:l1')
    await raw.ask({ type: 'unsubscribe', channel: 'chat:l1' })
    await watcher.next('presence_leave')
  }
  const { payload } = await watcher.ask({ type: 'presence', channel: 'chat:l1', payload: { lastSeen: true } })
  expect(payload.members.map((one: any) => one.userId)).toEqual(['watcher'])
  expect(payload.lastSeen.map((one: any) => one.userId)).toEqual(['bob', 'alice'])
  for (const { at } of payload.lastSeen) expect(at).toBeGreaterThan(began - 1_000)
  expect((await watcher.ask({ type: 'presence', channel: 'chat:l1' })).payload).not.toHaveProperty('lastSeen')
})

it('presence_stats of the server API counts users and devices', async () => {
  for (const name of ['alice', 'alice', 'bob']) await (await openUser(server(), name)).subscribe('chat:st1')
  expect(await api(server(), 'presence_stats', { channel: 'chat:st1' })).toMatchObject({ status: 200, body: { users: 2, clients: 3 } })
  expect((await api(server(), 'presence_stats', { channel: 'chat:nobody' })).body).toMatchObject({ users: 0, clients: 0 })
})

it('a large channel: a sample and a count instead of who comes and goes, until it has shrunk', async () => {
  const channel = 'crowd:1'
  const watcher = await openUser(large(), 'a-watcher')
  await watcher.subscribe(channel)
  const others = []
  for (const name of ['b', 'c', 'd', 'e']) {
    const raw = await openUser(large(), name)
    await raw.subscribe(channel)
    others.push(raw)
  }
  expect(await watcher.next('presence_count')).toMatchObject({ channel, payload: { total: 5, complete: false } })
  const { payload } = await watcher.ask({ type: 'presence', channel })
  expect(payload).toMatchObject({ total: 5, complete: false })
  expect(payload.members.map((one: any) => one.userId)).toEqual(['a-watcher', 'b', 'c', 'd'])
  for (const raw of others.splice(0, 2)) await raw.ask({ type: 'unsubscribe', channel })
  const back = await watcher.next((message: Message) => message.type === 'presence_count' && message.payload.complete)
  expect(back.payload).toEqual({ total: 3, complete: true })
  expect((await watcher.ask({ type: 'presence', channel })).payload).toMatchObject({ total: 3, complete: true })
  await others[0]!.ask({ type: 'unsubscribe', channel })
  expect((await watcher.next('presence_leave')).payload.userId).toBe('d')
})
