import { connect, createServer } from 'node:net'

/** A way to the server that can be cut: every connection over it ends as when a network goes away. */
export async function startProxy(target) {
  const { hostname, port } = new URL(target)
  const sockets = new Set()
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
      from.pipe(to)
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close() {
      server.close()
      sockets.forEach((socket) => socket.destroy())
    },
  }
}
