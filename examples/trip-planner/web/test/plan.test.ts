import { TidewireError, type SharedValue } from '@tidewire/client'
import { describe, expect, it } from 'vitest'
import { applyEdit, daysOf, maxStops, readItinerary, type Edit, type Stop } from '../../shared/itinerary'
import { createPlan, type Plan } from '../src/plan'

const stop = (id: string, title = id, by = 'Ana'): Stop => ({ id, title, by })
const done = (stops: readonly Stop[], edit: Edit): readonly Stop[] => {
  const outcome = applyEdit(stops, edit)
  if (outcome.kind !== 'done') throw new Error(outcome.kind)
  return outcome.stops
}
const order = (stops: readonly Stop[]): string => stops.map(({ id }) => id).join('')
const abc = [stop('a'), stop('b'), stop('c')]

describe('an edit of the itinerary', () => {
  it('adds, moves, removes and renames', () => {
    expect(order(done(abc, { kind: 'add', stops: [stop('d')] }))).toBe('abcd')
    expect(order(done(abc, { kind: 'move', id: 'c', before: 'a' }))).toBe('cab')
    expect(order(done(abc, { kind: 'move', id: 'a', before: undefined }))).toBe('bca')
    expect(order(done(abc, { kind: 'remove', id: 'b' }))).toBe('ac')
    expect(done(abc, { kind: 'rename', id: 'b', from: 'b', to: 'B' })[1]).toEqual(stop('b', 'B'))
  })

  it.each<Edit>([
    { kind: 'add', stops: [stop('d'), stop('e')] },
    { kind: 'move', id: 'c', before: 'a' },
    { kind: 'remove', id: 'b' },
    { kind: 'rename', id: 'b', from: 'b', to: 'B' },
  ])('does nothing the second time: $kind', (edit) => {
    const once = done(abc, edit)
    expect(done(once, edit)).toBe(once)
  })

  it('does what is left of it when others were faster', () => {
    expect(order(done([stop('b')], { kind: 'move', id: 'a', before: 'b' }))).toBe('b')
    expect(order(done([stop('b'), stop('a')], { kind: 'move', id: 'b', before: 'gone' }))).toBe('ab')
  })

  it('is a conflict when both changed the same words', () => {
    expect(applyEdit([stop('a', 'theirs')], { kind: 'rename', id: 'a', from: 'a', to: 'mine' })).toEqual({ kind: 'conflict', theirs: 'theirs' })
    expect(applyEdit([], { kind: 'rename', id: 'a', from: 'a', to: 'mine' })).toEqual({ kind: 'conflict', theirs: undefined })
  })

  it('stops at the maximum', () => {
    const many = Array.from({ length: maxStops - 1 }, (_, at) => stop(`s${at}`))
    expect(applyEdit(many, { kind: 'add', stops: [stop('x')] }).kind).toBe('done')
    expect(applyEdit(many, { kind: 'add', stops: [stop('x'), stop('y')] }).kind).toBe('full')
  })

  it('reads what it wrote, and anything else as nothing', () => {
    expect(readItinerary({ stops: [stop('a'), { id: 1 }, null], by: 'Ben' })).toEqual({ stops: [stop('a')], by: 'Ben' })
    for (const value of [undefined, null, 'x', 4, { stops: 'x' }]) expect(readItinerary(value)).toEqual({ stops: [], by: '' })
  })

  it('takes the days out of an answer', () => {
    expect(daysOf('## 2 days in Kyoto\n\n### Day 1: **Fushimi**\n\ntext\n### Day 2: Gion')).toEqual(['Day 1: Fushimi', 'Day 2: Gion'])
  })
})

