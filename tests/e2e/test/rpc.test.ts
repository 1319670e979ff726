import { describe, expect, it } from 'vitest'
import { mint, openUser, useServer, type Claims, type Message, type Raw } from '../src/index'

// protocol.md section 12: workers serve methods, others call them.

const server = useServer({ flags: { shards: 3, 'limits.rpc_timeout': '300ms', 'limits.rpc_calls': 3 } })

type Allow = NonNullable<Claims['channels']>[number]['allow']
const rule = (...allow: Allow) => [{ match: 'chat:*', allow }]
const openCaller = (user = 'alice', allow: Allow = ['rpc']) => openUser(server(), user, { as: { sub: user, channels: rule(...allow) } })
const call = (raw: Raw, method: string, params?: unknown, fields: object = {}) => raw.ask({ type: 'rpc', payload: { method, params }, ...fields })

async function openWorker(methods: string[], user = 'worker'): Promise<Raw> {
  const worker = await openUser(server(), user, { as: { sub: user, channels: rule('serve') } })
  expect(await worker.ask({ type: 'rpc_serve', payload: { methods } })).toMatchObject({ type: 'ack', payload: { duplicate: false } })
  return worker
}
const respond = (worker: Raw, { payload }: Message, fields: object) =>
  worker.send({ type: 'rpc_response', payload: { requestId: payload.requestId, ...fields } })

describe('a call', () => {
  it('reaches the worker with who calls, and its result the caller', async () => {
    const worker = await openWorker(['sum'])
    const alice = await openCaller()
    const answer = call(alice, 'sum', { of: [1, 2.50, null] })
    const request = await worker.next('rpc_request')
    expect(request.payload).toMatchObject({ method: 'sum', params: { of: [1, 2.5, null] }, caller: { userId: 'alice' } })
    expect(request.payload.caller.connectionId).toEqual(expect.any(String))
    expect(request.payload.caller.client).toEqual(expect.any(String))
    respond(worker, request, { result: { total: 3.5 } })
    expect(await answer).toMatchObject({ type: 'rpc_result', payload: { result: { total: 3.5 } } })
  })

  it('without params they are null, and a result may be null', async () => {
    const worker = await openWorker(['nothing'])
    const answer = call(await openCaller(), 'nothing')
    const request = await worker.next('rpc_request')
    expect(request.payload.params).toBeNull()
    respond(worker, request, { result: null })
    expect((await answer).payload).toEqual({ result: null })
  })

  it('on a channel carries it to the worker and back', async () => {
    const worker = await openWorker(['where'])
    const answer = call(await openCaller(), 'where', {}, { channel: 'chat:lisbon' })
    const request = await worker.next('rpc_request')
    expect(request.channel).toBe('chat:lisbon')
    respond(worker, request, { result: 'there' })
    expect(await answer).toMatchObject({ type: 'rpc_result', channel: 'chat:lisbon' })
  })

  it('many at once, from and to every shard, each get their own answer', async () => {
    const workers = await Promise.all(['w1', 'w2', 'w3', 'w4'].map((user) => openWorker(['echo'], user)))
    const callers = await Promise.all(Array.from({ length: 12 }, (_, i) => openCaller(`caller${i}`)))
    const serve = async (worker: Raw): Promise<void> => {
      const request = await worker.next('rpc_request')
      respond(worker, request, { result: [request.payload.params, request.payload.caller.userId] })
      return serve(worker)
    }
    for (const worker of workers) serve(worker).catch(() => {}) // until its connection ends
    const answers = await Promise.all(callers.flatMap((caller, i) => [0, 1, 2].map((n) => call(caller, 'echo', `${i}/${n}`))))
    expect(answers.map(({ payload }) => payload.result)).toEqual(callers.flatMap((_, i) => [0, 1, 2].map((n) => [`${i}/${n}`, `caller${i}`])))
  })
})

