"""The closing handshake: codes, reasons, order, and who ends the TCP connection."""

from __future__ import annotations

import asyncio
import struct
import time

from ..case import Case, Failure, Informational, Table, expect
from ..connection import Target
from ..frames import BINARY, CLOSE, PING, TEXT, close_frame, frame
from ..utf8_vectors import bad

VALID = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4400, 4998, 4999)
INVALID = (0, 1, 500, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 32768, 65535)


def cases() -> list[Case]:
    return codes() + bodies() + order()


def codes() -> list[Case]:
    table = Table("5.1")
    for code in VALID:

        async def run(target: Target, code=code):
            async with await target.open() as c:
                await c.send(close_frame(code))
                # 1010 is the client's alone, so a server answers it with another code.
                await c.expect_close(code, *((1000, None) if code == 1010 else ()))

        table.add(f"Close {code}", "RFC 6455 7.4", (57, 59, 60, 62), run)
    for code in INVALID:

        async def refused(target: Target, code=code):
            async with await target.open() as c:
                await c.send(close_frame(code))
                await c.expect_close(1002)

        table.add(f"Close {code} is invalid", "RFC 6455 7.4", (58, 59), refused)
    return table.rows


def bodies() -> list[Case]:
    table = Table("5.2")

    async def empty(target: Target):
        async with await target.open() as c:
            await c.send(close_frame(None))
            await c.expect_close(None, 1000)

    table.add("Close without a body", "RFC 6455 5.5.1", (52, 59), empty)
    for byte in (b"\x03", b"\0", b"a"):

        async def one(target: Target, byte=byte):
            async with await target.open() as c:
                await c.send(frame(CLOSE, byte))
                await c.expect_close(1002)

        table.add(f"Close with the one byte {byte.hex()}", "RFC 6455 5.5.1", (53,), one)
    for size in (1, 2, 60, 122, 123):

        async def reason(target: Target, size=size):
            async with await target.open() as c:
                await c.send(close_frame(1000, "r" * size))
                received = await c.expect_close(1000)
                text = received.payload[2:]
                expect(text in (b"", b"r" * size), f"reason {text!r}")

        table.add(f"Close with a reason of {size} bytes", "RFC 6455 5.5.1", (54,), reason)
    for text in ("\u20ac" * 41, "caf\u00e9", "\U0001f30a"):

        async def unicode(target: Target, text=text):
            async with await target.open() as c:
                await c.send(close_frame(4000, text))
                await c.expect_close(4000)

        table.add(f"Close with the reason {text[:5]!a} ({len(text.encode())} bytes)", "RFC 6455 5.5.1", (54,), unicode)
    for size in (124, 125, 200):

        async def too_long(target: Target, size=size):
            async with await target.open() as c:
                await c.send(close_frame(1000, "r" * size))
                await c.expect_close(1002)

        table.add(f"Close with a reason of {size} bytes is too long", "RFC 6455 5.5", (55,), too_long)
    for name, text in bad()[::6]:

        async def not_utf8(target: Target, text=text):
            async with await target.open() as c:
                await c.send(close_frame(1000, text))
                await c.expect_close(1007)

        table.add(f"reason is not UTF-8: {name}", "RFC 6455 5.5.1, 8.1", (56,), not_utf8)
    return table.rows


