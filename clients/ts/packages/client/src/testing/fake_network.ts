import type { WebSocketConstructor, WebSocketLike } from '../options'

/** A message on the wire, loosely: tests look at what they care about. */
export interface WireMessage {
  type: string
  id?: string
  channel?: string
  payload?: Record<string, unknown>
  key?: string
  echo?: boolean
  priority?: string
  offset?: number
  epoch?: string
  [field: string]: unknown
}

/** The server's end of one socket that the client opened. */
export interface FakeConnection {
  readonly url: string
  readonly protocols: readonly string[]
  /** Every message the client sent, batches taken apart. */
  readonly received: WireMessage[]
  /** What was sent as it was sent: one entry a frame. */
  readonly frames: string[]
  /** The client has let go of the socket. */
  readonly dropped: boolean
  accept(): void
  send(...messages: WireMessage[]): void
  sendText(text: string): void
  /** Ends the connection from the server's side; 1006 is a network that vanished. */
  close(code?: number, reason?: string): void
  /** The last message of this type, which must have come. */
  last(type: string): WireMessage
  /** Answers the last message of `type`. */
  reply(type: string, answer: Omit<WireMessage, 'id'>): void
  /** Accepts, answers `auth` with `welcome`. */
  welcome(payload?: Record<string, unknown>): void
  /** Answers the last `subscribe`. */
  subscribed(payload?: Record<string, unknown>): void
}

/**
 * The other side of every socket of a client, played by the test. Nothing happens by itself:
 *
 * ```ts
 * const network = createFakeNetwork()
 * const client = createClient({ url, token: 't', webSocket: network.WebSocket, environment: clock })
 * client.connect(); await clock.settle()
 * network.current.welcome()                         // the upgrade and the answer to `auth`
 * network.current.send({ type: 'chat_message', ...}) // anything, good or bad
 * network.current.close(4012)                        // and then `network.connections[1]`
 * ```
 */
export interface FakeNetwork {
  readonly WebSocket: WebSocketConstructor
  readonly connections: FakeConnection[]
  /** The newest connection. */
  readonly current: FakeConnection
}

const welcomePayload = {
  connectionId: 'c1',
  sessionId: 's1',
  userId: 'u1',
  resumed: false,
  expiresAt: 0,
  heartbeatMs: 25_000,
  heartbeatTimeoutMs: 10_000,
  limits: { messageBytes: 65_536, channels: 128 },
  server: 'fake/1',
  protocol: 1,
}

const subscribedPayload = {
  epoch: 'e1',
  offset: 0,
  recovered: false,
  wasRecovering: false,
  publications: [],
  latest: [],
  streams: [],
}

export function createFakeNetwork(): FakeNetwork {
  const connections: FakeConnection[] = []

  class FakeWebSocket implements WebSocketLike {
    readyState = 0
    bufferedAmount = 0
    onopen: ((event: never) => unknown) | null = null
    onmessage: ((event: never) => unknown) | null = null
    onclose: ((event: never) => unknown) | null = null
    onerror: ((event: never) => unknown) | null = null
    readonly frames: string[] = []
    dropped = false

    constructor(url: string, protocols: string | string[] = []) {
      connections.push(serverEnd(this, url, typeof protocols === 'string' ? [protocols] : protocols))
    }
    send(data: string): void {
      if (this.readyState !== 1) throw new Error('send on a socket that is not open')
      this.frames.push(data)
    }
    close(): void {
      this.dropped = true
      this.readyState = 3
    }
  }

  return {
    WebSocket: FakeWebSocket,
    connections,
    get current() {
      const newest = connections.at(-1)
      if (!newest) throw new Error('the client has not opened a socket yet')
      return newest
    },
  }
}

interface ClientEnd extends WebSocketLike {
  readyState: number
  frames: string[]
  dropped: boolean
}

function serverEnd(socket: ClientEnd, url: string, protocols: readonly string[]): FakeConnection {
  const fire = (handler: ((event: never) => unknown) | null, event: object) => handler?.(event as never)
  const messages = () =>
    socket.frames.flatMap((frame) => {
      const parsed = JSON.parse(frame) as WireMessage | WireMessage[]
      return Array.isArray(parsed) ? parsed : [parsed]
    })
  const end: FakeConnection = {
    url,
    protocols,
    frames: socket.frames,
    get received() {
      return messages()
    },
    get dropped() {
      return socket.dropped
    },
    accept() {
      socket.readyState = 1
      fire(socket.onopen, {})
    },
    send: (...batch) => end.sendText(JSON.stringify(batch.length === 1 ? batch[0] : batch)),
    sendText: (text) => fire(socket.onmessage, { data: text }),
    close(code = 1006, reason = '') {
      socket.readyState = 3
      fire(socket.onclose, { code, reason })
    },
    last(type) {
      const found = messages().findLast((message) => message.type === type)
      if (!found) throw new Error(`the client sent no ${type}`)
      return found
    },
    reply(type, answer) {
      const { id, channel } = end.last(type)
      end.send({ id, channel, ...answer } as WireMessage)
    },
    welcome(payload = {}) {
      if (socket.readyState === 0) end.accept()
      const welcome = { type: 'welcome', payload: { ...welcomePayload, ...payload } }
      // With the token in a subprotocol nobody asked.
      if (messages().some((message) => message.type === 'auth')) end.reply('auth', welcome)
      else end.send(welcome)
    },
    subscribed(payload = {}) {
      end.reply('subscribe', { type: 'subscribed', payload: { ...subscribedPayload, ...payload } })
    },
  }
  return end
}
