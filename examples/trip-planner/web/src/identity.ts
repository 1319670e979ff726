import { isRoom } from '../../shared/events'

/** Who this person is on this device, and where they are. */
export interface Identity {
  userId: string
  name: string
}

const nameKey = 'landfall.name'
const suffixKey = 'landfall.suffix'
const nameMax = 32

/** Storage that may be switched off, as in some private windows: then everything lives for the visit. */
const visit = new Map<string, string>()

export function load(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? visit.get(key)
  } catch {
    return visit.get(key)
  }
}

export function save(key: string, value: string | undefined): void {
  if (value === undefined) visit.delete(key)
  else visit.set(key, value)
  try {
    if (value === undefined) localStorage.removeItem(key)
    else localStorage.setItem(key, value)
  } catch {
    // Kept for the visit above.
  }
}

const letters = 'abcdefghjkmnpqrstuvwxyz23456789'

export function randomText(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte % letters.length]).join('')
}

export const cleanName = (name: string): string => name.replace(/\s+/g, ' ').trim().slice(0, nameMax)

export function identityOf(name: string): Identity {
  let suffix = load(suffixKey)
  if (!suffix) save(suffixKey, (suffix = randomText(4)))
  return { name, userId: `${slug(name) || 'guest'}-${suffix}` }
}

export function savedIdentity(): Identity | undefined {
  const name = load(nameKey)
  return name ? identityOf(name) : undefined
}

export function saveName(name: string): Identity {
  save(nameKey, name)
  return identityOf(name)
}

const slug = (name: string): string =>
  name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 24)

/** A name to show for someone of whom only the user id is known. */
export function nameFromUserId(userId: string): string {
  const words = userId.replace(/-[a-z0-9]{4}$/, '').split(/[-_.]+/).filter(Boolean)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || userId
}

const adjectives = ['amber', 'breezy', 'coral', 'drifting', 'early', 'golden', 'hidden', 'island', 'lunar', 'mellow', 'northern', 'open', 'quiet', 'sunny', 'tidal', 'windy']
const nouns = ['anchorage', 'bay', 'cape', 'cove', 'delta', 'fjord', 'harbor', 'horizon', 'lagoon', 'meadow', 'pass', 'reef', 'shore', 'summit', 'trail', 'valley']
const oneOf = (list: readonly string[]): string => list[crypto.getRandomValues(new Uint8Array(1))[0]! % list.length]!

/** Readable, and not to be guessed. */
export const newRoom = (): string => `${oneOf(adjectives)}-${oneOf(nouns)}-${randomText(6)}`

/** "sunny-harbor-k3x9ab" is shown as "Sunny harbor". */
export function titleOf(room: string): string {
  const words = room.replace(/-[a-z0-9]{6}$/, '').replace(/[-_]+/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The room in the address: `?trip=name` or `#name`. */
export function roomFromUrl(url: URL): string | undefined {
  const room = url.searchParams.get('trip') ?? decodeURIComponent(url.hash.slice(1))
  return isRoom(room) ? room : undefined
}

export function urlOfRoom(room: string, base: URL): string {
  const url = new URL(base)
  url.hash = ''
  url.search = ''
  url.searchParams.set('trip', room)
  return url.href
}
