import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decode, encode, type Outgoing } from '../src/codec'

interface Vector {
  name: string
  direction: 'client' | 'server'
  json?: string
  messages: ({ payload?: string } & Record<string, unknown>)[]
}

// The vectors belong to the repository, not to the published package.
const file = new URL('../../../../../protocol/vectors/good.json', import.meta.url)
const vectors = (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }).vectors : []).filter((vector) => vector.json)

const parsed = ({ payload, ...rest }: Vector['messages'][number]) => ({ ...rest, payload: JSON.parse(payload ?? '{}') as unknown })

describe('golden vectors', () => {
  it('are there', () => expect(vectors.length).toBeGreaterThan(20))

  it.each(vectors.filter((vector) => vector.direction === 'server'))('reads: $name', ({ json = '', messages }) => {
    expect(decode(json)).toEqual(messages.map(parsed))
  })

  it.each(vectors.filter((vector) => vector.direction === 'client' && vector.messages.length === 1))('writes: $name', ({ json = '', messages }) => {
    const [message] = messages
    const given: unknown = JSON.parse(json)
    const original = (Array.isArray(given) ? given[0] : given) as Record<string, unknown>
    // What is a default for a reader need not be written: both forms are one message.
    const written = { payload: {}, ...(JSON.parse(encode(parsed(message ?? {}) as unknown as Outgoing)) as object) }
    // Through JSON once, because -0 is written as 0.
    expect(written).toMatchObject(JSON.parse(JSON.stringify(message ? parsed(message) : {})) as object)
    expect(decode(json)[0]).toMatchObject({ type: original.type })
  })
})
