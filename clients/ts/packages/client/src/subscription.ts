import { createAcks, type Acks } from './acks'
import { backoffMs } from './backoff'
import { toIncoming, type Incoming, type Outgoing } from './codec'
import { createStore, type Outcome } from './emitter'
import { localError, type TidewireError } from './error'
import type { Gap, TidewireEvent, Undo } from './event'
import type { Meter } from './meter'
import type { Environment, SubscribeOptions } from './options'
import { serverError } from './server_error'
import type { SubscribeResult } from './api'
import type { ChannelState, Position } from './state'

/**
 * One channel's place in the stream: what was handled, what to ask for next.
 * The position moves before an event is handed out, so that whatever a handler does, an event is handed out once.
 */
export interface Subscription {
  state(): ChannelState
  position(): Position | undefined
  onState(handler: (state: ChannelState) => void): Undo
  subscribe(options: SubscribeOptions): Promise<SubscribeResult>
  /** True when the server has to be told. */
  leave(): boolean
  /** What to send on a new connection; undefined when nothing is wanted or the URL implies the subscription. */
  resume(): Outgoing | undefined
  /** The server still has the subscription and will say where it stands, without being asked. */
  restoring(): undefined
  /** Where a wanted subscription goes on from. */
  held(): Position | undefined
  /** The connection is open: asks what came up since `resume()`. */
  opened(): void
  /** `subscribed` or `error` to a subscribe of ours, or a `subscribed` that the URL implied (no id). */
  answer(message: Incoming): void
  unsubscribed(reason: string): void
  receive(message: Incoming): void
  /** Everything up to there is processed. False: nobody keeps account of it here. */
  processed(offset: number): boolean
  /**
   * A publish of ours with `echo: false` begins: it will not arrive, and others may before its answer. The result is called at its end, with the
   * place it took.
   */
  publishing(key: string): (place?: Position) => void
  /** The connection is gone; with an error, for good. */
  down(closed: TidewireError | undefined): void
}

export interface SubscriptionSeams {
  channel: string
  /** The connection's URL implies this subscription. */
  implied: boolean
  env: Environment
  meter: Meter
  timeoutMs: number
  /** A new request id whose answer comes to this subscription. */
  nextId(): string
  isOpen(): boolean
  /** Why the client is closed, if it is. */
  closed(): TidewireError | undefined
  send(messages: Outgoing[]): void
  tell(message: Outgoing): boolean
  /** What came of the handlers. */
  deliver(event: TidewireEvent): Outcome
  gap(gap: Gap): void
  fault(error: unknown): void
}

interface Waiter {
  resolve(result: SubscribeResult): void
  reject(error: TidewireError): void
}

