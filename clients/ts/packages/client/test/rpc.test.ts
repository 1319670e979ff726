import { describe, expect, it } from 'vitest'
import type { RpcCall, RpcMethods, ServeOptions } from '../src/index'
import { reconnect, scene } from './setup'

async function connected() {
  const it = scene()
  await it.connect()
  return it
}

describe('a caller', () => {
  it('tells the server how long it waits, and gives up then', async () => {
    const it = await connected()
    const plan = expect(it.client.rpc('plan', { days: 3 }, { channel: 'chat:1', timeoutMs: 2_000 })).rejects.toMatchObject({ name: 'timeout', maybeDelivered: true })
    expect(it.network.current.last('rpc')).toMatchObject({ channel: 'chat:1', payload: { method: 'plan', params: { days: 3 }, timeoutMs: 2_000 } })
    await it.clock.pass(2_000)
    await plan
  })

  it('gets `timeout` also when the server is the first to say so, and `rpc_timeout` only without a time of its own', async () => {
    const it = await connected()
    const payload = { code: 1602, name: 'rpc_timeout', message: 'the method did not answer in time', retryable: true }
    const own = expect(it.client.rpc('plan', {}, { timeoutMs: 2_000 })).rejects.toMatchObject({ name: 'timeout', retryable: true, maybeDelivered: true })
    it.network.current.reply('rpc', { type: 'error', payload })
    await own
    const servers = expect(it.client.rpc('plan', {})).rejects.toMatchObject({ name: 'rpc_timeout', code: 1602 })
    it.network.current.reply('rpc', { type: 'error', payload })
    await servers
  })

  it('asks for a time that the protocol allows', async () => {
    const it = await connected()
    for (const timeoutMs of [0.2, 1e9]) it.client.rpc('plan', {}, { timeoutMs }).catch(() => {})
    expect(it.network.current.received.filter(({ type }) => type === 'rpc').map(({ payload }) => payload?.timeoutMs)).toEqual([1, 3_600_000])
  })

  it('that gives up by signal cancels the call', async () => {
    const it = await connected()
    const stop = new AbortController()
    const plan = expect(it.client.rpc('plan', {}, { signal: stop.signal })).rejects.toMatchObject({ name: 'aborted', maybeDelivered: true })
    const { id } = it.network.current.last('rpc')
    stop.abort()
    await plan
    expect(it.network.current.last('rpc_cancel').payload).toEqual({ id })
    // The answer had been on its way.
    it.network.current.send({ type: 'rpc_result', id, payload: { result: 1 } })
    it.network.current.reply('rpc_cancel', { type: 'error', payload: { code: 1405, name: 'not_found', message: '', retryable: false } })
    await it.clock.settle()
    expect(it.client.metrics().pending).toBe(0)
  })

  it('that gives up before it was connected has nothing to cancel', async () => {
    const it = scene()
    const stop = new AbortController()
    const plan = expect(it.client.rpc('plan', {}, { signal: stop.signal })).rejects.toMatchObject({ name: 'aborted', maybeDelivered: false })
    stop.abort()
    await plan
    await it.connect()
    expect(it.network.current.received.map(({ type }) => type)).toEqual(['auth'])
  })

  it('asks again after a reconnect where that does no harm', async () => {
    const it = await connected()
    const found = it.client.rpc('find', {}, { idempotent: true })
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.reply('rpc', { type: 'rpc_result', payload: { result: 'here' } })
    expect(await found).toBe('here')
  })

  it('call() also gives the name of a streamed answer', async () => {
    const it = await connected()
    const plan = it.client.call('plan', 'any value', { channel: 'chat:1' })
    expect(it.network.current.last('rpc').payload).toEqual({ method: 'plan', params: 'any value' })
    it.network.current.reply('rpc', { type: 'rpc_result', payload: { result: null, messageId: 'm7' } })
    expect(await plan).toEqual({ result: null, messageId: 'm7' })
  })
})

