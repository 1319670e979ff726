// /echo sends back; a message at /room/N goes to everybody at /room/N, as the README of ws
// broadcasts: one send per client.
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { WebSocketServer } = require(process.env.WS_MODULE);

const [port, cert, key] = process.argv.slice(2);
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) })
  : http.createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });
const rooms = new Map();

wss.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (!request.url.startsWith('/room/')) {
    socket.on('message', (data) => socket.send(data, { binary: false }));
    return;
  }
  let room = rooms.get(request.url);
  if (!room) rooms.set(request.url, (room = new Set()));
  room.add(socket);
  socket.on('close', () => room.delete(socket));
  socket.on('message', (data) => {
    for (const member of room) member.send(data, { binary: false });
  });
});
server.listen(Number(port), '127.0.0.1');
