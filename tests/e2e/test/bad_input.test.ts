import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRaw, openUser, repository, useServer, type Raw } from '../src/index'
import { memberFits } from '../src/schemas'

// Every member of every message that a client may send, with values that its schema forbids.

const read = (name: string) => JSON.parse(readFileSync(join(repository, 'protocol', name), 'utf8'))
const rows = (read('codes.json').messages as { name: string; channel: string; client?: string }[]).filter(
  (row): row is { name: string; channel: string; client: string } => row.client !== undefined,
)

/** A payload that the server takes, but for what a test changes in it. */
const good: Record<string, Record<string, unknown>> = {
  auth: { token: 'x' },
  visibility: { state: 'visible' },
  ack: { offset: 0, epoch: 'e' },
  history: { limit: 1 },
  presence_update: { info: {} },
  rpc: { method: 'm' },
  rpc_cancel: { id: 'c' },
  rpc_serve: { methods: ['m'] },
  rpc_response: { requestId: 'r', result: 1 },
  state_set: { key: 'k', value: 1 },
  state_delete: { key: 'k' },
  stream_open: { messageId: 'm' },
  stream_cancel: { messageId: 'm' },
  transfer_begin: { transferId: 't', size: 10 },
  transfer_chunk: { transferId: 't', index: 1, data: 'x' },
  transfer_end: { transferId: 't' },
  connection_heartbeat: { timestamp: 1 },
  chat_message: { content: 'x', role: 'user' },
  chat_message_chunk: { messageId: 'm', content: 'x', isComplete: false },
  agent_status_update: { isActive: true, progress: null, currentTask: null },
  user_typing: { userId: 'alice', sessionId: 's' },
}

const values: unknown[] = [null, true, 'x', '', 'x'.repeat(9_000), 0, -1, 1.5, 2 ** 53, [], [null], [''], {}, { a: [] }]

describe('what no client may send', () => {
  const server = useServer()

  it.each(rows)('$name', async ({ name, channel, client }) => {
    const { properties = {}, required = [] } = read(`schemas/${client}.json`) as { properties?: Record<string, object>; required?: string[] }
    const raw = await openUser(server(), 'alice', { as: { channels: [{ match: '*', allow: ['publish', 'subscribe', 'history', 'presence', 'state', 'rpc', 'serve', 'cancel'] }] } })
    const place = channel === 'never' ? undefined : 'chat:bad'
    if (place) await raw.subscribe(place)
    const wrong: string[] = []
    const send = async (payload: unknown, path: string) => {
      const error = await raw.ask({ type: name, channel: place, payload: payload as object })
      await raw.barrier() // a good message: ten bad ones in a row close
      const { payload: told } = error
      const fits = error.type === 'error' && told.name === 'invalid_message' && (told.path === path || told.path.startsWith(`${path}/`)) && error.channel === place
      if (!fits) wrong.push(`${JSON.stringify(payload).slice(0, 80)}: ${JSON.stringify(error).slice(0, 200)}, wanted ${path}`)
    }
    for (const payload of [null, 1, 'x', [], true]) await send(payload, '/payload')
    for (const member of required) {
      const { [member]: _, ...rest } = good[name]!
      await send(rest, `/payload/${member}`)
    }
    for (const member of Object.keys(properties).filter((each) => each !== 'serverTime')) // the server's own
      for (const value of values) if (!memberFits(client, member, value)) await send({ ...good[name], [member]: value }, `/payload/${member}`)
    expect(wrong).toEqual([])
  })
})

describe('ten invalid messages in a row', () => {
  const server = useServer()
  const empty = (raw: Raw) => raw.send({ type: 'chat_message', channel: 'chat:row', payload: {} })

  it('close with 4400, whatever is wrong with them', async () => {
    const raw = await openUser(server())
    for (let i = 0; i < 5; i++) {
      empty(raw)
      raw.sendText('{"type":5}')
    }
    expect((await raw.closed).code).toBe(4400)
    expect(raw.messages.filter((message) => message.type === 'error')).toHaveLength(10)
  })

  it('are not in a row with a good one between, and another error is not invalid', async () => {
    const raw = await openUser(server())
    for (let i = 0; i < 9; i++) empty(raw)
    await raw.barrier()
    for (let i = 0; i < 20; i++) raw.send({ type: 'chat_message', channel: 'quiet:x', payload: { content: 'x', role: 'user' } })
    expect((await raw.barrier()).map((message) => message.payload.name)).toEqual(Array(20).fill('permission_denied'))
  })

  it('close before `auth` too', async () => {
    const raw = await openRaw(server(), { as: false })
    for (let i = 0; i < 10; i++) raw.send({ type: 'auth', payload: {} })
    expect((await raw.closed).code).toBe(4400)
  })
})

describe('an error', () => {
  const server = useServer()

  it('in a batch has the place in front of its path', async () => {
    const raw = await openUser(server())
    raw.send({ type: 'presence', id: '1', channel: 'chat:1' }, { type: 'history', id: '2', channel: 'chat:1', payload: {} }, { type: 'history', id: '3', channel: 'chat:1', payload: [] })
    expect((await raw.next((message) => message.id === '2')).payload.path).toBe('/1/payload/limit')
    expect((await raw.next((message) => message.id === '3')).payload.path).toBe('/2/payload')
    expect((await raw.ask({ type: 'history', channel: 'chat:1', payload: {} })).payload.path).toBe('/payload/limit')
  })

  it('names the channel that the message had', async () => {
    const raw = await openUser(server())
    expect(await raw.ask({ type: 'ack', channel: 'chat:1', payload: { offset: 1, epoch: 'e' } })).toMatchObject({ channel: 'chat:1', payload: { name: 'not_subscribed' } })
    expect(await raw.ask({ type: 'state_changed', channel: 'chat:1' })).toMatchObject({ channel: 'chat:1', payload: { name: 'unknown_type' } })
    const stranger = await openRaw(server(), { as: false })
    expect(await stranger.ask({ type: 'subscribe', channel: 'chat:1' })).toMatchObject({ channel: 'chat:1', payload: { name: 'unauthorized' } })
  })
})
