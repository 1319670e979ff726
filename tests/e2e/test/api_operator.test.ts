import { describe, expect, it } from 'vitest'
import { api, mint, openUser, seconds, useServer } from '../src/index'

// protocol.md section 18: what a back end does to connections and shared state, and several things at once.

const server = useServer()
const post = (name: string, body: unknown) => api(server(), name, body)

describe('subscribe', () => {
  it('subscribes every connection of a user, whatever its token allows', async () => {
    const one = await openUser(server(), 'sue')
    const two = await openUser(server(), 'sue')
    expect((await post('subscribe', { userId: 'sue', channel: 'quiet:news' })).body).toEqual({ subscribed: 2 })
    for (const raw of [one, two])
      expect(await raw.next(m => m.type === 'subscribed')).toMatchObject({ channel: 'quiet:news', payload: { recovered: false } })
    await post('publish', { channel: 'quiet:news', type: 'note', payload: { text: 'hello' } })
    for (const raw of [one, two]) expect(await raw.next(m => m.type === 'note')).toMatchObject({ payload: { text: 'hello' } })
  })

  it('counts nobody twice: who is subscribed already stays so', async () => {
    const raw = await openUser(server(), 'sid')
    await raw.ask({ type: 'subscribe', channel: 'chat:s1' })
    expect((await post('subscribe', { userId: 'sid', channel: 'chat:s1' })).body).toEqual({ subscribed: 0 })
  })

  it.each([
    ['nobody', { channel: 'chat:1' }, 'invalid_message', ''],
    ['no channel', { userId: 'a' }, 'invalid_channel', '/channel'],
  ])('%s is named: 400', async (_what, body, name, path) => {
    const answer = await post('subscribe', body)
    expect([answer.status, answer.body.error.name]).toEqual([400, name])
    expect(answer.body.error.path ?? '').toBe(path)
  })
})

describe('refresh', () => {
  it('a later expiresAt reaches the client as a welcome', async () => {
    const raw = await openUser(server(), 'rea', { as: { sub: 'rea', exp: seconds() + 60 } })
    const at = (seconds() + 7200) * 1000
    expect((await post('refresh', { sessionId: raw.messages[0]!.payload.sessionId, expiresAt: at })).body).toEqual({ refreshed: 1 })
    expect(await raw.next(m => m.type === 'welcome')).toMatchObject({ payload: { expiresAt: at } })
  })

  it('a token replaces the rules of the connection', async () => {
    const raw = await openUser(server(), 'ron')
    expect(await raw.ask({ type: 'subscribe', channel: 'quiet:ron' })).toMatchObject({ type: 'error', payload: { name: 'permission_denied' } })
    const token = mint({ sub: 'ron', channels: [{ match: 'quiet:*', allow: ['subscribe'] }] })
    expect((await post('refresh', { userId: 'ron', token })).body).toEqual({ refreshed: 1 })
    expect(await raw.ask({ type: 'subscribe', channel: 'quiet:ron' })).toMatchObject({ type: 'subscribed' })
  })

  it('a token of another user reaches nobody; both or neither of token and expiresAt: 400', async () => {
    await openUser(server(), 'rob')
    expect((await post('refresh', { userId: 'rob', token: mint({ sub: 'mallory' }) })).body).toEqual({ refreshed: 0 })
    expect((await post('refresh', { userId: 'rob' })).status).toBe(400)
    expect((await post('refresh', { userId: 'rob', token: 'x', expiresAt: 1 })).status).toBe(400)
  })

  it('a token that is not valid is named, not counted as nobody', async () => {
    await openUser(server(), 'roy')
    const spoiled = await post('refresh', { userId: 'roy', token: 'x' })
    expect([spoiled.status, spoiled.body.error]).toMatchObject([401, { name: 'token_invalid', path: '/token' }])
    const expired = await post('refresh', { userId: 'roy', token: mint({ sub: 'roy', exp: seconds() - 3600 }) })
    expect([expired.status, expired.body.error]).toMatchObject([401, { name: 'token_expired', path: '/token' }])
  })
})

