import { describe, expect, it } from 'vitest'
import { createOutbox, type Outgoing } from '../src/outgoing'
import { nameFromUserId, roomFromUrl, titleOf } from '../src/identity'

function memoryStorage() {
  const values = new Map<string, string>()
  return { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value), removeItem: (key: string) => void values.delete(key), values }
}

function setUp(storage = memoryStorage()) {
  const sent: Outgoing[] = []
  const answers: Array<{ resolve: () => void; reject: (error: unknown) => void }> = []
  const outbox = createOutbox({
    room: 'r', storage, changed: () => undefined,
    publish: (message) => {
      sent.push(message)
      return new Promise<void>((resolve, reject) => answers.push({ resolve, reject }))
    },
  })
  return { outbox, sent, answers, storage }
}
const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)))

describe('what was written and is not confirmed', () => {
  it('is sent, and gone once it came back', async () => {
    const { outbox, answers, storage } = setUp()
    const { id } = outbox.add('hello')
    expect(outbox.list.map(({ state }) => state)).toEqual(['sending'])
    answers[0]!.resolve()
    await settled()
    expect(outbox.list.map(({ state }) => state)).toEqual(['sent'])
    outbox.arrived(id)
    expect(outbox.list).toEqual([])
    expect(storage.values.size).toBe(0)
  })

  it('can be tried again under the same name after a failure', async () => {
    const { outbox, sent, answers } = setUp()
    const { id } = outbox.add('hello')
    answers[0]!.reject({ name: 'timeout' })
    await settled()
    expect(outbox.list[0]).toMatchObject({ state: 'failed', problem: 'The server did not answer in time.' })
    outbox.retry(id)
    expect(sent.map((message) => message.id)).toEqual([id, id])
    expect(outbox.list[0]!.state).toBe('sending')
  })

  it('survives a reload of the page', () => {
    const { outbox, storage } = setUp()
    const { id } = outbox.add('hello')
    const next = setUp(storage)
    expect(next.sent).toMatchObject([{ id, content: 'hello' }])
  })

  it('does not trip over what it cannot read', () => {
    const storage = memoryStorage()
    storage.setItem('landfall.outbox.r', '{broken')
    expect(setUp(storage).outbox.list).toEqual([])
  })

  it('does not come back when the confirmation is later than the message itself', async () => {
    const { outbox, answers } = setUp()
    const { id } = outbox.add('hello')
    outbox.arrived(id)
    answers[0]!.resolve()
    await settled()
    expect(outbox.list).toEqual([])
  })
})

describe('rooms and names', () => {
  it.each([
    ['https://x/?trip=sunny-bay-abc123', 'sunny-bay-abc123'], ['https://x/#our-trip', 'our-trip'], ['https://x/', undefined],
    ['https://x/?trip=a*b', undefined], ['https://x/?trip=%2e%2e%2f', undefined], [`https://x/?trip=${'a'.repeat(80)}`, undefined],
  ])('%s has the room %s', (url, room) => {
    expect(roomFromUrl(new URL(url))).toBe(room)
  })

  it('shows readable names', () => {
    expect(titleOf('sunny-harbor-k3x9ab')).toBe('Sunny harbor')
    expect(nameFromUserId('ana-maria-k3x9')).toBe('Ana Maria')
  })
})
