import { expect, it } from 'vitest'
import { trackReceipts } from '../src/index'
import { reconnect, subscribedScene } from './setup'

const cursor = (userId: string, delivered: number, read: number) => ({ userId, delivered, read })
const reply = (epoch: string, ...consumers: object[]) => ({ type: 'receipts', payload: { epoch, consumers } })
const changed = (payload: Record<string, unknown>) => ({ type: 'receipt_changed', channel: 'chat:1', payload })

it('knows how far everybody is, and who has passed an event', async () => {
  const it = await subscribedScene()
  const view = trackReceipts(it.channel)
  const sizes: number[] = []
  view.onChange((cursors) => sizes.push(cursors.size))
  it.network.current.send(changed(cursor('bob', 5, 2)))
  it.network.current.reply('receipts', reply('e1', cursor('bob', 4, 2), cursor('carl', 3, 3)))
  await it.clock.settle()
  expect([...view.cursors.values()]).toEqual([cursor('bob', 5, 2), cursor('carl', 3, 3)])
  it.network.current.send(changed(cursor('bob', 5, 4)))
  expect(view.passed(3)).toEqual(['bob', 'carl'])
  expect(view.passed(4)).toEqual(['bob'])
  expect(view.passed(4, 'delivered')).toEqual(['bob'])
  expect(sizes).toEqual([1, 2, 2])
  view.close()
  it.network.current.send(changed(cursor('dora', 5, 5)))
  expect(view.cursors.size).toBe(2)
})

it('asks again with every subscription, and begins anew with a new epoch', async () => {
  const it = await subscribedScene()
  const view = trackReceipts(it.channel)
  it.network.current.reply('receipts', reply('e1', cursor('bob', 5, 5)))
  await it.clock.settle()
  await reconnect(it)
  it.network.current.welcome()
  it.network.current.subscribed({ epoch: 'e2', offset: 1, wasRecovering: true, recovered: false })
  it.network.current.reply('receipts', reply('e2', cursor('bob', 1, 0)))
  await it.clock.settle()
  expect(view.cursors.get('bob')).toEqual(cursor('bob', 1, 0))
})

it('without the permission it stays empty', async () => {
  const it = await subscribedScene()
  const view = trackReceipts(it.channel)
  it.network.current.reply('receipts', { type: 'error', payload: { code: 1201, name: 'permission_denied', message: '', retryable: false } })
  await it.clock.settle()
  expect(view.passed(0)).toEqual([])
})
