"""The opening handshake."""

from __future__ import annotations

import base64
import time

from ..case import Case, Failure, Table, expect
from ..connection import KEY, Target, accept_of, upgrade_request
from ..frames import PING, TEXT, frame

JSON, PROTO = "tidewire.v1.json", "tidewire.v1.proto"


def cases() -> list[Case]:
    return good() + refused() + subprotocols() + origins() + pipelined()


def request(path: str, *, line: str | None = None, drop: str = "", add: tuple[str, ...] = (), **replace: str) -> bytes:
    """A valid request with parts dropped, replaced (underscores for dashes) or added."""
    headers = {
        "Host": "localhost",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    headers.pop(drop, None)
    headers.update({name.replace("_", "-"): value for name, value in replace.items()})
    lines = [line or f"GET {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in headers.items()] + list(add)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


async def upgrades(target: Target, data: bytes, key: str = KEY) -> None:
    async with await target.connect() as c:
        await c.send(data)
        c.check_upgrade(await c.read_response(), key)
        await c.echo("works")
        await c.finish()


async def refuses(target: Target, data: bytes, statuses: tuple[int, ...], *headers: str):
    """An HTTP answer with one of these statuses, the named headers, and the end of the connection."""
    async with await target.connect() as c:
        await c.send(data)
        try:
            response = await c.read_response()
        except EOFError as error:
            raise Failure(str(error)) from error
        expect(response.status in statuses, f"status {response.status} instead of {statuses}: {response.body[:100]!r}")
        for name in headers:
            expect(response.get(name) is not None, f"no {name} header")
        expect((response.get("Connection") or "").lower() == "close", "a failed upgrade without Connection: close")
        rest = await c.read_eof()
        expect(rest == b"", f"{rest[:60]!r} after the refusal")
        return response


def good() -> list[Case]:
    table = Table("9.1")
    variants: dict[str, dict] = {
        "a plain request": {},
        "Upgrade: WebSocket": {"Upgrade": "WebSocket"},
        "Upgrade: WEBSOCKET": {"Upgrade": "WEBSOCKET"},
        "Upgrade is a list": {"Upgrade": "h2c, websocket"},
        "Upgrade with empty elements": {"Upgrade": ", websocket ,"},
        "Connection: upgrade": {"Connection": "upgrade"},
        "Connection: UPGRADE": {"Connection": "UPGRADE"},
        "Connection: keep-alive, Upgrade": {"Connection": "keep-alive, Upgrade"},
        "Connection: Upgrade, HTTP2-Settings": {"Connection": "Upgrade, HTTP2-Settings"},
        "Connection: Upgrade,keep-alive": {"Connection": "Upgrade,keep-alive"},
        "white space around the key": {"Sec_WebSocket_Key": f"  {KEY} \t"},
        "white space around the version": {"Sec_WebSocket_Version": "  13  "},
        "Host with a port": {"Host": "localhost:12345"},
        "Host is an IPv4 address": {"Host": "127.0.0.1:80"},
        "Host is an IPv6 address": {"Host": "[::1]:80"},
        "unknown headers": {"add": ("X-Unknown: 1", "Foo: bar", "Sec-WebSocket-Future: x")},
        "a User-Agent, cookies and more": {"add": ("User-Agent: t", "Cookie: a=b; c=d", "Pragma: no-cache", "Accept-Encoding: gzip", "Accept-Language: de")},
        "an empty header value": {"add": ("X-Empty:",)},
        "a header value in UTF-8": {"add": ("X-Name: caf\u00e9 \u20ac",)},
        "a tab in a header value": {"add": ("X-Tab: a\tb",)},
        "no space after colons": {"add": ("X-Tight:a",)},
        "a query": {"line": "GET {path}?a=b&c=%20 HTTP/1.1"},
        "absolute form": {"line": "GET http://localhost{path} HTTP/1.1"},
        "no Origin: not a browser": {},
        "an empty Sec-WebSocket-Extensions element": {"add": ("Sec-WebSocket-Extensions: foo",)},
        "header names in capitals": {"drop": "Upgrade", "add": ("UPGRADE: websocket",)},
        "header names in small letters": {"drop": "Sec-WebSocket-Key", "add": (f"sec-websocket-key: {KEY}",)},
        "60 headers": {"add": tuple(f"X-{i}: {i}" for i in range(55))},
        "an empty line before the request": {"line": "\r\nGET {path} HTTP/1.1"},
    }
    rows = {"Upgrade": (4,), "Connection": (5,), "Host": (3,), "no Ori": (11,), "unknown": (22,)}
    for title, parts in variants.items():

        async def run(target: Target, parts=parts):
            parts = dict(parts)
            if "line" in parts:
                parts["line"] = parts["line"].format(path=target.path)
            await upgrades(target, request(target.path, **parts))

        found = next((row for start, row in rows.items() if title.startswith(start)), (18, 22))
        table.add(title, "RFC 6455 4.2.1", found + (18, 19), run)

    async def vector(target: Target):
        async with await target.connect() as c:
            await c.send(upgrade_request(target.path))
            response = await c.read_response()
            expect(response.all("Sec-WebSocket-Accept") == ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], "the RFC's example")

    table.add("the RFC's own example", "RFC 6455 1.3, 4.2.2(5)", (18, 19), vector)
    for key in (base64.b64encode(bytes([i]) * 16).decode() for i in (0, 1, 127, 128, 255)):

        async def keys(target: Target, key=key):
            await upgrades(target, request(target.path, Sec_WebSocket_Key=key), key)

        table.add(f"key {key}", "RFC 6455 4.2.2(5)", (6, 18), keys)
    for piece in (1, 7):

        async def pieces(target: Target, piece=piece):
            async with await target.connect() as c:
                await c.send_pieces(upgrade_request(target.path), piece)
                c.check_upgrade(await c.read_response())
                await c.echo("works")
                await c.finish()

        table.add(f"the request {piece} bytes at a time", "RFC 6455 4.2.1; RFC 9112 2.2", (18, 35), pieces)
    return table.rows


def refused() -> list[Case]:
    table = Table("9.2")

    def add(title: str, rows, statuses, section="RFC 6455 4.2.1", headers=(), **parts):
        async def run(target: Target):
            given = dict(parts)
            if "line" in given:
                given["line"] = given["line"].format(path=target.path)
            await refuses(target, request(target.path, **given), statuses, *headers)

        table.add(title, section, rows, run)

    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "GETT"):
        add(f"method {method}", (1,), (400, 405, 501), "RFC 6455 4.2.1(1)", line=method + " {path} HTTP/1.1")
    for version in ("HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0"):
        add(version, (2,), (400, 505), "RFC 6455 4.2.1(1)", line="GET {path} " + version)
    for version in ("HTTP/x.y", "http/1.1", "HTTP/1", "HTTP/11", "FOO/1.1"):
        add(f"garbage version {version}", (2,), (400,), "RFC 6455 4.2.1(1)", line="GET {path} " + version)
    add("no Upgrade header", (4,), (400, 426), "RFC 6455 4.2.1(3)", drop="Upgrade")
    for value in ("", "h2c", "websockets", "web socket", "websocket/13x", "foo websocket", '"websocket"'):
        add(f"Upgrade: {value}", (4,), (400, 426), "RFC 6455 4.2.1(3)", Upgrade=value)
    add("no Connection header", (5,), (400, 426), "RFC 6455 4.2.1(4)", drop="Connection")
    for value in ("", "keep-alive", "close", "upgraded", "up grade", "keep-alive Upgrade", '"Upgrade"'):
        add(f"Connection: {value}", (5,), (400, 426), "RFC 6455 4.2.1(4)", Connection=value)
    add("no key", (6,), (400,), "RFC 6455 4.2.1(5)", drop="Sec-WebSocket-Key")
    short = base64.b64encode(b"x" * 15).decode()
    long = base64.b64encode(b"x" * 17).decode()
    keys = {
        "empty": "", "of 15 bytes": short, "of 17 bytes": long, "without padding": KEY[:-2], "with one =": KEY[:-1],
        "with a space inside": KEY[:5] + " " + KEY[6:], "with a bad character": "!" + KEY[1:], "base64url": "-_" + KEY[2:],
        "with three =": KEY + "=", "twice in one value": KEY + ", " + KEY, "not canonical": KEY[:-3] + "R==",
        "quoted": f'"{KEY}"', "a word": "key", "of 1 KiB": "A" * 1024,
    }
    for title, key in keys.items():
        add(f"key {title}", (6,), (400,), "RFC 6455 4.2.1(5)", Sec_WebSocket_Key=key)
    add("the key header twice", (7,), (400,), "RFC 6455 11.3.1", add=(f"Sec-WebSocket-Key: {KEY}",))
    add("no version", (8,), (400, 426), "RFC 6455 4.2.1(6)", drop="Sec-WebSocket-Version", headers=("Sec-WebSocket-Version",))
    for value in ("12", "14", "0", "8", "255"):
        add(f"version {value}", (8,), (426,), "RFC 6455 4.2.2(4), 4.4", ("Sec-WebSocket-Version",), Sec_WebSocket_Version=value)
    for value in ("13.0", "013", "+13", "13, 8", "x", "", "1 3", "256", "-1"):
        add(f"version {value!r}", (8,), (400, 426), "RFC 6455 4.2.2(4), 4.4", Sec_WebSocket_Version=value)
    add("the version header twice", (9,), (400,), "RFC 6455 11.3.5", add=("Sec-WebSocket-Version: 13",))
    add("two different versions", (9,), (400,), "RFC 6455 11.3.5", add=("Sec-WebSocket-Version: 8",))
    add("Content-Length: 5 and a body", (23,), (400,), "RFC 9112 6; RFC 6455 10.7", add=("Content-Length: 5",))
    add("Transfer-Encoding: chunked", (23,), (400,), "RFC 9112 6; RFC 6455 10.7", add=("Transfer-Encoding: chunked",))
    add("Content-Length and Transfer-Encoding", (23,), (400,), "RFC 9112 6.1", add=("Content-Length: 5", "Transfer-Encoding: chunked"))

    for path in ("/nowhere", "/debug", "/debug/echo/x", "/debug/echox", "/wsx", "/.", "/WS", "/debug//echo"):

        async def unknown(target: Target, path=path):
            await refuses(target, request(path), (404, 400, 426))

        table.add(f"unknown path {path}", "RFC 6455 4.2.2(4)", (12,), unknown)

    async def version_named(target: Target):
        response = await refuses(target, request(target.path, Sec_WebSocket_Version="7"), (426,))
        expect(response.all("Sec-WebSocket-Version") == ["13"], f"Sec-WebSocket-Version {response.all('Sec-WebSocket-Version')}")

    table.add("a 426 names version 13", "RFC 6455 4.4", (8,), version_named)

    async def never_101(target: Target):
        """Upgrade smuggling: after a refusal nothing that follows is read as a request."""
        async with await target.connect() as c:
            bad = request(target.path, Sec_WebSocket_Version="777")
            await c.send_quietly(bad + request(target.path))
            response = await c.read_response()
            expect(response.status == 426, f"status {response.status}")
            rest = await c.read_eof()
            expect(b"HTTP/1.1 101" not in rest and rest == b"", f"{rest[:60]!r} after the refusal")

    table.add("a request behind a refused upgrade is not served", "RFC 6455 10.7", (24,), never_101)
    return table.rows


