import type { RpcAnswer, RpcOptions } from './api'
import type { Incoming, Outgoing } from './codec'
import { localError, type TidewireError } from './error'
import type { RpcResult } from './generated/events'
import type { RequestRule } from './requests'

/** The longest that the protocol lets a caller ask for. */
const timeoutMaxMs = 3_600_000

/** Calls a method. Who gives up by signal tells the server, which tells the worker; a time limit is the server's too. */
export async function call<Result>(
  ask: (message: Outgoing, rule: RequestRule) => Promise<Incoming>,
  method: string,
  params: unknown,
  { channel, idempotent = false, timeoutMs, signal, onProgress }: RpcOptions,
): Promise<RpcAnswer<Result>> {
  const limit = timeoutMs === undefined ? undefined : Math.min(Math.max(Math.ceil(timeoutMs), 1), timeoutMaxMs)
  const abandoned = (id: string) => {
    // An answer that was on its way makes it `not_found`.
    ask({ type: 'rpc_cancel', payload: { id } }, { resend: false }).catch(() => {})
  }
  const rule: RequestRule = { timeoutMs, signal, resend: idempotent, abandoned, large: true, onProgress }
  // The server keeps the same time: whoever of the two is first, it is the caller's own limit that is over.
  const late = (error: TidewireError): never => {
    throw limit !== undefined && error.name === 'rpc_timeout' ? localError('timeout', error.message, true) : error
  }
  const { payload } = await ask({ type: 'rpc', channel, payload: { method, params, timeoutMs: limit } }, rule).catch(late)
  const { result, messageId } = payload as unknown as RpcResult
  return { result: result as Result, messageId }
}