describe('state', () => {
  it('is what clients see and change', async () => {
    const raw = await openUser(server(), 'sam', { as: { sub: 'sam', channels: [{ match: 'board:*', allow: ['subscribe', 'state'] }] } })
    await raw.ask({ type: 'subscribe', channel: 'board:api' })
    const set = await post('state/set', { channel: 'board:api', key: 'plan', value: { days: 3 } })
    expect([set.status, set.body]).toEqual([200, { key: 'plan', value: { days: 3 }, version: expect.any(Number) }])
    expect(await raw.next(m => m.type === 'state_changed')).toMatchObject({ payload: set.body })
    expect((await post('state/get', { channel: 'board:api' })).body).toEqual({ entries: [set.body] })
    expect((await post('state/get', { channel: 'board:api', key: 'plan' })).body).toEqual(set.body)
    const late = await post('state/set', { channel: 'board:api', key: 'plan', value: 1, ifVersion: 0 })
    expect([late.status, late.body.error]).toMatchObject([409, { name: 'conflict', current: { value: { days: 3 }, version: set.body.version } }])
    expect((await post('state/delete', { channel: 'board:api', key: 'plan', ifVersion: set.body.version })).body).toEqual({ key: 'plan', version: 0 })
    expect((await post('state/delete', { channel: 'board:api', key: 'plan' })).status).toBe(404)
  })

  it.each([
    ['state/set', { channel: 'board:api', key: 'k' }, '/value'],
    ['state/set', { channel: 'board:api', value: 1 }, '/key'],
    ['state/set', { channel: 'board:api', key: 'k', value: 1, ifVersion: 'x' }, '/ifVersion'],
    ['state/get', { key: 'k' }, '/channel'],
    ['state/delete', { channel: 'board:api', key: '' }, '/key'],
  ])('%s %j: 400 with the member that is wrong', async (name, body, path) => {
    const answer = await post(name, body)
    expect([answer.status, answer.body.error.path]).toEqual([400, path])
  })
})

describe('an error', () => {
  it.each([
    ['history', { since: { epoch: 'other', offset: 1 } }, 'history_unavailable', '/since/epoch'],
    ['state/set', { key: 'k', value: 1, ifVersion: 7 }, 'conflict', '/ifVersion'],
    ['state/delete', { key: 'none' }, 'not_found', '/key'],
    ['streams/append', { messageId: 'm', content: 'x', index: 2 }, 'stream_gap', '/index'],
    ['receipts', {}, 'unsupported', '/channel'],
  ])('of %s %j points into the body', async (name, body, what, path) => {
    const { error } = (await post(name, { channel: 'chat:pointed', ...body })).body
    expect([error.name, error.path]).toEqual([what, path])
  })
})

describe('channels', () => {
  it('as many as asked for are all there are, when there are no more', async () => {
    for (const name of ['list:1', 'list:2', 'list:3']) await post('publish', { channel: name, type: 'note', payload: {} })
    const names = async (limit: number) => {
      const { channels, complete } = (await post('channels', { prefix: 'list:', limit })).body
      return [channels.map((one: any) => one.channel), complete]
    }
    expect(await names(3)).toEqual([['list:1', 'list:2', 'list:3'], true])
    expect((await names(2))[1]).toBe(false)
    expect((await names(2))[0]).toHaveLength(2)
  })
})

describe('batch', () => {
  it('answers every command in its order, errors among them', async () => {
    const answer = await post('batch', {
      commands: [
        { publish: { channel: 'chat:batch', type: 'chat_message', payload: { content: 'one', role: 'system' } } },
        { publish: { channel: 'chat:batch', type: 'chat_message', payload: { content: 2, role: 'system' } } },
        { history: { channel: 'chat:batch' } },
      ],
    })
    expect(answer.status).toBe(200)
    expect(answer.body.results).toMatchObject([
      { offset: 1, duplicate: false },
      { error: { name: 'invalid_message', path: '/payload/content' } },
      { offset: 1, publications: [{ payload: { content: 'one' } }] },
    ])
  })

  it.each([
    ['no commands', {}, '/commands'],
    ['none in the list', { commands: [] }, '/commands'],
    ['too many', { commands: Array.from({ length: 1001 }, () => ({ channels: {} })) }, '/commands'],
    ['a command that is no object', { commands: [{ channels: {} }, 'channels'] }, '/commands/1'],
    ['two in one', { commands: [{ channels: {}, history: {} }] }, '/commands/0'],
    ['one that does not exist', { commands: [{ reboot: {} }] }, '/commands/0'],
    ['a batch in a batch', { commands: [{ batch: { commands: [] } }] }, '/commands/0'],
  ])('%s: 400, and nothing is done', async (_what, body, path) => {
    const answer = await post('batch', body)
    expect([answer.status, answer.body.error.path]).toEqual([400, path])
  })
})
