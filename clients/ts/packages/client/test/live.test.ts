import { describe, expect, it } from 'vitest'
import type { PresenceView, SharedValue } from '../src/index'
import { reconnect, subscribedScene } from './setup'

// What a channel keeps up to date by itself: who types, who is there, the shared state.

const member = (userId: string, info: object = {}) => ({ userId, clients: 1, info, since: 1 })

describe('typing', () => {
  const typed = (scene: Awaited<ReturnType<typeof subscribedScene>>) =>
    scene.network.current.received.filter((sent) => sent.type === 'user_typing').map((sent) => sent.payload?.isTyping)

  it('is told at the first key, repeated while keys come, and stops by itself', async () => {
    const scene = await subscribedScene()
    for (let i = 0; i < 10; i++) {
      scene.channel.typing()
      await scene.clock.pass(500)
    }
    expect(typed(scene)).toEqual([true, true])
    await scene.clock.pass(3_600)
    expect(typed(scene)).toEqual([true, true, false])
    await scene.clock.pass(10_000)
    expect(typed(scene)).toHaveLength(3)
    expect(scene.network.current.last('user_typing')).toMatchObject({ channel: 'chat:1', payload: { userId: 'u1', sessionId: 's1' } })
  })

  it('stops at once when told, and only what was begun', async () => {
    const scene = await subscribedScene()
    scene.channel.stopTyping()
    expect(typed(scene)).toEqual([])
    scene.channel.typing()
    scene.channel.stopTyping()
    await scene.clock.pass(10_000)
    expect(typed(scene)).toEqual([true, false])
  })

  it('says nothing without a connection', async () => {
    const scene = await subscribedScene()
    scene.network.current.close(1006)
    scene.channel.typing()
    scene.channel.stopTyping()
    expect(typed(scene)).toEqual([])
  })
})

describe('watchPresence', () => {
  async function watching() {
    const scene = await subscribedScene()
    const views: PresenceView[] = []
    const undo = scene.channel.watchPresence((view) => views.push(view))
    const answer = (payload: Record<string, unknown>) => {
      scene.network.current.reply('presence', { type: 'presence', payload })
      return scene.clock.settle()
    }
    const tell = (type: string, payload: Record<string, unknown>) => scene.network.current.send({ type, channel: 'chat:1', payload, ts: 5 })
    const now = () => {
      const view = views.at(-1)
      return view && { users: [...view.members.keys()], total: view.total, complete: view.complete }
    }
    return { ...scene, views, undo, answer, tell, now }
  }

  it('follows join, update and leave', async () => {
    const it = await watching()
    await it.answer({ members: [member('ann')], total: 1, complete: true })
    it.tell('presence_join', { userId: 'bob', clients: 1, info: { name: 'Bob' } })
    expect(it.now()).toEqual({ users: ['ann', 'bob'], total: 2, complete: true })
    it.tell('presence_update', { userId: 'ann', clients: 1, info: { away: true } })
    expect(it.views.at(-1)?.members.get('ann')).toEqual({ userId: 'ann', clients: 1, info: { away: true }, since: 1 })
    it.tell('presence_leave', { userId: 'bob', clients: 0 })
    expect(it.now()).toEqual({ users: ['ann'], total: 1, complete: true })
    it.undo()
    it.tell('presence_leave', { userId: 'ann', clients: 0 })
    expect(it.views).toHaveLength(4)
  })

  it('a large channel: counts, and the list again when it is small', async () => {
    const it = await watching()
    await it.answer({ members: [member('ann')], total: 500, complete: false })
    it.tell('presence_count', { total: 501, complete: false })
    expect(it.now()).toEqual({ users: ['ann'], total: 501, complete: false })
    it.tell('presence_count', { total: 2, complete: true })
    await it.answer({ members: [member('ann'), member('bob')], total: 2, complete: true })
    expect(it.now()).toEqual({ users: ['ann', 'bob'], total: 2, complete: true })
  })

  it('asks again after a reconnect', async () => {
    const it = await watching()
    await it.answer({ members: [member('ann'), member('bob')], total: 2, complete: true })
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed()
    await it.clock.settle()
    await it.answer({ members: [member('bob')], total: 1, complete: true })
    expect(it.now()).toEqual({ users: ['bob'], total: 1, complete: true })
  })

  it('updatePresence and presenceReport', async () => {
    const it = await watching()
    const done = it.channel.updatePresence({ away: true })
    expect(it.network.current.last('presence_update').payload).toEqual({ info: { away: true } })
    it.network.current.reply('presence_update', { type: 'ack', payload: { duplicate: false } })
    await done
    const report = it.channel.presenceReport({ lastSeen: true })
    expect(it.network.current.last('presence').payload).toEqual({ lastSeen: true })
    it.network.current.reply('presence', { type: 'presence', payload: { members: [], total: 0, complete: true, lastSeen: [{ userId: 'eve', at: 3 }] } })
    expect((await report).lastSeen).toEqual([{ userId: 'eve', at: 3 }])
  })
})

describe('shared.watch', () => {
  async function watching() {
    const scene = await subscribedScene()
    const states: ReadonlyMap<string, SharedValue>[] = []
    scene.channel.shared.watch((state) => states.push(state))
    const whole = (...entries: object[]) => {
      scene.network.current.reply('state_get', { type: 'state', payload: { entries } })
      return scene.clock.settle()
    }
    const changed = (payload: Record<string, unknown>) => scene.network.current.send({ type: 'state_changed', channel: 'chat:1', payload })
    const now = () => Object.fromEntries([...(states.at(-1) ?? [])].map(([key, { value }]) => [key, value]))
    return { ...scene, states, whole, changed, now }
  }

  it('shows the whole, then newer changes only, also those that came before the whole', async () => {
    const it = await watching()
    it.changed({ key: 'a', value: 'old', version: 2 })
    it.changed({ key: 'b', value: 'new', version: 9 })
    await it.whole({ key: 'a', value: 1, version: 4 })
    expect(it.now()).toEqual({ a: 1, b: 'new' })
    it.changed({ key: 'a', value: 'stale', version: 3 })
    expect(it.now()).toEqual({ a: 1, b: 'new' })
    it.changed({ key: 'b', version: 10, deleted: true, reason: 'expired' })
    expect(it.now()).toEqual({ a: 1 })
  })

  it('a key that was deleted while away is gone after the reconnect', async () => {
    const it = await watching()
    await it.whole({ key: 'a', value: 1, version: 1 }, { key: 'b', value: 2, version: 2 })
    await reconnect(it)
    it.network.current.welcome()
    it.network.current.subscribed()
    await it.clock.settle()
    await it.whole({ key: 'b', value: 2, version: 2 })
    expect(it.now()).toEqual({ b: 2 })
  })

  it('a time to live goes along, and when it ends comes back', async () => {
    const it = await watching()
    const done = it.channel.shared.set('a', 1, { ttlMs: 500 })
    expect(it.network.current.last('state_set').payload).toEqual({ key: 'a', value: 1, ttlMs: 500 })
    it.network.current.reply('state_set', { type: 'state', payload: { key: 'a', value: 1, version: 3, expiresAt: 77 } })
    expect(await done).toEqual({ value: 1, version: 3, expiresAt: 77 })
  })
})
