import { describe, expect, it } from 'vitest'
import { foldMessage, trackMessages, type StreamedMessage, type TidewireEvent } from '../src/index'
import { seededRandom } from '../src/testing/index'
import { message, subscribedScene } from './setup'

const pieces = ['The ', 'tide ', 'comes ', 'in ', 'and ', 'goes ', 'out.']

const chunk = (from: number, to: number, snapshot = false): TidewireEvent => ({
  type: 'chat_message_chunk',
  channel: 'chat:1',
  replayed: false,
  payload: { messageId: 'a', content: pieces.slice(snapshot ? 0 : from - 1, to).join(''), isComplete: false, rev: [from, to], ...(snapshot ? { snapshot } : {}) },
})

const whole: TidewireEvent = {
  type: 'chat_message',
  channel: 'chat:1',
  offset: 5,
  epoch: 'e1',
  replayed: false,
  payload: { messageId: 'a', content: pieces.join(''), role: 'assistant' },
}

const fold = (...events: TidewireEvent[]) => events.reduce<StreamedMessage | undefined>(foldMessage, undefined)

describe('folding', () => {
  it('appends pieces in order', () => {
    expect(fold(chunk(1, 1), chunk(2, 3))).toMatchObject({ content: 'The tide comes ', rev: 3, status: 'streaming', stale: false })
  })

  it('a piece contained already changes nothing, to the object', () => {
    const before = fold(chunk(1, 3))
    expect(foldMessage(before, chunk(1, 2))).toBe(before)
    expect(foldMessage(before, chunk(1, 3, true))).toBe(before)
  })

  it('a snapshot replaces, also after a hole', () => {
    const holed = fold(chunk(1, 1), chunk(4, 4))
    expect(holed).toMatchObject({ content: 'The ', rev: 1, stale: true })
    expect(foldMessage(holed, chunk(1, 5, true))).toMatchObject({ content: 'The tide comes in and ', rev: 5, stale: false })
  })

  it('the durable message completes; late pieces do not reopen it', () => {
    const done = fold(chunk(1, 2), whole)
    expect(done).toMatchObject({ status: 'complete', content: pieces.join(''), offset: 5 })
    expect(foldMessage(done, chunk(3, 3))).toBe(done)
  })

  it.each(['cancelled', 'interrupted'] as const)('one that ended early keeps its text and says %s', (status) => {
    const ended: TidewireEvent = { ...whole, payload: { ...(whole.payload as object), content: 'The tide', status } }
    const done = fold(chunk(1, 2), ended)
    expect(done).toMatchObject({ status, content: 'The tide', offset: 5 })
    expect(foldMessage(done, chunk(3, 3))).toBe(done)
    expect(foldMessage(done, ended)).toBe(done)
  })

  const typed = (rev: [number, number], content: string, fields: object = {}): TidewireEvent => ({
    ...chunk(1, 1),
    payload: { messageId: 'a', content, isComplete: false, rev, ...fields },
  })

  it('keeps typed parts apart from the text, in order of first appearance', () => {
    const parts = [{ id: 'r', kind: 'reasoning', content: 'Hmm' }, { kind: 'text' }, { id: 'c', kind: 'tool_call', name: 'find', content: '{}' }]
    const live = fold(
      typed([1, 1], 'Hm', { part: { id: 'r', kind: 'reasoning' } }),
      typed([2, 2], 'It is'),
      typed([3, 3], '{', { part: { id: 'c', kind: 'tool_call', name: 'find' } }),
      typed([4, 5], ' warm', { parts: [{ id: 'c', kind: 'tool_call', content: '}' }, { kind: 'text' }, { id: 'r', kind: 'reasoning', content: 'm' }] }),
    )
    expect(live).toMatchObject({ content: 'It is warm', parts })
    expect(fold(typed([1, 5], 'It is warm', { snapshot: true, parts }))).toMatchObject({ content: 'It is warm', parts })
    expect(fold(typed([1, 1], 'It'), typed([2, 2], '{', { part: { id: 'c', kind: 'tool_call' } }))?.parts.map(({ kind }) => kind)).toEqual(['text', 'tool_call'])
    expect(fold(typed([1, 1], 'It'), typed([2, 2], ' is'))?.parts).toEqual([])
  })

  it('an answer begun again replaces the one before, and pieces of that one change nothing', () => {
    const anew = typed([1, 1], 'new', { snapshot: true, generation: 2 })
    const restarted = fold(chunk(1, 4), anew)
    expect(restarted).toMatchObject({ content: 'new', rev: 1, generation: 2, stale: false })
    expect(foldMessage(restarted, chunk(5, 5))).toBe(restarted)
    expect(fold(chunk(1, 2), whole, anew)).toMatchObject({ content: 'new', status: 'streaming' })
  })

  it('any order of pieces, merged pieces, repeats and snapshots ends in the same text', () => {
    const random = seededRandom(3)
    for (let round = 0; round < 500; round++) {
      let state: StreamedMessage | undefined
      for (let i = 0; i < 20; i++) {
        const from = 1 + Math.floor(random() * pieces.length)
        const to = from + Math.floor(random() * (pieces.length - from + 1))
        state = foldMessage(state, random() < 0.3 ? chunk(1, to, true) : chunk(from, to))
        expect(pieces.join('').startsWith(state?.content ?? '')).toBe(true)
        expect(state?.content).toBe(pieces.slice(0, state?.rev).join(''))
      }
      expect(foldMessage(state, whole)).toMatchObject({ content: pieces.join(''), status: 'complete' })
    }
  })
})

