import type { Client, TidewireEvent } from '@tidewire/client'
import { describe, expect, it } from 'vitest'
import { answerId, type TripEvents } from '../../shared/events'
import { joinRoom } from '../src/room'
import { fakeChannel } from './fake_channel'

const start = 1_000_000
let offset = 0

const event = (type: string, payload: object, userId = 'ana', more: Partial<TidewireEvent> = {}): TidewireEvent =>
  ({ type, channel: 'trip:x', payload, offset: ++offset, epoch: 'e', ts: start, from: { userId, connectionId: userId }, replayed: true, ...more }) as TidewireEvent
const says = (messageId: string, content: string, userId = 'ana', more: Partial<TidewireEvent> = {}) => event('chat_message', { messageId, content, role: 'user' }, userId, more)
const answers = (questionId: string, content: string, status?: string) => event('chat_message', { messageId: answerId(questionId), content, role: 'assistant', ...(status && { status }) }, 'agent')
const piece = (questionId: string, content: string, rev: [number, number]) => event('chat_message_chunk', { messageId: answerId(questionId), content, rev, snapshot: true }, 'agent', { offset: undefined })

/** A room with a past, in which the server lists `people` when it is asked. */
function enter(past: TidewireEvent[], people: string[]) {
  const written = fakeChannel()
  const handlers = new Map<string, Array<(event: TidewireEvent) => void>>()
  let list = (userIds: string[]): void => void userIds
  const listed = new Promise<Array<{ userId: string }>>((resolve) => (list = (userIds) => resolve(userIds.map((userId) => ({ userId })))))
  const on = (type: string, handler: (event: TidewireEvent) => void) => {
    handlers.set(type, [...(handlers.get(type) ?? []), handler])
    return () => undefined
  }
  const emit = (event: TidewireEvent) => {
    for (const type of [event.type, '*']) for (const handler of handlers.get(type) ?? []) handler(event)
  }
  const channel = {
    ...written.channel,
    on,
    onEvent: (handler: (event: TidewireEvent) => void) => on('*', handler),
    onState: () => () => undefined,
    send: () => true,
    presence: () => listed,
    subscribe: () => {
      past.forEach(emit)
      return Promise.resolve({})
    },
  }
  const room = joinRoom('x', {
    client: { channel: () => channel } as unknown as Pick<Client<TripEvents>, 'channel'>,
    userId: () => 'agent', model: undefined, wait: () => Promise.resolve(), now: () => start, random: () => 0.5, log: () => undefined,
  })
  const quiet = async (): Promise<void> => {
    do await new Promise((resolve) => setTimeout(resolve))
    while (room.busy)
  }
  return {
    emit,
    count: () => list(people),
    quiet,
    /** The questions that were answered. */
    answered: () => written.streams.map(({ messageId }) => messageId),
    streams: written.streams,
  }
}

describe('an agent that comes into a room', () => {
  it('does nothing before it knows who is there', async () => {
    const room = enter([says('q1', 'Hello')], ['ana'])
    await room.quiet()
    expect(room.answered()).toEqual([])
    room.count()
    await room.quiet()
    expect(room.answered()).toEqual([answerId('q1')])
  })

  it('leaves alone what people said to each other, and answers the question', async () => {
    const room = enter([says('m1', 'Me too', 'ben'), says('q1', 'Plan 3 days in Kyoto'), says('m2', 'Still here?')], ['ana', 'ben'])
    room.count()
    await room.quiet()
    expect(room.answered()).toEqual([answerId('q1')])
  })

  it('takes who wrote a moment ago for present, whatever the server lists after its restart', async () => {
    const room = enter([says('m0', 'Hi Ben'), says('m1', 'I have a week off', 'ben')], [])
    room.count()
    await room.quiet()
    room.emit(says('m2', 'Me too'))
    await room.quiet()
    expect(room.answered()).toEqual([])
  })

  it('answers everything of somebody who was left alone', async () => {
    const room = enter([says('m1', 'I have a week off', 'ben')], ['ana', 'ben'])
    room.count()
    await room.quiet()
    room.emit(event('presence_leave', { userId: 'ben' }))
    room.emit(says('m2', 'Hello'))
    await room.quiet()
    expect(room.answered()).toEqual([answerId('m2')])
  })

  it('does not repeat what was answered or stopped, also when the answer comes behind newer messages', async () => {
    const past = [says('q1', 'Plan 3 days in Kyoto'), says('q2', 'Lisbon or Porto?'), says('q3', 'Is Rome safe?'), answers('q2', 'Lisbon.'), answers('q1', 'Three days', 'cancelled')]
    const room = enter(past, ['ana', 'ben'])
    room.count()
    await room.quiet()
    expect(room.answered()).toEqual([answerId('q3')])
  })

  it('goes on with an answer that its predecessor left', async () => {
    const room = enter([says('q1', 'Plan 3 days in Kyoto'), piece('q1', '3 days', [1, 7])], ['ana', 'ben'])
    room.count()
    await room.quiet()
    expect(room.answered()).toEqual([answerId('q1')])
    expect(room.streams[0]!.options.generation).toBe(1)
  })

  it('lets a question go that is too old', async () => {
    const room = enter([says('q1', 'Plan 3 days in Kyoto', 'ana', { ts: start - 200_000 })], ['ana'])
    room.count()
    await room.quiet()
    expect(room.answered()).toEqual([])
  })
})