def subprotocols() -> list[Case]:
    table = Table("9.3")
    chosen = {
        JSON: JSON, PROTO: PROTO, f"{JSON}, {PROTO}": None, f"{PROTO}, {JSON}": None, f"unknown, {JSON}": JSON,
        f" {JSON} ": JSON, f"a,b,c,{PROTO}": PROTO,
    }
    for offered, expected in chosen.items():

        async def run(target: Target, offered=offered, expected=expected):
            async with await target.connect() as c:
                response = await c.handshake(f"Sec-WebSocket-Protocol: {offered}", path="/ws")
                got = response.all("Sec-WebSocket-Protocol")
                expect(len(got) == 1, f"Sec-WebSocket-Protocol {got}")
                expect(got[0] in [part.strip() for part in offered.split(",")], f"{got[0]} was not offered")
                expect(expected is None or got[0] == expected, f"{got[0]} instead of {expected}")

        table.add(f"offered {offered!r}", "RFC 6455 4.2.2(4), 11.3.4", (13, 14), run)

    async def none(target: Target):
        async with await target.connect() as c:
            response = await c.handshake(path="/ws")
            expect(response.all("Sec-WebSocket-Protocol") == [], "a subprotocol that was not offered")

    table.add("none offered: no header", "RFC 6455 4.2.2(4)", (13, 14), none)

    async def two_headers(target: Target):
        async with await target.connect() as c:
            response = await c.handshake("Sec-WebSocket-Protocol: unknown", f"Sec-WebSocket-Protocol: {JSON}", path="/ws")
            expect(response.all("Sec-WebSocket-Protocol") == [JSON], "offers over two header lines")

    table.add("offers over two header lines", "RFC 6455 11.3.4", (13, 14), two_headers)
    for offered in ("unknown", "chat, superchat", "tidewire.v1", "tidewire.v2.json", "TIDEWIRE.V1.JSON", "a b", "", ",", f"{JSON}; q=1", f'"{JSON}"'):

        async def refused_one(target: Target, offered=offered):
            await refuses(target, request("/ws", add=(f"Sec-WebSocket-Protocol: {offered}",)), (400,))

        table.add(f"offered only {offered!r}", "RFC 6455 4.2.2(4), 11.3.4", (13,), refused_one)

    async def repeated(target: Target):
        await refuses(target, request("/ws", add=(f"Sec-WebSocket-Protocol: {JSON}, {JSON}",)), (400,))

    table.add("one subprotocol offered twice", "RFC 6455 4.1(10)", (13,), repeated)

    async def bad_token(target: Target):
        await refuses(target, request("/ws", add=("Authorization: Bearer not.a.token",)), (401,))

    table.add("a bad token is refused before 101", "RFC 6455 4.2.2(2)", (24,), bad_token)
    return table.rows


