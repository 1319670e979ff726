import type { StreamedMessage } from '@tidewire/client'
import { describe, expect, it } from 'vitest'
import { cardsOf, stepsOf } from '../src/parts'
import { lastSeen } from '../src/seen'

describe('the steps of an answer', () => {
  const parts = [
    { id: '1', kind: 'reasoning', content: 'Reading' },
    { id: '2', kind: 'tool_call', name: 'search', content: 'Weighing' },
  ]

  it('are its thoughts and calls, and the last one runs', () => {
    expect(stepsOf([...parts, { id: 'x', kind: 'source', content: 'unknown to this page' }], true)).toEqual([
      { id: '1', kind: 'thought', says: 'Reading', found: '', running: false },
      { id: '2', kind: 'tool', says: 'Weighing', found: '', running: true },
    ])
  })

  it('say what came of them, and run no more', () => {
    expect(stepsOf([...parts, { id: '2', kind: 'tool_result', content: 'Lisbon' }], true)[1]).toMatchObject({ found: 'Lisbon', running: false })
    expect(stepsOf(parts, false).some((step) => step.running)).toBe(false)
  })
})

describe('the places of an answer', () => {
  const card = { id: 'lis', name: 'Lisbon', country: 'Portugal', tagline: '', kind: 'city', bestMonths: [5], budget: { low: 1, mid: 2, high: 3 }, highC: 20, airport: 'LIS' }
  const places = (content: string) => [{ id: 'places', kind: 'places', content }]

  it('are shown when it has ended, what is no place left out', () => {
    expect(cardsOf(places(JSON.stringify([card, { id: 'x' }, null])), 'complete')).toEqual([card])
    expect(cardsOf(places(JSON.stringify([card])), 'streaming')).toEqual([])
  })

  it.each(['[{"id":', '{}', ''])('are none when the part holds %j', (content) => {
    expect(cardsOf(places(content), 'cancelled')).toEqual([])
  })
})

describe('who has seen what', () => {
  const mine = (messageId: string, offset: number | undefined, epoch = 'e') => ({ messageId, offset, epoch }) as StreamedMessage

  it('stands under the last message that each has read', () => {
    const seen = lastSeen([mine('a', 1), mine('b', 4), mine('c', 9)], { epoch: 'e', read: new Map([['ben', 5], ['cleo', 9], ['dan', 0], ['eve', 4]]) })
    expect(Object.fromEntries(seen)).toEqual({ b: ['ben', 'eve'], c: ['cleo'] })
  })

  it('never compares offsets of two lives of the stream, nor counts what has no place yet', () => {
    expect(lastSeen([mine('a', 1, 'old'), mine('b', undefined)], { epoch: 'e', read: new Map([['ben', 5]]) }).size).toBe(0)
  })
})