export function createSubscription(seams: SubscriptionSeams): Subscription {
  const { channel, env, meter } = seams
  const state = createStore<ChannelState>({ status: 'unsubscribed', reason: 'never subscribed' }, seams.fault)
  const waiters = new Set<Waiter>()
  const skipped = new Set<number>()
  /** Publishes of ours without echo whose place is not known yet. */
  const unplaced = new Set<string>()
  /** What came beyond a hole that they may explain. */
  let held: Incoming[] = []
  let wanted = seams.implied
  /** The server has confirmed what the URL implies, on this connection. */
  let confirmedOnce = false
  /** The server brings the subscription back by itself. */
  let awaited = false
  let options: SubscribeOptions = {}
  let position: Position | undefined
  let expecting: string | undefined
  let retries = 0
  let acks: Acks | undefined
  let cancelRetry = () => {}

  const processedTo = () => acks?.since() ?? position

  const request = (): Outgoing => {
    cancelRetry()
    held = []
    expecting = seams.nextId()
    const payload: Record<string, unknown> = {}
    const since = processedTo()
    if (since) payload.since = since
    else if (options.history) payload.history = options.history
    if (options.token) payload.token = options.token
    if (options.stream) payload.stream = options.stream
    if (options.rollup !== undefined) payload.rollup = options.rollup
    if (state.get().status !== 'subscribing') state.set({ status: 'subscribing' })
    return { type: 'subscribe', id: expecting, channel, payload }
  }

  /** Asks again from the last position: after a skipped offset, or when the server gave the subscription up. */
  const again = (leaveFirst: boolean) => {
    state.set({ status: 'subscribing' })
    const delay = retries === 0 ? 0 : backoffMs(retries, env.random(), { minMs: 500, maxMs: 20_000 })
    retries++
    cancelRetry()
    const go = () => {
      if (!wanted || !seams.isOpen()) return
      seams.send(leaveFirst ? [{ type: 'unsubscribe', id: seams.nextId(), channel }, request()] : [request()])
    }
    if (delay === 0) go()
    else cancelRetry = env.after(delay, go)
  }

  const deliver = (message: Incoming, replayed: boolean): Outcome => {
    if (!wanted) return true
    const { type, payload, offset, epoch, ts, from, key, priority, trace } = message
    const event: TidewireEvent = { type, channel, payload, offset, epoch, ts, from, key, priority, trace, replayed }
    for (const field of ['redelivered', 'nonce', 'sig', 'enc'] as const) if (message[field] !== undefined) Object.assign(event, { [field]: message[field] })
    return seams.deliver(event)
  }

  /** Moves over offsets that will not arrive, because they are our own. */
  const passSkipped = () => {
    if (!position) return
    const { epoch } = position
    let { offset } = position
    while (skipped.delete(offset + 1)) offset++
    position = { epoch, offset }
  }

  const deliverDurable = (message: Incoming, epoch: string, offset: number, replayed: boolean) => {
    const own = skipped.delete(offset) || (message.key !== undefined && unplaced.has(message.key))
    position = { epoch, offset }
    passSkipped()
    const outcome = own || deliver(message, replayed)
    acks?.handed(offset, outcome)
  }

  /** An event at or before the position: handed out again only if it is not processed yet. */
  const repeated = (message: Incoming, offset: number, replayed: boolean) => {
    if (message.redelivered !== undefined) meter.counts.redelivered++
    if (acks?.again(offset, message.redelivered ?? 0)) acks.handed(offset, deliver(message, replayed))
    else meter.counts.duplicates++
  }

  const live = (message: Incoming, offset: number) => {
    const epoch = message.epoch ?? position?.epoch ?? ''
    if (!position || (position.epoch === epoch && offset === position.offset + 1)) {
      retries = 0
      deliverDurable(message, epoch, offset, false)
    } else if (position.epoch === epoch && offset <= position.offset) {
      repeated(message, offset, false)
    } else if (state.get().status === 'subscribed') {
      if (position.epoch === epoch && unplaced.size > 0 && held.length < heldMax) held.push(message)
      else again(true)
    }
    // While asking again, what lies beyond the hole is dropped: the answer brings it in order.
  }

  const replay = (payload: Incoming['payload']) => {
    let count = 0
    for (const raw of listOf(payload.publications)) {
      const offset = raw.offset ?? 0
      if (!wanted) break
      if (position && position.epoch === payload.epoch && offset <= position.offset) repeated(raw, offset, true)
      else {
        count++
        deliverDurable(raw, String(payload.epoch), offset, true)
      }
    }
    return count
  }

  const confirmed = (payload: Incoming['payload']) => {
    const top: Position = { epoch: String(payload.epoch), offset: Number(payload.offset) }
    const wasRecovering = payload.wasRecovering === true
    const recovered = payload.recovered === true
    const from = position
    if (wasRecovering && !recovered) position = top
    if (!wasRecovering || !recovered) acks?.begin(top)
    state.set({ status: 'subscribed', recovered, wasRecovering })
    if (wasRecovering && !recovered) {
      skipped.clear()
      meter.counts.gaps++
      seams.gap({ channel, from: from ?? top, to: top })
    }
    const replayed = replay(payload)
    // After a recovery, what `publications` did not hold follows live: only a fresh start jumps to the top.
    if (!position || position.epoch !== top.epoch || (!wasRecovering && position.offset < top.offset)) position = top
    for (const raw of listOf(payload.latest)) deliver(raw, true)
    for (const raw of listOf(payload.streams)) deliver(raw, true)
    settle((waiter) => waiter.resolve({ position: position ?? top, wasRecovering, recovered, replayed }))
  }

  /**
   * The server said it unasked. The URL implied the subscription, so the server knew no position: ask again if that matters. Or the
   * session went on, from where the server knew this client to be: ask again where this client has handled less.
   */
  const confirmedUnasked = (payload: Incoming['payload']) => {
    const restored = awaited
    awaited = false
    confirmedOnce = true
    if (!wanted) return seams.send([{ type: 'unsubscribe', id: seams.nextId(), channel }])
    const known = processedTo()
    const here = known && known.epoch === payload.epoch ? known.offset : -1
    const current = here === payload.offset
    const first = listOf(payload.publications)[0]?.offset ?? Number(payload.offset) + 1
    if (restored ? position && (here < 0 || !payload.recovered || first <= here + 1) : position ? current : !options.history)
      confirmed(current ? { ...payload, wasRecovering: true, recovered: true } : payload)
    else again(true)
  }

  const refused = (error: TidewireError) => {
    if (error.name === 'already_subscribed') again(true)
    else if (error.retryable) {
      retries ||= 1
      again(false)
    } else if (error.name !== 'unauthorized') {
      // Unauthorized here means that the `auth` sent before it failed: the connection deals with that.
      wanted = false
      state.set({ status: 'denied', error })
      settle((waiter) => waiter.reject(error))
    }
  }

  const awaitsUrl = () => seams.implied && !confirmedOnce

  const settle = (how: (waiter: Waiter) => void) => {
    for (const waiter of Array.from(waiters)) how(waiter)
  }

  const wait = ({ timeoutMs = seams.timeoutMs, signal }: SubscribeOptions) =>
    new Promise<SubscribeResult>((resolve, reject) => {
      const finish = () => {
        stop()
        signal?.removeEventListener('abort', abort)
        waiters.delete(waiter)
      }
      const waiter: Waiter = {
        resolve: (result) => (finish(), resolve(result)),
        reject: (error) => (finish(), reject(error)),
      }
      const abort = () => waiter.reject(localError('aborted', 'aborted'))
      const stop = env.after(timeoutMs, () => waiter.reject(localError('timeout', `no answer to subscribe in ${timeoutMs} ms`)))
      signal?.addEventListener('abort', abort)
      waiters.add(waiter)
    })

  return {
    state: state.get,
    position: () => position,
    onState: state.watch,
    subscribe(given) {
      const refusal = given.signal?.aborted ? localError('aborted', 'aborted') : seams.closed()
      if (refusal) return Promise.reject(refusal)
      const current = state.get()
      const fresh = !wanted || given.history !== undefined || given.since !== undefined || given.token !== undefined || given.stream !== undefined || given.rollup !== undefined
      if (current.status === 'subscribed' && position && !fresh) {
        const { wasRecovering, recovered } = current
        return Promise.resolve({ position, wasRecovering, recovered, replayed: 0 })
      }
      options = { ...options, ...given }
      if (given.ack) {
        acks?.stop()
        acks = createAcks(given.ack, channel, env, seams.tell)
        const start = given.since ?? position
        if (start) acks.begin(start)
      }
      if (given.since) position = given.since
      // Asking for history anew means from the top, not from where this client stands.
      else if (given.history !== undefined && current.status === 'subscribed') position = undefined
      wanted = true
      const result = wait(given)
      retries = 0
      if (!seams.isOpen() || awaitsUrl()) state.set({ status: 'subscribing' })
      else if (current.status === 'subscribed') again(true)
      else if (expecting === undefined && !awaited) seams.send([request()])
      return result
    },
    leave() {
      const { status } = state.get()
      wanted = false
      expecting = undefined
      held = []
      retries = 0
      cancelRetry()
      state.set({ status: 'unsubscribed', reason: 'unsubscribe' })
      settle((waiter) => waiter.reject(localError('aborted', 'unsubscribed before the server answered')))
      return seams.isOpen() && (status === 'subscribed' || status === 'subscribing')
    },
    resume() {
      retries = 0
      return wanted && !seams.implied ? request() : undefined
    },
    restoring: () => void (awaited = true),
    held: () => (wanted ? processedTo() : undefined),
    opened() {
      if (wanted && !awaited && expecting === undefined && !awaitsUrl() && state.get().status !== 'subscribed') seams.send([request()])
    },
    answer(message) {
      if (message.id === undefined) return confirmedUnasked(message.payload)
      if (message.id !== expecting) return
      expecting = undefined
      if (message.type === 'error') refused(serverError(message.payload))
      else if (wanted) confirmed(message.payload)
    },
    unsubscribed(reason) {
      const restored = awaited
      awaited = false
      if (!wanted || expecting !== undefined || (!restored && state.get().status !== 'subscribed')) return
      if (reason === 'insufficient_state') return again(false)
      wanted = false
      state.set({ status: 'unsubscribed', reason })
    },
    receive(message) {
      if (!wanted) return
      if (message.offset === undefined) deliver(message, false)
      else live(message, message.offset)
    },
    processed(offset) {
      acks?.processed(offset)
      return acks !== undefined
    },
    publishing(key) {
      unplaced.add(key)
      return (place) => {
        unplaced.delete(key)
        if (place && position && position.epoch === place.epoch && place.offset > position.offset) {
          skipped.add(place.offset)
          passSkipped()
        }
        const late = held
        held = []
        for (const message of late) live(message, message.offset as number)
      }
    },
    down(closed) {
      cancelRetry()
      expecting = undefined
      held = []
      awaited = false
      confirmedOnce = false
      acks?.stop()
      if (closed) settle((waiter) => waiter.reject(closed))
      if (wanted) state.set(closed ? { status: 'unsubscribed', reason: 'closed' } : { status: 'subscribing' })
    },
  }
}

/** Events beyond a hole; more than these are asked for again instead. */
const heldMax = 1_000

function listOf(value: unknown): Incoming[] {
  if (!Array.isArray(value)) return []
  return value.map(toIncoming).filter((message) => message !== undefined)
}