describe('a worker', () => {
  const request = (fields: object = {}) => ({ requestId: 'q1', method: 'work', params: {}, caller: { userId: 'ann' }, ...fields })

  async function worker(methods: RpcMethods, options?: ServeOptions) {
    const it = await connected()
    const undo = it.client.serve(methods, options)
    const ask = async (fields: object = {}, channel?: string) => {
      it.network.current.send({ type: 'rpc_request', channel, payload: request(fields) })
      await it.clock.settle()
    }
    const answers = () => it.network.current.received.filter(({ type }) => type === 'rpc_response').map(({ payload }) => payload)
    return { ...it, undo, ask, answers }
  }

  it('names the methods that may be done twice', async () => {
    const methods = { find: () => 1, pay: () => 2 }
    expect((await worker(methods, { idempotent: true })).network.current.last('rpc_serve').payload).toEqual({ methods: ['find', 'pay'], idempotent: ['find', 'pay'] })
    expect((await worker(methods, { idempotent: ['find'] })).network.current.last('rpc_serve').payload).toEqual({ methods: ['find', 'pay'], idempotent: ['find'] })
  })

  it('tells the server what it serves no more', async () => {
    const it = await worker({ one: () => 1 })
    const undo = it.client.serve({ two: () => 2 })
    expect(it.network.current.last('rpc_serve').payload).toEqual({ methods: ['one', 'two'] })
    it.undo()
    expect(it.network.current.last('rpc_serve').payload).toEqual({ methods: ['two'] })
    undo()
    undo()
    expect(it.network.current.last('rpc_serve').payload).toEqual({ methods: [] })
    expect(it.network.current.received.filter(({ type }) => type === 'rpc_serve')).toHaveLength(4)
  })

  it('learns of the call: where, how long, which attempt', async () => {
    const calls: RpcCall[] = []
    const it = await worker({ work: (_params, _caller, call) => void calls.push(call) })
    await it.ask({ timeoutMs: 700, attempt: 2 }, 'chat:1')
    expect(calls[0]).toMatchObject({ requestId: 'q1', channel: 'chat:1', timeoutMs: 700, attempt: 2 })
    expect(it.answers()).toEqual([{ requestId: 'q1', result: null }])
  })

  it.each(['cancelled', 'timeout', 'caller_gone'])('is told to stop: %s; its late answer is not sent', async (reason) => {
    let finish = (_result: string) => {}
    const signals: AbortSignal[] = []
    const it = await worker({ work: (_params, _caller, { signal }) => new Promise((resolve) => (signals.push(signal), (finish = resolve))) })
    await it.ask()
    it.network.current.send({ type: 'rpc_cancel', payload: { requestId: 'q1', reason } })
    expect(signals[0]?.aborted).toBe(true)
    expect(signals[0]?.reason).toMatchObject({ name: 'aborted', message: reason })
    finish('late')
    await it.clock.settle()
    expect(it.answers()).toEqual([])
  })

  it('stops when its connection is lost, and does not answer on the next one', async () => {
    let finish = (_result: string) => {}
    const signals: AbortSignal[] = []
    const it = await worker({ work: (_params, _caller, { signal }) => new Promise((resolve) => (signals.push(signal), (finish = resolve))) })
    await it.ask()
    await reconnect(it)
    it.network.current.welcome()
    expect(signals[0]?.aborted).toBe(true)
    finish('late')
    await it.clock.settle()
    expect(it.answers()).toEqual([])
  })

  it('whose result is too large says so, instead of nothing', async () => {
    const it = await worker({ work: () => 'x'.repeat(70_000) })
    await it.ask()
    expect(it.answers()).toMatchObject([{ requestId: 'q1', error: { name: 'message_too_large' } }])
  })

  it('whose result is not JSON fails', async () => {
    const it = await worker({ work: () => 1n })
    await it.ask()
    expect(it.answers()).toMatchObject([{ requestId: 'q1', error: { name: 'TypeError' } }])
  })

  it('streams its answer: the call is over, the message grows, and ends with the handler', async () => {
    const it = await worker({
      async work(_params, _caller, call) {
        await call.stream({ messageId: 'm7', result: { model: 'small' } }).append('Hello')
      },
    })
    await it.ask({}, 'chat:1')
    expect(it.answers()).toEqual([{ requestId: 'q1', messageId: 'm7', result: { model: 'small' } }])
    const pieces = it.network.current.received.filter(({ type }) => type === 'chat_message_chunk')
    expect(pieces.map(({ payload }) => payload)).toEqual([
      { messageId: 'm7', content: 'Hello', isComplete: false, index: 1 },
      { messageId: 'm7', content: '', isComplete: true, index: 2 },
    ])
  })

  it('a streamed answer that fails or is cancelled ends', async () => {
    const signals: AbortSignal[] = []
    let fail = (_error: Error) => {}
    const it = await worker({
      async work(_params, _caller, call) {
        signals.push(call.signal)
        await call.stream().append('Hel')
        await new Promise((_resolve, reject) => (fail = reject))
      },
    })
    it.client.on('error', () => {})
    await it.ask({}, 'chat:1')
    fail(new Error('the model is away'))
    await it.clock.settle()
    expect(it.network.current.last('stream_cancel').payload).toEqual({ messageId: 'k1', reason: 'the model is away' })
    await it.ask({ requestId: 'q2' }, 'chat:1')
    it.network.current.send({ type: 'stream_cancel', channel: 'chat:1', payload: { messageId: 'k2', reason: 'enough' } })
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
  })

  it('a call without a channel cannot stream', async () => {
    const it = await worker({ work: (_params, _caller, call) => void call.stream() })
    await it.ask()
    expect(it.answers()).toMatchObject([{ requestId: 'q1', error: { name: 'no_channel' } }])
  })
})
