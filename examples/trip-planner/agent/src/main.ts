import { createClient } from '@tidewire/client'
import WebSocket from 'ws'
import { agentName, agents, isRoom, lobby, type TripEvents } from '../../shared/events'
import { modelFromEnvironment } from './openai'
import { joinRoom, type Room } from './room'

/** Rooms nobody wrote in for this long are left when no person is there. */
const idleRoomMs = 10 * 60_000
const sweepEveryMs = 60_000
/** Leaves some of the server's channel limit for the lobby. */
const maxRooms = 90

const log = (line: string): void => console.log(`[${agentName.toLowerCase()}] ${line}`)

function serverUrl(text: string): string {
  const url = new URL(text.replace(/^http/, 'ws'))
  if (url.pathname === '/') url.pathname = '/ws'
  return url.href
}

const { TIDEWIRE_URL, TIDEWIRE_TOKEN } = process.env
if (!TIDEWIRE_TOKEN) {
  console.error('TIDEWIRE_TOKEN is missing: the token this agent shows to the server (see `tidewire gentoken`)')
  process.exit(78)
}

const client = createClient<TripEvents>({
  url: serverUrl(TIDEWIRE_URL ?? 'ws://127.0.0.1:8080/ws'),
  token: TIDEWIRE_TOKEN,
  client: 'agent/0.1.0',
  webSocket: WebSocket as never,
  reconnect: { minMs: 200, maxMs: 3000 },
  timeoutMs: 60_000,
})
const model = modelFromEnvironment(process.env)
const rooms = new Map<string, Room>()
let userId = ''

const seams = {
  client,
  userId: () => userId,
  model,
  wait: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  now: () => Date.now(),
  random: () => Math.random(),
  log,
}

async function join(name: string): Promise<void> {
  if (!isRoom(name) || rooms.has(name)) return
  if (rooms.size >= maxRooms) await leaveOldest()
  const room = joinRoom(name, seams)
  rooms.set(name, room)
  try {
    await room.entered
    log(`joined ${name} (${rooms.size} rooms)`)
  } catch (error) {
    log(`room ${name}: ${String(error)}`)
    if (rooms.get(name) === room) await leave(room)
  }
}

async function leave(room: Room): Promise<void> {
  rooms.delete(room.name)
  await room.leave()
}

async function leaveOldest(): Promise<void> {
  const [oldest] = [...rooms.values()].filter((room) => !room.busy).sort((a, b) => a.lastUsed - b.lastUsed)
  if (oldest) await leave(oldest)
}

/** Rooms that people have left for good. */
async function sweep(): Promise<void> {
  for (const room of rooms.values()) {
    if (room.busy || Date.now() - room.lastUsed < idleRoomMs) continue
    if ((await room.people().catch(() => 1)) === 0) await leave(room)
  }
}

const announce = (): void => {
  client.channel(agents).publish('agent_ready', { userId, name: agentName }).catch((error: unknown) => log(`announce: ${String(error)}`))
}

client.onState((state) => {
  log(state.status === 'waiting' ? `connection lost (${state.cause.code}), trying again` : state.status)
  if (state.status === 'open') {
    userId = state.userId
    announce()
  }
  if (state.status === 'closed' && state.reason.kind !== 'closed') {
    log(`stopped: ${state.reason.message}`)
    process.exit(1)
  }
})
client.on('error', (error) => log(`${error.name}: ${error.message}`))
client.channel(lobby).on('agent_invite', ({ payload }) => void join(payload.room))
client.channel(lobby).subscribe().catch((error: unknown) => log(`lobby: ${String(error)}`))
client.connect().catch(() => undefined)

const sweeping = setInterval(() => void sweep(), sweepEveryMs)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(sweeping)
    client.close()
    process.exit(0)
  })
}
log(model ? `answers with ${model.model} at ${model.baseUrl}` : 'answers from its own data set')
