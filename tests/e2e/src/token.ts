import { createHmac } from 'node:crypto'

export const secret = 'a-secret-for-tests-of-at-least-32-bytes'

export type Permission = 'subscribe' | 'publish' | 'presence' | 'history' | 'state' | 'rpc' | 'serve' | 'cancel'

export interface Claims {
  sub?: string
  exp?: number
  nbf?: number
  sid?: string
  info?: object
  channels?: { match: string; allow: Permission[] }[]
  [claim: string]: unknown
}

export interface MintOptions {
  header?: object
  secret?: string
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

export const seconds = () => Math.floor(Date.now() / 1000)

/** An HS256 token of `alice`, good for an hour, unless the claims say otherwise; `undefined` takes a claim away. */
export function mint(claims: Claims = {}, options: MintOptions = {}): string {
  const head = encode(options.header ?? { alg: 'HS256', typ: 'JWT' })
  const body = encode({ sub: 'alice', exp: seconds() + 3600, ...claims })
  const signature = createHmac('sha256', options.secret ?? secret).update(`${head}.${body}`).digest('base64url')
  return `${head}.${body}.${signature}`
}

export const all: Permission[] = ['subscribe', 'publish', 'presence', 'history', 'state', 'rpc', 'serve', 'cancel']
