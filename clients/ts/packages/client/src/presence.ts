import type { PresenceReport, PresenceView } from './api'
import type { TidewireEvent } from './event'
import type { LastSeen, PresenceChange, PresenceCount, PresenceMember } from './generated/events'
import type { ChannelState, OpenState } from './state'

export interface PresenceSeams {
  ask(): Promise<PresenceReport>
  on(type: string, handler: (event: never) => void): () => void
  onState(handler: (state: ChannelState) => void): () => void
  state(): ChannelState
  fault(error: unknown): void
}

/** Who is in a channel, kept up to date: asked for with every subscription, then changed by the server's events. */
export function watchPresence(seams: PresenceSeams, onChange: (view: PresenceView) => void): () => void {
  let members = new Map<string, PresenceMember>()
  let total = 0
  let complete = false
  let asked = 0

  const show = () => onChange({ members: new Map(members), total, complete })
  const load = () => {
    const mine = ++asked
    seams.ask().then(
      (report) => {
        if (mine !== asked) return
        members = new Map(report.members.map((member) => [member.userId, member]))
        ;({ total, complete } = report)
        show()
      },
      (error: unknown) => mine === asked && seams.fault(error),
    )
  }
  const change = ({ payload, ts }: TidewireEvent<string, PresenceChange>) => {
    const { userId, clients, info } = payload
    if (clients > 0) members.set(userId, { since: ts, ...members.get(userId), userId, clients, info })
    else members.delete(userId)
    if (complete) total = members.size
    show()
  }
  const count = ({ payload }: TidewireEvent<string, PresenceCount>) => {
    total = payload.total
    complete = false
    show()
    if (payload.complete) load()
  }
  const entered = (state: ChannelState) => {
    if (state.status === 'subscribed') load()
  }
  const undo = [
    seams.on('presence_join', change as never),
    seams.on('presence_update', change as never),
    seams.on('presence_leave', change as never),
    seams.on('presence_count', count as never),
    seams.onState(entered),
  ]
  entered(seams.state())
  return () => {
    asked++
    undo.forEach((each) => each())
  }
}

export interface KeepPresenceSeams {
  who(): OpenState | undefined
  onState(handler: (state: ChannelState) => void): () => void
  update(info: object): Promise<void>
  fault(error: unknown): void
}

/** Says again what the user's info is when the server has lost the session that had said it. */
export function keepPresence({ who, onState, update, fault }: KeepPresenceSeams): { shown(info: object): void } {
  let kept: { info: object; connectionId: string | undefined } | undefined
  onState(({ status }) => {
    if (status === 'unsubscribed' || status === 'denied') kept = undefined
    const self = who()
    if (status !== 'subscribed' || !kept || !self || self.connectionId === kept.connectionId) return
    kept.connectionId = self.connectionId
    if (!self.resumed) update(kept.info).catch(fault)
  })
  return { shown: (info) => void (kept = { info, connectionId: who()?.connectionId }) }
}

export function presenceReport(payload: Record<string, unknown>): PresenceReport {
  const members = (Array.isArray(payload.members) ? payload.members : []) as PresenceMember[]
  return {
    members,
    total: typeof payload.total === 'number' ? payload.total : members.length,
    complete: payload.complete !== false,
    lastSeen: (Array.isArray(payload.lastSeen) ? payload.lastSeen : []) as LastSeen[],
  }
}