/** One key with versions on a server; others write by `put`, between the page's look and its write by `first`. */
function setUp(stops: readonly Stop[] = [], by = 'Ben') {
  let version = 3
  let held: SharedValue | undefined = stops.length > 0 ? { value: { stops, by }, version } : undefined
  let first = (): void => undefined
  let failure: Error | undefined
  const put = (next: readonly Stop[], who = 'Ben'): void => void (held = { value: { stops: next, by: who }, version: ++version })
  const shared = {
    get: () => Promise.resolve(held),
    set: async (_key: string, value: unknown, options: { ifVersion?: number } = {}) => {
      await Promise.resolve()
      if (failure) throw failure
      const step = first
      first = () => undefined
      step()
      if (options.ifVersion !== (held?.version ?? 0)) {
        throw new TidewireError({ code: 1403, name: 'conflict', message: '', retryable: false, details: { current: { key: '', value: held?.value ?? null, version: held?.version ?? 0 } } })
      }
      held = { value, version: ++version }
      return held
    },
    delete: () => Promise.resolve(),
  }
  const plan: Plan = createPlan({ shared, myName: 'Ana', changed: () => undefined })
  plan.reset(held)
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn++) await Promise.resolve()
  }
  return { plan, put, settled, before: (step: () => void) => void (first = step), fail: (error: Error) => void (failure = error), server: () => readItinerary(held?.value) }
}

describe('the plan of a page', () => {
  it('shows an edit at once and saves it', async () => {
    const it = setUp([stop('a')])
    it.plan.edit({ kind: 'add', stops: [stop('b')] })
    expect(order(it.plan.view.stops)).toBe('ab')
    expect(it.plan.view.saving).toBe(true)
    await it.settled()
    expect(it.plan.view).toMatchObject({ saving: false, note: '', conflicts: [] })
    expect(it.server()).toMatchObject({ by: 'Ana', stops: [{ id: 'a' }, { id: 'b' }] })
  })

  it('merges with who was faster, and says so', async () => {
    const it = setUp([stop('a')])
    it.before(() => it.put([stop('a'), stop('x')]))
    it.plan.edit({ kind: 'add', stops: [stop('b')] })
    await it.settled()
    expect(order(it.server().stops)).toBe('axb')
    expect(it.plan.view).toMatchObject({ note: 'Merged with a change by Ben.', conflicts: [] })
  })

  it('shows a conflict about the same words, with theirs in place until someone decides', async () => {
    const it = setUp([stop('a')])
    it.before(() => it.put([stop('a', 'theirs')]))
    it.plan.edit({ kind: 'rename', id: 'a', from: 'a', to: 'mine' })
    await it.settled()
    expect(it.plan.view.conflicts).toEqual([{ id: 'a', mine: 'mine', theirs: 'theirs', by: 'Ben' }])
    expect(it.plan.view.stops[0]!.title).toBe('theirs')
    it.plan.resolve('a', 'mine')
    await it.settled()
    expect(it.server().stops[0]!.title).toBe('mine')
    expect(it.plan.view).toMatchObject({ conflicts: [], note: '' })
  })

  it('keeps theirs when that is chosen', async () => {
    const it = setUp([stop('a', 'theirs')])
    it.plan.edit({ kind: 'rename', id: 'a', from: 'a', to: 'mine' })
    await it.settled()
    it.plan.resolve('a', 'theirs')
    await it.settled()
    expect(it.server().stops[0]!.title).toBe('theirs')
    expect(it.plan.view.conflicts).toEqual([])
  })

  it('does several edits one after the other', async () => {
    const it = setUp()
    for (const id of 'abc') it.plan.edit({ kind: 'add', stops: [stop(id)] })
    it.plan.edit({ kind: 'move', id: 'c', before: 'a' })
    await it.settled()
    expect(order(it.server().stops)).toBe('cab')
    expect(it.plan.view.saving).toBe(false)
  })

  it('takes back what could not be saved', async () => {
    const it = setUp([stop('a')])
    it.fail(new TidewireError({ code: 1201, name: 'permission_denied', message: '', retryable: false }))
    it.plan.edit({ kind: 'remove', id: 'a' })
    await it.settled()
    expect(order(it.plan.view.stops)).toBe('a')
    expect(it.plan.view.note).toBe('You may not change the itinerary here.')
  })

  it('an older change that comes late changes nothing; a new subscription counts whatever was known', async () => {
    const it = setUp([stop('a')])
    it.plan.took({ value: { stops: [], by: 'Ben' }, version: 2 })
    expect(order(it.plan.view.stops)).toBe('a')
    it.plan.reset({ value: { stops: [stop('z')], by: 'Ben' }, version: 1 })
    expect(order(it.plan.view.stops)).toBe('z')
    it.plan.reset(undefined)
    expect(it.plan.view.stops).toEqual([])
  })
})
