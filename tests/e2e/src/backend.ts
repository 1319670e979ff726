import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface BackendRequest {
  path: string
  headers: IncomingHttpHeaders
  text: string
  body: any
}

/** An HTTP service of an application: what Tidewire asks it, and what it answers. */
export interface Backend {
  url: string
  requests: BackendRequest[]
  /** TCP connections so far. */
  connections(): number
  /** The next request, in order of arrival, that was not taken yet. */
  next(): Promise<BackendRequest>
  close(): Promise<void>
}

export type Answer = (request: BackendRequest, response: ServerResponse) => object | Promise<object> | void

/** Answers each POST with the JSON of what `answer` gives; when it gives nothing, it has answered itself, or never will. */
export async function startBackend(answer: Answer, port = 0): Promise<Backend> {
  const requests: BackendRequest[] = []
  const waiters: (() => void)[] = []
  let taken = 0
  let connections = 0
  const server = createServer((incoming, response) => {
    let text = ''
    incoming.on('data', (part: Buffer) => (text += part.toString()))
    incoming.on('end', () => {
      const request = { path: incoming.url ?? '', headers: incoming.headers, text, body: JSON.parse(text) as unknown }
      requests.push(request)
      waiters.splice(0).forEach((wake) => wake())
      void Promise.resolve(answer(request, response)).then((json) => json && response.end(JSON.stringify(json)))
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    async next() {
      while (taken >= requests.length) await new Promise<void>((resolve) => waiters.push(resolve))
      return requests[taken++]!
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
