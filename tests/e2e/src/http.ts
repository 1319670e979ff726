import { apiKey, type Server } from './server'

export interface Answer {
  status: number
  headers: Headers
  body: any
  text: string
}

/** POST to the server API with the right key, or with what `headers` say. */
export async function api(server: Server, verb: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return request(`${server.internal}/api/v1/${verb}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000), ...init })
  const text = await response.text()
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    body = undefined
  }
  return { status: response.status, headers: response.headers, body, text }
}
