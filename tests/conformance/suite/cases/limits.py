"""What a server must refuse early: announced sizes, sums, fragment floods and inflation."""

from __future__ import annotations

import asyncio
import os
import time
import zlib

from ..case import Case, Failure, Table, expect
from ..connection import Connection, Target
from ..frames import BINARY, CLOSE, PING, TEXT, frame, header

LIMIT = 65536  # of the "limited" server
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"


def cases() -> list[Case]:
    return announced() + sums() + inflation() + floods()


async def survives(target: Target) -> None:
    async with await target.open() as c:
        await c.echo("the server lives")
        await c.finish()


def announced() -> list[Case]:
    table = Table("7.1")
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):

        async def exact(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, b"x" * LIMIT))
                await c.expect_message(opcode, b"x" * LIMIT)
                await c.finish()

        table.add(f"{name} of exactly the limit", "RFC 6455 10.4", (33,), exact, server="limited")
        for size in (LIMIT + 1, 2 * LIMIT, 1 << 31, 1 << 32, 1 << 40, (1 << 63) - 1):

            async def by_header(target: Target, opcode=opcode, size=size):
                async with await target.open() as c:
                    await c.send(header(opcode, size))
                    await c.expect_close(1009)

            table.add(f"{name} that announces {size} bytes is refused by its header", "RFC 6455 5.2, 10.4", (33,), by_header, server="limited")
    for size in (17 << 20, 1 << 32, (1 << 63) - 1):

        async def raised(target: Target, size=size):
            async with await target.open() as c:
                await c.send(header(BINARY, size))
                await c.expect_close(1009)

        table.add(f"{size} bytes against the raised limit", "RFC 6455 5.2, 10.4", (33,), raised)
    return table.rows


def sums() -> list[Case]:
    table = Table("7.2")
    for piece in (1024, 4096, 32768, 65535):

        async def summed(target: Target, piece=piece):
            async with await target.open() as c:
                await c.send(frame(BINARY, b"x" * piece, fin=False))
                for _ in range(LIMIT // piece):
                    await c.send_quietly(frame(0, b"x" * piece, fin=False))
                await c.expect_close(1009)

        table.add(f"fragments of {piece} bytes past the limit together", "RFC 6455 10.4", (43,), summed, server="limited")

    async def announced_sum(target: Target):
        async with await target.open() as c:
            await c.send(frame(BINARY, b"x" * 60000, fin=False) + header(0, 6000))
            await c.expect_close(1009)

    table.add("a fragment's header that takes the sum past the limit", "RFC 6455 10.4", (33, 43), announced_sum, server="limited")

    async def control_does_not_count(target: Target):
        async with await target.open() as c:
            await c.send(frame(BINARY, b"x" * 60000, fin=False))
            for _ in range(100):
                await c.send(frame(PING, b"p" * 125))
                await c.expect_pong(b"p" * 125)
            await c.send(frame(0, b"y"))
            await c.expect_message(BINARY, b"x" * 60000 + b"y")
            await c.finish()

    table.add("pings inside a message do not count", "RFC 6455 5.4, 10.4", (39, 43), control_does_not_count, server="limited")

    async def each_message_anew(target: Target):
        async with await target.open() as c:
            for _ in range(10):
                await c.send(frame(BINARY, b"x" * 60000))
                await c.expect_message(BINARY, b"x" * 60000)
            await c.finish()

    table.add("each message has the whole limit", "RFC 6455 10.4", (43,), each_message_anew, server="limited")
    return table.rows


def deflated(payload: bytes, level: int = 9) -> bytes:
    squeezer = zlib.compressobj(level, zlib.DEFLATED, -15)
    data = squeezer.compress(payload) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4]


