import type { SharedState, SharedValue } from './api'
import type { Incoming, Outgoing } from './codec'
import type { StateEntry } from './generated/events'
import type { RequestRule } from './requests'

type Ask = (message: Outgoing, rule: RequestRule) => Promise<Incoming>

export function createSharedState(channel: string, ask: Ask): SharedState {
  const value = ({ payload }: Incoming): SharedValue => ({ value: payload.value, version: Number(payload.version) })
  return {
    async get(key, options = {}) {
      const answer = value(await ask({ type: 'state_get', channel, payload: { key } }, { ...options, resend: true }))
      return answer.version > 0 ? answer : undefined
    },
    async all(options = {}) {
      const { payload } = await ask({ type: 'state_get', channel, payload: {} }, { ...options, resend: true })
      const entries = (Array.isArray(payload.entries) ? payload.entries : []) as StateEntry[]
      return new Map(entries.map((entry) => [entry.key, { value: entry.value, version: entry.version }]))
    },
    // Not sent again after a reconnect: the first one may have counted, and a second would meet its own version.
    async set(key, next, { ifVersion, ...rule } = {}) {
      return value(await ask({ type: 'state_set', channel, payload: { key, value: next, ifVersion } }, { ...rule, resend: false }))
    },
    async delete(key, { ifVersion, ...rule } = {}) {
      await ask({ type: 'state_delete', channel, payload: { key, ifVersion } }, { ...rule, resend: false })
    },
  }
}
