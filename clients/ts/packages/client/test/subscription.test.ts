import { describe, expect, it } from 'vitest'
import type { Gap } from '../src/index'
import { message, reconnect, scene, subscribedScene } from './setup'

const publications = (...offsets: number[]) => offsets.map((offset) => message(offset))

describe('subscribing', () => {
  it('may be asked for before connect() and between connect and welcome', async () => {
    const it = scene()
    const early = it.client.channel('chat:1').subscribe()
    void it.client.connect()
    await it.clock.settle()
    it.network.current.accept()
    const between = it.client.channel('chat:2').subscribe()
    it.network.current.subscribed({ offset: 3 })
    expect(await early).toMatchObject({ position: { epoch: 'e1', offset: 3 }, recovered: false })
    it.network.current.welcome()
    expect(it.network.current.last('subscribe').channel).toBe('chat:2')
    it.network.current.subscribed()
    await between
  })

  it('asking twice is one subscription', async () => {
    const it = scene()
    await it.connect()
    const channel = it.client.channel('chat:1')
    const both = Promise.all([channel.subscribe(), channel.subscribe()])
    it.network.current.subscribed()
    await both
    await channel.subscribe()
    expect(it.network.current.received.filter((sent) => sent.type === 'subscribe')).toHaveLength(1)
    expect(it.client.channel('chat:1')).toBe(channel)
  })

  it('history: hands out the past events, then latest, then growing messages', async () => {
    const it = scene()
    await it.connect()
    const channel = it.client.channel('chat:1')
    const seen: string[] = []
    channel.onEvent((event) => seen.push(`${event.type} ${event.offset ?? '-'} ${event.replayed}`))
    const done = channel.subscribe({ history: 2 })
    expect(it.network.current.last('subscribe').payload).toEqual({ history: 2 })
    it.network.current.subscribed({
      offset: 9,
      publications: publications(8, 9),
      latest: [{ type: 'agent_status_update', payload: { isActive: true, progress: null, currentTask: null } }],
      streams: [{ type: 'chat_message_chunk', payload: { messageId: 'a', content: 'x', isComplete: false, rev: [1, 1], snapshot: true } }],
    })
    expect(await done).toMatchObject({ replayed: 2, position: { offset: 9 } })
    expect(seen).toEqual(['chat_message 8 true', 'chat_message 9 true', 'agent_status_update - true', 'chat_message_chunk - true'])
  })

  it('asks for growing messages as the application wants them, also when it asks again', async () => {
    const it = await subscribedScene({}, 5)
    const done = it.channel.subscribe({ stream: 'conflate:500', rollup: 0 })
    it.network.current.reply('unsubscribe', { type: 'unsubscribed', payload: { reason: 'unsubscribe' } })
    it.network.current.subscribed({ offset: 5, wasRecovering: true, recovered: true })
    await done
    it.network.current.send({ type: 'unsubscribed', channel: 'chat:1', payload: { reason: 'insufficient_state' } })
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 5 }, stream: 'conflate:500', rollup: 0 })
  })

  it('a refusal rejects, is a state, and is not tried again by itself', async () => {
    const it = scene()
    await it.connect()
    const channel = it.client.channel('chat:1')
    const done = channel.subscribe()
    it.network.current.reply('subscribe', { type: 'error', payload: { code: 1201, name: 'permission_denied', message: 'no', retryable: false } })
    await expect(done).rejects.toMatchObject({ name: 'permission_denied', code: 1201, retryable: false })
    expect(channel.state.status).toBe('denied')
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.received.some((sent) => sent.type === 'subscribe')).toBe(false)
  })

  it('a retryable refusal is asked again after a while', async () => {
    const it = scene()
    await it.connect()
    const done = it.client.channel('chat:1').subscribe()
    it.network.current.reply('subscribe', { type: 'error', payload: { code: 1902, name: 'overloaded', message: '', retryable: true } })
    await it.clock.pass(2_000)
    it.network.current.subscribed()
    await done
  })

  it('times out and aborts', async () => {
    const it = scene()
    await it.connect()
    const slow = it.client.channel('chat:1').subscribe({ timeoutMs: 100 })
    const refused = expect(slow).rejects.toMatchObject({ name: 'timeout' })
    await it.clock.pass(100)
    await refused
    const controller = new AbortController()
    const cut = it.client.channel('chat:2').subscribe({ signal: controller.signal })
    controller.abort()
    await expect(cut).rejects.toMatchObject({ name: 'aborted' })
  })

  it('unsubscribe stops delivery at once and keeps the position for later', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1))
    const left = it.channel.unsubscribe()
    it.network.current.send(message(2))
    it.network.current.reply('unsubscribe', { type: 'unsubscribed', payload: { reason: 'unsubscribe' } })
    await left
    expect(it.contents()).toEqual(['m1'])
    void it.channel.subscribe()
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 1 } })
  })

  it('a handler that unsubscribes during the replay gets no more of it', async () => {
    const it = scene()
    await it.connect()
    const channel = it.client.channel('chat:1')
    const seen: (number | undefined)[] = []
    channel.onEvent((event) => {
      seen.push(event.offset)
      void channel.unsubscribe()
    })
    channel.subscribe({ history: 2 }).catch(() => {})
    it.network.current.subscribed({ offset: 2, publications: publications(1, 2) })
    expect(seen).toEqual([1])
  })
})

