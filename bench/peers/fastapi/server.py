"""/echo sends back; a message at /room/N goes to everybody there, as FastAPI's documentation
broadcasts: a connection manager that awaits one send after the other."""

import resource

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

app = FastAPI()
rooms: dict[str, list[WebSocket]] = {}


@app.websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


@app.websocket("/room/{name}")
async def room(socket: WebSocket, name: str) -> None:
    await socket.accept()
    members = rooms.setdefault(name, [])
    members.append(socket)
    try:
        while True:
            message = await socket.receive_text()
            for member in list(members):
                await member.send_text(message)
    except WebSocketDisconnect:
        pass
    finally:
        members.remove(socket)
