"""Frames as a client writes them, right and wrong."""

from __future__ import annotations

import struct

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"


def masked(payload: bytes, mask: bytes) -> bytes:
    """XOR by one big number: the only fast way without a library."""
    size = len(payload)
    if size == 0 or mask == b"\0\0\0\0":
        return payload
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(size, "little")


def length_field(size: int, form: int | None = None) -> bytes:
    """The length bytes, mask bit set. `form` 7, 16 or 64 forces an encoding."""
    if form is None:
        form = 7 if size < 126 else 16 if size < 65536 else 64
    if form == 7:
        return bytes([0x80 | size])
    if form == 16:
        return b"\xfe" + struct.pack("!H", size)
    return b"\xff" + struct.pack("!Q", size)


def frame(
    opcode: int,
    payload: bytes | str = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    mask: bytes | None = MASK,
    form: int | None = None,
) -> bytes:
    """One frame; `rsv` 4 is RSV1, 2 RSV2, 1 RSV3; `mask` None leaves it unmasked."""
    if isinstance(payload, str):
        payload = payload.encode()
    first = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    size = length_field(len(payload), form)
    if mask is None:
        return first + bytes([size[0] & 0x7F]) + size[1:] + payload
    return first + size + mask + masked(payload, mask)


def header(opcode: int, size: int, *, fin: bool = True, rsv: int = 0, form: int | None = None) -> bytes:
    """A frame's header that announces `size` bytes which need not follow."""
    return bytes([(0x80 if fin else 0) | rsv << 4 | opcode]) + length_field(size, form) + MASK


def close_frame(code: int | None = 1000, reason: bytes | str = b"") -> bytes:
    if isinstance(reason, str):
        reason = reason.encode()
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


def fragments(opcode: int, payload: bytes, size: int, *, rsv: int = 0) -> bytes:
    """A message cut into frames of `size` bytes."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    last = len(pieces) - 1
    return b"".join(
        frame(opcode if i == 0 else CONTINUATION, piece, fin=i == last, rsv=rsv if i == 0 else 0)
        for i, piece in enumerate(pieces)
    )
