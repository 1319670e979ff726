import { describe, expect, it } from 'vitest'
import type { TidewireEvent } from '../src/index'
import { jwt, message, reconnect, scene, subscribedScene } from './setup'

const refusal = { type: 'error', payload: { code: 1103, name: 'token_invalid', message: 'bad', retryable: false } }

describe('the connection', () => {
  it('says how large batches it takes', async () => {
    for (const [incomingBatch, batch] of [[undefined, true], [false, false], [{ messages: 10, delayMs: 50 }, { messages: 10, delayMs: 50 }]] as const) {
      const it = scene({ incomingBatch })
      await it.connect()
      expect(it.network.current.last('auth').payload?.batch).toEqual(batch)
    }
  })

  it('knows the server and what it takes', async () => {
    const it = scene()
    await it.connect()
    expect(it.client.state).toMatchObject({ status: 'open', server: 'fake/1', limits: { messageBytes: 65_536, channels: 128 } })
  })
})

describe('refreshToken', () => {
  it('changes the token in place, and uses it from then on', async () => {
    const it = scene()
    await it.connect()
    const { state } = it.client
    const done = it.client.refreshToken('second')
    it.network.current.welcome()
    await done
    expect(it.network.current.last('auth').payload?.token).toBe('second')
    expect(it.client.state).toBe(state)
    await reconnect(it)
    it.network.current.accept()
    expect(it.network.current.last('auth').payload?.token).toBe('second')
  })

  it('that is refused rejects, and the old one stays', async () => {
    const it = scene()
    await it.connect()
    const done = expect(it.client.refreshToken('bad')).rejects.toMatchObject({ name: 'token_invalid', code: 1103 })
    await it.clock.settle()
    it.network.current.reply('auth', refusal)
    await done
    await it.clock.pass(10_000)
    expect(it.client.state.status).toBe('open')
    await reconnect(it)
    it.network.current.accept()
    expect(it.network.current.last('auth').payload?.token).toBe('token')
  })

  it('asks getToken when it is given none', async () => {
    const tokens = ['first', 'second']
    const reasons: string[] = []
    const it = scene({ token: undefined, getToken: ({ reason }) => (reasons.push(reason), tokens.shift() ?? null) })
    await it.connect()
    const done = it.client.refreshToken()
    await it.clock.settle()
    it.network.current.welcome()
    await done
    expect(reasons).toEqual(['connect', 'refresh'])
    expect(it.network.current.last('auth').payload?.token).toBe('second')
    await expect(it.client.refreshToken()).rejects.toMatchObject({ name: 'no_token' })
    await expect(scene().client.refreshToken()).rejects.toMatchObject({ name: 'no_token' })
  })

  it('rejects when the connection is lost before the answer; the next one uses the new token', async () => {
    const it = scene()
    await it.connect()
    const done = expect(it.client.refreshToken('second')).rejects.toMatchObject({ name: 'connection_lost' })
    await it.clock.settle()
    await reconnect(it)
    await done
    it.network.current.accept()
    expect(it.network.current.last('auth').payload?.token).toBe('second')
  })

  it('before the connection is for it', async () => {
    const it = scene({ token: jwt({ sub: 'ann', exp: 1 }) })
    await it.client.refreshToken('fresh')
    await it.connect()
    expect(it.network.current.last('auth').payload?.token).toBe('fresh')
  })
})

describe('events', () => {
  it('carry nonce, sig and enc both ways', async () => {
    const it = await subscribedScene()
    const reserved = { nonce: 'n', sig: 's', enc: 'e' }
    it.channel.publish('chat_message', { content: 'x', role: 'user' }, reserved).catch(() => {})
    expect(it.network.current.last('chat_message')).toMatchObject(reserved)
    it.network.current.send(message(1, reserved), message(2))
    expect(it.events[0]).toMatchObject(reserved)
    expect(Object.keys(it.events[1] as TidewireEvent)).not.toContain('nonce')
  })

  it('that the server sends again are counted', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1), message(1, { redelivered: 1 }), message(1, { redelivered: 2 }))
    expect(it.client.metrics()).toMatchObject({ redelivered: 2, duplicates: 2 })
  })
})

describe('markRead', () => {
  it('is told again after a reconnect, the newest only', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1), message(2), message(3))
    it.channel.markRead(1)
    it.channel.markRead(2)
    it.channel.markRead(3)
    expect(it.network.current.received.filter(({ type }) => type === 'ack').map(({ payload }) => payload?.read)).toEqual([1])
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('ack').payload?.read).toBe(1)
    it.network.current.reply('ack', { type: 'ack', payload: { offset: 1, epoch: 'e1', duplicate: false } })
    await it.clock.settle()
    expect(it.network.current.last('ack').payload).toEqual({ epoch: 'e1', offset: 3, read: 3 })
    it.network.current.reply('ack', { type: 'ack', payload: { offset: 3, epoch: 'e1', duplicate: false } })
    await it.clock.settle()
    expect(it.client.metrics().pending).toBe(0)
  })

  it('waits as long as it takes; a refusal is an error event', async () => {
    const it = await subscribedScene()
    const errors: string[] = []
    it.client.on('error', ({ name }) => errors.push(name))
    it.network.current.send(message(1))
    it.channel.markRead()
    await it.clock.pass(31_000)
    expect(it.network.current.received.filter(({ type }) => type === 'ack')).toHaveLength(2)
    it.network.current.reply('ack', { type: 'error', payload: { code: 1303, name: 'not_subscribed', message: '', retryable: false } })
    await it.clock.settle()
    expect(errors).toEqual(['not_subscribed'])
    expect(it.client.metrics().pending).toBe(0)
  })
})