def inflation() -> list[Case]:
    table = Table("7.3")
    for size in (LIMIT + 1, 1 << 20, 64 << 20):

        # Made now: a client that is busy compressing looks like a slow one.
        data = deflated(b"\0" * size)[:LIMIT]

        async def bomb(target: Target, data=data):
            async with await target.open(DEFLATE) as c:
                expect(c.deflate is not None, "permessage-deflate was not agreed")
                await c.send_quietly(frame(BINARY, data, rsv=4))
                await c.expect_close(1009)

        table.add(f"a message that inflates to {size} bytes", "RFC 7692 8; RFC 6455 10.4", (79,), bomb, server="limited")

    async def exact(target: Target):
        async with await target.open(DEFLATE) as c:
            await c.send(frame(BINARY, deflated(b"\0" * LIMIT), rsv=4))
            await c.expect_message(BINARY, b"\0" * LIMIT)
            await c.finish()

    table.add("a message that inflates to exactly the limit", "RFC 7692 8", (79,), exact, server="limited")

    largest = deflated(b"\0" * (60 << 20))[: LIMIT - 100]

    async def memory(target: Target):
        pid = target.facts.get("pid")
        before = resident_kib(pid)
        connections = []
        try:
            for _ in range(20):
                c = await target.open(DEFLATE)
                connections.append(c)
                await c.send_quietly(frame(BINARY, largest, rsv=4))
            for c in connections:
                await c.expect_close(1009)
        finally:
            for c in connections:
                c.abort()
        grown = resident_kib(pid) - before
        expect(grown < 16 * 1024, f"20 bombs of 60 MiB made the server grow by {grown} KiB")

    table.add("20 bombs do not make the server grow", "RFC 7692 8", (79,), memory, server="limited", heavy=True)
    return table.rows


def resident_kib(pid: int | None) -> int:
    """Resident memory of the server, 0 when it is not a process of ours."""
    if pid is None or not os.path.exists(f"/proc/{pid}/status"):
        return 0
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next((int(line.split()[1]) for line in status if line.startswith("VmRSS:")), 0)


def floods() -> list[Case]:
    table = Table("7.4")
    for size in (0, 1):

        async def tiny(target: Target, size=size):
            async with await target.open() as c:
                piece = frame(0, b"x" * size, fin=False) * 500
                await c.send(frame(BINARY, b"", fin=False))
                closed = asyncio.create_task(c.expect_close(1008, 1009))
                for _ in range(400):
                    if closed.done():
                        break
                    await c.send_quietly(piece)
                    await asyncio.sleep(0)
                await closed

        table.add(f"200,000 fragments of {size} bytes in one message", "RFC 6455 10.4", (44,), tiny, server="limited")

    async def unfinished_message(target: Target):
        await starved(target, frame(TEXT, "a", fin=False), frame(0, "b", fin=False))

    async def unfinished_frame(target: Target):
        await starved(target, header(BINARY, 1000), b"\0")

    table.add("a frame whose bytes trickle in is cut off", "RFC 6455 10.4", (44,), unfinished_frame, server="limited", timeout_s=60)
    table.add("a message whose fragments trickle in is cut off", "RFC 6455 10.4", (44,), unfinished_message, server="limited", timeout_s=60)

    async def many_partial(target: Target):
        pid = target.facts.get("pid")
        connections: list[Connection] = []
        before = resident_kib(pid)
        try:
            for _ in range(200):
                c = await target.open()
                connections.append(c)
                await c.send(header(BINARY, LIMIT) + b"x")
            await asyncio.sleep(0.2)
            grown = resident_kib(pid) - before
            expect(grown < 200 * 32, f"200 announced frames of 64 KiB cost {grown} KiB before they came")
        finally:
            for c in connections:
                c.abort()
        await survives(target)

    table.add("memory follows the bytes received, not those announced", "RFC 6455 10.4", (30, 33), many_partial, server="limited", heavy=True)

    async def control_flood(target: Target):
        """A client that floods with pings and never reads hurts itself only."""
        async with await target.open() as c:
            c.reader._transport.pause_reading()
            data = frame(PING, b"p" * 125) * 4000
            for _ in range(40):
                await asyncio.wait_for(c.send_quietly(data), 12) if not c.writer.is_closing() else None
                if c.writer.transport.get_write_buffer_size() > 1 << 20:
                    break
            await survives(target)

    table.add("pings without end, no answer read; others are served", "RFC 6455 10.4", (44, 47), control_flood, server="limited", timeout_s=60)
    return table.rows


async def starved(target: Target, start: bytes, more: bytes) -> None:
    """Sends `more` twice a second; the server must give up within 40 s."""
    async with await target.open() as c:
        started = time.monotonic()
        await c.send(start)
        while time.monotonic() - started < 40:
            await c.send_quietly(more)
            try:
                received = await c.read_frame(0.5)
            except EOFError:
                return
            except Failure as error:
                if "nothing arrived" not in str(error):
                    raise
                continue
            expect(received.opcode == CLOSE, f"opcode {received.opcode}")
            expect(received.code in (1002, 1008, 1009, 1011, 4010, 4400), f"close code {received.code}")
            return
        raise Failure("the server waited 40 s for a message that trickled in")
