import type { SharedState, SharedValue } from './api'
import type { Incoming, Outgoing } from './codec'
import type { TidewireEvent } from './event'
import type { StateChanged, StateEntry } from './generated/events'
import type { RequestRule } from './requests'
import type { ChannelState } from './state'

export interface LiveSeams {
  on(type: string, handler: (event: never) => void): () => void
  onState(handler: (state: ChannelState) => void): () => void
  state(): ChannelState
  fault(error: unknown): void
}

type Ask = (message: Outgoing, rule: RequestRule) => Promise<Incoming>

export function createSharedState(channel: string, ask: Ask, live: LiveSeams): SharedState {
  const value = ({ payload }: Incoming): SharedValue => shared(payload as unknown as StateEntry)
  const all = async (rule: Omit<RequestRule, 'resend'> = {}) => {
    const { payload } = await ask({ type: 'state_get', channel, payload: {} }, { ...rule, resend: true })
    const entries = (Array.isArray(payload.entries) ? payload.entries : []) as StateEntry[]
    return new Map(entries.map((entry) => [entry.key, shared(entry)]))
  }
  return {
    async get(key, options = {}) {
      const answer = value(await ask({ type: 'state_get', channel, payload: { key } }, { ...options, resend: true }))
      return answer.version > 0 ? answer : undefined
    },
    all,
    watch: (onChange) => watchState(live, () => all(), onChange),
    // Not sent again after a reconnect: the first one may have counted, and a second would meet its own version.
    async set(key, next, { ifVersion, ttlMs, ...rule } = {}) {
      return value(await ask({ type: 'state_set', channel, payload: { key, value: next, ifVersion, ttlMs } }, { ...rule, resend: false }))
    },
    async delete(key, { ifVersion, ...rule } = {}) {
      await ask({ type: 'state_delete', channel, payload: { key, ifVersion } }, { ...rule, resend: false })
    },
  }
}

function shared({ value, version, expiresAt }: StateEntry): SharedValue {
  return { value, version: Number(version), ...(expiresAt === undefined ? {} : { expiresAt }) }
}

type State = ReadonlyMap<string, SharedValue>

/** Reads the whole with every subscription, so that a key deleted meanwhile is gone; then follows the changes, newer ones only. */
function watchState(live: LiveSeams, load: () => Promise<State>, onChange: (state: State) => void): () => void {
  let state: Map<string, SharedValue> | undefined
  let loading = 0
  let missed: StateChanged[] = []

  const apply = (change: StateChanged) => {
    const known = state?.get(change.key)
    if (!state || (known && known.version >= change.version)) return false
    if (change.deleted) return state.delete(change.key)
    state.set(change.key, shared(change as StateEntry))
    return true
  }
  const show = () => state && onChange(new Map(state))
  const entered = ({ status }: ChannelState) => {
    if (status !== 'subscribed') return
    const mine = ++loading
    state = undefined
    missed = []
    load().then(
      (whole) => {
        if (mine !== loading) return
        state = new Map(whole)
        missed.forEach(apply)
        show()
      },
      (error: unknown) => mine === loading && live.fault(error),
    )
  }
  const changed = ({ payload, replayed }: TidewireEvent<string, StateChanged>) => {
    if (replayed) return // part of the whole
    if (!state) missed.push(payload)
    else if (apply(payload)) show()
  }
  const undo = [live.on('state_changed', changed as never), live.onState(entered)]
  entered(live.state())
  return () => {
    loading++
    undo.forEach((each) => each())
  }
}
