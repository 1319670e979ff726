"""Frames: lengths, masks, reserved bits and opcodes, and every way to cut the bytes."""

from __future__ import annotations

import asyncio

from ..case import Case, Table, expect
from ..connection import Target
from ..frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame, header

LENGTHS = (0, 1, 2, 124, 125, 126, 127, 128, 65535, 65536, 65537)
SPLIT_TALK = frame(TEXT, "h\u00e9llo") + frame(PING, b"p") + frame(BINARY, b"\0\xff") + close_frame(1000, "bye")


def cases() -> list[Case]:
    return lengths() + reserved_bits() + reserved_opcodes() + masking() + odd_lengths() + splits()


def payload_of(opcode: int, size: int) -> bytes:
    return (b"*" if opcode == TEXT else b"\xfe") * size


def lengths() -> list[Case]:
    table = Table("1.1")
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        for size in LENGTHS:
            for chop in (None, 1 if size <= 128 else 997):

                async def run(target: Target, opcode=opcode, size=size, chop=chop):
                    async with await target.open() as c:
                        payload = payload_of(opcode, size)
                        await c.send_pieces(frame(opcode, payload), chop or size + 20)
                        await c.expect_message(opcode, payload)
                        await c.finish()

                how = f", sent {chop} bytes at a time" if chop else ""
                table.add(f"{name} of {size} bytes{how}", "RFC 6455 5.2, 5.6", (26, 32, 35), run)
    return table.rows


def reserved_bits() -> list[Case]:
    table = Table("1.2")
    for rsv in range(1, 8):
        for opcode, name in ((TEXT, "text"), (BINARY, "binary"), (PING, "ping"), (CLOSE, "close")):

            async def run(target: Target, rsv=rsv, opcode=opcode):
                async with await target.open() as c:
                    payload = b"\x03\xe8" if opcode == CLOSE else b"x"
                    await c.send(frame(opcode, payload, rsv=rsv))
                    await c.expect_close(1002)

            table.add(f"{name} with RSV {rsv:03b} and no extension", "RFC 6455 5.2", (27, 64), run)
    for rsv in range(1, 8):

        async def later(target: Target, rsv=rsv):
            async with await target.open() as c:
                await c.send(frame(TEXT, "good") + frame(TEXT, "bad", rsv=rsv) + frame(PING, b"never"))
                await c.expect_message(TEXT, b"good")
                await c.expect_close(1002)

        table.add(
            f"RSV {rsv:03b} after a good message in one segment: that one is answered, the rest is not",
            "RFC 6455 5.2, 7.1.7", (27, 36, 64), later,
        )
    return table.rows


