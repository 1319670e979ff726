import type { Environment, Visibility, WebSocketConstructor } from './options'

/** The effects of a browser or of Node; each can be replaced by the `environment` option. */
export function defaultEnvironment(webSocket: WebSocketConstructor | undefined): Environment {
  return {
    WebSocket: webSocket ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket,
    now: () => Date.now(),
    after(ms, task) {
      // Past 2^31-1 a timer fires at once, in browsers and in Node.
      const timer = setTimeout(task, Math.min(ms, 0x7fffffff))
      return () => clearTimeout(timer)
    },
    random: () => Math.random(),
    randomId,
    watch,
    watchVisibility,
  }
}

/** 22 characters, 128 random bits. Math.random stands in only where there is no Web Crypto (Node 18 without a flag). */
function randomId(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const bytes = new Uint8Array(22)
  if (globalThis.crypto) globalThis.crypto.getRandomValues(bytes)
  else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256
  let id = ''
  for (const byte of bytes) id += alphabet[byte & 63]
  return id
}

function watch(wake: () => void, sleep: () => void): () => void {
  if (typeof window === 'undefined' || typeof window.addEventListener !== 'function') return () => {}
  const page = typeof document === 'undefined' ? undefined : document
  const visible = () => {
    if (page?.visibilityState === 'visible') wake()
  }
  window.addEventListener('online', wake)
  window.addEventListener('pageshow', visible)
  window.addEventListener('offline', sleep)
  page?.addEventListener('visibilitychange', visible)
  return () => {
    window.removeEventListener('online', wake)
    window.removeEventListener('pageshow', visible)
    window.removeEventListener('offline', sleep)
    page?.removeEventListener('visibilitychange', visible)
  }
}

function watchVisibility(seen: (visibility: Visibility) => void): () => void {
  if (typeof document === 'undefined' || typeof document.addEventListener !== 'function') return () => {}
  const look = () => seen(document.visibilityState === 'hidden' ? 'hidden' : 'visible')
  look()
  document.addEventListener('visibilitychange', look)
  return () => document.removeEventListener('visibilitychange', look)
}
