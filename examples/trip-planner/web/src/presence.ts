import type { Client, PresenceMember } from '@tidewire/client'
import { agentName, agents, lobby, roomChannel, type TripEvents } from '../../shared/events'
import { nameFromUserId, type Identity } from './identity'
import type { Person } from './trip_view'

export interface Presence {
  readonly people: readonly Person[]
  readonly agentHere: boolean
  /** The name of someone who is or was there. */
  nameOf(userId: string): string
  /** Someone who speaks as the agent. */
  sawAgent(userId: string): void
  isAgent(userId: string): boolean
  /** Asks the server who is there; the round trip in ms. */
  refresh(): Promise<number>
  /** Asks the agent to come, if it is not there. */
  callAgent(): void
}

const inviteAgainMs = 3000

/** Who is in the room, and whether the agent is one of them. */
export function createPresence(client: Client<TripEvents>, room: string, me: Identity, changed: () => void): Presence {
  const channel = client.channel(roomChannel(room))
  const names = new Map([[me.userId, me.name]])
  const here = new Set<string>()
  const agentIds = new Set<string>()
  let people: readonly Person[] = []
  let invited = 0

  const rebuild = (): void => {
    const list = [...here].map((userId): Person => {
      const isAgent = agentIds.has(userId)
      return { userId, isAgent, isMe: userId === me.userId, name: isAgent ? agentName : nameOf(userId) }
    })
    list.sort((a, b) => Number(b.isMe) - Number(a.isMe) || Number(a.isAgent) - Number(b.isAgent) || a.name.localeCompare(b.name))
    if (JSON.stringify(list) === JSON.stringify(people)) return
    people = list
    changed()
  }
  const nameOf = (userId: string): string => (agentIds.has(userId) ? agentName : (names.get(userId) ?? nameFromUserId(userId)))
  const learn = ({ userId, info }: Pick<PresenceMember, 'userId' | 'info'>): void => {
    const { name } = (info ?? {}) as { name?: unknown }
    if (typeof name === 'string' && name) names.set(userId, name === userId ? nameFromUserId(userId) : name)
  }
  const isAgentHere = (): boolean => [...agentIds].some((userId) => here.has(userId))

  const callAgent = (): void => {
    if (!isAgentHere() && Date.now() - invited >= inviteAgainMs) invite()
  }
  const invite = (): void => {
    invited = Date.now()
    client.channel(lobby).publish('agent_invite', { room }).catch(() => undefined)
  }

  channel.on('presence_join', ({ payload }) => {
    learn(payload)
    here.add(payload.userId)
    rebuild()
  })
  channel.on('presence_leave', ({ payload }) => {
    here.delete(payload.userId)
    rebuild()
  })
  client.channel(agents).on('agent_ready', ({ payload }) => {
    agentIds.add(payload.userId)
    rebuild()
    // Also when it seems to be here: that may be the connection of its predecessor.
    invite()
  })
  client.channel(agents).subscribe().catch(() => undefined)

  return {
    get people() {
      return people
    },
    get agentHere() {
      return isAgentHere()
    },
    nameOf,
    isAgent: (userId) => agentIds.has(userId),
    sawAgent(userId) {
      if (agentIds.has(userId)) return
      agentIds.add(userId)
      rebuild()
    },
    async refresh() {
      const started = performance.now()
      const members = await channel.presence({ timeoutMs: 8000 })
      const rtt = performance.now() - started
      here.clear()
      for (const member of members) {
        learn(member)
        here.add(member.userId)
      }
      rebuild()
      return rtt
    },
    callAgent,
  }
}