def reserved_opcodes() -> list[Case]:
    table = Table("1.3")
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        row = 28 if opcode < 8 else 29
        for payload in (b"", b"reserved"):

            async def run(target: Target, opcode=opcode, payload=payload):
                async with await target.open() as c:
                    await c.send(frame(opcode, payload))
                    await c.expect_close(1002)

            table.add(f"opcode {opcode} with {len(payload)} bytes", "RFC 6455 5.2", (row, 64), run)

        async def later(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(TEXT, "good") + frame(opcode, b"bad") + frame(PING))
                await c.expect_message(TEXT, b"good")
                await c.expect_close(1002)

        table.add(f"opcode {opcode} after a good message", "RFC 6455 5.2, 7.1.7", (row, 64), later)

        async def header_only(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(header(opcode, 100))
                await c.expect_close(1002)

        table.add(f"opcode {opcode} is refused by its header", "RFC 6455 5.2", (row, 64), header_only)
    return table.rows


def masking() -> list[Case]:
    table = Table("1.4")
    names = {TEXT: "text", BINARY: "binary", PING: "ping", PONG: "pong", CLOSE: "close", CONTINUATION: "continuation"}
    for opcode, name in names.items():

        async def unmasked(target: Target, opcode=opcode):
            async with await target.open() as c:
                if opcode == CONTINUATION:
                    await c.send(frame(TEXT, "a", fin=False))
                await c.send(frame(opcode, b"\x03\xe8", mask=None))
                await c.expect_close(1002)

        table.add(f"unmasked {name}", "RFC 6455 5.1", (25,), unmasked)

    async def unmasked_empty(target: Target):
        async with await target.open() as c:
            await c.send(b"\x81\x00")
            await c.expect_close(1002)

    table.add("unmasked empty text", "RFC 6455 5.1", (25,), unmasked_empty)

    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x01", b"\x80\0\0\0", b"abcd", b"\x7f\x80\xaa\x55"):

        async def masks(target: Target, mask=mask):
            async with await target.open() as c:
                for size in range(41):
                    payload = bytes(range(1, size + 1))
                    await c.send(frame(BINARY, payload, mask=mask))
                    await c.expect_message(BINARY, payload)
                await c.finish()

        table.add(f"mask {mask.hex()} over 0 to 40 bytes, reused", "RFC 6455 5.3", (34,), masks)
    for cut in range(1, 13):

        async def alignment(target: Target, cut=cut):
            payload = bytes(range(64))
            data = frame(BINARY, payload)
            async with await target.open() as c:
                await c.send(data[: 6 + cut])
                await asyncio.sleep(0.01)
                await c.send(data[6 + cut :])
                await c.expect_message(BINARY, payload)
                await c.finish()

        table.add(f"the mask goes on after a cut at byte {cut} of the payload", "RFC 6455 5.3", (34, 35), alignment)
    return table.rows


def odd_lengths() -> list[Case]:
    table = Table("1.5")
    odd = [(size, 16) for size in (0, 1, 2, 124, 125)] + [(size, 64) for size in (0, 1, 125, 126, 127, 65534, 65535)]
    for size, form in odd:

        async def run(target: Target, size=size, form=form):
            async with await target.open() as c:
                await c.send_quietly(frame(BINARY, b"x" * size, form=form))
                await c.expect_close(1002)

        table.add(f"{size} bytes with a length of {form} bits", "RFC 6455 5.2", (31,), run)
    for size in (1 << 63, (1 << 63) + 5, (1 << 64) - 1):

        async def top_bit(target: Target, size=size):
            async with await target.open() as c:
                await c.send(header(BINARY, size))
                await c.expect_close(1002)

        table.add(f"a length of {size:#x}", "RFC 6455 5.2", (30,), top_bit)
    for opcode, name in ((PING, "ping"), (PONG, "pong"), (CLOSE, "close")):
        for size, form in ((5, 16), (5, 64)):

            async def control(target: Target, opcode=opcode, size=size, form=form):
                async with await target.open() as c:
                    await c.send(frame(opcode, b"\x03\xe8abc"[:size], form=form))
                    await c.expect_close(1002)

            table.add(f"{name} with a length of {form} bits", "RFC 6455 5.2, 5.5", (31, 41), control)
    return table.rows


async def talk(c) -> None:
    """The answers to SPLIT_TALK; a pong may overtake messages, which keep their order."""
    await c.expect_answers([(TEXT, "h\u00e9llo".encode()), (BINARY, b"\0\xff")], [b"p"])
    received = await c.expect_close(1000)
    expect(received.payload[2:] in (b"bye", b""), f"reason {received.payload[2:]!r}")


def splits() -> list[Case]:
    table = Table("1.6")
    for cut in range(1, len(SPLIT_TALK)):

        async def run(target: Target, cut=cut):
            async with await target.open() as c:
                await c.send(SPLIT_TALK[:cut])
                await asyncio.sleep(0.005)
                await c.send(SPLIT_TALK[cut:])
                await talk(c)

        table.add(f"a conversation cut after {cut} bytes", "RFC 6455 6.2", (35,), run)
    for size in (1, 2, 3, 5, 7):

        async def pieces(target: Target, size=size):
            async with await target.open() as c:
                await c.send_pieces(SPLIT_TALK, size)
                await talk(c)

        table.add(f"a conversation {size} bytes at a time", "RFC 6455 6.2", (35,), pieces)
    for count in (2, 10, 100, 1000):

        async def together(target: Target, count=count):
            async with await target.open() as c:
                texts = [f"message {i}".encode() for i in range(count)]
                await c.send(b"".join(frame(TEXT, text) for text in texts))
                for text in texts:
                    await c.expect_message(TEXT, text)
                await c.finish()

        table.add(f"{count} frames in one write", "RFC 6455 6.2", (36,), together)
    return table.rows
