import type { RpcCall, RpcMethods, ServeOptions, StreamOptions, StreamWriter } from './api'
import { isRecord, type Incoming, type Outgoing } from './codec'
import { localError } from './error'
import type { Undo } from './event'
import type { RpcCaller, RpcRequest } from './generated/events'

export interface WorkerSeams {
  /** Fire and forget; false when it cannot be sent. */
  tell(message: Outgoing): boolean
  /** Asks, when the connection is open. */
  offer(message: Outgoing): void
  stream(channel: string, messageId: string, options: StreamOptions): StreamWriter
  randomId(): string
  fault(error: unknown): void
}

/** The methods this client serves to others, offered again on each connection. */
export interface Worker {
  serve(methods: RpcMethods, options?: ServeOptions): Undo
  offer(): Outgoing[]
  call(message: Incoming): void
  /** Nobody waits for this answer any more. */
  stop(payload: Incoming['payload']): void
  /** The connection is gone, and with it everybody who waited. */
  down(): void
}

interface Served {
  handler: RpcMethods[string]
  idempotent: boolean
}

export function createWorker({ tell, offer: offerNow, stream, randomId, fault }: WorkerSeams): Worker {
  const served = new Map<string, Served>()
  /** Calls that somebody waits for. */
  const waited = new Map<string, AbortController>()

  const list = (): Outgoing => {
    const idempotent = [...served].filter(([, each]) => each.idempotent).map(([name]) => name)
    return { type: 'rpc_serve', payload: { methods: [...served.keys()], ...(idempotent.length > 0 && { idempotent }) } }
  }
  const respond = (requestId: string, fields: object) => tell({ type: 'rpc_response', payload: { requestId, ...fields } })
  const fail = (requestId: string, name: string, message: string) => respond(requestId, { error: { name, message } })
  const end = (requestId: string, reason: string) => {
    waited.get(requestId)?.abort(localError('aborted', reason))
    waited.delete(requestId)
  }

  const run = async ({ channel, payload }: Incoming) => {
    const { requestId, method, params, caller, timeoutMs, attempt = 1 } = payload as unknown as RpcRequest
    const handler = served.get(method)?.handler
    if (!handler) return fail(requestId, 'method_not_found', `no method ${method}`)
    const controller = new AbortController()
    const { signal } = controller
    let writer: StreamWriter | undefined
    waited.set(requestId, controller)

    const call: RpcCall = {
      requestId,
      channel,
      timeoutMs,
      attempt,
      signal,
      stream({ messageId = randomId(), result, ...options } = {}) {
        if (writer) return writer
        if (signal.aborted) throw signal.reason
        if (channel === undefined) throw Object.assign(new Error('a call without a channel cannot stream its answer'), { name: 'no_channel' })
        waited.delete(requestId)
        respond(requestId, { messageId, result })
        writer = stream(channel, messageId, options)
        writer.onCancel((reason) => controller.abort(localError('aborted', reason ?? 'cancelled')))
        return writer
      },
    }
    try {
      const result = (await handler(params, (isRecord(caller) ? caller : {}) as RpcCaller, call)) ?? null
      if (writer) await (writer as StreamWriter).complete()
      else if (waited.has(requestId)) {
        if (!respond(requestId, { result })) fail(requestId, 'message_too_large', 'the result is larger than a message may be')
        waited.delete(requestId)
      }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (writer) {
        fault(error)
        await (writer as StreamWriter).cancel(error.message)
      } else if (waited.delete(requestId)) fail(requestId, error.name, error.message)
    }
  }

  return {
    serve(methods, { idempotent = false } = {}) {
      const mine = Object.entries(methods).map(
        ([name, handler]) => [name, { handler, idempotent: idempotent === true || (idempotent !== false && idempotent.includes(name)) }] as const,
      )
      for (const [name, each] of mine) served.set(name, each)
      offerNow(list())
      return () => {
        const before = served.size
        for (const [name, each] of mine) if (served.get(name) === each) served.delete(name)
        if (served.size < before) offerNow(list())
      }
    },
    offer: () => (served.size === 0 ? [] : [list()]),
    call: (message) => void run(message),
    stop: ({ requestId, reason }) => end(String(requestId), String(reason)),
    down() {
      for (const requestId of Array.from(waited.keys())) end(requestId, 'the connection was lost')
    },
  }
}
