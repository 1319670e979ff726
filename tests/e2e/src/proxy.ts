import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A TCP proxy between client and server that fails when told to. */
export interface Proxy {
  ws: string
  /** Resets every connection. */
  cut(): void
  /** Keeps connections open but passes nothing on, either way: a half-open network. */
  stall(): void
  resume(): void
  connections(): number
  /** Sends new connections elsewhere, for a server that came back on another port. */
  target(url: string): void
  close(): Promise<void>
}

export async function startProxy(url: string): Promise<Proxy> {
  let to = new URL(url)
  let stalled = false
  const pairs = new Set<[Socket, Socket]>()

  const server = createServer((client) => {
    const upstream = connect(Number(to.port), to.hostname)
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    const end = () => {
      pairs.delete(pair)
      client.destroy()
      upstream.destroy()
    }
    for (const [from, into] of [pair, [upstream, client]] as const) {
      from.on('data', (data) => into.write(data))
      from.on('close', end)
      from.on('error', end)
    }
    if (stalled) pair.forEach((socket) => socket.pause())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    ws: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      for (const pair of pairs) pair.forEach((socket) => socket.resetAndDestroy())
    },
    stall() {
      stalled = true
      for (const pair of pairs) pair.forEach((socket) => socket.pause())
    },
    resume() {
      stalled = false
      for (const pair of pairs) pair.forEach((socket) => socket.resume())
    },
    connections: () => pairs.size,
    target: (next) => void (to = new URL(next)),
    async close() {
      for (const pair of pairs) pair.forEach((socket) => socket.destroy())
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
