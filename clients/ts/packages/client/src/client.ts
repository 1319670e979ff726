import type { Channel, Client, RpcOptions } from './api'
import { createChannel, publication } from './channel'
import { encode, utf8Length, type Incoming, type Outgoing } from './codec'
import { closedError, createConnection } from './connection'
import { createEmitter, together, type Emitter, type Outcome } from './emitter'
import { defaultEnvironment } from './environment'
import { TidewireError } from './error'
import type { TidewireEvent } from './event'
import { createMeter } from './meter'
import type { ClientOptions, Environment } from './options'
import { createReceipts, type Receipts } from './receipts'
import { createRequests, type RequestRule } from './requests'
import { call } from './rpc'
import { serverError } from './server_error'
import { createSubscription, type Subscription } from './subscription'
import { createVisibility } from './visibility'
import { createWorker } from './worker'

interface Room<Custom extends object> {
  channel: Channel<Custom>
  subscription: Subscription
  receipts: Receipts
  emitter: Emitter
}

/**
 * Creates a client. It does nothing until `connect()`.
 * Give the types of your own events as the parameter: `createClient<{ order_placed: Order }>({...})`.
 */
export function createClient<Custom extends object = {}>(options: ClientOptions): Client<Custom> {
  const env: Environment = { ...defaultEnvironment(options.webSocket), ...options.environment }
  const timeoutMs = options.timeoutMs ?? 30_000
  const implied = impliedChannel(options.url)
  const rooms = new Map<string, Room<Custom>>()
  const subscribing = new Map<string, Subscription>()
  const meter = createMeter()
  const seen = new Set<string>()
  let serial = 0

  // What a handler throws goes to the handlers of `error`; without any, or when one of those throws, to the host.
  const emitter = createEmitter((error) => env.after(0, () => raise(error)))
  const fault = (error: unknown) => {
    if (!emitter.emit('error', asError(error))) env.after(0, () => raise(error))
  }

  const connection = createConnection(options, env, meter, {
    greeting(restored) {
      return [...rooms].flatMap(([name, { subscription }]) => (restored?.includes(name) ? subscription.restoring() : subscription.resume()) ?? [])
    },
    positions() {
      return Object.fromEntries([...rooms].slice(0, positionsMax).map(([name, { subscription }]) => [name, subscription.held()]))
    },
    open() {
      visibility.open()
      for (const message of worker.offer()) offer(message)
      for (const { subscription } of rooms.values()) subscription.opened()
      requests.open()
    },
    message: receive,
    down() {
      requests.down()
      worker.down()
      subscribing.clear()
      for (const { subscription, receipts } of rooms.values()) {
        subscription.down(undefined)
        receipts.down(undefined)
      }
    },
    closed(reason) {
      visibility.closed()
      subscribing.clear()
      const error = closedError(reason)
      requests.fail(error)
      for (const { subscription, receipts } of rooms.values()) {
        subscription.down(error)
        receipts.down(error)
      }
    },
    fault,
  })
  const requests = createRequests({
    env,
    timeoutMs,
    limits: options.outbox ?? {},
    maxBytes: connection.maxBytes,
    isOpen: connection.isOpen,
    send: connection.send,
  })
  const closedNow = () => {
    const state = connection.state()
    return state.status === 'closed' ? closedError(state.reason) : undefined
  }
  const ask = (message: Outgoing, rule: RequestRule) => {
    const error = closedNow()
    return error ? Promise.reject(error) : requests.ask(message, rule)
  }
  const tell = (message: Outgoing) => {
    const text = encode(message)
    return utf8Length(text) <= connection.maxBytes() && connection.send(text)
  }
  const who = () => {
    const state = connection.state()
    return state.status === 'open' ? state : undefined
  }
  const offer = (message: Outgoing) => {
    if (connection.state().status !== 'open') return
    // Lost with the connection: the next one offers again.
    requests.ask(message, { resend: false }).catch((error: TidewireError) => {
      if (error.code !== 0) emitter.emit('error', error)
    })
  }
  const stream = (name: string, ...rest: Parameters<Channel['stream']>) => room(name).channel.stream(...rest)
  const worker = createWorker({ tell, offer, stream, randomId: env.randomId, fault })
  const visibility = createVisibility(env, tell)

  const room = (name: string): Room<Custom> => {
    let found = rooms.get(name)
    if (!found) rooms.set(name, (found = createRoom(name)))
    return found
  }

  const createRoom = (name: string): Room<Custom> => {
    const own = createEmitter(fault)
    const both = (type: string, value: unknown, outcomes?: Outcome[]) => {
      own.emit(type, value, outcomes)
      emitter.emit(type, value, outcomes)
    }
    const subscription: Subscription = createSubscription({
      channel: name,
      implied: name === implied,
      env,
      meter,
      timeoutMs,
      nextId() {
        const id = `s${++serial}`
        subscribing.set(id, subscription)
        return id
      },
      closed: closedNow,
      isOpen: () => connection.state().status === 'open',
      send: (messages) => messages.forEach((message) => connection.send(encode(message))),
      deliver(event: TidewireEvent) {
        const outcomes: Outcome[] = []
        both(event.type, event, outcomes)
        both('*', event, outcomes)
        return together(outcomes)
      },
      tell,
      gap: (gap) => both('gap', gap),
      fault,
    })
    const receipts = createReceipts()
    const channel = createChannel<Custom>({ name, subscription, receipts, emitter: own, env, echo: options.echo, ask, tell, who, fault })
    return { channel, subscription, receipts, emitter: own }
  }

  function receive(message: Incoming): void {
    const { type, id, channel } = message
    const subscription = id === undefined ? undefined : subscribing.get(id)
    if (subscription) {
      subscribing.delete(id as string)
      subscription.answer(message)
    } else if (type === 'rpc_request') worker.call(message)
    else if (type === 'rpc_cancel') worker.stop(message.payload)
    else if (requests.settle(message)) return
    else if (type === 'error') emitter.emit('error', serverError(message.payload))
    else if (replies.has(type)) return
    else if (channel === undefined || type === 'stream_cancel') outside(message)
    else if (type === 'subscribed') room(channel).subscription.answer(message)
    else if (type === 'unsubscribed') rooms.get(channel)?.subscription.unsubscribed(String(message.payload.reason))
    else if (type === 'receipt') rooms.get(channel)?.receipts.take(message)
    else rooms.get(channel)?.subscription.receive(message)
  }

  /**
   * What no subscription brings: a cancel, since a producer need not be subscribed to what it streams into, and an event for
   * this session or user, which comes again with its key when its arrival was in doubt.
   */
  const outside = ({ type, payload, key, from, ts, channel = '' }: Incoming) => {
    if (key && seen.size === seen.add(key).size) return void meter.counts.duplicates++
    if (seen.size > keysMax) seen.delete([...seen][0] as string)
    const event: TidewireEvent = { type, channel, payload, key, from, ts, replayed: false }
    rooms.get(channel)?.emitter.emit(type, event)
    emitter.emit(type, event)
    if (!channel) emitter.emit('*', event)
  }

  if (implied !== undefined) room(implied)

  const metrics = () => ({ ...meter.counts, messagesPerSecond: meter.rate(env.now()), pending: requests.size })

  return {
    get state() {
      return connection.state()
    },
    onState: connection.onState,
    get visibility() {
      return visibility.get()
    },
    set visibility(next) {
      visibility.set(next)
    },
    connect: connection.connect,
    refreshToken: connection.refreshToken,
    close: connection.close,
    on: ((type: string, handler: (event: never) => void) => emitter.on(type, handler)) as Client<Custom>['on'],
    onEvent: (handler) => emitter.on('*', handler),
    channel: (name) => room(name).channel,
    rpc: async <Result>(method: string, params: unknown = {}, rpcOptions: RpcOptions = {}) => (await call<Result>(ask, method, params, rpcOptions)).result,
    call: (method, params = {}, rpcOptions = {}) => call(ask, method, params, rpcOptions),
    serve: worker.serve,
    send: (channel, type, payload, sendOptions = {}) =>
      tell(publication(channel, type, payload, { echo: options.echo, ...sendOptions })),
    metrics,
    onMetrics(handler, everyMs = 1000) {
      let cancel = () => {}
      const tick = () => {
        cancel = env.after(everyMs, tick)
        handler(metrics())
      }
      cancel = env.after(everyMs, tick)
      return () => cancel()
    },
  }
}

/** As many as the server takes in one `auth`. */
const positionsMax = 1_000
/** Of events outside every channel, to tell repeats. */
const keysMax = 1_000

/** Answers nobody waits for any more, such as one that came after its timeout. */
const replies = new Set(['ack', 'history', 'presence', 'receipts', 'rpc_result', 'state', 'stream_status'])

/** `wss://host/ws/chat/1` is subscribed to `chat:1` by its URL. */
export function impliedChannel(url: string): string | undefined {
  const match = /\/ws\/([^/?#]+)\/([^/?#]+)\/?(?:[?#]|$)/.exec(url)
  return match ? `${decodeURIComponent(match[1] as string)}:${decodeURIComponent(match[2] as string)}` : undefined
}

function asError(error: unknown): TidewireError {
  if (error instanceof TidewireError) return error
  const wrapped = new TidewireError({ code: 0, name: 'handler_failed', message: String(error), retryable: false })
  wrapped.cause = error
  return wrapped
}

function raise(error: unknown): never {
  throw error
}
