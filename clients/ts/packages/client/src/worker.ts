import { isRecord, type Incoming, type Outgoing } from './codec'
import type { Undo } from './event'
import type { RpcCaller } from './generated/events'

export type Methods = Readonly<Record<string, (params: unknown, caller: RpcCaller) => unknown>>

/** The methods this client serves to others, offered again on each connection. */
export interface Worker {
  serve(methods: Methods): Undo
  offer(): Outgoing[]
  call(message: Incoming): void
}

export function createWorker(tell: (message: Outgoing) => boolean, offerNow: (message: Outgoing) => void): Worker {
  const served = new Map<string, Methods[string]>()

  const offer = (): Outgoing[] => (served.size === 0 ? [] : [{ type: 'rpc_serve', payload: { methods: [...served.keys()] } }])
  const answer = (requestId: unknown, fields: object) => tell({ type: 'rpc_response', payload: { requestId, ...fields } })

  const run = async ({ payload }: Incoming) => {
    const { requestId, method, params, caller } = payload
    const handler = served.get(String(method))
    if (!handler) return answer(requestId, { error: { name: 'method_not_found', message: `no method ${String(method)}` } })
    try {
      const known = (isRecord(caller) ? caller : {}) as unknown as RpcCaller
      answer(requestId, { result: (await handler(params, known)) ?? null })
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error))
      answer(requestId, { error: { name, message } })
    }
  }

  return {
    serve(methods) {
      for (const [name, handler] of Object.entries(methods)) served.set(name, handler)
      for (const message of offer()) offerNow(message)
      return () => {
        for (const [name, handler] of Object.entries(methods)) if (served.get(name) === handler) served.delete(name)
      }
    },
    offer,
    call: (message) => void run(message),
  }
}
