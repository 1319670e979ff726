"""Text must be UTF-8: across fragments and reads, and refused at its first bad byte."""

from __future__ import annotations

import asyncio

from ..case import Case, Failure, NonStrict, Table, expect
from ..connection import Target
from ..frames import BINARY, CLOSE, TEXT, fragments, frame, header, masked, MASK
from ..utf8_vectors import bad, first_bad_byte, good

MIXED = "\u03ba\u1f79\u03c3\u03bc\u03b5 \U0001d11e\u20ac!".encode()


def cases() -> list[Case]:
    return valid() + splits() + invalid() + fail_fast()


def valid() -> list[Case]:
    table = Table("4.1")
    for name, text in good():

        async def whole(target: Target, text=text):
            async with await target.open() as c:
                await c.send(frame(TEXT, text))
                await c.expect_message(TEXT, text)
                await c.finish()

        async def bytewise(target: Target, text=text):
            async with await target.open() as c:
                await c.send(fragments(TEXT, text, 1))
                await c.expect_message(TEXT, text)
                await c.finish()

        table.add(f"{name}, whole", "RFC 6455 5.6, 8.1", (42,), whole)
        table.add(f"{name}, one byte a fragment", "RFC 6455 5.6, 8.1", (49,), bytewise)

    async def empty(target: Target):
        async with await target.open() as c:
            await c.echo("")
            await c.send(frame(TEXT, "", fin=False) + frame(0, "", fin=False) + frame(0, ""))
            await c.expect_message(TEXT, b"")
            await c.finish()

    table.add("empty text, whole and fragmented", "RFC 6455 5.6", (42,), empty)

    async def binary_is_free(target: Target):
        async with await target.open() as c:
            for _, data in bad():
                await c.send(frame(BINARY, data))
                await c.expect_message(BINARY, data)
            await c.finish()

    table.add("binary messages may hold anything", "RFC 6455 5.6", (48,), binary_is_free)
    return table.rows


def splits() -> list[Case]:
    table = Table("4.2")
    for cut in range(len(MIXED) + 1):

        async def frames(target: Target, cut=cut):
            async with await target.open() as c:
                await c.send(frame(TEXT, MIXED[:cut], fin=False) + frame(0, MIXED[cut:]))
                await c.expect_message(TEXT, MIXED)
                await c.finish()

        table.add(f"text cut into two frames at byte {cut}", "RFC 6455 5.6, 8.1", (49,), frames)
    data = frame(TEXT, MIXED)
    for cut in range(6, len(data)):

        async def reads(target: Target, cut=cut):
            async with await target.open() as c:
                await c.send(data[:cut])
                await asyncio.sleep(0.005)
                await c.send(data[cut:])
                await c.expect_message(TEXT, MIXED)
                await c.finish()

        table.add(f"text cut into two reads at byte {cut - 6}", "RFC 6455 8.1", (35, 49), reads)
    return table.rows


def invalid() -> list[Case]:
    table = Table("4.3")
    for name, text in bad():

        async def whole(target: Target, text=text):
            async with await target.open() as c:
                await c.send(frame(TEXT, text))
                await c.expect_close(1007)

        async def bytewise(target: Target, text=text):
            async with await target.open() as c:
                await c.send_quietly(fragments(TEXT, text, 1))
                await c.expect_close(1007)

        table.add(f"{name}, whole", "RFC 6455 5.6, 8.1", (48, 51), whole)
        table.add(f"{name}, one byte a fragment", "RFC 6455 5.6, 8.1", (48, 49, 51), bytewise)

    async def good_then_bad(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, "good") + frame(TEXT, b"bad\xff") + frame(TEXT, "never"))
            await c.expect_message(TEXT, b"good")
            await c.expect_close(1007)

    table.add("a good text before a bad one is answered", "RFC 6455 7.1.7, 8.1", (48, 64), good_then_bad)

    async def cut_off_at_end(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, b"\xe2", fin=False) + frame(0, b"\x82"))
            await c.expect_close(1007)

    table.add("the message ends inside a code point", "RFC 6455 8.1", (48, 49), cut_off_at_end)

    async def started_anew(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, b"\xe2", fin=False) + frame(0, b"\xe2\x82\xac"))
            await c.expect_close(1007)

    table.add("a code point starts inside another, over two fragments", "RFC 6455 8.1", (48, 49), started_anew)
    return table.rows


async def early(c) -> None:
    try:
        received = await c.read_frame(2.0)
    except Failure as error:
        raise NonStrict("invalid text is not refused before its end") from error
    except EOFError as error:
        raise NonStrict(f"{error} without a Close frame") from error
    expect(received.opcode == CLOSE and received.code == 1007, f"opcode {received.opcode}, code {received.code}")
    await c.read_eof()


def fail_fast() -> list[Case]:
    """The rest of the message never comes: only a server that looks at once can answer."""
    table = Table("4.4")
    vectors = [(name, text) for name, text in bad() if first_bad_byte(text) < len(text)]
    for name, text in vectors:
        at = first_bad_byte(text)

        async def inside_frame(target: Target, text=text, at=at):
            async with await target.open() as c:
                await c.send(header(TEXT, len(text) + 100) + masked(text, MASK)[: at + 1])
                await early(c)

        table.add(f"{name}: refused at byte {at} of an unfinished frame", "RFC 6455 8.1", (50,), inside_frame)
    for name, text in vectors[:12]:

        async def inside_message(target: Target, text=text):
            async with await target.open() as c:
                await c.send(frame(TEXT, "fine so far ", fin=False) + frame(0, text, fin=False))
                await early(c)

        table.add(f"{name}: refused before the last fragment", "RFC 6455 8.1", (50,), inside_message)
    return table.rows
