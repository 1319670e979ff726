// /echo sends back; a message at /room/N reaches everybody at /room/N, by Bun's own publish.
const [port, cert, key] = process.argv.slice(2);

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  tls: cert ? { cert: Bun.file(cert), key: Bun.file(key) } : undefined,
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    const room = pathname.startsWith('/room/') ? pathname : null;
    if (server.upgrade(request, { data: { room } })) return undefined;
    return new Response('WebSocket only', { status: 400 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 960,
    sendPings: false,
    backpressureLimit: 64 * 1024 * 1024,
    maxPayloadLength: 1024 * 1024,
    open(socket) {
      if (socket.data.room) socket.subscribe(socket.data.room);
    },
    message(socket, message) {
      if (socket.data.room) server.publish(socket.data.room, message);
      else socket.send(message);
    },
  },
});
