import { readEvents } from './sse'
import type { Answer } from './answer'
import type { Destination } from './catalog'

export interface ModelOptions {
  apiKey: string
  /** Such as `https://api.openai.com/v1`. */
  baseUrl: string
  model: string
  fetch?: typeof fetch
}

export interface Turn {
  role: 'user' | 'assistant'
  content: string
}

/** What went wrong, in words for the chat. */
export class ModelError extends Error {}

export function modelFromEnvironment(env: Record<string, string | undefined>): ModelOptions | undefined {
  const { OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl, OPENAI_MODEL: model } = env
  if (!apiKey && !baseUrl) return undefined
  return { apiKey: apiKey ?? '', baseUrl: (baseUrl || 'https://api.openai.com/v1').replace(/\/+$/, ''), model: model || 'gpt-4o-mini' }
}

const system = [
  'You are Juno, a warm and exact travel guide in a chat of several people. Answer in at most 250 words of light markdown:',
  'short paragraphs, ### headings, - lists, **bold**, simple tables. Prefer the facts given below to what you remember, and do not invent prices.',
].join(' ')

const facts = (place: Destination): string => JSON.stringify(place)

/** Streams the model's answer; what retrieval found goes along as facts. */
export async function* streamAnswer(options: ModelOptions, found: Answer, turns: readonly Turn[], signal: AbortSignal): AsyncGenerator<string> {
  const messages = [
    { role: 'system', content: `${system}\n\nFacts:\n${found.places.map(facts).join('\n')}\n\nA draft from the data set:\n${found.text}` },
    ...turns,
  ]
  const response = await request(options, messages, signal)
  for await (const data of readEvents(response.body as unknown as AsyncIterable<Uint8Array>)) {
    if (data === '[DONE]') return
    const text = deltaOf(data)
    if (text) yield text
  }
}

async function request(options: ModelOptions, messages: readonly object[], signal: AbortSignal): Promise<Response> {
  const { apiKey, baseUrl, model } = options
  const send = options.fetch ?? fetch
  let response: Response
  try {
    response = await send(`${baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
      body: JSON.stringify({ model, messages, stream: true }),
      signal,
    })
  } catch (error) {
    if (signal.aborted) throw error
    throw new ModelError('The language model cannot be reached right now.')
  }
  if (response.ok && response.body) return response
  throw new ModelError(statusWords[response.status] ?? `The language model answered with an error (HTTP ${response.status}).`)
}

const statusWords: Record<number, string> = {
  401: 'The language model refused the key. Check `OPENAI_API_KEY`.',
  403: 'The language model refused the key. Check `OPENAI_API_KEY`.',
  404: 'The language model or its address is unknown. Check `OPENAI_BASE_URL` and `OPENAI_MODEL`.',
  429: 'The language model is busy or its quota is used up. Try again in a moment.',
}

/** The text of one event; an error inside the stream is thrown. */
export function deltaOf(data: string): string {
  let event: { choices?: Array<{ delta?: { content?: string | null } }>; error?: { message?: string } }
  try {
    event = JSON.parse(data) as typeof event
  } catch {
    throw new ModelError('The language model sent something unreadable.')
  }
  if (event.error) throw new ModelError('The language model stopped with an error.')
  return event.choices?.[0]?.delta?.content ?? ''
}
