"""One raw connection to the server under test: it sends any bytes and reads with deadlines."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import zlib
from dataclasses import dataclass, field

from .case import Failure, NonStrict, expect
from .frames import CLOSE, PING, PONG, TEXT, close_frame, frame

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
DEADLINE_S = 10.0


@dataclass
class Response:
    status: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def get(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None


@dataclass
class Frame:
    fin: bool
    rsv: int
    opcode: int
    payload: bytes

    @property
    def code(self) -> int | None:
        return struct.unpack("!H", self.payload[:2])[0] if len(self.payload) >= 2 else None


@dataclass
class Target:
    """Where the server under test listens."""

    host: str
    port: int
    tls: object = None  # an ssl.SSLContext, or None
    path: str = "/debug/echo"
    facts: dict = field(default_factory=dict)

    async def connect(self) -> "Connection":
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(
                self.host,
                self.port,
                ssl=self.tls,
                server_hostname="localhost" if self.tls else None,
                limit=1 << 20,
            ),
            DEADLINE_S,
        )
        return Connection(self, reader, writer)

    async def open(self, *headers: str) -> "Connection":
        """A connection after a valid handshake, with these header lines added."""
        connection = await self.connect()
        await connection.handshake(*headers)
        return connection


def accept_of(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def upgrade_request(path: str, *headers: str, host: str = "localhost", key: str = KEY) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """The client's end. Every frame that arrives is checked against what a server may send."""

    def __init__(self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.target = target
        self.reader = reader
        self.writer = writer
        self.deflate: dict[str, str] | None = None  # the parameters that were agreed on
        self.inflater = None
        # A reset must not hide what arrived before it, so it reads as an end of file.
        reader.set_exception = lambda _: reader.feed_eof()

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_) -> None:
        self.abort()

    def abort(self) -> None:
        self.writer.transport.abort()

    # Sending

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), DEADLINE_S)
        except (ConnectionError, asyncio.TimeoutError) as error:
            raise Failure(f"the server stopped reading: {error!r}") from error

    async def send_quietly(self, data: bytes) -> None:
        """Sends what the server may refuse to read any more."""
        if self.writer.is_closing():
            return
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), DEADLINE_S)
        except (ConnectionError, asyncio.TimeoutError):
            pass

    async def send_pieces(self, data: bytes, size: int) -> None:
        """One write a piece, each given the chance to leave alone; quietly, since the server may
        have had enough before the last one."""
        for at in range(0, len(data), size):
            await self.send_quietly(data[at : at + size])
            await asyncio.sleep(0)

    # Reading

    async def read_exactly(self, size: int, deadline_s: float = DEADLINE_S) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.readexactly(size), deadline_s)
        except asyncio.IncompleteReadError as error:
            raise EOFError("the connection ended") from error
        except asyncio.TimeoutError as error:
            raise Failure(f"nothing arrived within {deadline_s} s") from error
        except (ConnectionError, OSError) as error:
            raise EOFError(f"the connection broke: {error!r}") from error

    async def read_eof(self, deadline_s: float = 2.0) -> bytes:
        """Waits for the end and returns what came before it."""
        rest = b""
        try:
            async with asyncio.timeout(deadline_s):
                while piece := await self.reader.read(65536):
                    rest += piece
        except TimeoutError as error:
            raise Failure(f"the server did not end the connection within {deadline_s} s") from error
        except (ConnectionError, OSError):
            pass
        return rest

    async def read_response(self, deadline_s: float = DEADLINE_S) -> Response:
        try:
            head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), deadline_s)
        except asyncio.IncompleteReadError as error:
            raise EOFError(f"no response, only {error.partial[:80]!r}") from error
        except asyncio.TimeoutError as error:
            raise Failure(f"no response within {deadline_s} s") from error
        except (ConnectionError, OSError) as error:
            raise EOFError(f"the connection broke: {error!r}") from error
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        expect(version == "HTTP/1.1", f"status line {lines[0]!r}")
        status, _, reason = rest.partition(" ")
        pairs = [line.partition(":") for line in lines[1:] if line]
        response = Response(int(status), reason, [(name, value.strip()) for name, _, value in pairs])
        length = response.get("Content-Length")
        if length is not None and response.status not in (101, 204, 304):
            response.body = await self.read_exactly(int(length), deadline_s)
        return response

    async def read_frame(self, deadline_s: float = DEADLINE_S) -> Frame:
        first, second = await self.read_exactly(2, deadline_s)
        expect(not second & 0x80, "the server masked a frame (RFC 6455 5.1)")
        size = second & 0x7F
        opcode = first & 0x0F
        if size == 126:
            (size,) = struct.unpack("!H", await self.read_exactly(2, deadline_s))
            expect(size > 125, "the server's length is not minimal (RFC 6455 5.2)")
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.read_exactly(8, deadline_s))
            expect(65535 < size < 1 << 63, "the server's length is not minimal (RFC 6455 5.2)")
        fin, rsv = bool(first & 0x80), first >> 4 & 7
        expect(opcode in (0, 1, 2, 8, 9, 10), f"the server sent opcode {opcode}")
        expect(opcode < 8 or (fin and size <= 125), "the server broke a rule for control frames")
        expect(rsv in (0, 4), "the server set RSV2 or RSV3")
        expect(rsv == 0 or (self.deflate is not None and opcode in (1, 2)), "the server set RSV1")
        received = Frame(fin, rsv, opcode, await self.read_exactly(size, deadline_s))
        if opcode == CLOSE:
            self._check_close(received)
        return received

    @staticmethod
    def _check_close(received: Frame) -> None:
        expect(len(received.payload) != 1, "the server's Close has a body of one byte")
        code = received.code
        expect(
            code is None or 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999,
            f"the server sent close code {code} (RFC 6455 7.4)",
        )
        received.payload[2:].decode()  # UTF-8, or an error that ends the case

    async def read_message(self, deadline_s: float = DEADLINE_S) -> tuple[int, bytes]:
        """The next data message, inflated; a control frame instead is a failure."""
        received = await self.read_frame(deadline_s)
        if received.opcode == CLOSE:
            raise Failure(f"closed with {received.code} {received.payload[2:]!r} instead of an answer")
        opcode, compressed, payload = received.opcode, received.rsv == 4, received.payload
        expect(opcode in (1, 2), f"opcode {opcode} where a message should start")
        while not received.fin:
            received = await self.read_frame(deadline_s)
            expect(received.opcode == 0, f"opcode {received.opcode} inside a message")
            payload += received.payload
        return opcode, self._inflate(payload) if compressed else payload

    def _inflate(self, payload: bytes) -> bytes:
        if self.inflater is None or "server_no_context_takeover" in self.deflate:
            bits = int(self.deflate.get("server_max_window_bits") or 15)
            self.inflater = zlib.decompressobj(-bits)
        return self.inflater.decompress(payload + b"\0\0\xff\xff")

    # Exchanges

    async def handshake(self, *headers: str, path: str | None = None, after: bytes = b"") -> Response:
        """A valid opening handshake; frames in `after` travel in the same segment."""
        await self.send(upgrade_request(path or self.target.path, *headers) + after)
        try:
            response = await self.read_response()
        except EOFError as error:
            raise Failure(str(error)) from error
        self.check_upgrade(response)
        return response

    def check_upgrade(self, response: Response, key: str = KEY) -> None:
        expect(response.status == 101, f"status {response.status} {response.body[:100]!r} instead of 101")
        expect((response.get("Upgrade") or "").lower() == "websocket", "Upgrade is not websocket")
        expect((response.get("Connection") or "").lower() == "upgrade", "Connection is not Upgrade")
        expect(response.all("Sec-WebSocket-Accept") == [accept_of(key)], "Sec-WebSocket-Accept is wrong")
        expect(len(response.all("Sec-WebSocket-Protocol")) <= 1, "two Sec-WebSocket-Protocol headers")
        expect(len(response.all("Sec-WebSocket-Extensions")) <= 1, "two Sec-WebSocket-Extensions")
        expect(response.get("Content-Length") is None, "a 101 with Content-Length")
        self.deflate = parse_deflate(response.get("Sec-WebSocket-Extensions"))

    async def echo(self, payload: bytes | str, opcode: int | None = None) -> None:
        """Sends one message and expects the same back."""
        if opcode is None:
            opcode = TEXT if isinstance(payload, str) else 2
        data = payload.encode() if isinstance(payload, str) else payload
        await self.send(frame(opcode, data))
        await self.expect_message(opcode, data)

    async def expect_message(self, opcode: int, payload: bytes, deadline_s: float = DEADLINE_S) -> None:
        try:
            got_opcode, got = await self.read_message(deadline_s)
        except EOFError as error:
            raise Failure(f"{error} instead of a message") from error
        expect(got_opcode == opcode, f"opcode {got_opcode} came back for {opcode}")
        if got != payload:
            raise Failure(f"{len(got)} bytes {got[:40]!r} came back for {len(payload)} {payload[:40]!r}")

    async def expect_answers(self, messages: list[tuple[int, bytes]], pongs: list[bytes]) -> None:
        """These unfragmented messages and these pongs, each in order; pongs may overtake."""
        got: list[tuple[int, bytes]] = []
        got_pongs: list[bytes] = []
        while len(got) < len(messages) or len(got_pongs) < len(pongs):
            try:
                received = await self.read_frame()
            except EOFError as error:
                raise Failure(f"{error} after {len(got)} answers") from error
            if received.opcode == CLOSE:
                raise Failure(f"closed with {received.code} {received.payload[2:]!r} instead of an answer")
            if received.opcode == PONG:
                got_pongs.append(received.payload)
            else:
                got.append((received.opcode, received.payload))
        expect(got == messages, f"{got[:3]} came back for {messages[:3]}")
        expect(got_pongs == pongs, f"pongs {got_pongs} for {pongs}")

    async def expect_pong(self, payload: bytes) -> None:
        try:
            received = await self.read_frame()
        except EOFError as error:
            raise Failure(f"{error} instead of a pong") from error
        expect(received.opcode == PONG, f"opcode {received.opcode} instead of a pong")
        expect(received.payload == payload, f"pong {received.payload!r} for ping {payload!r}")

    async def expect_close(self, *codes: int | None, end_s: float = 2.0) -> Frame:
        """The next frame is a Close with one of these codes, and the server ends the connection."""
        try:
            received = await self.read_frame()
        except EOFError as error:
            raise NonStrict(f"{error} without a Close frame") from error
        expect(received.opcode == CLOSE, f"opcode {received.opcode} {received.payload[:40]!r} instead of Close")
        expect(received.code in codes, f"close code {received.code} {received.payload[2:]!r} instead of {codes}")
        rest = await self.read_eof(end_s)
        expect(rest == b"", f"{len(rest)} bytes after the Close frame")
        return received

    async def finish(self) -> None:
        """The closing handshake from our side."""
        await self.send(close_frame(1000))
        await self.expect_close(1000)

    async def ping(self, payload: bytes = b"alive?") -> None:
        await self.send(frame(PING, payload))
        await self.expect_pong(payload)


def parse_deflate(value: str | None) -> dict[str, str] | None:
    """The agreed parameters, or None without an extension. Anything unexpected is a failure."""
    if value is None:
        return None
    name, *parameters = [part.strip() for part in value.split(";")]
    expect(name == "permessage-deflate", f"unknown extension {value!r}")
    agreed: dict[str, str] = {}
    for parameter in parameters:
        key, _, text = parameter.partition("=")
        expect(key not in agreed, f"{key} twice in {value!r}")
        agreed[key] = text.strip('"')
    return agreed
