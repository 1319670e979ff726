import type { Channel, HistoryPage, PublishResult } from './api'
import { toIncoming, type Incoming, type Outgoing } from './codec'
import type { Emitter } from './emitter'
import type { TidewireEvent } from './event'
import type { Ack, ReceiptsReply, StreamStatus } from './generated/events'
import type { Environment, HistoryOptions, PublishOptions, RequestOptions, SendOptions } from './options'
import { keepPresence, presenceReport, watchPresence } from './presence'
import { createReading } from './reading'
import type { RequestRule } from './requests'
import type { Receipts } from './receipts'
import { createSharedState } from './shared_state'
import { createStreamWriter } from './stream_writer'
import type { OpenState, Position } from './state'
import type { Subscription } from './subscription'
import { createTyping } from './typing'

export interface ChannelSeams {
  name: string
  subscription: Subscription
  emitter: Emitter
  receipts: Receipts
  env: Environment
  echo: boolean | undefined
  /** Asks the server; waits for a connection when there is none. */
  ask(message: Outgoing, rule: RequestRule): Promise<Incoming>
  /** Fire and forget; false when not connected. */
  tell(message: Outgoing): boolean
  who(): OpenState | undefined
  fault(error: unknown): void
}

/** The application's view of one channel: puts its calls into messages. */
export function createChannel<Custom extends object>(seams: ChannelSeams): Channel<Custom> {
  const { name, subscription, emitter, env, ask, tell, who, fault } = seams
  const on = (type: string, handler: (event: never) => void) => emitter.on(type, handler)
  const typing = createTyping({ channel: name, env, who, tell })
  const askPresence = async (lastSeen: boolean | undefined, rule: RequestOptions = {}) =>
    presenceReport((await ask({ type: 'presence', channel: name, payload: { lastSeen } }, { ...rule, resend: true })).payload)
  const updatePresence = async (info: object, rule: RequestOptions = {}) => {
    await ask({ type: 'presence_update', channel: name, payload: { info } }, { ...rule, resend: true })
  }
  const { onState, state } = subscription
  const presence = keepPresence({ who, onState, update: updatePresence, fault })
  const reading = createReading((payload) => ask({ type: 'ack', channel: name, payload }, { resend: true }), fault)
  const live = { on, onState, state, fault }

  return {
    name,
    get state() {
      return subscription.state()
    },
    get position() {
      return subscription.position()
    },
    onState: subscription.onState,
    on: on as Channel<Custom>['on'],
    onEvent: (handler) => emitter.on('*', handler),
    subscribe: (options = {}) => subscription.subscribe(options),
    async unsubscribe() {
      if (subscription.leave()) await ask({ type: 'unsubscribe', channel: name }, { resend: false }).catch(ignoreLoss)
    },
    async publish(type, payload, options = {}) {
      const echo = options.echo ?? seams.echo
      const key = options.key ?? env.randomId()
      const message = publication(name, type, payload, { ...options, key, echo })
      const placed = echo === false ? subscription.publishing(key) : undefined
      let place: Position | undefined
      let result: PublishResult
      try {
        result = publishResult((await ask(message, { ...options, resend: true, large: true })).payload)
        const { offset, epoch } = result
        if (offset !== undefined && epoch !== undefined) place = { epoch, offset }
      } finally {
        placed?.(place)
      }
      if (options.receipt && place) {
        result.receipt = seams.receipts.wait(place, options.receipt)
        if (options.onReceipt) void result.receipt.then(options.onReceipt, () => {})
      }
      return result
    },
    send: (type, payload, options = {}) => tell(publication(name, type, payload, { echo: seams.echo, ...options })),
    presence: async (options) => (await askPresence(undefined, options)).members,
    presenceReport: ({ lastSeen, ...rule } = {}) => askPresence(lastSeen, rule),
    watchPresence: (onChange) => watchPresence({ ...live, ask: () => askPresence(undefined) }, onChange),
    async updatePresence(info, options) {
      presence.shown(info)
      await updatePresence(info, options)
    },
    typing: typing.key,
    stopTyping: typing.stop,
    async history(options = {}) {
      const { payload } = await ask({ type: 'history', channel: name, payload: historyQuery(options) }, { ...options, resend: true })
      return historyPage(name, payload)
    },
    ack(offset) {
      const position = subscription.position()
      if (!position || subscription.processed(offset ?? position.offset)) return
      tell({ type: 'ack', channel: name, payload: { ...position, offset: offset ?? position.offset } })
    },
    markRead(offset) {
      const position = subscription.position()
      if (!position) return
      const read = offset ?? position.offset
      subscription.processed(read)
      reading.mark({ ...position, offset: read, read })
    },
    async receipts({ offset, ...rule } = {}) {
      const { payload } = await ask({ type: 'receipts', channel: name, payload: { offset } }, { ...rule, resend: true })
      return payload as unknown as ReceiptsReply
    },
    stream: (messageId, options = {}) =>
      createStreamWriter({ channel: name, env, ask, onCancel: (handler) => on('stream_cancel', handler), fault }, messageId, options),
    async cancelStream(messageId, { reason, ...rule } = {}) {
      const { payload } = await ask({ type: 'stream_cancel', channel: name, payload: { messageId, reason } }, { ...rule, resend: true })
      return (payload as unknown as Ack).state ?? (payload.duplicate ? 'ended' : 'cancelled')
    },
    async streamStatus({ messageId, ...rule } = {}) {
      const { payload } = await ask({ type: 'stream_status', channel: name, payload: { messageId } }, { ...rule, resend: true })
      return payload as unknown as StreamStatus
    },
    shared: createSharedState(name, ask, live),
  }
}

export function publication(channel: string, type: string, payload: unknown, options: PublishOptions | SendOptions): Outgoing {
  const { key, priority, echo, trace, nonce, sig, enc } = options
  const { seq, receipt } = options as PublishOptions
  return { type, channel, payload, key, priority, echo: echo === false ? false : undefined, trace, nonce, sig, enc, seq, receipt }
}

function publishResult(ack: Incoming['payload']): PublishResult {
  return {
    offset: typeof ack.offset === 'number' ? ack.offset : undefined,
    epoch: typeof ack.epoch === 'string' ? ack.epoch : undefined,
    duplicate: ack.duplicate === true,
  }
}

function historyQuery({ since, limit, reverse }: HistoryOptions) {
  return { since, limit: limit ?? 100, reverse }
}

function historyPage(channel: string, payload: Incoming['payload']): HistoryPage {
  const raw: unknown[] = Array.isArray(payload.publications) ? payload.publications : []
  const publications = raw
    .map(toIncoming)
    .filter((message) => message !== undefined)
    .map((message): TidewireEvent => ({ ...message, channel, replayed: true }))
  return { epoch: String(payload.epoch), offset: Number(payload.offset), publications }
}

/** The connection went away first: then the server has no subscription to end. */
function ignoreLoss(error: unknown): void {
  const { name } = error as { name?: string }
  if (name !== 'connection_lost' && name !== 'not_subscribed' && name !== 'closed') throw error
}
