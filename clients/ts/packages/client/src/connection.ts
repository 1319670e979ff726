import { backoffMs } from './backoff'
import { createBatcher, joined } from './batcher'
import { decode, encode, utf8Length, type Incoming, type Outgoing } from './codec'
import { createStore } from './emitter'
import { localError, type TidewireError } from './error'
import type { Undo } from './event'
import type { WelcomeLimits } from './generated/events'
import { watchLiveness, type Liveness } from './liveness'
import type { Meter } from './meter'
import type { ClientOptions, Environment, TokenRequest } from './options'
import { serverError } from './server_error'
import { openSocket, type Socket } from './socket'
import type { CloseReason, ConnectionState, Interruption, Position } from './state'
import { claimsOf, createTokens } from './token'

/** From the first byte to `welcome`. */
const connectTimeoutMs = 15_000
/** A connection that held this long starts the back-off anew. */
const stableMs = 5_000
/** Of the largest message before the server has said: half of the server's default. */
const assumedMessageBytes = 32 * 1024

const noWebSocket = 'no WebSocket here: pass the `webSocket` option (on Node before 22: the class of `ws`)'

/** Keeps one authenticated connection up: token, socket, back-off, heartbeats. Knows nothing of channels. */
export interface Connection {
  state(): ConnectionState
  onState(handler: (state: ConnectionState) => void): Undo
  connect(): Promise<void>
  refreshToken(token: string | undefined): Promise<void>
  close(): void
  isOpen(): boolean
  /** False when the connection is not open. */
  send(text: string): boolean
  maxBytes(): number
}

export interface ConnectionEvents {
  /**
   * Messages to go out with `auth`, in the same batch; or, when a session was asked for, after its answer. The server brings the
   * channels in `restored` back by itself.
   */
  greeting(restored?: readonly string[]): Outgoing[]
  /** How far each channel has been processed, for a server that still holds the session. */
  positions(): Record<string, Position | undefined>
  open(): void
  message(message: Incoming): void
  down(): void
  closed(reason: CloseReason): void
  fault(error: unknown): void
}