def origins() -> list[Case]:
    table = Table("9.4")
    allowed = {"https://app.example": True, "https://APP.example": None}
    for origin in allowed:

        async def passes(target: Target, origin=origin):
            async with await target.connect() as c:
                await c.send(request("/ws", add=(f"Origin: {origin}",)))
                response = await c.read_response()
                if allowed[origin]:
                    c.check_upgrade(response)

        table.add(f"Origin {origin}", "RFC 6455 4.2.2(4), 10.2", (10,), passes, server="limited")
    foreign = (
        "https://evil.example", "http://app.example", "https://app.example.evil.example", "https://app.example:444",
        "null", "https://app.example/", "https://xapp.example", "app.example", "https://app.example, https://evil.example", "file://",
    )
    for origin in foreign:

        async def blocked(target: Target, origin=origin):
            await refuses(target, request("/ws", add=(f"Origin: {origin}",)), (403,))

        table.add(f"Origin {origin} is foreign", "RFC 6455 4.2.2(4), 10.2", (10,), blocked, server="limited")

    async def two_origins(target: Target):
        await refuses(target, request("/ws", add=("Origin: https://app.example", "Origin: https://evil.example")), (400, 403))

    table.add("two Origin headers", "RFC 6455 10.2", (10,), two_origins, server="limited")

    async def no_origin(target: Target):
        async with await target.connect() as c:
            await c.handshake(path="/ws")

    table.add("no Origin is no browser, and passes", "RFC 6455 4.2.1(7), 10.2", (11,), no_origin, server="limited")
    return table.rows