describe('the messages of a channel', () => {
  it('keeps order, grows in place, and keeps the identity of what did not change', async () => {
    const it = await subscribedScene()
    const view = trackMessages(it.channel)
    const lists: (readonly StreamedMessage[])[] = []
    view.onChange((list) => lists.push(list))
    it.network.current.send(message(1), { ...chunk(1, 1) } as never, message(2))
    it.network.current.send({ ...chunk(2, 2) } as never)
    expect(view.list.map((one) => one.content)).toEqual(['m1', 'The tide ', 'm2'])
    expect(lists).toHaveLength(4)
    expect(lists[3]?.[0]).toBe(lists[0]?.[0])
    it.network.current.send(message(3, { payload: { messageId: 'a', content: 'whole', role: 'assistant' } }))
    expect(view.list.map((one) => [one.content, one.status])).toEqual([['m1', 'complete'], ['whole', 'complete'], ['m2', 'complete']])
    expect(view.get('a')?.offset).toBe(3)
    view.close()
    it.network.current.send(message(4))
    expect(view.list).toHaveLength(3)
  })

  it('history goes to its place and the oldest leave at the maximum', async () => {
    const it = await subscribedScene({}, 2)
    const view = trackMessages(it.channel, { max: 3 })
    it.network.current.send(message(3))
    const past = (offset: number): TidewireEvent => ({ type: 'chat_message', channel: 'chat:1', offset, epoch: 'e1', replayed: true, payload: { content: `m${offset}`, role: 'user' } })
    view.add([past(2), past(1)])
    expect(view.list.map((one) => one.content)).toEqual(['m1', 'm2', 'm3'])
    it.network.current.send(message(4))
    expect(view.list.map((one) => one.content)).toEqual(['m2', 'm3', 'm4'])
  })

  it('messages of a new epoch come behind those of the old one, whatever their offsets', async () => {
    const it = await subscribedScene({}, 2)
    const view = trackMessages(it.channel)
    const at = (epoch: string, offset: number): TidewireEvent => ({ type: 'chat_message', channel: 'chat:1', offset, epoch, replayed: false, payload: { content: `${epoch}-${offset}`, role: 'user' } })
    view.add([at('a', 8), at('a', 9), at('b', 1), at('b', 2)])
    expect(view.list.map((one) => one.content)).toEqual(['a-8', 'a-9', 'b-1', 'b-2'])
  })

  it('iterates over the newest state of each changed message until it is closed', async () => {
    const it = await subscribedScene()
    const view = trackMessages(it.channel)
    const seen: string[] = []
    const loop = (async () => {
      for await (const one of view) seen.push(one.content)
    })()
    it.network.current.send({ ...chunk(1, 1) } as never)
    it.network.current.send({ ...chunk(2, 2) } as never)
    await it.clock.settle()
    it.network.current.send({ ...chunk(3, 3) } as never)
    await it.clock.settle()
    view.close()
    await loop
    expect(seen.at(-1)).toBe('The tide comes ')
  })
})