export function createConnection(options: ClientOptions, env: Environment, meter: Meter, events: ConnectionEvents): Connection {
  const state = createStore<ConnectionState>({ status: 'idle' }, events.fault)
  const tokens = createTokens(options, env)
  const timers = createTimers(env)
  const inSubprotocol = options.tokenIn === 'subprotocol'
  let socket: Socket | undefined
  let liveness: Liveness | undefined
  let sessionId = options.sessionId
  let limit = assumedMessageBytes
  let attempt = 0
  let generation = 0
  let authId: string | undefined
  let serial = 0
  let triedFreshToken = false
  /** This connection asked for a session and waits to hear what is left of it before it subscribes. */
  let withheld = false
  /** Between `welcome` and the loss of the connection; false already while handlers hear of the loss. */
  let up = false
  let unwatch = () => {}
  /** Who wait for the answer to a token that was given to the open connection. */
  const refreshing = new Set<(refused?: TidewireError) => void>()
  const refreshed = (refused?: TidewireError) => {
    for (const tell of Array.from(refreshing)) tell(refused)
    refreshing.clear()
  }

  const write = (text: string) => {
    if (!socket?.send(text)) return false
    meter.counts.bytesSent += utf8Length(text)
    return true
  }
  const batcher = options.batch && createBatcher(options.batch, env, () => limit, write)
  const sendNow = (messages: Outgoing[]) => {
    batcher?.flush()
    for (const text of batchesOf(messages.map(encode), limit)) write(text)
    meter.counts.sent += messages.length
  }
  const probe = () => sendNow([{ type: 'connection_heartbeat', id: `h${++serial}`, payload: { timestamp: env.now() } }])

  /** Ends the present attempt. False when a handler that heard of it closed the client for good. */
  const teardown = (): boolean => {
    const wasUp = up
    up = false
    generation++
    timers.clear()
    batcher?.clear()
    liveness?.stop()
    liveness = undefined
    socket?.drop()
    socket = undefined
    tokens.abort()
    refreshed(localError('connection_lost', 'the connection was lost before the answer', true))
    if (wasUp) events.down()
    return state.get().status !== 'closed'
  }

  const shut = (reason: CloseReason) => {
    if (!teardown()) return
    unwatch()
    unwatch = () => {}
    state.set({ status: 'closed', reason })
    events.closed(reason)
  }

  const retry = (cause: Interruption, delay = backoffMs(attempt, env.random(), options.reconnect)) => {
    if (!teardown()) return
    attempt++
    timers.set('retry', delay, () => void open('reconnect'))
    state.set({ status: 'waiting', attempt, retryAt: env.now() + delay, cause })
  }

  const refused = (message: string) => {
    const held = state.get().status === 'open'
    tokens.reject()
    if (held) return retry({ code: 4401, message })
    if (!tokens.renewable || triedFreshToken) return shut({ kind: 'unauthorized', message })
    triedFreshToken = true
    if (teardown()) void open('rejected')
  }

  const down = (code: number, reason: string) => {
    const message = reason || `closed with code ${code}`
    // A refused upgrade looks like a lost network: the token may have been the reason.
    if (inSubprotocol && tokens.renewable && state.get().status === 'connecting') tokens.reject()
    if (code === 4401) refused(message)
    else if (isFinal(code)) shut({ kind: 'rejected', code, message })
    else retry({ code, message })
  }

  const open = async (reason: TokenRequest['reason']) => {
    const own = ++generation
    state.set({ status: 'connecting', attempt })
    let token: string | undefined
    try {
      token = await tokens.get(reason)
    } catch (error) {
      if (own === generation) retry({ code: 0, message: String(error instanceof Error ? error.message : error) })
      return
    }
    if (own !== generation) return
    if (token === undefined) return shut({ kind: 'unauthorized', message: 'there is no valid token' })
    connectWith(token)
  }

  const connectWith = (token: string) => {
    if (!env.WebSocket) return shut({ kind: 'rejected', code: 0, message: noWebSocket })
    const protocols = ['tidewire.v1.json']
    if (inSubprotocol) protocols.push(`tidewire.token.${token}`)
    timers.set('connect', connectTimeoutMs, () => retry({ code: 0, message: 'the server did not answer in time' }))
    try {
      const url = inSubprotocol ? urlOfSession(options.url, claimsOf(token).sid === undefined ? sessionId : undefined) : options.url
      socket = openSocket(env.WebSocket, url, protocols, {
        open: () => greet(token),
        message: receive,
        down,
      })
    } catch (error) {
      shut({ kind: 'rejected', code: 0, message: error instanceof Error ? error.message : String(error) })
    }
  }

  const greet = (token: string) => {
    withheld = sessionId !== undefined
    // In a subprotocol the token has been judged, and the URL or the token named the session: `welcome` comes by itself.
    const first = inSubprotocol ? [] : [auth(token, withheld ? events.positions() : undefined)]
    sendNow(withheld ? first : [...first, ...events.greeting()])
  }

  const auth = (token: string, positions?: object): Outgoing => {
    authId = `a${++serial}`
    const bound = claimsOf(token).sid ?? sessionId
    const payload = { token, sessionId: bound, client: options.client, batch: options.incomingBatch ?? true, positions }
    return { type: 'auth', id: authId, payload }
  }

  const welcomed = (payload: Incoming['payload'], ts: number | undefined) => {
    triedFreshToken = false
    authId = undefined
    if (typeof ts === 'number') tokens.setClockOffset(ts - env.now())
    scheduleRefresh(Number(payload.expiresAt), ts ?? env.now())
    refreshed()
    if (state.get().status === 'open') return
    timers.cancel('connect')
    timers.set('stable', stableMs, () => void (attempt = 0))
    sessionId = String(payload.sessionId)
    const limits = { messageBytes: limit, channels: 0, ...(payload.limits as Partial<WelcomeLimits> | undefined) }
    limit = limits.messageBytes
    if (meter.counts.connects++ > 0) meter.counts.reconnects++
    const silence = Number(payload.heartbeatMs) + Number(payload.heartbeatTimeoutMs)
    liveness = watchLiveness(silence || 0, env, probe, () => retry({ code: 0, message: 'the server fell silent' }))
    const { connectionId, userId, resumed } = payload
    up = true
    state.set({
      status: 'open',
      since: env.now(),
      connectionId: String(connectionId),
      sessionId,
      userId: String(userId),
      resumed: resumed === true,
      limits,
      server: String(payload.server),
    })
    if (up && withheld) sendNow(events.greeting(payload.restored as string[] | undefined))
    if (up) events.open()
  }

  /** Renews in place at four fifths of the token's remaining life, at least a second and at most a minute before its end. */
  const scheduleRefresh = (expiresAt: number, now: number) => {
    if (!tokens.renewable || !(expiresAt > 0)) return
    const left = expiresAt - now
    const early = Math.min(60_000, Math.max(1_000, left / 5))
    timers.set('refresh', Math.max(0, left - early), () => void refresh(0))
  }

  const refresh = async (failures: number) => {
    const own = generation
    const token = await tokens.get('refresh').catch(() => null)
    if (own !== generation) return
    if (token) sendNow([auth(token)])
    else if (token === undefined) shut({ kind: 'unauthorized', message: 'getToken gave no token' })
    else timers.set('refresh', 1_000 + backoffMs(failures, env.random()), () => void refresh(failures + 1))
  }

  const heartbeat = ({ id, payload }: Incoming) => {
    // Only the server's own heartbeats are answered; its answers to ours carry our id and its clock.
    if (id === undefined && payload.serverTime === undefined) return probe()
    if (typeof payload.serverTime === 'number') tokens.setClockOffset(payload.serverTime - env.now())
    if (typeof payload.timestamp === 'number') meter.counts.rttMs = Math.max(0, env.now() - payload.timestamp)
  }

  const authFailed = ({ payload }: Incoming) => {
    authId = undefined
    if (payload.name === 'session_mismatch' && sessionId !== options.sessionId) sessionId = options.sessionId
    const message = String(payload.message ?? payload.name)
    if (state.get().status !== 'open') refused(message)
    else {
      // A refused refresh: the old token still holds until it expires.
      tokens.reject()
      if (tokens.renewable) timers.set('refresh', 5_000, () => void refresh(1))
      refreshed(serverError(payload))
    }
  }

  const receive = (text: string) => {
    meter.counts.bytesReceived += utf8Length(text)
    liveness?.heard()
    let messages: Incoming[]
    try {
      messages = decode(text)
    } catch {
      return events.fault(new Error('the server sent text that is not JSON'))
    }
    const own = generation
    for (const message of messages) {
      // A handler may have closed the connection: the rest of the batch belongs to the past.
      if (own !== generation) return
      meter.receivedOne(env.now())
      dispatch(message)
    }
  }

  const dispatch = (message: Incoming) => {
    switch (message.type) {
      case 'welcome':
        return welcomed(message.payload, message.ts)
      case 'connection_heartbeat':
        return heartbeat(message)
      case 'goaway':
        return goAway(message.payload)
      case 'error':
        if (message.id !== undefined && message.id === authId) return authFailed(message)
        // Of the session that the URL named: without an id, since nothing was asked.
        if (message.id === undefined && message.payload.name === 'session_mismatch' && !up) return authFailed(message)
    }
    events.message(message)
  }

  const goAway = (payload: Incoming['payload']) => {
    const after = Number(payload.reconnectAfterMs) || 0
    retry({ code: 4001, message: String(payload.reason ?? 'goaway') }, after + backoffMs(0, env.random(), options.reconnect))
  }

  const wake = () => {
    if (state.get().status === 'waiting') {
      timers.cancel('retry')
      void open('reconnect')
    } else liveness?.check()
  }

  const start = () => {
    attempt = 0
    triedFreshToken = false
    unwatch = env.watch(wake, () => liveness?.check())
    void open('connect')
  }

  return {
    state: state.get,
    onState: state.watch,
    connect() {
      const { status } = state.get()
      if (status === 'idle' || status === 'closed') start()
      return new Promise((resolve, reject) => {
        const check = (current: ConnectionState) => {
          if (current.status === 'open') resolve()
          else if (current.status === 'closed') reject(closedError(current.reason))
          else return false
          return true
        }
        if (check(state.get())) return
        const undo = state.watch((current) => {
          if (check(current)) undo()
        })
      })
    },
    async refreshToken(given) {
      const before = tokens.current
      const own = generation
      const token = given ?? (await tokens.get('refresh'))
      if (!token) throw localError('no_token', 'there is no token to refresh with')
      tokens.set(token)
      if (!up || (given === undefined && own !== generation)) return
      sendNow([auth(token)])
      const refused = await new Promise<TidewireError | undefined>((resolve) => refreshing.add(resolve))
      if (!refused) return
      if (refused.code !== 0) tokens.set(before)
      throw refused
    },
    close() {
      if (state.get().status !== 'closed') shut({ kind: 'closed' })
    },
    isOpen: () => up,
    send(text) {
      if (!up) return false
      meter.counts.sent++
      if (!batcher) return write(text)
      batcher.push(text)
      return true
    },
    maxBytes: () => limit,
  }
}

