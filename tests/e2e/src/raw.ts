import { WebSocket, type ClientOptions } from 'ws'
import type { Server } from './server'
import { mint, type Claims } from './token'

/** A message as it is on the wire. */
export interface Message {
  type: string
  id?: string
  channel?: string
  payload: Record<string, any>
  offset?: number
  epoch?: string
  ts?: number
  from?: { userId: string; connectionId?: string; client?: string }
  key?: string
  priority?: string
  [field: string]: unknown
}

export type Sent = { type: string; payload?: object } & Record<string, unknown>

export interface RawOptions {
  path?: string
  protocols?: string[]
  headers?: Record<string, string>
  /** Claims of a token in the Authorization header; false: none. Default: alice. */
  as?: Claims | false
  ws?: ClientOptions
}

/** One WebSocket whose every word is kept. */
export interface Raw {
  socket: WebSocket
  /** Everything received, oldest first. */
  messages: Message[]
  /** Text frames as they came, so that batches can be seen. */
  frames: string[]
  protocol: string
  send(...messages: Sent[]): void
  sendText(text: string | Uint8Array): void
  /** The next message, in order of arrival, that was not taken yet and fits: a type or a test. What it passes over is dropped. */
  next(what: string | ((message: Message) => boolean)): Promise<Message>
  /** Sends with a fresh id and gives the one answer to it. */
  ask(message: Sent): Promise<Message>
  /**
   * Everything not taken yet that arrives before the second of two round trips ends. Two, because an answer to a
   * heartbeat leaves before lower priorities of the same turn.
   */
  barrier(): Promise<Message[]>
  subscribe(channel: string, payload?: object): Promise<Message>
  publish(channel: string, type: string, payload: object, fields?: object): Promise<Message>
  say(channel: string, content: string): Promise<Message>
  closed: Promise<{ code: number; reason: string }>
  close(): void
}

/** The server answered the upgrade with something else. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly headers: Record<string, string | string[] | undefined>,
    readonly body: string,
  ) {
    super(`refused with ${status}: ${body}`)
  }
}

let serial = 0

/** Opens a WebSocket; rejects with `Refused` when there is no upgrade. */
export async function openRaw(server: Server, options: RawOptions = {}): Promise<Raw> {
  const { path = '/ws', protocols = [], as = {}, ws = {} } = options
  const headers = { ...(as ? { authorization: `Bearer ${mint(as)}` } : {}), ...options.headers }
  const socket = new WebSocket(server.ws + path, protocols, { handshakeTimeout: 10_000, ...ws, headers })
  const raw = listen(socket)
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
    socket.once('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (part: Buffer) => (body += part.toString()))
      response.on('end', () => reject(new Refused(response.statusCode ?? 0, response.headers, body)))
    })
  })
  socket.on('error', () => {})
  raw.protocol = socket.protocol
  return raw
}

/** As `openRaw`, authenticated: the welcome was taken. */
export async function openUser(server: Server, user = 'alice', options: RawOptions = {}): Promise<Raw> {
  const raw = await openRaw(server, { ...options, as: { sub: user, ...options.as } })
  await raw.next('welcome')
  return raw
}

/** Gives the refusal of an upgrade that must not succeed. */
export async function refusal(opening: Promise<unknown>): Promise<Refused> {
  const outcome = await opening.then(
    () => new Error('the server upgraded'),
    (error: unknown) => error,
  )
  if (outcome instanceof Refused) return outcome
  throw outcome
}

function listen(socket: WebSocket): Raw {
  const messages: Message[] = []
  const frames: string[] = []
  const waiters: (() => void)[] = []
  let taken = 0
  let ended: { code: number; reason: string } | undefined
  const wake = () => waiters.splice(0).forEach((waiter) => waiter())

  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return
    frames.push(data.toString())
    const parsed = JSON.parse(data.toString()) as Message | Message[]
    messages.push(...(Array.isArray(parsed) ? parsed : [parsed]))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      ended = { code, reason: reason.toString() }
      resolve(ended)
      wake()
    })
  })

  const take = async (fits: (message: Message) => boolean, what: string): Promise<Message[]> => {
    const passed: Message[] = []
    for (;;) {
      while (taken < messages.length) {
        const message = messages[taken++]!
        passed.push(message)
        if (fits(message)) return passed
      }
      if (ended) throw new Error(`closed with ${ended.code} ${ended.reason} while waiting for ${what}`)
      await new Promise<void>((resolve) => waiters.push(resolve))
    }
  }
  // Answers are found by id without taking what else arrives, so that events can be looked at afterwards.
  const answerTo = async (id: string): Promise<Message> => {
    for (let from = 0; ; ) {
      for (; from < messages.length; from++) {
        const message = messages[from]!
        if (message.id !== id) continue
        messages.splice(from, 1)
        if (from < taken) taken--
        return message
      }
      if (ended) throw new Error(`closed with ${ended.code} ${ended.reason} while waiting for an answer`)
      await new Promise<void>((resolve) => waiters.push(resolve))
      from = 0
    }
  }

  const raw: Raw = {
    socket,
    messages,
    frames,
    protocol: '',
    send: (...sent) => socket.send(JSON.stringify(sent.length === 1 ? sent[0] : sent)),
    sendText: (text) => socket.send(text),
    async next(what) {
      const fits = typeof what === 'string' ? (message: Message) => message.type === what : what
      return (await take(fits, String(what))).at(-1)!
    },
    ask(message) {
      const id = `ask-${++serial}`
      raw.send({ ...message, id })
      return answerTo(id)
    },
    async barrier() {
      const passed: Message[] = []
      for (let trip = 0; trip < 2; trip++) {
        const id = `barrier-${++serial}`
        raw.send({ type: 'connection_heartbeat', id, payload: { timestamp: 0 } })
        passed.push(...(await take((message) => message.id === id, 'a barrier')).slice(0, -1))
      }
      return passed
    },
    subscribe: (channel, payload = {}) => raw.ask({ type: 'subscribe', channel, payload }),
    publish: (channel, type, payload, fields = {}) => raw.ask({ type, channel, payload, ...fields }),
    say: (channel, content) => raw.publish(channel, 'chat_message', { content, role: 'user' }),
    closed,
    close: () => socket.close(1000),
  }
  return raw
}
