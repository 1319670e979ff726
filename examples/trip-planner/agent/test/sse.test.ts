import { describe, expect, it } from 'vitest'
import { deltaOf, streamAnswer } from '../src/openai'
import { createEventParser } from '../src/sse'
import { toPieces } from '../src/pieces'

const feedAll = (...parts: string[]): string[] => {
  const parser = createEventParser()
  return parts.flatMap((part) => parser.feed(part))
}

describe('server-sent events', () => {
  const text = 'data: one\n\ndata:two\r\ndata: lines\r\n\r\n: comment\nevent: x\ndata: three\n\n'

  it('gives the data of each event', () => {
    expect(feedAll(text)).toEqual(['one', 'two\nlines', 'three'])
  })

  it('does not depend on where the bytes are cut', () => {
    for (let at = 0; at <= text.length; at++) expect(feedAll(text.slice(0, at), text.slice(at))).toEqual(['one', 'two\nlines', 'three'])
  })

  it('does not count an event without its empty line', () => {
    expect(feedAll('data: half')).toEqual([])
  })
})

describe('a model behind the OpenAI API', () => {
  const found = { text: 'draft', places: [], steps: [] }
  const options = (body: string, status = 200) => ({
    apiKey: 'k', baseUrl: 'http://model', model: 'm',
    fetch: (async () => new Response(body, { status })) as typeof fetch,
  })
  const read = async (body: string, status?: number): Promise<string[]> => {
    const parts: string[] = []
    for await (const part of streamAnswer(options(body, status), found, [], new AbortController().signal)) parts.push(part)
    return parts
  }
  const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`

  it('streams the text until [DONE]', async () => {
    expect(await read(`${delta('Hel')}${delta('lo ✈')}data: [DONE]\n\n${delta('never')}`)).toEqual(['Hel', 'lo ✈'])
  })

  it('says in plain words why it cannot', async () => {
    await expect(read('{}', 401)).rejects.toThrow('refused the key')
    await expect(read('{}', 429)).rejects.toThrow('busy')
    await expect(read('{}', 500)).rejects.toThrow('HTTP 500')
    expect(() => deltaOf('not json')).toThrow('unreadable')
    expect(() => deltaOf('{"error":{"message":"secret detail"}}')).toThrow('stopped with an error')
  })
})

describe('pieces', () => {
  it('hold the whole text, in small parts', () => {
    for (const text of ['', 'one', '  two words\n\n', '### A\n\n- **b** c\n', 'Supercalifragilistic ✈️ x']) {
      expect(toPieces(text).join('')).toBe(text)
    }
  })
})
