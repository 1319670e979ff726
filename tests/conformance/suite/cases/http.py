"""HTTP/1.1 below the handshake: grammar, smuggling shapes, oversize and slow requests."""

from __future__ import annotations

import asyncio
import time

from ..case import Case, Failure, NonStrict, Table, expect
from ..connection import KEY, Target, upgrade_request
from ..frames import TEXT, frame

VALID_TAIL = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()


def cases() -> list[Case]:
    return request_lines() + header_lines() + hosts() + smuggling() + oversize() + targets() + slow() + ordinary()


async def refuses(target: Target, data: bytes, statuses: tuple[int, ...]) -> None:
    """One refusal, then the end; anything sent after the refused request is never answered."""
    async with await target.connect() as c:
        await c.send_quietly(data)
        try:
            response = await c.read_response()
        except EOFError as error:
            raise NonStrict(f"{error}: ended without an answer") from error
        expect(response.status in statuses, f"status {response.status} instead of {statuses}: {response.body[:100]!r}")
        expect((response.get("Connection") or "").lower() == "close", "a refusal without Connection: close")
        rest = await c.read_eof()
        expect(b"HTTP/1.1" not in rest, f"a second answer {rest[:60]!r}")


def refusals(table: Table, entries, section: str, rows) -> None:
    for title, statuses, data in entries:

        async def run(target: Target, data=data, statuses=statuses):
            await refuses(target, data.replace(b"{path}", target.path.encode()), statuses)

        table.add(title, section, rows, run)


def upgrade(line: bytes = b"GET {path} HTTP/1.1", extra: bytes = b"", host: bytes = b"Host: localhost\r\n") -> bytes:
    return line + b"\r\n" + host + extra + VALID_TAIL


