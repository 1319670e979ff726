import { expect, it } from 'vitest'
import { openUser, useServer } from '../src/index'

// protocol.md section 11: presence, one member a user over several devices; a device is a session.

const grace = 600
const server = useServer({ flags: { 'presence.grace': `${grace}ms` } })
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
