import type { StreamedMessage } from '@tidewire/client'
import { describe, expect, it } from 'vitest'
import { createEntries } from '../src/entries'

const message = (messageId: string, more: Partial<StreamedMessage> = {}): StreamedMessage => ({
  messageId, role: 'user', content: messageId, attachments: [], parts: [], generation: 0, status: 'complete', rev: 0, stale: false,
  from: { userId: 'ben' }, offset: 1, ts: 1, ...more,
} as StreamedMessage)
const nobody = { epoch: 'e', read: new Map<string, number>() }
const setUp = (agentHere = true) => createEntries({ myId: 'ana', nameOf: (userId) => userId, agentHere: () => agentHere })
const idsOf = (entries: ReturnType<typeof setUp>): string[] => entries.list.map((entry) => entry.id)

describe('the order of the timeline', () => {
  it('is the order of arrival, also when the server counts from 1 again', () => {
    const entries = setUp()
    for (const id of ['a', 'b', 'c']) entries.place(id)
    entries.rebuild([message('c', { offset: 1 }), message('a', { offset: 8 }), message('b', { offset: 9 })], [], nobody)
    expect(idsOf(entries)).toEqual(['a', 'b', 'c'])
  })

  it('puts what is not confirmed last, and does not show it twice', () => {
    const entries = setUp()
    entries.place('a')
    const waiting = { id: 'm', content: 'x', ts: 0, state: 'sending' } as const
    entries.rebuild([message('a')], [waiting], nobody)
    expect(idsOf(entries)).toEqual(['a', 'm'])
    entries.place('m')
    entries.rebuild([message('a'), message('m', { from: { userId: 'ana' } })], [waiting], nobody)
    expect(idsOf(entries)).toEqual(['a', 'm'])
    expect(entries.list[1]).toMatchObject({ mine: true, state: 'sent' })
  })
})

describe('answers', () => {
  const answer = (messageId: string, more: Partial<StreamedMessage> = {}): StreamedMessage => message(messageId, { role: 'assistant', ...more })

  it.each([['complete', 'sent'], ['cancelled', 'stopped'], ['interrupted', 'broken']] as const)('that ended as %s are shown as %s', (status, state) => {
    const entries = setUp()
    entries.rebuild([answer('ans-1', { status })], [], nobody)
    expect(entries.list[0]!.state).toBe(state)
  })

  it('is paused while the agent is away', () => {
    const entries = setUp(false)
    entries.rebuild([answer('ans-1', { status: 'streaming' })], [], nobody)
    expect(entries.list[0]!.state).toBe('paused')
  })
})

it('keeps entries and the list when nothing changed', () => {
  const entries = setUp()
  const messages = [message('a'), message('b')]
  const first = entries.rebuild(messages, [], nobody)
  expect(entries.rebuild([...messages], [], nobody)).toBe(first)
  const second = entries.rebuild([messages[0]!, message('b', { content: 'new' })], [], nobody)
  expect(second).not.toBe(first)
  expect(second[0]).toBe(first[0])
})
