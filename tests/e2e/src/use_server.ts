import { afterAll, beforeAll } from 'vitest'
import { startServer, type Server, type ServerOptions } from './server'

/** One server for all tests of a file or `describe`; `get()` inside the tests. */
export function useServer(options: ServerOptions = {}): () => Server {
  let server: Server | undefined
  beforeAll(async () => {
    server = await startServer(options)
  })
  afterAll(async () => {
    await server?.stop()
  })
  return () => {
    if (!server) throw new Error('the server did not start')
    return server
  }
}
