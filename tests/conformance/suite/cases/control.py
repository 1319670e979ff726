"""Pings, pongs, and control frames that break their rules."""

from __future__ import annotations

from ..case import Case, Failure, Table, expect
from ..connection import Target
from ..frames import BINARY, CLOSE, PING, PONG, TEXT, close_frame, frame, header


def cases() -> list[Case]:
    return pings() + pongs() + broken()


def pings() -> list[Case]:
    table = Table("2.1")
    for payload in (b"", b"x", b"Hello, world!", bytes([0, 255, 254, 128]), b"\xc3", b"y" * 124, b"z" * 125):
        for piece in (1000, 1):

            async def run(target: Target, payload=payload, piece=piece):
                async with await target.open() as c:
                    await c.send_pieces(frame(PING, payload), piece)
                    await c.expect_pong(payload)
                    await c.finish()

            how = " byte by byte" if piece == 1 else ""
            table.add(f"ping of {len(payload)} bytes {payload[:4].hex()}{how}", "RFC 6455 5.5.2, 5.5.3", (45,), run)

    for piece in (1 << 20, 1):

        async def ten(target: Target, piece=piece):
            async with await target.open() as c:
                await c.send_pieces(b"".join(frame(PING, b"%d" % i) for i in range(10)), piece)
                await drain_pongs(c, b"9", [b"%d" % i for i in range(10)])
                await c.finish()

        table.add(f"ten pings, {piece} bytes at a time", "RFC 6455 5.5.3", (45, 47), ten)

    async def flood(target: Target):
        async with await target.open() as c:
            await c.send(b"".join(frame(PING, b"%d" % i) for i in range(5000)))
            await drain_pongs(c, b"4999", [b"%d" % i for i in range(5000)])
            await c.echo("still here")
            await c.finish()

    table.add("a flood of 5,000 pings: at least the latest is answered, in order", "RFC 6455 5.5.3", (47,), flood)

    async def beside_message(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, "a") + frame(PING, b"1") + frame(TEXT, "b") + frame(PING, b"2"))
            seen = []
            for _ in range(4):
                received = await c.read_frame()
                seen.append((received.opcode, received.payload))
            texts = [payload for opcode, payload in seen if opcode == TEXT]
            pongs_seen = [payload for opcode, payload in seen if opcode == PONG]
            expect(texts == [b"a", b"b"] and pongs_seen == [b"1", b"2"], f"order {seen}")
            await c.finish()

    table.add("pings between messages", "RFC 6455 5.5.2", (45,), beside_message)

    async def after_close(target: Target):
        async with await target.open() as c:
            await c.send(close_frame(1000) + frame(PING, b"late"))
            await c.expect_close(1000)

    table.add("a ping after Close is not answered", "RFC 6455 5.5.2", (45, 60, 61), after_close)
    return table.rows


async def drain_pongs(c, last: bytes, allowed: list[bytes]) -> None:
    """Pongs for a subsequence of `allowed`, the last one included."""
    at = 0
    while True:
        received = await c.read_frame()
        expect(received.opcode == PONG, f"opcode {received.opcode} instead of a pong")
        try:
            at = allowed.index(received.payload, at) + 1
        except ValueError as error:
            raise Failure(f"pong {received.payload!r} out of order") from error
        if received.payload == last:
            return


def pongs() -> list[Case]:
    table = Table("2.2")
    for payload in (b"", b"unsolicited", b"\xff\x00", b"q" * 125):

        async def run(target: Target, payload=payload):
            async with await target.open() as c:
                await c.send(frame(PONG, payload) + frame(PING, b"next"))
                await c.expect_pong(b"next")
                await c.finish()

        table.add(f"unsolicited pong of {len(payload)} bytes is ignored", "RFC 6455 5.5.3", (46,), run)

    async def many(target: Target):
        async with await target.open() as c:
            await c.send(frame(PONG, b"p") * 1000)
            await c.echo("after the pongs")
            await c.finish()

    table.add("a thousand unsolicited pongs", "RFC 6455 5.5.3", (46,), many)

    async def inside(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, "a", fin=False) + frame(PONG, b"p") + frame(0, "b"))
            await c.expect_message(TEXT, b"ab")
            await c.finish()

    table.add("unsolicited pong inside a message", "RFC 6455 5.4, 5.5.3", (39, 46), inside)
    return table.rows


def broken() -> list[Case]:
    table = Table("2.3")
    kinds = ((PING, "ping"), (PONG, "pong"), (CLOSE, "close"))
    for opcode, name in kinds:
        for size in (126, 127, 1000, 65536):

            async def too_long(target: Target, opcode=opcode, size=size):
                async with await target.open() as c:
                    await c.send_quietly(frame(opcode, b"\x03\xe8" + b"x" * (size - 2)))
                    await c.expect_close(1002)

            row = 55 if opcode == CLOSE else 41
            table.add(f"{name} of {size} bytes", "RFC 6455 5.5", (row,), too_long)

        async def by_header(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(header(opcode, 126))
                await c.expect_close(1002)

        table.add(f"{name} of 126 bytes is refused by its header", "RFC 6455 5.5", (41,), by_header)
        for payload in (b"", b"\x03\xe8"):

            async def fragmented(target: Target, opcode=opcode, payload=payload):
                async with await target.open() as c:
                    await c.send(frame(opcode, payload, fin=False) + frame(0, b""))
                    await c.expect_close(1002)

            table.add(f"{name} of {len(payload)} bytes without FIN", "RFC 6455 5.4, 5.5", (40,), fragmented)

        async def inside(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(BINARY, b"a", fin=False) + frame(opcode, b"", fin=False))
                await c.expect_close(1002)

        table.add(f"{name} without FIN inside a message", "RFC 6455 5.4, 5.5", (40,), inside)
    return table.rows
