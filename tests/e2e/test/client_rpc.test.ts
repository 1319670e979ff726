import { createClient, trackMessages, type Client, type RpcCall } from '@tidewire/client'
import { afterEach, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { all, mint, startProxy, useServer } from '../src/index'

// protocol.md section 12, with the real client on both sides.

const server = useServer({ flags: { shards: 3 } })
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})
const clientOf = async (user: string, url = `${server().ws}/ws`): Promise<Client> => {
  const token = mint({ sub: user, channels: [{ match: 'chat:*', allow: all }] })
  const client = createClient({ url, token, webSocket: WebSocket, reconnect: { minMs: 50, maxMs: 200 } })
  cleanups.push(() => client.close())
  await client.connect()
  return client
}
const proxied = async () => {
  const proxy = await startProxy(server().url)
  cleanups.push(() => proxy.close())
  return proxy
}
const until = (test: () => unknown) => expect.poll(test, { timeout: 15_000, interval: 20 }).toBeTruthy()
/** Waits for whatever ends it. */
const ended = ({ signal }: RpcCall) => new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve((signal.reason as Error).message)))

describe('a call', () => {
  it('that is aborted stops the worker', async () => {
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice')]
    const reasons: string[] = []
    worker.serve({ abort: async (_params, _caller, call) => void reasons.push(await ended(call)) })
    await until(async () => (await alice.rpc('unheard').catch((error: Error) => error.name)) === 'method_not_found')
    const stop = new AbortController()
    const answer = expect(alice.rpc('abort', {}, { channel: 'chat:a', signal: stop.signal })).rejects.toMatchObject({ name: 'aborted' })
    await until(() => worker.metrics().received > 2) // the request, after `welcome` and the ack of `rpc_serve`
    stop.abort()
    await answer
    await until(() => reasons.length === 1)
    expect(reasons).toEqual(['cancelled'])
  })

  it('that is out of time stops the worker', async () => {
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice')]
    const reasons: string[] = []
    const limits: unknown[] = []
    worker.serve({
      async slow(_params, _caller, call) {
        limits.push(call.timeoutMs)
        reasons.push(await ended(call))
      },
    })
    await until(() => worker.metrics().received > 1)
    await expect(alice.rpc('slow', {}, { timeoutMs: 200 })).rejects.toMatchObject({ name: 'timeout' })
    await until(() => reasons.length === 1)
    expect(reasons).toEqual(['timeout'])
    expect(limits).toEqual([200])
  })

  it('whose caller loses its connection: asked again where that does no harm, else rejected', async () => {
    const proxy = await proxied()
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice', `${proxy.ws}/ws`)]
    const asked: string[] = []
    let answer = (_result: string) => {}
    worker.serve({
      find: () => (asked.push('find'), new Promise((resolve) => (answer = resolve))),
      pay: () => (asked.push('pay'), new Promise(() => {})),
    })
    await until(() => worker.metrics().received > 1)
    const found = alice.rpc('find', {}, { idempotent: true })
    const paid = expect(alice.rpc('pay')).rejects.toMatchObject({ name: 'connection_lost', maybeDelivered: true })
    await until(() => asked.length === 2)
    proxy.cut()
    await paid
    await until(() => asked.length === 3)
    answer('here')
    expect(await found).toBe('here')
    expect(asked.slice(0, 2).sort()).toEqual(['find', 'pay'])
    expect(asked[2]).toBe('find')
  })

  it('of an idempotent method whose worker is lost goes to another one', async () => {
    const workers = [await clientOf('one'), await clientOf('two')]
    const alice = await clientOf('alice')
    const calls: { by: number; attempt: number }[] = []
    const answers: ((result: string) => void)[] = []
    for (const [by, worker] of workers.entries()) {
      worker.serve({ seek: (_params, _caller, { attempt }) => (calls.push({ by, attempt }), new Promise((resolve) => answers.push(resolve))) }, { idempotent: true })
      await until(() => worker.metrics().received > 1)
    }
    const found = alice.rpc('seek')
    await until(() => calls.length === 1)
    workers[calls[0]!.by]!.close()
    await until(() => calls.length === 2)
    answers[1]?.('found')
    expect(await found).toBe('found')
    expect(calls[1]).toEqual({ by: 1 - calls[0]!.by, attempt: 2 })
  })

  it('whose method failed says why; a method that is served no more is not found', async () => {
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice')]
    const undo = worker.serve({
      book() {
        throw Object.assign(new Error('no seats'), { name: 'sold_out' })
      },
    })
    await until(() => worker.metrics().received > 1)
    await expect(alice.rpc('book')).rejects.toMatchObject({ name: 'rpc_failed', details: { error: { name: 'sold_out', message: 'no seats' } } })
    undo()
    await until(async () => (await alice.rpc('book').catch((error: Error) => error.name)) === 'method_not_found')
  })
})

describe('a streamed answer', () => {
  it('grows in the channel, and is complete when the handler returns; or stops when somebody has had enough', async () => {
    const channel = 'chat:answers'
    const [worker, alice] = [await clientOf('worker'), await clientOf('alice')]
    const view = trackMessages(alice.channel(channel))
    await alice.channel(channel).subscribe()
    const reasons: string[] = []
    worker.serve({
      async plan(params, _caller, call) {
        const writer = call.stream({ result: { days: params } })
        for (const word of ['Lis', 'bon']) await writer.append(word)
      },
      async forever(_params, _caller, call) {
        await call.stream().append('and so on')
        reasons.push(await ended(call))
      },
    })
    await until(() => worker.metrics().received > 1)
    const { result, messageId = '' } = await alice.call('plan', 3, { channel })
    expect(result).toEqual({ days: 3 })
    await until(() => view.get(messageId)?.status === 'complete')
    expect(view.get(messageId)?.content).toBe('Lisbon')

    const endless = await alice.call('forever', {}, { channel })
    await until(() => view.get(endless.messageId ?? '')?.content === 'and so on')
    expect(await alice.channel(channel).cancelStream(endless.messageId ?? '', { reason: 'enough' })).toBe('cancelled')
    await until(() => reasons.length === 1)
    expect(reasons).toEqual(['enough'])
  })
})
