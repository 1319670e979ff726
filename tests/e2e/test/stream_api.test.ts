import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type ClientRequest } from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { api, apiKey, openUser, useServer } from '../src/index'

// protocol.md section 10: parts, generations, status, and streams of the server API.

const server = useServer({ flags: { shards: 2, 'api.ingest_idle': '1s' } })

const stream = (verb: string, body: object) => api(server(), `streams/${verb}`, body)
const newest = async (channel: string) => (await api(server(), 'history', { channel, reverse: true, limit: 1 })).body.publications[0]?.payload

/** A request to streams/ingest whose body is written piece by piece. */
function ingest(channel: string, messageId: string, query = '') {
  const target = `${server().internal}/api/v1/streams/ingest?channel=${channel}&messageId=${messageId}${query}`
  const sent: ClientRequest = httpRequest(target, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'text/event-stream' },
  })
  sent.on('error', () => {})
  const answer = new Promise<{ status: number; headers: Record<string, unknown>; body: any }>((resolve, reject) => {
    sent.on('error', reject)
    sent.on('response', (response) => {
      json(response).then((body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }), reject)
    })
  })
  answer.catch(() => {})
  sent.flushHeaders()
  return { sent, answer, event: (data: unknown) => sent.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`) }
}

/** What curl prints for a body on its standard input. */
async function curl(target: string, body: string) {
  const child = spawn('curl', ['-sS', '-T', '-', '-X', 'POST', '-H', `Authorization: Bearer ${apiKey}`, '-H', 'Content-Type: text/event-stream', `${server().internal}${target}`])
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  child.stdin.on('error', () => {}) // an answer that comes before the end of the body ends curl
  child.stdin.end(body)
  await once(child, 'close')
  return JSON.parse(text)
}

describe('streams of the server API', () => {
  it('open, append and complete make one message; status says where it stands', async () => {
    const message = { channel: 'chat:api1', messageId: 'm1', userId: 'planner' }
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:api1')
    expect((await stream('status', { channel: 'chat:api1' })).body).toEqual({ status: 'none', streams: [] })
    expect((await stream('open', message)).body).toEqual({ duplicate: false })
    expect((await stream('status', { channel: 'chat:api1' })).body).toMatchObject({ status: 'pending', streams: [{ messageId: 'm1', generation: 0, rev: 0, producer: { userId: 'planner' } }] })
    expect((await stream('append', { ...message, content: 'Lis', index: 1 })).body).toEqual({ duplicate: false })
    expect((await stream('append', { ...message, content: 'Lis', index: 1 })).body).toEqual({ duplicate: true })
    const gap = await stream('append', { ...message, content: '!', index: 3 })
    expect([gap.status, gap.body.error]).toMatchObject([409, { name: 'stream_gap', expectedIndex: 2 }])
    expect(await bob.ask({ type: 'stream_status', channel: 'chat:api1', payload: { messageId: 'm1' } })).toMatchObject({ type: 'stream_status', payload: { status: 'active', streams: [{ messageId: 'm1', rev: 1 }] } })
    expect((await stream('complete', { ...message, content: 'bon', index: 2 })).body).toMatchObject({ offset: 1, duplicate: false })
    expect((await bob.next('chat_message')).payload).toEqual({ content: 'Lisbon', role: 'assistant', messageId: 'm1' })
  })

  it('a cancel reaches a producer with a connection', async () => {
    const agent = await openUser(server(), 'agent')
    expect((await stream('cancel', { channel: 'chat:api2', messageId: 'm2' })).body).toEqual({ duplicate: false, state: 'pending' })
    expect((await agent.ask({ type: 'stream_open', channel: 'chat:api2', payload: { messageId: 'm2' } })).type).toBe('ack')
    expect((await agent.next('stream_cancel')).payload).toEqual({ messageId: 'm2' })
    await agent.publish('chat:api2', 'chat_message_chunk', { messageId: 'm3', content: 'half', isComplete: false })
    expect((await stream('cancel', { channel: 'chat:api2', messageId: 'm3', reason: 'enough' })).body).toEqual({ duplicate: false, state: 'cancelled' })
    expect((await agent.next('stream_cancel')).payload).toEqual({ messageId: 'm3', reason: 'enough' })
    expect((await stream('cancel', { channel: 'chat:api2', messageId: 'm3' })).body).toEqual({ duplicate: true, state: 'ended' })
  })

  it.each([
    ['append', { channel: 'chat:x', content: 'a' }, '/messageId'],
    ['append', { channel: 'chat:x', messageId: 'm' }, '/content'],
    ['append', { channel: 'chat:x', messageId: 'm', content: 'a', index: 0 }, '/index'],
    ['append', { channel: 'chat:x', messageId: 'm', content: 'a', part: { id: 'p' } }, '/part/kind'],
    ['open', { messageId: 'm' }, '/channel'],
    ['cancel', { channel: 'chat:x', messageId: '' }, '/messageId'],
  ])('%s %o: 400 that points at the fault', async (verb, body, path) => {
    const answer = await stream(verb, body)
    expect([answer.status, answer.body.error.path]).toEqual([400, path])
  })
})

describe('typed parts', () => {
  it('live pieces name their part, snapshots and the message have all of them', async () => {
    const agent = await openUser(server(), 'agent')
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:parts')
    const chunk = (content: string, part?: object, isComplete = false) =>
      agent.publish('chat:parts', 'chat_message_chunk', { messageId: 'm', content, isComplete, ...(part && { part }) })
    await chunk('Hm', { id: 'r', kind: 'reasoning' })
    await chunk('It is ')
    await chunk('{}', { id: 'c', kind: 'tool_call', name: 'weather' })
    expect((await bob.next('chat_message_chunk')).payload).toEqual({ messageId: 'm', content: 'Hm', isComplete: false, index: 1, rev: [1, 1], part: { id: 'r', kind: 'reasoning' } })
    expect((await bob.next('chat_message_chunk')).payload).toEqual({ messageId: 'm', content: 'It is ', isComplete: false, index: 2, rev: [2, 2] })
    const parts = [{ id: 'r', kind: 'reasoning', content: 'Hm' }, { kind: 'text' }, { id: 'c', kind: 'tool_call', name: 'weather', content: '{}' }]
    const late = await openUser(server(), 'late')
    expect((await late.subscribe('chat:parts')).payload.streams[0].payload).toEqual({ messageId: 'm', content: 'It is ', isComplete: false, rev: [1, 3], snapshot: true, parts })
    await chunk('warm', undefined, true)
    expect((await late.next('chat_message')).payload).toEqual({ content: 'It is warm', role: 'assistant', messageId: 'm', parts })
  })

  it.each([
    [{ id: '', kind: 'x' }, '/payload/part/id'],
    [{ id: 'a' }, '/payload/part/kind'],
    [{ id: 'a', kind: 'k'.repeat(65) }, '/payload/part/kind'],
    ['x', '/payload/part'],
  ])('%o is refused', async (part, path) => {
    const agent = await openUser(server(), 'agent')
    const answer = await agent.publish('chat:bad', 'chat_message_chunk', { messageId: 'm', content: '', isComplete: false, part })
    expect(answer).toMatchObject({ type: 'error', payload: { name: 'invalid_message', path } })
  })
})

describe('a restarted answer', () => {
  it('fences the older producer and replaces what readers have', async () => {
    const [zombie, worker, bob] = [await openUser(server(), 'agent'), await openUser(server(), 'agent'), await openUser(server(), 'bob')]
    await bob.subscribe('chat:gen')
    const chunk = (raw: typeof bob, content: string, fields: object) => raw.publish('chat:gen', 'chat_message_chunk', { messageId: 'm', content, isComplete: false, ...fields })
    await chunk(zombie, 'The old', { index: 1 })
    expect((await worker.ask({ type: 'stream_open', channel: 'chat:gen', payload: { messageId: 'm', generation: 2 } })).type).toBe('ack')
    expect(await chunk(zombie, ' answer', { index: 2 })).toMatchObject({ type: 'error', payload: { code: 1406, name: 'stream_fenced', generation: 2 } })
    await chunk(worker, 'A new one', { index: 1, generation: 2 })
    await bob.next('chat_message_chunk')
    expect((await bob.next('chat_message_chunk')).payload).toEqual({ messageId: 'm', content: 'A new one', isComplete: false, rev: [1, 1], snapshot: true, generation: 2 })
  })
})

describe('streams/ingest', () => {
  it('curl turns an OpenAI-style body into a message with parts', async () => {
    const body = [
      { object: 'chat.completion.chunk', choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
      { choices: [{ index: 0, delta: { reasoning_content: 'Hm' } }] },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'c1', function: { name: 'weather', arguments: '' } }] } }] },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"at":"Lisbon"}' } }] } }] },
      { choices: [{ index: 0, delta: { content: 'Warm 😀' } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    ]
    const text = [...body.map((each) => JSON.stringify(each)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
    const answer = await curl('/api/v1/streams/ingest?channel=chat:curl&messageId=m1&userId=planner', text)
    expect(answer).toEqual({ messageId: 'm1', status: 'complete', pieces: 5, epoch: expect.any(String), offset: 1 })
    expect(await newest('chat:curl')).toEqual({
      content: 'Warm 😀',
      role: 'assistant',
      messageId: 'm1',
      parts: [
        { id: 'reasoning', kind: 'reasoning', content: 'Hm' },
        { id: 'c1', kind: 'tool_call', name: 'weather', content: '{"at":"Lisbon"}' },
        { kind: 'text' },
      ],
    })
  })

  it('pieces arrive while the request is still being sent', async () => {
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:live')
    const { sent, answer, event } = ingest('chat:live', 'm1')
    event({ type: 'start', messageId: 'x' })
    event({ type: 'text-delta', id: 't', delta: 'Lis' })
    expect((await bob.next('chat_message_chunk')).payload).toMatchObject({ content: 'Lis', rev: [1, 1] })
    event({ type: 'text-delta', id: 't', delta: 'bon' })
    expect((await bob.next('chat_message_chunk')).payload).toMatchObject({ content: 'bon', rev: [2, 2] })
    event({ type: 'finish' })
    sent.end()
    expect(await answer).toMatchObject({ status: 200, body: { status: 'complete' } })
    expect((await bob.next('chat_message')).payload.content).toBe('Lisbon')
  })

  it('a viewer who stops it gets the request answered and closed', async () => {
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:stop')
    const { answer, event } = ingest('chat:stop', 'm1')
    event({ type: 'text-delta', id: 't', delta: 'half' })
    await bob.next('chat_message_chunk')
    expect((await bob.ask({ type: 'stream_cancel', channel: 'chat:stop', payload: { messageId: 'm1', reason: 'enough' } })).payload).toEqual({ duplicate: false, state: 'cancelled' })
    const { status, headers, body } = await answer
    expect([status, headers.connection, body]).toEqual([200, 'close', { messageId: 'm1', status: 'cancelled', pieces: 1, reason: 'enough' }])
    expect(await newest('chat:stop')).toMatchObject({ content: 'half', status: 'cancelled' })
  })

  it('a request that breaks off, or falls silent, interrupts the message', async () => {
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:cut')
    const cut = ingest('chat:cut', 'm1')
    cut.event({ type: 'text-delta', id: 't', delta: 'half' })
    await bob.next('chat_message_chunk')
    cut.sent.destroy()
    expect((await bob.next('chat_message')).payload).toMatchObject({ content: 'half', status: 'interrupted' })

    const silent = ingest('chat:cut', 'm2')
    silent.event({ type: 'text-delta', id: 't', delta: 'more' })
    expect((await bob.next('chat_message')).payload).toMatchObject({ content: 'more', status: 'interrupted' })
    expect((await silent.answer).status).toBe(408)
  })

  it('a body that comes faster than pieces are taken is held back, not lost', async () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `${i} `)
    const body = words.map((delta) => `data: ${JSON.stringify({ type: 'text-delta', id: 't', delta })}\n\n`).join('') + 'data: {"type":"finish"}\n\n'
    for (const channel of ['chat:fast1', 'chat:fast2', 'chat:fast3']) {
      expect(await curl(`/api/v1/streams/ingest?channel=${channel}&messageId=m1`, body)).toMatchObject({ status: 'complete', pieces: 20_001 })
      expect((await newest(channel)).content).toBe(words.join(''))
    }
  })

  it('an event or a message that is too large is refused, and what came before it is kept', async () => {
    const text = (size: number) => `data: ${JSON.stringify({ type: 'text-delta', delta: 'x'.repeat(size) })}\n\n`
    const event = await curl('/api/v1/streams/ingest?channel=chat:large&messageId=m1', text(4) + text(300_000))
    expect(event.error).toMatchObject({ name: 'message_too_large' })
    expect(await newest('chat:large')).toMatchObject({ content: 'xxxx', status: 'interrupted' })
    const message = await curl('/api/v1/streams/ingest?channel=chat:large&messageId=m2', text(200_000).repeat(8))
    expect(message.error).toMatchObject({ name: 'message_too_large' })
    expect((await newest('chat:large')).content).toHaveLength(1_000_000)
    // Also when its last word is on its way already: nothing goes on growing.
    const whole = await curl('/api/v1/streams/ingest?channel=chat:large&messageId=m3', text(200_000).repeat(8) + 'data: {"type":"finish"}\n\n')
    expect(whole.error).toMatchObject({ name: 'message_too_large' })
    expect(await newest('chat:large')).toMatchObject({ messageId: 'm3', status: 'interrupted' })
    expect((await api(server(), 'streams/status', { channel: 'chat:large' })).body).toEqual({ status: 'none', streams: [] })
  })

  it('a body that ends without its last word is interrupted', async () => {
    const answer = await curl('/api/v1/streams/ingest?channel=chat:short&messageId=m1', 'data: {"type":"text-delta","delta":"ha"}\n\n')
    expect(answer).toMatchObject({ status: 'interrupted', pieces: 1 })
  })

  it('a second request for the same message is refused, one of a higher generation fences the first', async () => {
    const bob = await openUser(server(), 'bob')
    await bob.subscribe('chat:two')
    const first = ingest('chat:two', 'm1')
    first.event({ type: 'text-delta', delta: 'old' })
    await bob.next('chat_message_chunk')
    const second = ingest('chat:two', 'm1')
    second.event({ type: 'text-delta', delta: 'x' })
    expect(await second.answer).toMatchObject({ status: 409, body: { error: { name: 'stream_closed' } } })
    const third = ingest('chat:two', 'm1', '&generation=1')
    third.event({ type: 'text-delta', delta: 'new' })
    expect((await bob.next('chat_message_chunk')).payload).toMatchObject({ content: 'new', snapshot: true, generation: 1 })
    first.event({ type: 'text-delta', delta: ' zombie' })
    expect(await first.answer).toMatchObject({ status: 409, body: { error: { name: 'stream_fenced', generation: 1 } } })
    third.event('[DONE]')
    third.sent.end()
    expect((await third.answer).body).toMatchObject({ status: 'complete', generation: 1 })
    expect(await newest('chat:two')).toMatchObject({ content: 'new', generation: 1 })
  })

  it.each([
    ['no key', '?channel=chat:x&messageId=m', { authorization: 'Bearer no' }, 401, 'unauthorized'],
    ['no channel', '?messageId=m', {}, 400, 'invalid_channel'],
    ['no message', '?channel=chat:x', {}, 400, 'invalid_message'],
    ['an odd format', '?channel=chat:x&messageId=m&format=xml', {}, 400, 'invalid_message'],
  ])('%s: refused', async (_what, query, headers, status, name) => {
    const answer = await api(server(), `streams/ingest${query}`, 'data: {}\n\n', { 'content-type': 'text/event-stream', ...headers })
    expect([answer.status, answer.body.error.name]).toEqual([status, name])
  })

  it('an event that is not JSON is refused, and what came before it is kept', async () => {
    const answer = await curl('/api/v1/streams/ingest?channel=chat:odd&messageId=m1', 'data: {"type":"text-delta","delta":"ha"}\n\ndata: {"type":"text-delta","delta":"\\ud83d"}\n\n')
    expect(answer.error).toMatchObject({ name: 'invalid_message' })
    expect(await newest('chat:odd')).toMatchObject({ content: 'ha', status: 'interrupted' })
  })
})