describe('a call that fails', () => {
  it('in the method: rpc_failed with its error', async () => {
    const worker = await openWorker(['book'])
    const answer = call(await openCaller(), 'book')
    respond(worker, await worker.next('rpc_request'), { error: { name: 'no_route', message: 'none "found"' } })
    expect(await answer).toMatchObject({
      type: 'error',
      payload: { code: 1604, name: 'rpc_failed', retryable: false, error: { name: 'no_route', message: 'none "found"' } },
    })
  })

  it('because nobody serves the method: method_not_found', async () => {
    expect((await call(await openCaller(), 'unheard')).payload).toMatchObject({ code: 1601, name: 'method_not_found', retryable: false })
  })

  it('because the worker is silent: rpc_timeout, and its late answer is ignored', async () => {
    const worker = await openWorker(['slow'])
    const alice = await openCaller()
    const answer = call(alice, 'slow')
    const request = await worker.next('rpc_request')
    expect((await answer).payload).toMatchObject({ code: 1602, name: 'rpc_timeout', retryable: true })
    respond(worker, request, { result: 'late' })
    await worker.barrier()
    expect((await alice.barrier()).map(({ type }) => type)).not.toContain('rpc_result')
  })

  it('because the worker went away: unavailable', async () => {
    const worker = await openWorker(['fragile'])
    const alice = await openCaller()
    const answer = call(alice, 'fragile')
    await worker.next('rpc_request')
    worker.socket.terminate()
    expect((await answer).payload).toMatchObject({ code: 1603, name: 'unavailable', retryable: true })
    expect((await call(alice, 'fragile')).payload.name).toBe('method_not_found')
  })

  it('because too many wait: limit_exceeded', async () => {
    await openWorker(['hang'])
    const alice = await openCaller()
    const waiting = [1, 2, 3].map(() => call(alice, 'hang'))
    expect((await call(alice, 'hang')).payload).toMatchObject({ code: 1304, name: 'limit_exceeded' })
    for (const answer of await Promise.all(waiting)) expect(answer.payload.name).toBe('rpc_timeout')
  })
})

describe('a time limit of the call', () => {
  it('ends it earlier, and the worker is told to stop', async () => {
    const worker = await openWorker(['brief'])
    const answer = call(await openCaller(), 'brief', {}, { payload: { method: 'brief', timeoutMs: 50 } })
    const request = await worker.next('rpc_request')
    expect(request.payload.timeoutMs).toBe(50)
    expect((await answer).payload.name).toBe('rpc_timeout')
    expect((await worker.next('rpc_cancel')).payload).toEqual({ requestId: request.payload.requestId, reason: 'timeout' })
  })

  it('is never longer than the server allows', async () => {
    const worker = await openWorker(['patient'])
    const answer = call(await openCaller(), 'patient', {}, { payload: { method: 'patient', timeoutMs: 60_000 } })
    expect((await worker.next('rpc_request')).payload.timeoutMs).toBe(300)
    expect((await answer).payload.name).toBe('rpc_timeout')
  })
})

