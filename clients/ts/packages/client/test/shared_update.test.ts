import { describe, expect, it } from 'vitest'
import { TidewireError, updateShared, type SharedState, type SharedValue } from '../src/index'

/** One key with versions; `faster` runs once before the next write, as somebody else's. */
function store(value?: unknown) {
  let current: SharedValue | undefined = value === undefined ? undefined : { value, version: 4 }
  let version = 4
  let before = () => {}
  const write = (next: unknown, ifVersion: number | undefined) => {
    const step = before
    before = () => {}
    step()
    if (ifVersion !== (current?.version ?? 0)) {
      const told = { key: 'k', value: current?.value ?? null, version: current?.version ?? 0 }
      throw new TidewireError({ code: 1403, name: 'conflict', message: '', retryable: false, details: { current: told } })
    }
    current = next === undefined ? undefined : { value: next, version: ++version }
  }
  const shared: Pick<SharedState, 'get' | 'set' | 'delete'> = {
    get: async () => current,
    async set(_key, next, options) {
      write(next, options?.ifVersion)
      return current as SharedValue
    },
    async delete(_key, options) {
      write(undefined, options?.ifVersion)
    },
  }
  const put = (next: unknown) => void (current = next === undefined ? undefined : { value: next, version: ++version })
  return { shared, put, next: (step: () => void) => void (before = step), value: () => current?.value }
}

const add = (item: string) => (list: unknown) => {
  const items = (list as string[] | undefined) ?? []
  return items.includes(item) ? items : [...items, item]
}

describe('updateShared', () => {
  it('makes what is not there, and changes what is', async () => {
    const it = store()
    expect(await updateShared(it.shared, 'k', add('a'))).toEqual({ value: ['a'], version: 5 })
    await updateShared(it.shared, 'k', add('b'))
    expect(it.value()).toEqual(['a', 'b'])
  })

  it('merges with who was faster', async () => {
    const it = store(['a'])
    it.next(() => it.put(['a', 'theirs']))
    await updateShared(it.shared, 'k', add('mine'))
    expect(it.value()).toEqual(['a', 'theirs', 'mine'])
  })

  it('begins anew when the key was deleted meanwhile', async () => {
    const it = store(['a'])
    it.next(() => it.put(undefined))
    await updateShared(it.shared, 'k', add('mine'))
    expect(it.value()).toEqual(['mine'])
  })

  it('deletes, also when somebody changed it first', async () => {
    const it = store(['a'])
    it.next(() => it.put(['b']))
    expect(await updateShared(it.shared, 'k', () => undefined)).toBeUndefined()
    expect(it.value()).toBeUndefined()
  })

  it('looks again when the connection was lost before the answer, so that nothing is done twice', async () => {
    const it = store(['a'])
    const { set } = it.shared
    it.shared.set = async (...args) => {
      it.shared.set = set
      await set(...args)
      throw new TidewireError({ code: 0, name: 'connection_lost', message: '', retryable: true })
    }
    await updateShared(it.shared, 'k', add('mine'))
    expect(it.value()).toEqual(['a', 'mine'])
  })

  it('gives up after so many attempts, and at once on other errors', async () => {
    const it = store(['a'])
    const again = () => {
      it.put([])
      it.next(again)
    }
    it.next(again)
    await expect(updateShared(it.shared, 'k', add('x'), { attempts: 3 })).rejects.toMatchObject({ name: 'conflict' })
    it.next(() => {
      throw new TidewireError({ code: 1201, name: 'permission_denied', message: '', retryable: false })
    })
    await expect(updateShared(it.shared, 'k', add('x'))).rejects.toMatchObject({ name: 'permission_denied' })
  })

  it('writes nothing when nothing changes', async () => {
    const it = store(['a'])
    it.next(() => {
      throw new Error('written')
    })
    expect(await updateShared(it.shared, 'k', add('a'))).toEqual({ value: ['a'], version: 4 })
  })
})
