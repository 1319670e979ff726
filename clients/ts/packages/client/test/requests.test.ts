import { describe, expect, it } from 'vitest'
import { message, reconnect, scene, subscribedScene } from './setup'

const hello = { content: 'hello', role: 'user' } as const

describe('publishing', () => {
  it('resolves with the position that the server gave', async () => {
    const it = await subscribedScene()
    const done = it.channel.publish('chat_message', hello, { priority: 'high' })
    expect(it.network.current.last('chat_message')).toMatchObject({ channel: 'chat:1', key: 'k1', priority: 'high', payload: hello })
    it.network.current.reply('chat_message', { type: 'ack', payload: { offset: 4, epoch: 'e1', duplicate: false } })
    expect(await done).toEqual({ offset: 4, epoch: 'e1', duplicate: false })
  })

  it('what was not acknowledged is sent again with the same key, in order, after a reconnect', async () => {
    const it = await subscribedScene()
    const first = it.channel.publish('chat_message', hello, { key: 'mine' })
    await reconnect(it)
    const second = it.channel.publish('chat_message', hello)
    it.network.current.welcome()
    const sent = it.network.current.received.filter((one) => one.type === 'chat_message')
    expect(sent.map((one) => one.key)).toEqual(['mine', 'k1'])
    for (const [i, { id }] of sent.entries()) it.network.current.send({ type: 'ack', id, payload: { offset: i + 1, epoch: 'e1', duplicate: i === 0 } })
    expect(await first).toMatchObject({ duplicate: true })
    expect(await second).toMatchObject({ offset: 2 })
    expect(it.client.metrics().pending).toBe(0)
  })

  it('publishing inside onState(open) sends once', async () => {
    const it = scene()
    it.client.onState((state) => {
      if (state.status === 'open') void it.client.channel('chat:1').publish('chat_message', hello)
    })
    await it.connect()
    expect(it.network.current.received.filter((one) => one.type === 'chat_message')).toHaveLength(1)
  })

  it('a refusal is a typed error with code, name and path', async () => {
    const it = await subscribedScene()
    const done = it.channel.publish('chat_message', hello)
    it.network.current.reply('chat_message', {
      type: 'error',
      payload: { code: 1001, name: 'invalid_message', message: 'bad role', retryable: false, path: '/payload/role' },
    })
    await expect(done).rejects.toMatchObject({ code: 1001, name: 'invalid_message', path: '/payload/role', retryable: false })
  })

  it('an error keeps the details, such as expectedIndex', async () => {
    const it = await subscribedScene()
    const done = it.channel.publish('chat_message_chunk', { messageId: 'm', content: 'x', isComplete: false, index: 9 })
    it.network.current.reply('chat_message_chunk', { type: 'error', payload: { code: 1401, name: 'stream_gap', message: '', expectedIndex: 4 } })
    await expect(done).rejects.toMatchObject({ name: 'stream_gap', details: { expectedIndex: 4 } })
  })

  it('shutting_down is not the end: the next connection gets it', async () => {
    const it = await subscribedScene()
    const done = it.channel.publish('chat_message', hello)
    it.network.current.reply('chat_message', { type: 'error', payload: { code: 1903, name: 'shutting_down', message: '', retryable: true } })
    await reconnect(it, 4012)
    it.network.current.welcome()
    it.network.current.reply('chat_message', { type: 'ack', payload: { offset: 1, epoch: 'e1', duplicate: false } })
    expect(await done).toMatchObject({ offset: 1 })
  })

  it('times out with maybeDelivered, also while not connected', async () => {
    const it = await subscribedScene()
    const sent = expect(it.channel.publish('chat_message', hello, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'timeout', maybeDelivered: true })
    await it.clock.pass(50)
    await sent
    it.network.current.close()
    const held = expect(it.channel.publish('chat_message', hello, { timeoutMs: 50 })).rejects.toMatchObject({ name: 'timeout', maybeDelivered: false })
    await it.clock.pass(50)
    await held
  })

  it('aborts by signal', async () => {
    const it = await subscribedScene()
    const controller = new AbortController()
    const done = it.channel.publish('chat_message', hello, { signal: controller.signal })
    controller.abort()
    await expect(done).rejects.toMatchObject({ name: 'aborted' })
    await expect(it.channel.publish('chat_message', hello, { signal: controller.signal })).rejects.toMatchObject({ name: 'aborted' })
    expect(it.client.metrics().pending).toBe(0)
  })

  it('the outbox is bounded by count and by bytes', async () => {
    const it = scene({ outbox: { maxMessages: 2 } })
    const channel = it.client.channel('chat:1')
    const held = [channel.publish('chat_message', hello), channel.publish('chat_message', hello)]
    await expect(channel.publish('chat_message', hello)).rejects.toMatchObject({ name: 'outbox_full' })
    const small = scene({ outbox: { maxBytes: 10 } })
    await expect(small.client.channel('chat:1').publish('chat_message', hello)).rejects.toMatchObject({ name: 'outbox_full' })
    await it.connect()
    it.client.close()
    for (const one of held) await expect(one).rejects.toMatchObject({ name: 'closed' })
  })

  it('what is above the server limit and cannot go in pieces is refused here, not by a lost connection', async () => {
    const it = await subscribedScene()
    const huge = { content: '\u00e9'.repeat(40_000), role: 'user' } as const
    await expect(it.channel.shared.set('k', huge)).rejects.toMatchObject({ name: 'message_too_large', code: 1003 })
    expect(it.channel.send('chat_message', huge)).toBe(false)
  })

  it('send() has no id, and is dropped without a connection', async () => {
    const it = await subscribedScene()
    expect(it.channel.send('user_typing', { userId: 'u1', sessionId: 's1' })).toBe(true)
    expect(it.network.current.last('user_typing').id).toBeUndefined()
    it.network.current.close()
    expect(it.client.send('chat:1', 'user_typing', { userId: 'u1', sessionId: 's1' })).toBe(false)
  })
})

