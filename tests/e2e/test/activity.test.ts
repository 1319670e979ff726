import { expect, it } from 'vitest'
import { api, openUser, useServer } from '../src/index'

// protocol.md section 9: what ends by itself.

const timeout = 700
const server = useServer({
  toml: `
[namespace.chat]
publish = true
subscribe = true
history = true
typing_timeout = "${timeout}ms"
`,
})
const typing = (userId: string, isTyping?: boolean) => ({ type: 'user_typing', channel: 'chat:a', payload: { userId, sessionId: 's1', isTyping } })
const any = () => true
const busy = { isActive: true, progress: 0.4, currentTask: 'searching' }

it('typing ends after its timeout, in the name of its user', async () => {
  const viewer = await openUser(server(), 'viewer')
  await viewer.subscribe('chat:a')
  const ann = await openUser(server(), 'ann')
  ann.send(typing('ann'))
  await viewer.next('user_typing')
  const began = performance.now()
  const end = await viewer.next('user_typing')
  expect(performance.now() - began).toBeGreaterThan(timeout - 150)
  expect(end).toMatchObject({ payload: { userId: 'ann', sessionId: 's1', isTyping: false }, from: { userId: 'ann' } })
  expect(end.offset).toBeUndefined()
})

it('typing ends with the message, and a late joiner learns of it from the next repeat', async () => {
  const viewer = await openUser(server(), 'viewer')
  await viewer.subscribe('chat:b')
  const ann = await openUser(server(), 'ann')
  await ann.ask({ ...typing('ann'), channel: 'chat:b' })
  const late = await openUser(server(), 'late')
  const { payload } = await late.subscribe('chat:b')
  expect(payload.latest).toEqual([])
  await ann.ask({ ...typing('ann'), channel: 'chat:b' })
  expect((await late.next('user_typing')).payload).toEqual({ userId: 'ann', sessionId: 's1' })
  await ann.ask({ type: 'chat_message', channel: 'chat:b', payload: { content: 'hi', role: 'user' } })
  const seen = [await viewer.next(any), await viewer.next(any), await viewer.next(any), await viewer.next(any)].map((each) => `${each.type} ${each.payload.isTyping}`)
  // The end is of low priority: the message of the same turn may overtake it.
  expect(seen.slice(0, 2)).toEqual(['user_typing undefined', 'user_typing undefined'])
  expect(seen.slice(2).sort()).toEqual(['chat_message undefined', 'user_typing false'])
})

it('nobody types for somebody else', async () => {
  const eve = await openUser(server(), 'eve')
  const answer = await eve.ask(typing('ann'))
  expect(answer.payload).toMatchObject({ name: 'forged_sender', path: '/payload/userId' })
})

it.each(['cut', 'closed'])('an agent whose connection is %s is idle, though it never subscribed', async (how) => {
  const channel = `chat:agent-${how}`
  const viewer = await openUser(server(), 'viewer')
  await viewer.subscribe(channel)
  const agent = await openUser(server(), 'agent')
  await agent.ask({ type: 'agent_status_update', channel, payload: busy })
  expect((await viewer.next('agent_status_update')).payload).toEqual(busy)
  if (how === 'cut') agent.socket.terminate()
  else agent.close()
  const idle = { isActive: false, progress: null, currentTask: null }
  expect(await viewer.next('agent_status_update')).toMatchObject({ payload: idle, from: { userId: 'agent' } })
  const late = await openUser(server(), 'late')
  expect((await late.subscribe(channel)).payload.latest[0].payload).toEqual(idle)
})

it('typing leaves nothing in the history', async () => {
  const ann = await openUser(server(), 'ann')
  await ann.ask({ ...typing('ann'), channel: 'chat:h' })
  const answer = await api(server(), 'history', { channel: 'chat:h', limit: 10 })
  expect(answer.body.publications).toEqual([])
})
