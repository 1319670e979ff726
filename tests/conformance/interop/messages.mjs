// What every client sends and expects back. Plain data, so that it can also run inside a page.
export function messages() {
  const bytes = (size) => Uint8Array.from({ length: size }, (_, i) => (i * 31) % 256)
  const texts = ['', 'hello', 'héllo €', '👩‍💻🌊', 'x'.repeat(125), 'x'.repeat(126), 'lorem ipsum '.repeat(10_000)]
  return [...texts, ...[0, 1, 126, 65_535, 65_536, 1_000_000].map(bytes)]
}

export function same(sent, received) {
  if (typeof sent === 'string' || typeof received === 'string') return sent === received
  const got = new Uint8Array(received)
  return got.length === sent.length && got.every((byte, i) => byte === sent[i])
}

// Echoes every message over a browser-like WebSocket, then closes. Resolves to what was seen.
export function converse(socket, messages, same, code) {
  return new Promise((resolve, reject) => {
    let next = 0
    const seen = { echoed: 0, extensions: '', code: 0, clean: false }
    const timer = setTimeout(() => reject(new Error(`timed out after ${next} messages`)), 20_000)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      seen.extensions = socket.extensions
      socket.send(messages[0])
    }
    socket.onmessage = (event) => {
      if (!same(messages[next], event.data)) return reject(new Error(`message ${next} came back changed`))
      next += 1
      seen.echoed = next
      if (next < messages.length) socket.send(messages[next])
      else socket.close(code, 'done')
    }
    socket.onerror = (event) => reject(new Error(event.message ?? event.error?.message ?? 'socket error'))
    socket.onclose = (event) => {
      clearTimeout(timer)
      seen.code = event.code
      seen.clean = event.wasClean
      resolve(seen)
    }
  })
}

export function judge(seen, count, deflate) {
  if (seen.echoed !== count) throw new Error(`${seen.echoed} of ${count} messages came back`)
  if (seen.extensions.startsWith('permessage-deflate') !== deflate)
    throw new Error(`agreed extensions: ${JSON.stringify(seen.extensions)}`)
  if (seen.code !== 4000 || !seen.clean) throw new Error(`closed with ${seen.code}, clean: ${seen.clean}`)
}