describe('a call that is cancelled', () => {
  it('is answered, the worker is told, and what it still answers is ignored', async () => {
    const worker = await openWorker(['drop'])
    const alice = await openCaller()
    alice.send({ type: 'rpc', id: 'mine', channel: 'chat:a', payload: { method: 'drop' } })
    const request = await worker.next('rpc_request')
    const cancelled = alice.ask({ type: 'rpc_cancel', payload: { id: 'mine' } })
    const error = await alice.next((message) => message.id === 'mine')
    expect(error).toMatchObject({ type: 'error', channel: 'chat:a', payload: { code: 1605, name: 'rpc_cancelled', retryable: false } })
    expect(await cancelled).toMatchObject({ type: 'ack' })
    expect(await worker.next('rpc_cancel')).toMatchObject({ channel: 'chat:a', payload: { requestId: request.payload.requestId, reason: 'cancelled' } })
    respond(worker, request, { result: 'late' })
    await worker.barrier()
    expect((await alice.barrier()).map(({ type }) => type)).not.toContain('rpc_result')
  })

  it('must be open, and its own caller must say so', async () => {
    const worker = await openWorker(['keep'])
    const [alice, eve] = [await openCaller(), await openCaller('eve')]
    alice.send({ type: 'rpc', id: 'kept', payload: { method: 'keep' } })
    const request = await worker.next('rpc_request')
    expect((await eve.ask({ type: 'rpc_cancel', payload: { id: 'kept' } })).payload).toMatchObject({ name: 'not_found', path: '/payload/id' })
    respond(worker, request, { result: 1 })
    expect(await alice.next((message) => message.id === 'kept')).toMatchObject({ type: 'rpc_result' })
    expect((await alice.ask({ type: 'rpc_cancel', payload: { id: 'kept' } })).payload.name).toBe('not_found')
  })

  it('when its caller is gone: the worker is told', async () => {
    const worker = await openWorker(['lonely'])
    const alice = await openCaller()
    void call(alice, 'lonely').catch(() => {})
    const request = await worker.next('rpc_request')
    alice.socket.terminate()
    expect((await worker.next('rpc_cancel')).payload).toEqual({ requestId: request.payload.requestId, reason: 'caller_gone' })
  })
})

describe('a worker that is lost with a call', () => {
  const offer = async (user: string) => {
    const worker = await openUser(server(), user, { as: { sub: user, channels: rule('serve') } })
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['find', 'pay'], idempotent: ['find'] } })
    return worker
  }

  it('of an idempotent method: another one is asked, once', async () => {
    const workers = [await offer('one'), await offer('two'), await offer('three')]
    const alice = await openCaller()
    const requests = workers.map(async (worker) => ({ worker, request: await worker.next('rpc_request') }))
    requests.forEach((request) => request.catch(() => {})) // of the one that nobody asks
    const answer = call(alice, 'find', { q: 1 })
    const first = await Promise.race(requests)
    const others = requests.filter((_, i) => workers[i] !== first.worker)
    first.worker.socket.terminate()
    const second = await Promise.race(others)
    expect(second.request.payload).toMatchObject({ method: 'find', params: { q: 1 }, attempt: 2, caller: { userId: 'alice' } })
    second.worker.socket.terminate()
    expect((await answer).payload.name).toBe('unavailable')
    workers.forEach((worker) => worker.close())
    await Promise.all(workers.map(({ closed }) => closed))
  })

  it('of any other method: unavailable, although another one serves it', async () => {
    const workers = [await offer('one'), await offer('two')]
    const requests = workers.map(async (worker) => ({ worker, request: await worker.next('rpc_request') }))
    requests.forEach((request) => request.catch(() => {}))
    const answer = call(await openCaller(), 'pay')
    const asked = await Promise.race(requests)
    asked.worker.socket.terminate()
    expect((await answer).payload.name).toBe('unavailable')
  })
})

describe('a streaming answer', () => {
  it('names a message stream of the channel, which the caller reads as any subscriber', async () => {
    const worker = await openUser(server(), 'agent', { as: { sub: 'agent', channels: rule('serve', 'publish') } })
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['write'] } })
    const alice = await openCaller('alice', ['rpc', 'subscribe'])
    await alice.subscribe('chat:writing')
    const answer = call(alice, 'write', {}, { channel: 'chat:writing' })
    const request = await worker.next('rpc_request')
    respond(worker, request, { messageId: 'answer-1' })
    expect(await answer).toMatchObject({ type: 'rpc_result', payload: { result: null, messageId: 'answer-1' } })
    await worker.publish('chat:writing', 'chat_message_chunk', { messageId: 'answer-1', content: 'Hel', isComplete: false, index: 1 })
    await worker.publish('chat:writing', 'chat_message_chunk', { messageId: 'answer-1', content: 'lo', isComplete: true, index: 2 })
    const whole = await alice.next('chat_message')
    expect(whole.payload).toMatchObject({ messageId: 'answer-1', content: 'Hello' })
  })

  it('needs a channel', async () => {
    const worker = await openWorker(['nowhere'])
    const answer = call(await openCaller(), 'nowhere')
    respond(worker, await worker.next('rpc_request'), { messageId: 'm' })
    expect((await answer).payload).toMatchObject({ name: 'rpc_failed', error: { name: 'no_channel' } })
  })
})

