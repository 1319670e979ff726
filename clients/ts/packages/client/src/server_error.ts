import { TidewireError, type ErrorFields } from './error'

/** The payload of an `error` message as an exception; tolerant of missing members. */
export function serverError(payload: Readonly<Record<string, unknown>>): TidewireError {
  const { code, name, message, retryable, path, retryAfterMs } = payload
  const fields: ErrorFields = {
    code: typeof code === 'number' ? code : 0,
    name: typeof name === 'string' ? name : 'internal',
    message: typeof message === 'string' ? message : '',
    retryable: retryable === true,
    details: payload,
  }
  if (typeof path === 'string') fields.path = path
  if (typeof retryAfterMs === 'number') fields.retryAfterMs = retryAfterMs
  return new TidewireError(fields)
}