describe('asking', () => {
  it('rpc gives the result; a lost connection rejects with maybeDelivered', async () => {
    const it = scene()
    await it.connect()
    const sum = it.client.rpc<number>('sum', { a: 1 })
    expect(it.network.current.last('rpc').payload).toEqual({ method: 'sum', params: { a: 1 } })
    it.network.current.reply('rpc', { type: 'rpc_result', payload: { result: 3 } })
    expect(await sum).toBe(3)
    const lost = it.client.rpc('sum')
    it.network.current.close()
    await expect(lost).rejects.toMatchObject({ name: 'connection_lost', maybeDelivered: true })
  })

  it('presence, history and shared state', async () => {
    const it = await subscribedScene()
    const { current } = it.network
    const presence = it.channel.presence()
    current.reply('presence', { type: 'presence', payload: { members: [{ userId: 'u', clients: 2 }] } })
    expect(await presence).toEqual([{ userId: 'u', clients: 2 }])

    const history = it.channel.history({ limit: 5, reverse: true })
    expect(current.last('history').payload).toEqual({ limit: 5, reverse: true })
    current.reply('history', { type: 'history', payload: { epoch: 'e1', offset: 2, publications: [message(2)] } })
    expect((await history).publications[0]).toMatchObject({ offset: 2, channel: 'chat:1', replayed: true })

    const missing = it.channel.shared.get('k')
    current.reply('state_get', { type: 'state', payload: { key: 'k', version: 0 } })
    expect(await missing).toBeUndefined()
    const set = it.channel.shared.set('k', 1, { ifVersion: 0 })
    expect(current.last('state_set').payload).toEqual({ key: 'k', value: 1, ifVersion: 0 })
    current.reply('state_set', { type: 'state', payload: { key: 'k', value: 1, version: 1 } })
    expect(await set).toEqual({ value: 1, version: 1 })
    const all = it.channel.shared.all()
    current.reply('state_get', { type: 'state', payload: { entries: [{ key: '__proto__', value: 1, version: 1 }] } })
    expect((await all).get('__proto__')).toEqual({ value: 1, version: 1 })
  })

  it('ack() tells the last position handled', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1))
    it.channel.ack()
    expect(it.network.current.last('ack')).toEqual({ type: 'ack', channel: 'chat:1', payload: { epoch: 'e1', offset: 1 } })
  })

  it('serves methods, again after a reconnect, and answers calls and failures', async () => {
    const it = scene()
    it.client.serve({
      double: (params, caller) => ({ of: (params as { n: number }).n * 2, for: caller.userId }),
      fail: () => {
        throw new RangeError('too far')
      },
    })
    await it.connect()
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('rpc_serve').payload).toEqual({ methods: ['double', 'fail'] })
    it.network.current.send({ type: 'rpc_request', payload: { requestId: 'q1', method: 'double', params: { n: 4 }, caller: { userId: 'u9' } } })
    await it.clock.settle()
    expect(it.network.current.last('rpc_response').payload).toEqual({ requestId: 'q1', result: { of: 8, for: 'u9' } })
    it.network.current.send({ type: 'rpc_request', payload: { requestId: 'q2', method: 'fail', caller: {} } })
    await it.clock.settle()
    expect(it.network.current.last('rpc_response').payload).toEqual({ requestId: 'q2', error: { name: 'RangeError', message: 'too far' } })
  })

  it('the producer hears stream_cancel without a subscription', async () => {
    const it = scene()
    await it.connect()
    const cancelled: string[] = []
    it.client.channel('chat:1').on('stream_cancel', (event) => cancelled.push(event.payload.messageId))
    it.network.current.send({ type: 'stream_cancel', channel: 'chat:1', payload: { messageId: 'm1', reason: 'user' } })
    expect(cancelled).toEqual(['m1'])
  })

  it('an error without an id is an error event', async () => {
    const it = scene()
    await it.connect()
    const names: string[] = []
    it.client.on('error', (error) => names.push(error.name))
    it.network.current.send({ type: 'error', payload: { code: 1501, name: 'rate_limited', message: '', retryable: true } })
    expect(names).toEqual(['rate_limited'])
  })
})

