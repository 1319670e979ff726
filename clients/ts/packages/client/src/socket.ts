import type { WebSocketConstructor } from './options'

export interface SocketEvents {
  open(): void
  message(text: string): void
  /** At most once, and never after `drop()`. */
  down(code: number, reason: string): void
}

/** One WebSocket. After `drop()` nothing of it is heard any more, whatever the network still delivers. */
export interface Socket {
  /** False when the socket is not open: nothing was sent. */
  send(text: string): boolean
  drop(): void
}

const open = 1

export function openSocket(
  WebSocket: WebSocketConstructor,
  url: string,
  protocols: string[],
  events: SocketEvents,
): Socket {
  const socket = new WebSocket(url, protocols)
  let live = true
  socket.onopen = () => {
    if (live) events.open()
  }
  socket.onmessage = (event: { data: unknown }) => {
    if (live && typeof event.data === 'string') events.message(event.data)
  }
  // Every error is followed by a close; the handler only keeps Node's `ws` from throwing.
  socket.onerror = () => {}
  socket.onclose = (event: { code?: number; reason?: string }) => {
    if (!live) return
    live = false
    events.down(event.code ?? 1006, event.reason ?? '')
  }
  return {
    send(text) {
      if (!live || socket.readyState !== open) return false
      socket.send(text)
      return true
    },
    drop() {
      if (!live) return
      live = false
      try {
        socket.close(1000)
      } catch {
        // A socket that cannot be closed is gone already.
      }
    },
  }
}