describe('workers', () => {
  it('the one with the fewest open calls is asked', async () => {
    const busy = await openWorker(['work', 'long'], 'busy')
    const alice = await openCaller()
    const long = call(alice, 'long')
    await busy.next('rpc_request')
    const free = await openWorker(['work'], 'free')
    for (let i = 0; i < 3; i++) {
      const answer = call(alice, 'work', i)
      respond(free, await free.next('rpc_request'), { result: i })
      expect((await answer).payload.result).toBe(i)
    }
    expect((await long).payload.name).toBe('rpc_timeout')
  })

  it('a later list replaces the earlier one, and an empty one ends it', async () => {
    const worker = await openWorker(['one'])
    const alice = await openCaller()
    await worker.ask({ type: 'rpc_serve', payload: { methods: ['two'] } })
    expect((await call(alice, 'one')).payload.name).toBe('method_not_found')
    await worker.ask({ type: 'rpc_serve', payload: { methods: [] } })
    expect((await call(alice, 'two')).payload.name).toBe('method_not_found')
  })

  it('nobody answers for another worker, and nobody twice', async () => {
    const worker = await openWorker(['secret'])
    const thief = await openWorker(['other'], 'thief')
    const alice = await openCaller()
    const answer = call(alice, 'secret')
    const request = await worker.next('rpc_request')
    respond(thief, request, { result: 'forged' })
    await thief.barrier()
    respond(worker, request, { result: 'true' })
    respond(worker, request, { result: 'again' })
    expect((await answer).payload.result).toBe('true')
    await worker.barrier()
    expect((await alice.barrier()).map(({ type }) => type)).not.toContain('rpc_result')
  })

  it('a refreshed token without `serve` ends it', async () => {
    const worker = await openWorker(['revoked'])
    const alice = await openCaller()
    const welcome = await worker.ask({ type: 'auth', payload: { token: mint({ sub: 'worker', channels: rule('rpc') }) } })
    expect(welcome.type).toBe('welcome')
    expect((await call(alice, 'revoked')).payload.name).toBe('method_not_found')
  })
})

describe('permissions', () => {
  it('to call: `rpc` on the channel, or without a channel in any rule', async () => {
    const none = await openCaller('none', ['publish'])
    const some = await openCaller('some')
    expect((await call(none, 'x')).payload.name).toBe('permission_denied')
    expect((await call(none, 'x', {}, { channel: 'chat:a' })).payload.name).toBe('permission_denied')
    expect((await call(some, 'x')).payload.name).toBe('method_not_found')
    expect((await call(some, 'x', {}, { channel: 'chat:a' })).payload.name).toBe('method_not_found')
    expect((await call(some, 'x', {}, { channel: 'quiet:a' })).payload.name).toBe('permission_denied')
  })

  it('to serve: `serve` in any rule', async () => {
    const alice = await openCaller()
    expect(await alice.ask({ type: 'rpc_serve', payload: { methods: ['x'] } })).toMatchObject({ type: 'error', payload: { code: 1201, name: 'permission_denied' } })
    expect((await call(alice, 'x')).payload.name).toBe('method_not_found')
  })
})

describe('bad payloads', () => {
  it('are invalid_message with their path', async () => {
    const alice = await openCaller('alice', ['rpc', 'serve'])
    const answer = async (type: string, payload: object) => (await alice.ask({ type, payload })).payload
    expect(await answer('rpc', {})).toMatchObject({ name: 'invalid_message', path: '/payload/method' })
    expect(await answer('rpc_serve', { methods: [''] })).toMatchObject({ name: 'invalid_message', path: '/payload/methods/0' })
    expect(await answer('rpc_response', { requestId: 'r' })).toMatchObject({ name: 'invalid_message', path: '/payload' })
  })
})
