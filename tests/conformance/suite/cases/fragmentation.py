"""Messages in several frames, with control frames between them, and the wrong orders."""

from __future__ import annotations

from ..case import Case, Table
from ..connection import Target
from ..frames import BINARY, CONTINUATION, PING, PONG, TEXT, close_frame, fragments, frame


def cases() -> list[Case]:
    return good() + interleaved() + wrong_order()


def good() -> list[Case]:
    table = Table("3.1")
    text = "fragmented \u20ac message".encode()
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):
        for size in (1, 2, 3, 7, 16):
            for piece in (1 << 20, 1):

                async def run(target: Target, opcode=opcode, size=size, piece=piece):
                    async with await target.open() as c:
                        await c.send_pieces(fragments(opcode, text, size), piece)
                        await c.expect_message(opcode, text)
                        await c.finish()

                how = ", byte by byte" if piece == 1 else ""
                table.add(f"{name} in fragments of {size}{how}", "RFC 6455 5.4", (35, 42), run)
    empties = {
        "three empty fragments": [b"", b"", b""],
        "an empty first fragment": [b"", b"x", b"y"],
        "an empty middle fragment": [b"x", b"", b"y"],
        "an empty last fragment": [b"x", b"y", b""],
        "many empty fragments": [b"x", *[b""] * 50, b"y"],
    }
    for title, pieces in empties.items():
        for opcode, name in ((TEXT, "text"), (BINARY, "binary")):

            async def empty(target: Target, pieces=pieces, opcode=opcode):
                async with await target.open() as c:
                    last = len(pieces) - 1
                    for i, piece in enumerate(pieces):
                        await c.send(frame(opcode if i == 0 else CONTINUATION, piece, fin=i == last))
                    await c.expect_message(opcode, b"".join(pieces))
                    await c.finish()

            table.add(f"{name}: {title}", "RFC 6455 5.4", (42,), empty)

    async def in_a_row(target: Target):
        async with await target.open() as c:
            for i in range(20):
                payload = b"%d" % i * 30
                await c.send(fragments(TEXT if i % 2 else BINARY, payload, 7))
                await c.expect_message(TEXT if i % 2 else BINARY, payload)
            await c.finish()

    table.add("twenty fragmented messages, text and binary in turn", "RFC 6455 5.4", (42,), in_a_row)

    async def single_then_fragmented(target: Target):
        async with await target.open() as c:
            await c.send(frame(TEXT, "one") + frame(TEXT, "t", fin=False) + frame(0, "wo") + frame(TEXT, "three"))
            for text in (b"one", b"two", b"three"):
                await c.expect_message(TEXT, text)
            await c.finish()

    table.add("whole and fragmented messages in one segment", "RFC 6455 5.4, 6.2", (36, 42), single_then_fragmented)
    return table.rows


def interleaved() -> list[Case]:
    table = Table("3.2")
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):

        async def ping_between(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, "a", fin=False) + frame(PING, b"now"))
                await c.expect_pong(b"now")  # at once: the message is not finished
                await c.send(frame(0, "b"))
                await c.expect_message(opcode, b"ab")
                await c.finish()

        table.add(f"a ping inside a {name} message is answered before its end", "RFC 6455 5.4, 5.5.2", (39,), ping_between)

        async def many_pings(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, b"", fin=False))
                for i in range(20):
                    await c.send(frame(0, b"%d" % (i % 10), fin=False) + frame(PING, b"%d" % i))
                    await c.expect_pong(b"%d" % i)
                await c.send(frame(0, b"!"))
                await c.expect_message(opcode, b"01234567890123456789!")
                await c.finish()

        table.add(f"pings between all of 20 {name} fragments", "RFC 6455 5.4", (39, 42), many_pings)

        async def pong_then_ping(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send_pieces(
                    frame(opcode, "a", fin=False) + frame(PONG, b"x") + frame(PING, b"y") + frame(0, "b"), 1
                )
                await c.expect_pong(b"y")
                await c.expect_message(opcode, b"ab")
                await c.finish()

        table.add(f"pong and ping inside a {name} message, byte by byte", "RFC 6455 5.4", (35, 39), pong_then_ping)

        async def close_inside(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, "never finished", fin=False) + close_frame(1000))
                await c.expect_close(1000)

        table.add(f"Close inside a {name} message", "RFC 6455 5.4, 5.5.1", (39, 60), close_inside)
    return table.rows


def wrong_order() -> list[Case]:
    table = Table("3.3")
    starts = {
        "continuation with FIN and no start": frame(0, "x"),
        "continuation without FIN and no start": frame(0, "x", fin=False),
        "empty continuation with FIN and no start": frame(0, ""),
        "empty continuation without FIN and no start": frame(0, "", fin=False),
        "continuation, then a whole text": frame(0, "x", fin=False) + frame(TEXT, "y"),
    }
    for title, data in starts.items():
        for piece in (1 << 20, 1):

            async def run(target: Target, data=data, piece=piece):
                async with await target.open() as c:
                    await c.send_pieces(data[:2] if piece == 1 else data, piece)
                    await c.expect_close(1002)

            how = ", by its header" if piece == 1 else ""
            table.add(f"{title}{how}", "RFC 6455 5.4", (37, 64), run)
    for opcode, name in ((TEXT, "text"), (BINARY, "binary")):

        async def after_message(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, "whole") + frame(0, "stray"))
                await c.expect_message(opcode, b"whole")
                await c.expect_close(1002)

        table.add(f"continuation after a whole {name}", "RFC 6455 5.4", (37,), after_message)

        async def after_fragmented(target: Target, opcode=opcode):
            async with await target.open() as c:
                await c.send(frame(opcode, "a", fin=False) + frame(0, "b") + frame(0, "stray"))
                await c.expect_message(opcode, b"ab")
                await c.expect_close(1002)

        table.add(f"continuation after a fragmented {name}", "RFC 6455 5.4", (37,), after_fragmented)
        for second, second_name in ((TEXT, "text"), (BINARY, "binary")):
            for fin in (True, False):

                async def nested(target: Target, opcode=opcode, second=second, fin=fin):
                    async with await target.open() as c:
                        await c.send(frame(opcode, "a", fin=False) + frame(second, "b", fin=fin) + frame(0, "c"))
                        await c.expect_close(1002)

                end = "with" if fin else "without"
                table.add(f"{second_name} {end} FIN inside a {name} message", "RFC 6455 5.4", (38, 64), nested)
    return table.rows