describe('recovery', () => {
  it('asks with the last position and hands out what was missed, in order, once', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1), message(2))
    await reconnect(it)
    it.network.current.welcome()
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 2 } })
    it.network.current.subscribed({ offset: 4, wasRecovering: true, recovered: true, publications: publications(2, 3, 4) })
    it.network.current.send(message(4), message(5))
    expect(it.contents()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
    expect(it.events.map((event) => event.replayed)).toEqual([false, false, true, true, false])
    expect(it.client.metrics()).toMatchObject({ duplicates: 2, gaps: 0, reconnects: 1 })
    expect(it.channel.state).toEqual({ status: 'subscribed', recovered: true, wasRecovering: true })
  })

  it('what a recovery did not hold may follow live', async () => {
    const it = await subscribedScene({}, 2)
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed({ offset: 5, wasRecovering: true, recovered: true, publications: publications(3) })
    it.network.current.send(message(4), message(5), message(6))
    expect(it.contents()).toEqual(['m3', 'm4', 'm5', 'm6'])
  })

  it('recovered: false is a gap event with both positions, and goes on from the new one', async () => {
    const it = await subscribedScene({}, 7)
    const gaps: Gap[] = []
    it.channel.on('gap', (gap) => gaps.push(gap))
    it.client.on('gap', (gap) => gaps.push(gap))
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed({ epoch: 'e2', offset: 3, wasRecovering: true, recovered: false })
    const gap = { channel: 'chat:1', from: { epoch: 'e1', offset: 7 }, to: { epoch: 'e2', offset: 3 } }
    expect(gaps).toEqual([gap, gap])
    it.network.current.send(message(4, { epoch: 'e2' }))
    expect(it.contents()).toEqual(['m4'])
    expect(it.channel.position).toEqual({ epoch: 'e2', offset: 4 })
  })

  it('the position moves before the event is handed out', async () => {
    const it = await subscribedScene()
    const positions: (number | undefined)[] = []
    it.channel.on('chat_message', () => positions.push(it.channel.position?.offset))
    it.network.current.send(message(1), message(2))
    expect(positions).toEqual([1, 2])
  })

  it('an offset that skips while connected: asks again, drops what is beyond the hole, loses nothing', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1), message(3), message(4))
    expect(it.contents()).toEqual(['m1'])
    expect(it.network.current.received.slice(-2).map((sent) => sent.type)).toEqual(['unsubscribe', 'subscribe'])
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 1 } })
    it.network.current.reply('unsubscribe', { type: 'unsubscribed', payload: { reason: 'unsubscribe' } })
    it.network.current.subscribed({ offset: 4, wasRecovering: true, recovered: true, publications: publications(2, 3, 4) })
    expect(it.contents()).toEqual(['m1', 'm2', 'm3', 'm4'])
  })

  it('a new epoch while connected: asks again', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(1, { epoch: 'e2' }))
    expect(it.events).toEqual([])
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 0 } })
  })

  it('unsubscribed{insufficient_state}: subscribes again from its position', async () => {
    const it = await subscribedScene({}, 5)
    it.network.current.send({ type: 'unsubscribed', channel: 'chat:1', payload: { reason: 'insufficient_state' } })
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 5 } })
    expect(it.channel.state.status).toBe('subscribing')
  })

  it('a server that gives up again and again is asked ever more slowly', async () => {
    const it = await subscribedScene({ environment: { random: () => 0.99 } })
    for (let i = 0; i < 6; i++) {
      it.network.current.send({ type: 'unsubscribed', channel: 'chat:1', payload: { reason: 'insufficient_state' } })
      await it.clock.pass(500)
      if (it.channel.state.status === 'subscribing') it.network.current.subscribed({ wasRecovering: true, recovered: true })
    }
    expect(it.network.current.received.filter((sent) => sent.type === 'subscribe').length).toBeLessThan(4)
  })

  it.each(['operator', 'permission_revoked'])('unsubscribed{%s}: stays out', async (reason) => {
    const it = await subscribedScene()
    it.network.current.send({ type: 'unsubscribed', channel: 'chat:1', payload: { reason } })
    expect(it.channel.state).toEqual({ status: 'unsubscribed', reason })
    it.network.current.send(message(1))
    expect(it.events).toEqual([])
  })

  it('a position from an earlier visit is continued', async () => {
    const it = scene()
    await it.connect()
    void it.client.channel('chat:1').subscribe({ since: { epoch: 'e1', offset: 40 } })
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 40 } })
  })

  it('own events published with echo: false leave no hole', async () => {
    const it = await subscribedScene()
    const sent = it.channel.publish('chat_message', { content: 'mine', role: 'user' }, { echo: false })
    expect(it.network.current.last('chat_message').echo).toBe(false)
    it.network.current.reply('chat_message', { type: 'ack', payload: { offset: 1, epoch: 'e1', duplicate: false } })
    await sent
    expect(it.channel.position?.offset).toBe(1)
    it.network.current.send(message(2))
    expect(it.contents()).toEqual(['m2'])
  })

  it('events without an offset pass while a hole is being closed', async () => {
    const it = await subscribedScene()
    it.network.current.send(message(5))
    it.network.current.send({ type: 'user_typing', channel: 'chat:1', payload: { userId: 'u', sessionId: 's' } })
    expect(it.events.map((event) => event.type)).toEqual(['user_typing'])
  })
})

