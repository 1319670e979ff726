import { expect, it } from 'vitest'
import { api, openRaw, openUser, request, useServer } from '../src/index'

// protocol.md section 17: rates, by scope.

const server = useServer({
  flags: {
    'limits.connection.subscribes_per_second': 1,
    'limits.connection.subscribes_burst': 3,
    'limits.user.publishes_per_second': 1,
    'limits.user.publishes_burst': 4,
    'limits.user.connects_per_second': 1,
    'limits.user.connects_burst': 4,
    'limits.api.publishes_per_second': 1,
    'limits.api.publishes_burst': 2,
  },
})
const shared = useServer({
  flags: {
    'limits.address.publishes_per_second': 1,
    'limits.address.publishes_burst': 3,
    'namespace.busy.publish': true,
    'namespace.busy.subscribes_per_second': 1,
    'namespace.busy.subscribes_burst': 2,
    'namespace.busy.subscribe': true,
    'namespace.heavy.publish': true,
    'namespace.heavy.bytes_per_second': 10,
    'namespace.heavy.publishes_per_second': 1,
    'namespace.heavy.bytes_burst': 100,
    'namespace.heavy.publishes_burst': 3,
  },
})
const chat = { type: 'chat_message', channel: 'chat:l', payload: { content: 'x', role: 'user' } }
const refusal = { type: 'error', payload: { name: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) } }

it('subscribes of one connection: refused with the time, and the others go on', async () => {
  const raw = await openUser(server(), 'sub')
  for (const name of ['a', 'b', 'c']) await raw.subscribe(`chat:${name}`)
  const answer = await raw.ask({ type: 'subscribe', channel: 'chat:d' })
  expect(answer).toMatchObject(refusal)
  expect(answer.payload.retryAfterMs).toBeLessThanOrEqual(1_000)
  await new Promise((resolve) => setTimeout(resolve, answer.payload.retryAfterMs + 20))
  expect(await raw.ask({ type: 'subscribe', channel: 'chat:d' })).toMatchObject({ type: 'subscribed' })
})

it('publishes of one user count over all connections, and a refusal comes without an id too', async () => {
  const one = await openUser(server(), 'pub')
  const two = await openUser(server(), 'pub')
  for (const raw of [one, two, one, two]) expect(await raw.ask(chat)).toMatchObject({ type: 'ack' })
  expect(await one.ask(chat)).toMatchObject(refusal)
  two.send(chat)
  const silent = await two.next('error')
  expect(silent).toMatchObject(refusal)
  expect(silent.id).toBeUndefined()
  const other = await openUser(server(), 'other')
  expect(await other.ask(chat)).toMatchObject({ type: 'ack' })
})

it('connects of one user: rate_limited, then 4029', async () => {
  for (let i = 0; i < 4; i++) await openUser(server(), 'fast')
  const late = await openRaw(server(), { as: { sub: 'fast' } })
  expect(await late.next('error')).toMatchObject(refusal)
  expect((await late.closed).code).toBe(4029)
})

it('publishes of the server API: 429 with Retry-After, and the metric of it', async () => {
  for (let i = 0; i < 2; i++) expect((await api(server(), 'publish', chat)).status).toBe(200)
  const refused = await api(server(), 'publish', chat)
  expect(refused.status).toBe(429)
  expect(refused.body.error).toMatchObject({ name: 'rate_limited' })
  const metrics = await request(`${server().internal}/metrics`)
  expect(metrics.text).toContain('tidewire_rate_limited_total{scope="api",kind="publishes"} 1')
})

const counted = async (scope: string, kind: string) =>
  expect((await request(`${shared().internal}/metrics`)).text).toContain(`tidewire_rate_limited_total{scope="${scope}",kind="${kind}"} 1`)

it('publishes of one address count over all its users', async () => {
  const users = [await openUser(shared(), 'ann'), await openUser(shared(), 'bob'), await openUser(shared(), 'carl')]
  for (const raw of users) expect(await raw.ask(chat)).toMatchObject({ type: 'ack' })
  expect(await users[0]!.ask(chat)).toMatchObject(refusal)
  await counted('address', 'publishes')
})

it('subscribes to the channels of one namespace count over all connections, and other namespaces go on', async () => {
  const [ann, bob] = [await openUser(shared(), 'ann'), await openUser(shared(), 'bob')]
  expect(await ann.subscribe('busy:1')).toMatchObject({ type: 'subscribed' })
  expect(await bob.subscribe('busy:2')).toMatchObject({ type: 'subscribed' })
  expect(await ann.subscribe('busy:3')).toMatchObject(refusal)
  await counted('namespace', 'subscribes')
  expect(await ann.subscribe('chat:1')).toMatchObject({ type: 'subscribed' })
})

it('a namespace counts the bytes of what the server API publishes, and its changes of state', async () => {
  const heavy = { type: 'note', channel: 'heavy:1', payload: { text: 'x'.repeat(80) } }
  const tooMuch = [429, { name: 'rate_limited', retryAfterMs: expect.any(Number) }]
  expect((await api(shared(), 'publish', heavy)).status).toBe(200)
  const second = await api(shared(), 'publish', heavy)
  expect([second.status, second.body.error]).toMatchObject(tooMuch)
  await counted('namespace', 'bytes')
  const change = { channel: 'heavy:1', key: 'k', value: 1 }
  const sets = []
  for (let i = 0; i < 12; i++) sets.push(await api(shared(), 'state/set', change))
  expect(sets[0]!.status).toBe(200)
  expect(sets.map(({ status, body }) => [status, body.error])).toContainEqual([429, expect.objectContaining({ name: 'rate_limited' })])
})