def order() -> list[Case]:
    table = Table("5.3")

    async def end_at_once(target: Target):
        async with await target.open() as c:
            await c.echo("before")
            started = time.monotonic()
            await c.send(close_frame(1000))
            await c.expect_close(1000, end_s=1.0)
            expect(time.monotonic() - started < 1.0, "the server took more than 1 s to end the connection")

    table.add("the server ends the TCP connection within 1 s", "RFC 6455 5.5.1, 7.1.1", (60, 62), end_at_once)

    later = {
        "a text": frame(TEXT, "late"),
        "a ping": frame(PING, b"late"),
        "a second Close": close_frame(1001),
        "an invalid frame": b"\xff\xff",
        "an unmasked frame": frame(TEXT, "late", mask=None),
        "256 KiB": frame(BINARY, b"x" * 262144),
        "text that is not UTF-8": frame(TEXT, b"\xff"),
        "a continuation": frame(0, b"x"),
    }
    for title, data in later.items():
        for gap in (False, True):

            async def ignored(target: Target, data=data, gap=gap):
                async with await target.open() as c:
                    if gap:
                        await c.send(close_frame(1000))
                        await asyncio.sleep(0.005)
                        await c.send_quietly(data)
                    else:
                        await c.send_quietly(close_frame(1000) + data)
                    await c.expect_close(1000)

            when = "in the next segment" if gap else "in the same segment"
            table.add(f"{title} after Close, {when}, is ignored", "RFC 6455 5.5.1, 7.1.7", (60, 61), ignored)

    async def answers_before(target: Target):
        async with await target.open() as c:
            texts = [b"m%d" % i for i in range(20)]
            await c.send(b"".join(frame(TEXT, text) for text in texts) + close_frame(1000))
            for text in texts:
                await c.expect_message(TEXT, text)
            await c.expect_close(1000)

    table.add("messages before Close are answered before it", "RFC 6455 5.5.1", (60, 66), answers_before)

    async def big_before(target: Target):
        async with await target.open() as c:
            data = bytes(range(256)) * 4096
            await c.send(frame(BINARY, data) + close_frame(1000))
            await c.expect_message(BINARY, data)
            await c.expect_close(1000)

    table.add("1 MiB before Close is answered whole", "RFC 6455 5.5.1", (60,), big_before)

    async def simultaneous(target: Target):
        """We close in the same moment as the server, which has met a bad frame."""
        async with await target.open() as c:
            await c.send(frame(3, b"") + close_frame(1000))
            await c.expect_close(1002)

    table.add("both sides close at once", "RFC 6455 5.5.1", (63, 64), simultaneous)

    async def byte_by_byte(target: Target):
        async with await target.open() as c:
            await c.send_pieces(close_frame(1000, "slowly"), 1)
            await c.expect_close(1000)

    table.add("Close byte by byte", "RFC 6455 5.5.1", (35, 60), byte_by_byte)

    async def silent_after_failure(target: Target):
        async with await target.open() as c:
            started = time.monotonic()
            await c.send(frame(3, b""))
            received = await c.read_frame()
            expect(received.code == 1002, f"close code {received.code}")
            await c.read_eof(5.5)
            expect(time.monotonic() - started <= 5.5, "the connection outlived 5 s")

    table.add("a peer that never answers Close is cut within 5 s", "RFC 6455 7.1.1, 7.1.7", (65, 64), silent_after_failure)

    async def answers_failure(target: Target):
        async with await target.open() as c:
            await c.send(frame(3, b""))
            received = await c.read_frame()
            expect(received.code == 1002, f"close code {received.code}")
            await c.send_quietly(close_frame(1002))
            await c.read_eof(1.0)

    table.add("a peer that answers Close sees the end within 1 s", "RFC 6455 7.1.1", (62, 64), answers_failure)

    for title, data in {"idle": b"", "inside a frame": frame(TEXT, "hello")[:8], "inside a message": frame(TEXT, "a", fin=False)}.items():

        async def aborted(target: Target, data=data):
            async with await target.open() as c:
                await c.send(data)
            async with await target.open() as c:
                await c.echo("the server lives")
                await c.finish()

        table.add(f"the connection is reset while {title}; the server lives", "RFC 6455 7.1.5", (64,), aborted)

    async def half_closed(target: Target):
        async with await target.open() as c:
            if not c.writer.can_write_eof():
                raise Informational("TLS cannot half close here")
            await c.send(frame(TEXT, "last words"))
            c.writer.write_eof()
            rest = await c.read_eof(5.0)
            raise Informational(f"{len(rest)} bytes came after our end of file")

    table.add("end of file without Close", "RFC 6455 7.1.5", (66,), half_closed)

    async def code_without_handshake(target: Target):
        async with await target.open() as c:
            await c.send(struct.pack("!BB", 0x88, 0x80))  # the mask and the rest never come
            try:
                received = await c.read_frame(0.3)
            except Failure as error:
                if "nothing arrived" not in str(error):
                    raise
                return
            raise Failure(f"answered half a frame with opcode {received.opcode}")

    table.add("half a Close frame is not answered", "RFC 6455 5.2", (35,), code_without_handshake)
    return table.rows