describe('a URL that implies the channel', () => {
  const url = 'wss://example.test/ws/chat/1'

  it('is subscribed by the server; subscribe() only waits for it', async () => {
    const it = scene({ url })
    const events: unknown[] = []
    it.client.on('chat_message', (event) => events.push(event.offset))
    const done = it.client.channel('chat:1').subscribe()
    await it.connect()
    expect(it.network.current.received.map((sent) => sent.type)).toEqual(['auth'])
    it.network.current.send({ type: 'subscribed', channel: 'chat:1', payload: { epoch: 'e1', offset: 2, recovered: false, wasRecovering: false, publications: [], latest: [], streams: [] } })
    await done
    it.network.current.send(message(3))
    expect(events).toEqual([3])
  })

  it('after a reconnect asks for what was missed', async () => {
    const it = scene({ url })
    await it.connect()
    const implied = (offset: number) =>
      it.network.current.send({ type: 'subscribed', channel: 'chat:1', payload: { epoch: 'e1', offset, recovered: false, wasRecovering: false, publications: [], latest: [], streams: [] } })
    implied(2)
    await reconnect(it)
    it.network.current.welcome()
    implied(4)
    expect(it.network.current.last('subscribe').payload).toEqual({ since: { epoch: 'e1', offset: 2 } })
    await reconnect(it)
    it.network.current.welcome()
    implied(2)
    expect(it.network.current.received.map((sent) => sent.type)).toEqual(['auth'])
    expect(it.client.channel('chat:1').state).toEqual({ status: 'subscribed', recovered: true, wasRecovering: true })
  })
})
