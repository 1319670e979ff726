import { isRecord } from './codec'
import type { ClientOptions, Environment, TokenRequest } from './options'

const fetchTimeoutMs = 10_000
/** A token this close to its end is not worth connecting with. */
const marginMs = 5_000

/** The client's current token, and where the next one comes from. */
export interface Tokens {
  /** Undefined: there is none and there will be none. Rejects when `getToken` failed and may work later. */
  get(reason: TokenRequest['reason']): Promise<string | undefined>
  readonly current: string | undefined
  /** Takes the place of the current one. */
  set(token: string | undefined): void
  /** The server refused the current token. */
  reject(): void
  renewable: boolean
  /** Server clock minus client clock, as far as known. */
  setClockOffset(ms: number): void
  /** Gives up a fetch under way. */
  abort(): void
}

export function createTokens(options: Pick<ClientOptions, 'token' | 'getToken'>, env: Environment): Tokens {
  const { getToken } = options
  let current = options.token
  let clockOffset = 0
  let pending: { promise: Promise<string | undefined>; abort(reason: string): void } | undefined

  const expired = (token: string) => {
    const exp = claimsOf(token).exp
    return typeof exp === 'number' && exp * 1000 <= env.now() + clockOffset + (getToken ? marginMs : 0)
  }

  const fetch = (reason: TokenRequest['reason']) => {
    const controller = new AbortController()
    let abort = (_message: string) => {}
    const given = new Promise<string | undefined>((resolve, reject) => {
      abort = (message) => {
        reject(new Error(message))
        controller.abort()
      }
      const answer = async () => (await getToken?.({ reason, signal: controller.signal })) || undefined
      answer().then(resolve, reject)
    })
    const stop = env.after(fetchTimeoutMs, () => abort('getToken did not answer in time'))
    const own = {
      abort,
      promise: given.then(
        (token) => done(() => (current = token)),
        (error) => done(() => raise(error)),
      ),
    }
    const done = <Result>(result: () => Result): Result => {
      stop()
      if (pending === own) pending = undefined
      return result()
    }
    pending = own
    return own.promise
  }

  return {
    renewable: getToken !== undefined,
    get(reason) {
      if (pending) return pending.promise
      if (reason !== 'refresh' && current !== undefined && !expired(current)) return Promise.resolve(current)
      return getToken ? fetch(reason) : Promise.resolve(undefined)
    },
    get current() {
      return current
    },
    set: (token) => void (current = token),
    reject: () => void (current = undefined),
    setClockOffset: (ms) => void (clockOffset = ms),
    abort: () => pending?.abort('aborted'),
  }
}

/** The claims of a JWT, unverified: the server judges the token, this only reads dates and the session. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const part = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
    const claims: unknown = JSON.parse(atob(part))
    return isRecord(claims) ? claims : {}
  } catch {
    return {}
  }
}

function raise(error: unknown): never {
  throw error
}