describe('batching', () => {
  it('joins what is sent within the window, in order, up to the maximum', async () => {
    const it = scene({ batch: { windowMs: 10, max: 3 } })
    await it.connect()
    const before = it.network.current.frames.length
    for (let i = 0; i < 4; i++) it.client.send('chat:1', 'user_typing', { userId: 'u', sessionId: `${i}` })
    expect(it.network.current.frames.length - before).toBe(1)
    await it.clock.pass(10)
    expect(it.network.current.frames.length - before).toBe(2)
    expect(it.network.current.received.slice(-4).map((one) => one.payload?.sessionId)).toEqual(['0', '1', '2', '3'])
  })

  it('a batch stays below the server limit', async () => {
    const it = scene({ batch: { windowMs: 10 } })
    await it.connect()
    for (let i = 0; i < 3; i++) it.client.send('chat:1', 'chat_message', { content: 'x'.repeat(30_000), role: 'user' })
    await it.clock.pass(10)
    for (const frame of it.network.current.frames) expect(frame.length).toBeLessThanOrEqual(65_536)
  })
})

describe('metrics', () => {
  it('counts messages and bytes both ways and the rate of the last whole seconds', async () => {
    const it = await subscribedScene()
    const before = it.client.metrics()
    for (let i = 1; i <= 30; i++) it.network.current.send(message(i))
    await it.clock.pass(3_000)
    const after = it.client.metrics()
    expect(after.received - before.received).toBe(30)
    expect(after.bytesReceived - before.bytesReceived).toBeGreaterThan(30 * 80)
    expect(after.messagesPerSecond).toBeGreaterThan(9)
    await it.clock.pass(6_000)
    expect(it.client.metrics().messagesPerSecond).toBe(0)
  })

  it('onMetrics calls until its undo', async () => {
    const it = scene()
    const seen: number[] = []
    const undo = it.client.onMetrics((metrics) => seen.push(metrics.received), 100)
    await it.clock.pass(250)
    undo()
    await it.clock.pass(1000)
    expect(seen).toEqual([0, 0])
  })
})
