import type { TokenRequest } from '@tidewire/client'
import type { Identity } from './identity'

/** The server does not hand out demo tokens at all: trying again does not help. */
export class NoDemoTokens extends Error {
  constructor() {
    super('This server hands out no demo tokens. Start it with “tidewire dev”.')
  }
}

/** Asks the development server for a token of an hour in this person's name. */
export async function fetchToken(me: Identity, { signal }: Pick<TokenRequest, 'signal'>): Promise<string> {
  const query = new URLSearchParams({ user: me.userId, name: me.name })
  const response = await fetch(`/dev/token?${query}`, { signal, headers: { accept: 'application/json' }, cache: 'no-store' })
  if (response.status === 404 || response.status === 403) throw new NoDemoTokens()
  if (!response.ok) throw new Error(`The server gave no token (HTTP ${response.status}).`)
  const { token } = (await response.json()) as { token?: string }
  if (!token) throw new Error('The server gave no token.')
  return token
}
