import { createClient, type ClientOptions, type TidewireEvent } from '../src/index'
import { createFakeClock, createFakeNetwork, seededRandom, type WireMessage } from '../src/testing/index'

export const url = 'wss://example.test/ws'

export function jwt(claims: Record<string, unknown>): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'HS256' })}.${part(claims)}.sig`
}

/** A client on a fake network and clock; ids are k1, k2, ... and randomness is seeded. */
export function scene<Custom extends object = {}>(options: Partial<ClientOptions> = {}) {
  const clock = createFakeClock()
  const network = createFakeNetwork()
  let ids = 0
  let wake = () => {}
  let sleep = () => {}
  const client = createClient<Custom>({
    url,
    token: 'token',
    webSocket: network.WebSocket,
    ...options,
    environment: {
      ...clock,
      random: seededRandom(7),
      randomId: () => `k${++ids}`,
      watch(onWake, onSleep) {
        wake = onWake
        sleep = onSleep
        return () => void (wake = sleep = () => {})
      },
      ...options.environment,
    },
  })
  const connect = async () => {
    const opened = client.connect()
    opened.catch(() => {})
    await clock.settle()
    network.current.welcome()
    await opened
  }
  return { client, clock, network, connect, wake: () => wake(), sleep: () => sleep() }
}

export const message = (offset: number, fields: Partial<WireMessage> = {}): WireMessage => ({
  type: 'chat_message',
  channel: 'chat:1',
  offset,
  epoch: 'e1',
  ts: 1,
  payload: { content: `m${offset}`, role: 'user' },
  ...fields,
})

/** A subscribed channel with everything it was given. */
export async function subscribedScene(options: Partial<ClientOptions> = {}, offset = 0) {
  const it = scene(options)
  await it.connect()
  const channel = it.client.channel('chat:1')
  const events: TidewireEvent[] = []
  channel.onEvent((event) => events.push(event))
  const done = channel.subscribe()
  it.network.current.subscribed({ offset })
  await done
  return { ...it, channel, events, contents: () => events.map((event) => (event.payload as { content: string }).content) }
}

/** The network drops the client; it comes back after its back-off and waits to be accepted. */
export async function reconnect({ client, clock, network }: ReturnType<typeof scene>, code = 1006) {
  const before = network.connections.length
  network.current.close(code)
  if (client.state.status !== 'waiting') throw new Error(`the client is ${client.state.status}`)
  await clock.pass(client.state.retryAt - clock.now())
  if (network.connections.length !== before + 1) throw new Error('the client did not come back once')
}
