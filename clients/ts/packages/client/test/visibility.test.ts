import { expect, it } from 'vitest'
import type { Visibility } from '../src/index'
import { reconnect, scene } from './setup'

function watched(now: Visibility) {
  let seen: ((visibility: Visibility) => void) | undefined
  const it = scene({
    environment: {
      watchVisibility(handler) {
        seen = handler
        handler(now)
        return () => void (seen = undefined)
      },
    },
  })
  const told = () => it.network.current.received.filter(({ type }) => type === 'visibility').map(({ payload }) => payload?.state)
  return { ...it, told, see: (visibility: Visibility) => seen?.(visibility), isWatching: () => seen !== undefined }
}

it('a page that is looked at says nothing until it is hidden', async () => {
  const it = watched('visible')
  await it.connect()
  expect(it.told()).toEqual([])
  it.see('hidden')
  it.see('hidden')
  it.see('visible')
  expect(it.told()).toEqual(['hidden', 'visible'])
})

it('every new connection hears that the page is hidden', async () => {
  const it = watched('hidden')
  await it.connect()
  expect(it.told()).toEqual(['hidden'])
  await reconnect(it)
  it.network.current.welcome()
  expect(it.told()).toEqual(['hidden'])
  expect(it.client.visibility).toBe('hidden')
})

it('what changed while there was no connection is told to the next one', async () => {
  const it = watched('hidden')
  await it.connect()
  it.network.current.close(1006)
  it.see('visible')
  await it.clock.pass(1_000)
  it.network.current.welcome({ resumed: true })
  expect(it.told()).toEqual(['visible'])
})

it('an application without a page says it itself', async () => {
  const it = scene()
  await it.connect()
  it.client.visibility = 'hidden'
  expect(it.network.current.last('visibility').payload).toEqual({ state: 'hidden' })
})

it('a closed client looks no more', async () => {
  const it = watched('visible')
  await it.connect()
  it.client.close()
  expect(it.isWatching()).toBe(false)
})