describe('updatePresence', () => {
  const updates = (it: Awaited<ReturnType<typeof subscribedScene>>) => it.network.current.received.filter(({ type }) => type === 'presence_update').map(({ payload }) => payload)
  async function shown() {
    const it = await subscribedScene()
    const done = it.channel.updatePresence({ away: true })
    it.network.current.reply('presence_update', { type: 'ack', payload: { duplicate: false } })
    await done
    return it
  }

  it('is said again when the server has lost the session', async () => {
    const it = await shown()
    await reconnect(it)
    it.network.current.welcome({ connectionId: 'c2', resumed: false })
    it.network.current.subscribed({ wasRecovering: true, recovered: true })
    expect(updates(it)).toEqual([{ info: { away: true } }])
  })

  it('not when it has not, nor after the channel was left', async () => {
    const it = await shown()
    await reconnect(it)
    it.network.current.welcome({ connectionId: 'c2', resumed: true })
    it.network.current.subscribed({ wasRecovering: true, recovered: true })
    expect(updates(it)).toEqual([])
    void it.channel.unsubscribe()
    void it.channel.subscribe()
    await reconnect(it)
    it.network.current.welcome({ connectionId: 'c3', resumed: false })
    it.network.current.subscribed({ wasRecovering: true, recovered: true })
    expect(updates(it)).toEqual([])
  })
})

describe('stream.open', () => {
  it('announces the message', async () => {
    const it = await subscribedScene()
    const writer = it.channel.stream('m1', { generation: 2 })
    const opened = writer.open()
    expect(it.network.current.last('stream_open')).toMatchObject({ channel: 'chat:1', payload: { messageId: 'm1', generation: 2 } })
    it.network.current.reply('stream_open', { type: 'ack', payload: { duplicate: false } })
    await opened
    expect(writer.ended).toBeUndefined()
  })

  it('that is not wanted ends it', async () => {
    const it = await subscribedScene()
    const writer = it.channel.stream('m1')
    const opened = writer.open()
    it.network.current.reply('stream_open', { type: 'error', payload: { code: 1406, name: 'stream_fenced', message: '', retryable: false, generation: 3 } })
    await opened
    expect(await writer.done).toMatchObject({ status: 'failed', error: { name: 'stream_fenced', details: { generation: 3 } } })
    await writer.open()
    expect(it.network.current.received.filter(({ type }) => type === 'stream_open')).toHaveLength(1)
  })
})

describe('echo: false', () => {
  const quiet = (it: Awaited<ReturnType<typeof subscribedScene>>) => it.channel.publish('chat_message', { content: 'mine', role: 'user' }, { echo: false })
  const ack = (offset: number) => ({ type: 'ack', payload: { offset, epoch: 'e1', duplicate: false } })
  const subscribes = (it: Awaited<ReturnType<typeof subscribedScene>>) => it.network.current.received.filter(({ type }) => type === 'subscribe').length

  it('what others say before its answer is held, not taken for a hole', async () => {
    const it = await subscribedScene()
    const done = quiet(it)
    it.network.current.send(message(1), message(3), message(4))
    expect(it.contents()).toEqual(['m1'])
    it.network.current.reply('chat_message', ack(2))
    await done
    expect(it.contents()).toEqual(['m1', 'm3', 'm4'])
    expect(it.channel.position?.offset).toBe(4)
    expect(subscribes(it)).toBe(1)
  })

  it('a hole that it does not explain is asked for', async () => {
    const it = await subscribedScene()
    const done = quiet(it)
    it.network.current.send(message(3))
    it.network.current.reply('chat_message', ack(2))
    await done
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 0 } })
    expect(subscribes(it)).toBe(2)
  })

  it('a refused one explains nothing', async () => {
    const it = await subscribedScene()
    const done = expect(quiet(it)).rejects.toMatchObject({ name: 'permission_denied' })
    it.network.current.send(message(2))
    it.network.current.reply('chat_message', { type: 'error', payload: { code: 1201, name: 'permission_denied', message: '', retryable: false } })
    await done
    expect(subscribes(it)).toBe(2)
  })

  it('does not come back by a recovery either, when its answer was lost', async () => {
    const it = await subscribedScene()
    void quiet(it)
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed({ offset: 2, wasRecovering: true, recovered: true, publications: [message(1, { key: 'k1' }), message(2)] })
    expect(it.contents()).toEqual(['m2'])
    expect(it.channel.position?.offset).toBe(2)
  })
})