def pipelined() -> list[Case]:
    table = Table("9.5")
    for count in (1, 3, 50):

        async def run(target: Target, count=count):
            async with await target.connect() as c:
                texts = [b"early %d" % i for i in range(count)]
                await c.handshake(after=b"".join(frame(TEXT, text) for text in texts) + frame(PING, b"p"))
                await c.expect_answers([(TEXT, text) for text in texts], [b"p"])
                await c.finish()

        table.add(f"{count} frames in the handshake's segment", "RFC 6455 4.2.2(5)", (21, 36), run)

    async def large(target: Target):
        async with await target.connect() as c:
            await c.handshake(after=frame(TEXT, b"x" * 50000))
            await c.expect_message(TEXT, b"x" * 50000)
            await c.finish()

    table.add("50,000 bytes in the handshake's segment", "RFC 6455 4.2.2(5)", (21,), large)
    data = frame(TEXT, "early")
    for cut in range(1, len(data)):

        async def partial(target: Target, cut=cut):
            async with await target.connect() as c:
                await c.handshake(after=data[:cut])
                await c.send(data[cut:])
                await c.expect_message(TEXT, b"early")
                await c.finish()

        table.add(f"{cut} bytes of a frame in the handshake's segment", "RFC 6455 4.2.2(5)", (21, 35), partial)

    async def bad_frame(target: Target):
        async with await target.connect() as c:
            await c.handshake(after=b"\x83\x80\0\0\0\0")
            await c.expect_close(1002)

    table.add("a bad frame in the handshake's segment", "RFC 6455 4.2.2(5), 5.2", (21, 28), bad_frame)

    async def quick(target: Target):
        started = time.monotonic()
        for _ in range(50):
            async with await target.open() as c:
                c.abort()
        expect(time.monotonic() - started < 10, "50 handshakes took more than 10 s")
        expect(accept_of(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "our own key digest")

    table.add("50 connections, one after the other", "RFC 6455 4.2.2(5)", (18,), quick)
    return table.rows