/** The server takes the session of an upgrade from the query; where it stood when the connection broke, it knows itself. */
function urlOfSession(url: string, sessionId: string | undefined): string {
  if (sessionId === undefined) return url
  return `${url}${url.includes('?') ? '&' : '?'}session=${encodeURIComponent(sessionId)}`
}

/** Codes after which coming back is pointless: 4400-4999, and the two of RFC 6455 that blame what this client is. */
function isFinal(code: number): boolean {
  return (code >= 4400 && code < 5000) || code === 1003 || code === 1008
}

export function closedError(reason: CloseReason) {
  const message = 'message' in reason ? reason.message : 'the client was closed'
  return localError('closed', reason.kind === 'closed' ? message : `${reason.kind}: ${message}`)
}

/** Groups encoded messages into as few batches as the size limit allows. */
function batchesOf(texts: readonly string[], limit: number): string[] {
  const batches: string[] = []
  let batch: string[] = []
  let bytes = 2
  const flush = () => {
    if (batch.length > 0) batches.push(joined(batch))
    batch = []
    bytes = 2
  }
  for (const text of texts) {
    const size = utf8Length(text) + 1
    if (bytes + size > limit || batch.length >= 64) flush()
    batch.push(text)
    bytes += size
  }
  flush()
  return batches
}

/** Named one-shot timers; setting one again replaces it. */
function createTimers(env: Environment) {
  const running = new Map<string, () => void>()
  const cancel = (name: string) => {
    running.get(name)?.()
    running.delete(name)
  }
  return {
    cancel,
    set(name: string, ms: number, task: () => void) {
      cancel(name)
      running.set(name, env.after(ms, task))
    },
    clear() {
      for (const name of Array.from(running.keys())) cancel(name)
    },
  }
}