def request_lines() -> list[Case]:
    table = Table("10.1")
    bad = (400,)
    entries = [
        ("no version", bad, upgrade(b"GET {path}")),
        ("no target", bad, upgrade(b"GET HTTP/1.1")),
        ("a method alone", bad, upgrade(b"GET")),
        ("two spaces after the method", bad, upgrade(b"GET  {path} HTTP/1.1")),
        ("two spaces before the version", bad, upgrade(b"GET {path}  HTTP/1.1")),
        ("a space after the version", bad, upgrade(b"GET {path} HTTP/1.1 ")),
        ("a space before the method", bad, upgrade(b" GET {path} HTTP/1.1")),
        ("tabs between the parts", bad, upgrade(b"GET\t{path}\tHTTP/1.1")),
        ("a space in the target", bad, upgrade(b"GET {path} x HTTP/1.1")),
        ("a method that is no token", bad, upgrade(b"G@T {path} HTTP/1.1")),
        ("a NUL in the target", bad, upgrade(b"GET {path}\0 HTTP/1.1")),
        ("a bare CR in the request line", bad, upgrade(b"GET {path}\r HTTP/1.1")),
        ("a bare LF after the request line", bad, b"GET {path} HTTP/1.1\nHost: localhost\r\n" + VALID_TAIL),
        ("two empty lines first", bad, b"\r\n\r\n" + upgrade()),
        ("a bare LF first", bad, b"\n" + upgrade()),
        ("the preface of HTTP/2", (400, 505), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("a response instead of a request", bad, b"HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"),
        ("bytes of 0xFF", bad, b"\xff" * 64 + b"\r\n\r\n"),
        ("bytes of NUL", bad, b"\0" * 64 + b"\r\n\r\n"),
        ("a WebSocket frame instead of a request", bad, frame(TEXT, "hello") + b"\r\n\r\n"),
        ("a Redis command", bad, b"*1\r\n$4\r\nPING\r\n"),
        ("an SMTP greeting", bad, b"EHLO example.org\r\n\r\n"),
    ]
    refusals(table, entries, "RFC 9112 2.2, 3", (2, 20))
    return table.rows


def header_lines() -> list[Case]:
    table = Table("10.2")
    bad = (400,)
    with_line = lambda line: upgrade(extra=line + b"\r\n")  # noqa: E731
    entries = [
        ("a bare LF after a header", bad, upgrade(extra=b"X: a\nY: b\r\n")),
        ("bare LFs everywhere", bad, upgrade().replace(b"\r\n", b"\n")),
        ("a bare LF at the end", bad, upgrade()[:-2] + b"\n"),
        ("a bare CR in a value", bad, with_line(b"X: a\rb")),
        ("CR CR LF", bad, with_line(b"X: a\r")),
        ("a line folded by a space", bad, with_line(b"X: a\r\n b")),
        ("a line folded by a tab", bad, with_line(b"X: a\r\n\tb")),
        ("the first header folded", bad, upgrade(host=b" Host: localhost\r\n")),
        ("space before the colon", bad, with_line(b"X : a")),
        ("tab before the colon", bad, with_line(b"X\t: a")),
        ("space before the colon of Upgrade", bad, upgrade().replace(b"Upgrade: w", b"Upgrade : w")),
        ("a space in a name", bad, with_line(b"X Y: a")),
        ("no colon", bad, with_line(b"Xa")),
        ("no name", bad, with_line(b": a")),
        ("a slash in a name", bad, with_line(b"X/Y: a")),
        ("a bracket in a name", bad, with_line(b"X[0]: a")),
        ("a byte above ASCII in a name", bad, with_line("X\u00e9: a".encode())),
        ("NUL in a value", bad, with_line(b"X: a\0b")),
        ("NUL in a name", bad, with_line(b"X\0: a")),
        ("DEL in a value", bad, with_line(b"X: \x7f")),
        ("escape in a value", bad, with_line(b"X: \x1b[31m")),
        ("vertical tab in a value", bad, with_line(b"X: \x0b")),
        ("0x01 in a value", bad, with_line(b"X: \x01")),
        ("a value in Latin-1", bad, with_line(b"X: caf\xe9")),
        ("a value with an overlong slash", bad, with_line(b"X: \xc0\xaf")),
        ("a value with a surrogate", bad, with_line(b"X: \xed\xa0\x80")),
        ("a value above U+10FFFF", bad, with_line(b"X: \xf4\x90\x80\x80")),
        ("a key with a control byte", bad, upgrade().replace(KEY.encode(), KEY.encode() + b"\x02")),
    ]
    refusals(table, entries, "RFC 9112 2.2, 5; RFC 9110 5.5; RFC 6455 8.1", (20,))
    return table.rows


def hosts() -> list[Case]:
    table = Table("10.3")
    hosts_bad = [
        b"", b"Host: a\r\nHost: b\r\n", b"Host: a\r\nhost: a\r\n", b"Host:\r\n", b"Host: a/b\r\n", b"Host: u@a\r\n",
        b"Host: a, b\r\n", b"Host: a b\r\n", b"Host: http://a\r\n", b"Host: a:http\r\n", b"Host: a:65536\r\n",
        b"Host: a:1:2\r\n", b"Host: :80\r\n", b"Host: ::1\r\n", b"Host: [::1\r\n", b"Host: [x]\r\n", b"Host: a?b\r\n",
        b"Host: a#b\r\n", b'Host: "a"\r\n', b"Host: a\\b\r\n", b"Host: <a>\r\n",
    ]
    entries = [(f"Host lines {host!r}", (400,), upgrade(host=host)) for host in hosts_bad]
    refusals(table, entries, "RFC 6455 4.2.1(2); RFC 9112 3.2", (3,))
    return table.rows


def smuggling() -> list[Case]:
    table = Table("10.4")
    bad = (400,)
    inner = upgrade()  # what a smuggler hopes to have served
    post = lambda headers, body=b"": b"POST /x HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n" + body  # noqa: E731
    entries = [
        ("CL.TE", bad, post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner)),
        ("TE.CL", bad, post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"5c\r\n" + inner + b"0\r\n\r\n")),
        ("two different lengths", bad, post(b"Content-Length: 0\r\nContent-Length: 44\r\n", inner)),
        ("two equal lengths", bad, post(b"Content-Length: 0\r\nContent-Length: 0\r\n", inner)),
        ("a list of lengths", bad, post(b"Content-Length: 0, 0\r\n", inner)),
        ("length +0", bad, post(b"Content-Length: +0\r\n", inner)),
        ("length -1", bad, post(b"Content-Length: -1\r\n", inner)),
        ("length 0x0", bad, post(b"Content-Length: 0x0\r\n", inner)),
        ("length 0_0", bad, post(b"Content-Length: 0_0\r\n", inner)),
        ("length 0.0", bad, post(b"Content-Length: 0.0\r\n", inner)),
        ("an empty length", bad, post(b"Content-Length:\r\n", inner)),
        ("a length of letters", bad, post(b"Content-Length: abc\r\n", inner)),
        ("a length with a space inside", bad, post(b"Content-Length: 1 0\r\n", inner)),
        ("a length past 2^64", (400, 413), post(b"Content-Length: 18446744073709551616\r\n", inner)),
        ("two Transfer-Encodings", bad, post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + inner)),
        ("chunked, identity", bad, post(b"Transfer-Encoding: chunked, identity\r\n", b"0\r\n\r\n" + inner)),
        ("xchunked", (400, 501), post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + inner)),
        ("gzip, chunked", (400, 501), post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + inner)),
        ("chunked, chunked", bad, post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n" + inner)),
        ("Transfer-Encoding : chunked", bad, post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + inner)),
        ("Transfer-Encoding folded", bad, post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + inner)),
        ("Transfer-Encoding with a vertical tab", bad, post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n" + inner)),
        ("Transfer-Encoding in quotes", (400, 501), post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n" + inner)),
        ("chunk size 0x0", bad, post(b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + inner)),
        ("chunk size with spaces", bad, post(b"Transfer-Encoding: chunked\r\n", b" 0 \r\n\r\n" + inner)),
        ("chunk size -1", bad, post(b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n" + inner)),
        ("chunk size of 17 digits", bad, post(b"Transfer-Encoding: chunked\r\n", b"00000000000000000\r\n\r\n" + inner)),
        ("chunk line ended by a bare LF", bad, post(b"Transfer-Encoding: chunked\r\n", b"0\n\r\n" + inner)),
        ("chunk data longer than its size", bad, post(b"Transfer-Encoding: chunked\r\n", b"1\r\nabc\r\n0\r\n\r\n" + inner)),
        ("a chunk extension with a bare LF", bad, post(b"Transfer-Encoding: chunked\r\n", b"1;a\nb\r\nx\r\n0\r\n\r\n" + inner)),
        ("a chunk extension of 64 KiB", (400, 413, 431), post(b"Transfer-Encoding: chunked\r\n", b"1;" + b"e" * 65536 + b"\r\nx\r\n")),
        ("upgrade with a length", bad, upgrade(extra=b"Content-Length: 3\r\n") + b"abc"),
        ("upgrade with chunks", bad, upgrade(extra=b"Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n" + inner),
        ("upgrade with CL and TE", bad, upgrade(extra=b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + inner),
        ("a header hidden behind a bare CR", bad, upgrade(extra=b"X: a\rTransfer-Encoding: chunked\r\n")),
        ("an unknown expectation", (417,), post(b"Expect: magic\r\nContent-Length: 1\r\n", b"x")),
    ]
    refusals(table, entries, "RFC 9112 6, 7.1, 11.2", (23,))
    return table.rows


def oversize() -> list[Case]:
    table = Table("10.5")
    many = b"".join(b"X-%d: 1\r\n" % i for i in range(100))
    entries = [
        ("a target of 2,049 bytes", (414,), upgrade(b"GET /" + b"a" * 2048 + b" HTTP/1.1")),
        ("a target of 1 MiB", (414,), upgrade(b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1")),
        ("a query of 4 KiB", (414,), upgrade(b"GET {path}?" + b"q" * 4096 + b" HTTP/1.1")),
        ("a header value of 9 KiB", (431,), upgrade(extra=b"X: " + b"a" * 9216 + b"\r\n")),
        ("a header name of 9 KiB", (431,), upgrade(extra=b"X" * 9216 + b": a\r\n")),
        ("a header value of 1 MiB", (431,), upgrade(extra=b"X: " + b"a" * (1 << 20) + b"\r\n")),
        ("100 headers", (431,), upgrade(extra=many)),
        ("65 headers", (431,), upgrade(extra=b"".join(b"X-%d: 1\r\n" % i for i in range(60)))),
        ("10,000 headers", (431,), upgrade(extra=b"X: 1\r\n" * 10000)),
        ("8 KiB of cookies", (431,), upgrade(extra=b"Cookie: " + b"c=" * 4500 + b"\r\n")),
        ("a method of 100 bytes", (400, 501), upgrade(b"A" * 100 + b" {path} HTTP/1.1")),
        ("a header block without end", (431,), b"GET {path} HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50 + b"Z: " + b"z" * 9000),
        ("a request line without end", (414,), b"GET /" + b"a" * 9000),
        ("a body past the limit", (413,), b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n"),
    ]
    refusals(table, entries, "RFC 9110 15.5.14-15; RFC 6585 5", (20, 33))

    async def just_fits(target: Target):
        async with await target.connect() as c:
            size = 8192 - len(upgrade_request(target.path, "X-Fill: "))
            await c.send(upgrade_request(target.path, "X-Fill: " + "f" * size))
            c.check_upgrade(await c.read_response())
            await c.echo("fits")
            await c.finish()

    table.add("a header block of exactly 8 KiB", "RFC 9112 3", (22,), just_fits)
    return table.rows


def targets() -> list[Case]:
    table = Table("10.6")
    bad = (400,)
    entries = [
        ("relative", bad, upgrade(b"GET ws HTTP/1.1")),
        ("asterisk", bad, upgrade(b"GET * HTTP/1.1")),
        ("authority form", bad, upgrade(b"GET localhost:80 HTTP/1.1")),
        ("a foreign scheme", bad, upgrade(b"GET ftp://localhost/ HTTP/1.1")),
        ("a fragment", bad, upgrade(b"GET {path}#x HTTP/1.1")),
        ("a byte above ASCII", bad, upgrade(b"GET {path}/\xc3\xa9 HTTP/1.1")),
        ("a backslash", bad, upgrade(b"GET \\ws HTTP/1.1")),
        ("a broken escape", bad, upgrade(b"GET /ws/%zz/1 HTTP/1.1")),
        ("an escaped NUL", bad, upgrade(b"GET /ws/chat/%00 HTTP/1.1")),
        ("an escaped slash", bad, upgrade(b"GET /ws/chat%2f1 HTTP/1.1")),
        ("an escaped CR LF", bad, upgrade(b"GET /ws/chat/%0d%0aX HTTP/1.1")),
        ("an overlong escape", bad, upgrade(b"GET /ws/chat/%c0%af HTTP/1.1")),
        ("above the root", bad, upgrade(b"GET /../ws HTTP/1.1")),
        ("above the root by escapes", bad, upgrade(b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1")),
        ("a pipe in the file system", (400, 404, 426), upgrade(b"GET /etc/passwd HTTP/1.1")),
    ]
    refusals(table, entries, "RFC 9112 3.2; RFC 3986 5.2.4", (12, 20))
    return table.rows


def slow() -> list[Case]:
    """The "limited" server gives a request two seconds; the deadline is absolute."""
    table = Table("10.7")

    async def cut_off(target: Target, start: bytes, more: bytes) -> None:
        async with await target.connect() as c:
            started = time.monotonic()
            await c.send(start)
            while time.monotonic() - started < 6:
                try:
                    async with asyncio.timeout(0.2):
                        data = await c.reader.read(65536)
                except TimeoutError:
                    if more:
                        await c.send_quietly(more)
                    continue
                except (ConnectionError, OSError):
                    data = b""
                spent = time.monotonic() - started
                expect(not data or data.startswith(b"HTTP/1.1 408"), f"{data[:60]!r}")
                expect(spent > 1, f"cut off after {spent:.1f} s already")
                if data:
                    await c.read_eof()
                return
            raise Failure("an unfinished request was kept for 6 s; the deadline was 2 s")

    shapes = {
        "nothing is sent": (b"", b""),
        "one byte, then nothing": (b"G", b""),
        "half a request line": (b"GET /debug/echo", b""),
        "a request line, then one header every 200 ms": (b"GET /debug/echo HTTP/1.1\r\n", b"X: y\r\n"),
        "one byte every 200 ms": (b"GET ", b"/"),
        "all but the last LF": (upgrade_request("/debug/echo")[:-1], b""),
        "a body that never comes": (b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n", b""),
        "a body of one byte every 200 ms": (b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", b"x"),
    }
    for title, (start, more) in shapes.items():

        async def run(target: Target, start=start, more=more):
            await cut_off(target, start, more)

        table.add(title, "RFC 9110 15.5.9; RFC 6455 10.7", (20,), run, server="limited")

    async def others_served(target: Target):
        waiting = [await target.connect() for _ in range(100)]
        try:
            for c in waiting:
                await c.send(b"GET /debug/echo HTTP/1.1\r\nHost: l")
            started = time.monotonic()
            async with await target.open() as c:
                await c.echo("served")
                await c.finish()
            expect(time.monotonic() - started < 3, "a good client waited behind slow ones")
        finally:
            for c in waiting:
                c.abort()

    table.add("100 slow requests do not delay a good one", "RFC 6455 10.7", (20,), others_served)
    return table.rows


def ordinary() -> list[Case]:
    table = Table("10.8")

    async def exchange(target: Target, data: bytes, statuses: tuple[int, ...]):
        async with await target.connect() as c:
            await c.send(data)
            response = await c.read_response()
            expect(response.status in statuses, f"status {response.status} instead of {statuses}")
            return response

    entries = [
        ("a GET without upgrade on the echo path", b"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", (400, 426)),
        ("a GET without upgrade on /ws", b"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", (400, 426)),
        ("an unknown path", b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
        ("a POST with a body to nowhere", b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", (404, 405)),
        ("a POST with chunks to nowhere", b"POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", (404, 405)),
        ("a POST without a body", b"POST /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", (404, 405, 411)),
        ("the API is not on the public listener", b"POST /api/v1/publish HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}", (401, 404, 405)),
        ("metrics are not on the public listener", b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", (404,)),
        ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", (200, 204, 400, 404, 405)),
    ]
    for title, data, statuses in entries:

        async def run(target: Target, data=data, statuses=statuses):
            response = await exchange(target, data.replace(b"{path}", target.path.encode()), statuses)
            expect(len(response.all("Content-Length")) <= 1, "two Content-Length headers")
            if response.status == 426:
                expect(response.get("Upgrade") is not None, "a 426 without Upgrade (RFC 9110 15.5.22)")
            if response.status == 405:
                expect(response.get("Allow") is not None, "a 405 without Allow (RFC 9110 15.5.6)")

        table.add(title, "RFC 9110 15; RFC 6455 4.2.2", (12, 24), run)

    async def head(target: Target):
        async with await target.connect() as c:
            await c.send(b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = await c.read_eof()
            expect(data.startswith(b"HTTP/1.1 40"), f"{data[:60]!r}")
            expect(data.endswith(b"\r\n\r\n"), "a HEAD was answered with a body")

    table.add("HEAD has no body", "RFC 9110 9.3.2", (24,), head)

    async def keep_alive(target: Target):
        async with await target.connect() as c:
            for _ in range(3):
                await c.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
                response = await c.read_response()
                expect(response.status == 404, f"status {response.status}")
                if (response.get("Connection") or "").lower() == "close":
                    raise NonStrict("the server closes after a plain 404")

    table.add("the connection is kept after a plain request", "RFC 9112 9.3", (24,), keep_alive)

    async def asked_to_close(target: Target):
        async with await target.connect() as c:
            await c.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            response = await c.read_response()
            expect((response.get("Connection") or "").lower() == "close", "no Connection: close in the answer")
            await c.read_eof()

    table.add("Connection: close is obeyed", "RFC 9112 9.6", (24,), asked_to_close)

    async def upgrade_after_get(target: Target):
        async with await target.connect() as c:
            await c.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
            response = await c.read_response()
            if (response.get("Connection") or "").lower() == "close":
                raise NonStrict("the server closes after a plain 404")
            await c.send(upgrade_request(target.path))
            c.check_upgrade(await c.read_response())
            await c.echo("works")
            await c.finish()

    table.add("an upgrade on a kept connection", "RFC 9112 9.3; RFC 6455 4.2.1", (18, 22), upgrade_after_get)

    async def pipelined_requests(target: Target):
        async with await target.connect() as c:
            await c.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + upgrade_request(target.path) + frame(TEXT, "x"))
            first = await c.read_response()
            expect(first.status == 404, f"status {first.status}")
            if (first.get("Connection") or "").lower() == "close":
                raise NonStrict("the server closes after a plain 404")
            expect((await c.read_response()).status == 404, "the second request")
            c.check_upgrade(await c.read_response())
            await c.expect_message(TEXT, b"x")
            await c.finish()

    table.add("two requests, an upgrade and a frame in one segment", "RFC 9112 9.3.2; RFC 6455 4.2.2(5)", (21,), pipelined_requests)

    async def plaintext_to_tls(target: Target):
        if target.tls is None:
            return
        bare = Target(target.host, target.port, None, target.path)
        async with await bare.connect() as c:
            await c.send_quietly(upgrade_request(target.path))
            data = await c.read_eof()
            expect(b"101" not in data, "a TLS port answered plain text")

    table.add("a TLS port has no plain-text fallback", "RFC 6455 10.6", (67,), plaintext_to_tls)

    async def tls_to_plaintext(target: Target):
        if target.tls is not None:
            return
        await refuses(target, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 100, (400,))

    table.add("a TLS hello on the plain port", "RFC 6455 10.6; RFC 9112 2.2", (20, 67), tls_to_plaintext)

    async def sni(target: Target):
        async with await target.open() as c:
            if target.tls is not None:
                cipher = c.writer.get_extra_info("cipher")
                expect(cipher is not None and cipher[1] in ("TLSv1.2", "TLSv1.3"), f"{cipher}")
            await c.echo("inside")
            await c.finish()

    table.add("everything after the TLS handshake is inside TLS 1.2 or 1.3", "RFC 6455 4.2.2(1)", (67,), sni)
    return table.rows
