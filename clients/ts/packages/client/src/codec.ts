import type { Priority } from './generated/codes'
import type { ReceiptAsk, Sender } from './generated/events'

/** A message as it arrives. `payload` is always an object; nothing of it is ever copied into another object by key. */
export interface Incoming {
  type: string
  id?: string
  channel?: string
  payload: Readonly<Record<string, unknown>>
  offset?: number
  epoch?: string
  ts?: number
  from?: Sender
  key?: string
  priority?: Priority
  trace?: string
  nonce?: string
  sig?: string
  enc?: string
  redelivered?: number
}

export interface Outgoing {
  type: string
  id?: string
  channel?: string
  payload?: unknown
  key?: string
  priority?: Priority
  echo?: boolean
  trace?: string
  nonce?: string
  sig?: string
  enc?: string
  seq?: number
  receipt?: ReceiptAsk
}

export function encode(message: Outgoing): string {
  return JSON.stringify(message)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** One message or a batch. Throws on text that is not JSON; elements that are not envelopes are left out. */
export function decode(text: string): Incoming[] {
  const parsed: unknown = JSON.parse(text)
  return (Array.isArray(parsed) ? parsed : [parsed]).map(toIncoming).filter((message) => message !== undefined)
}

export function toIncoming(value: unknown): Incoming | undefined {
  if (!isRecord(value) || typeof value.type !== 'string') return undefined
  if (!isRecord(value.payload)) value.payload = {}
  return value as unknown as Incoming
}

/** Bytes of `text` in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    // A surrogate is half of a four-byte character; everything else above 0x7ff takes three.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}
