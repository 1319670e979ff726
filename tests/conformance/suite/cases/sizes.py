"""Large messages, many fragments, many round trips."""

from __future__ import annotations

from ..case import Case, Table
from ..connection import Target
from ..frames import BINARY, TEXT, fragments, frame

KIB, MIB = 1024, 1024 * 1024
PATTERN = bytes(range(32, 127)) * 12


def payload_of(opcode: int, size: int) -> bytes:
    base = PATTERN if opcode == TEXT else bytes(range(256)) * 5
    return (base * (size // len(base) + 1))[:size]


def cases() -> list[Case]:
    return whole() + in_fragments() + in_pieces() + round_trips()


def name_of(opcode: int) -> str:
    return "text" if opcode == TEXT else "binary"


def size_name(size: int) -> str:
    return f"{size // MIB} MiB" if size >= MIB else f"{size // KIB} KiB" if size >= KIB else f"{size} B"


def whole() -> list[Case]:
    table = Table("6.1")
    for opcode in (TEXT, BINARY):
        for size in (64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB):

            async def run(target: Target, opcode=opcode, size=size):
                async with await target.open() as c:
                    payload = payload_of(opcode, size)
                    await c.send(frame(opcode, payload))
                    await c.expect_message(opcode, payload, 25)
                    await c.finish()

            title = f"{name_of(opcode)} of {size_name(size)} in one frame"
            table.add(title, "RFC 6455 5.2, 10.4", (32,), run, heavy=size >= 4 * MIB, timeout_s=60)
    return table.rows


def in_fragments() -> list[Case]:
    table = Table("6.2")
    for opcode in (TEXT, BINARY):
        for total, size in (
            (64 * KIB, 64), (256 * KIB, 256), (MIB, KIB), (4 * MIB, 4 * KIB), (4 * MIB, 16 * KIB),
            (4 * MIB, 64 * KIB), (4 * MIB, 256 * KIB), (16 * MIB, 64 * KIB), (16 * MIB, MIB), (16 * MIB, 4 * MIB),
        ):

            async def run(target: Target, opcode=opcode, total=total, size=size):
                async with await target.open() as c:
                    payload = payload_of(opcode, total - total // size * 16)
                    await c.send(fragments(opcode, payload, size))
                    await c.expect_message(opcode, payload, 25)
                    await c.finish()

            title = f"{name_of(opcode)} of {size_name(total)} in fragments of {size_name(size)}"
            table.add(title, "RFC 6455 5.4, 10.4", (42,), run, heavy=total >= 4 * MIB, timeout_s=60)
    return table.rows


def in_pieces() -> list[Case]:
    table = Table("6.3")
    for opcode in (TEXT, BINARY):
        for piece in (64, 128, 256, 512, 1024, 2048):

            async def run(target: Target, opcode=opcode, piece=piece):
                async with await target.open() as c:
                    payload = payload_of(opcode, 2048 * piece if piece < 512 else MIB)
                    await c.send_pieces(frame(opcode, payload), piece)
                    await c.expect_message(opcode, payload, 25)
                    await c.finish()

            table.add(f"a large {name_of(opcode)} in writes of {piece} bytes", "RFC 6455 6.2", (35,), run, timeout_s=60)
    return table.rows


def round_trips() -> list[Case]:
    table = Table("6.4")
    for opcode in (TEXT, BINARY):
        for size in (0, 16, 64, 256, 1024, 4096, 16384, 65536):

            async def run(target: Target, opcode=opcode, size=size):
                async with await target.open() as c:
                    payload = payload_of(opcode, size)
                    data = frame(opcode, payload)
                    for _ in range(300):
                        await c.send(data)
                        await c.expect_message(opcode, payload)
                    await c.finish()

            title = f"300 round trips of {size_name(size)} {name_of(opcode)}"
            table.add(title, "RFC 6455 6", (36,), run, timeout_s=60)
    return table.rows
