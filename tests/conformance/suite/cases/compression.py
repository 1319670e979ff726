"""permessage-deflate: what is agreed, that it is obeyed, and what broken data leads to."""

from __future__ import annotations

import random
import zlib

from ..case import Case, Failure, Informational, Table, expect
from ..connection import Connection, Target, upgrade_request
from ..frames import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame

EXTENSION = "Sec-WebSocket-Extensions: "
TAIL = b"\0\0\xff\xff"


def cases() -> list[Case]:
    return combinations() + declined() + broken_headers() + payloads() + blocks() + misuse()


class Sender:
    """Compresses as the agreement allows a client to."""

    def __init__(self, deflate: dict[str, str]):
        self.bits = max(9, int(deflate.get("client_max_window_bits") or 15))
        self.keeps = "client_no_context_takeover" not in deflate
        self.squeezer = None

    def deflate(self, payload: bytes) -> bytes:
        if self.squeezer is None or not self.keeps:
            self.squeezer = zlib.compressobj(6, zlib.DEFLATED, -self.bits)
        data = self.squeezer.compress(payload) + self.squeezer.flush(zlib.Z_SYNC_FLUSH)
        expect(data.endswith(TAIL), "zlib surprised us")
        return data[:-4]


def samples() -> list[tuple[int, bytes]]:
    rng = random.Random(7692)
    text = "the quick brown fox jumps over the lazy dog. \u20ac " * 60
    return [
        (TEXT, b""),
        (TEXT, b"short"),
        (TEXT, text.encode()),
        (BINARY, bytes(rng.randrange(256) for _ in range(3000))),
        (TEXT, text.encode()),  # once more: context takeover now finds it in the window
        (BINARY, b"\0" * 40000),
    ]


async def exchange(c: Connection) -> None:
    """Echoes every sample compressed whole, compressed in fragments and not compressed."""
    sender = Sender(c.deflate)
    for opcode, payload in samples():
        await c.send(frame(opcode, sender.deflate(payload), rsv=4))
        await c.expect_message(opcode, payload)
        data = sender.deflate(payload)
        cut = len(data) // 2
        await c.send(frame(opcode, data[:cut], fin=False, rsv=4) + frame(0, data[cut:], fin=False) + frame(0, b""))
        await c.expect_message(opcode, payload)
        await c.send(frame(opcode, payload))
        await c.expect_message(opcode, payload)


def check_answer(deflate: dict[str, str], offer: dict[str, str | None]) -> None:
    """RFC 7692 7.1: what may be in the answer to this offer."""
    known = ("server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits")
    for name, value in deflate.items():
        expect(name in known, f"unknown parameter {name}")
        if name.endswith("takeover"):
            expect(value == "", f"{name} has a value")
            continue
        expect(value in [str(bits) for bits in range(8, 16)], f"{name}={value!r}")
        if name.startswith("client"):
            expect(name in offer, "client_max_window_bits was not offered")
        if offer.get(name):
            expect(int(value) <= int(offer[name]), f"{name}={value} exceeds the offer {offer[name]}")
    if "server_no_context_takeover" in offer:
        expect("server_no_context_takeover" in deflate, "server_no_context_takeover was not agreed")
    if "server_max_window_bits" in offer:
        expect("server_max_window_bits" in deflate, "server_max_window_bits was not agreed")


def written(offer: dict[str, str | None]) -> str:
    return "; ".join(["permessage-deflate"] + [name if value is None else f"{name}={value}" for name, value in offer.items()])


def combinations() -> list[Case]:
    table = Table("8.1")
    flags: list[dict] = [
        {},
        {"client_no_context_takeover": None},
        {"server_no_context_takeover": None},
        {"client_no_context_takeover": None, "server_no_context_takeover": None},
    ]
    client_bits = ["absent", None, *map(str, range(8, 16))]
    server_bits = ["absent", *map(str, range(8, 16))]
    for flag in flags:
        for client in client_bits:
            for server in server_bits:
                offer = dict(flag)
                if client != "absent":
                    offer["client_max_window_bits"] = client
                if server != "absent":
                    offer["server_max_window_bits"] = server

                async def run(target: Target, offer=offer):
                    async with await target.open(EXTENSION + written(offer)) as c:
                        if c.deflate is None:
                            if offer.get("server_max_window_bits") == "8":
                                await c.echo("plain" * 500)
                                await c.finish()
                                return
                            raise Failure("the offer was declined")
                        check_answer(c.deflate, offer)
                        await exchange(c)
                        await c.finish()

                table.add(written(offer), "RFC 7692 7.1", (15, 70, 71, 72, 73, 75, 76), run)
    return table.rows


def declined() -> list[Case]:
    """Offers that must be passed over, alone and before one that is good."""
    table = Table("8.2")
    offers = [
        "permessage-deflate; unknown_parameter",
        "permessage-deflate; unknown_parameter=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
    ]
    for side in ("server", "client"):
        for value in ("0", "7", "16", "08", "010", "100", "-8", "1e1", "x", "256", "8.0"):
            offers.append(f"permessage-deflate; {side}_max_window_bits={value}")
    for offer in offers:

        async def alone(target: Target, offer=offer):
            async with await target.open(EXTENSION + offer) as c:
                expect(c.deflate is None, f"agreed on {c.deflate}")
                await c.echo("not compressed " * 100)
                await c.finish()

        async def then_good(target: Target, offer=offer):
            async with await target.open(EXTENSION + offer + ", permessage-deflate") as c:
                if c.deflate is None:
                    raise Failure("the good second offer was not taken")
                check_answer(c.deflate, {})
                await exchange(c)
                await c.finish()

        table.add(f"{offer}: declined", "RFC 7692 5.1, 7.1", (69,), alone)
        table.add(f"{offer}: the next offer is taken", "RFC 7692 5.1, 7.1", (69,), then_good)

    accepted = {
        "other extensions are passed over": "x-webkit-deflate-frame, bbf-usp-protocol; a=1, permessage-deflate",
        "the first good offer wins": "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        "a quoted value": 'permessage-deflate; server_max_window_bits="10"',
        "white space anywhere": "permessage-deflate ;  server_max_window_bits = 10 , permessage-deflate",
        "empty list elements": ", ,permessage-deflate,, ",
        "a quoted value of another extension": 'foo; bar="a\\bc", permessage-deflate',
    }
    for title, value in accepted.items():

        async def takes(target: Target, value=value):
            async with await target.connect() as c:
                await c.send(upgrade_request(target.path, EXTENSION + value))
                response = await c.read_response()
                if " = " in value and response.status == 400:
                    return  # RFC 6455 9.1 knows no white space around "="
                c.check_upgrade(response)
                expect(c.deflate is not None, "permessage-deflate was not agreed")
                await exchange(c)
                await c.finish()

        table.add(title, "RFC 6455 9.1; RFC 7692 5", (15, 16, 69), takes)

    async def two_headers(target: Target):
        async with await target.open(EXTENSION + "foo", EXTENSION + "permessage-deflate") as c:
            expect(c.deflate is not None, "the second header line was not read")
            await exchange(c)
            await c.finish()

    table.add("offers over two header lines", "RFC 6455 9.1, 11.3.2", (16,), two_headers)
    for value in ("foo", "x-webkit-deflate-frame", "permessage-bzip2", "permessage-deflate-extended", "deflate"):

        async def unknown(target: Target, value=value):
            async with await target.open(EXTENSION + value) as c:
                expect(c.deflate is None, "an extension that was not offered")
                await c.echo("x" * 2000)
                await c.finish()

        table.add(f"only {value}: no extension", "RFC 6455 9.1", (15,), unknown)

    async def none_offered(target: Target):
        async with await target.open() as c:
            expect(c.deflate is None, "an extension that was not offered")
            await c.echo("y" * 2000)
            await c.finish()

    table.add("nothing offered: no extension", "RFC 6455 9.1", (15,), none_offered)
    return table.rows


def broken_headers() -> list[Case]:
    table = Table("8.3")
    values = [
        'permessage-deflate; server_max_window_bits="10',
        "permessage-deflate; ",
        "permessage-deflate; =10",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=10 11",
        "permessage-deflate server_max_window_bits",
        "permessage deflate",
        "permessage-deflate; a=b=c",
        "; permessage-deflate",
        "permessage-deflate;; server_no_context_takeover",
        "perm@ssage-deflate",
        "(permessage-deflate)",
        "permessage-deflate; a=\"b\"c",
        'permessage-deflate; a="\\',
        '"permessage-deflate"',
        'foo; bar="a, b", permessage-deflate',  # once unquoted, a value must be a token
    ]
    for value in values:

        async def run(target: Target, value=value):
            async with await target.connect() as c:
                await c.send(upgrade_request(target.path, EXTENSION + value))
                response = await c.read_response()
                expect(response.status == 400, f"status {response.status}")
                await c.read_eof()

        table.add(f"malformed: {value}", "RFC 6455 9.1", (17,), run)
    for title, value in {
        "2,000 quotes": 'permessage-deflate; a="' + '\\"' * 2000,
        "2,000 semicolons": "permessage-deflate" + ";" * 2000,
        "1,000 offers": "permessage-deflate; a," * 300,
    }.items():

        async def linear(target: Target, value=value):
            async with await target.connect() as c:
                await c.send(upgrade_request(target.path, EXTENSION + value))
                response = await c.read_response(2.0)
                expect(response.status in (101, 400), f"status {response.status}")

        table.add(f"{title} are read in linear time", "RFC 6455 9.1", (17,), linear)
    return table.rows


def payloads() -> list[Case]:
    table = Table("8.4")
    rng = random.Random(12)
    kinds = {
        "JSON": lambda size: (b'{"id":%d,"name":"user","tags":["a","b"]},' * (size // 40 + 1))[:size],
        "English": lambda size: (b"It was a bright cold day in April, and the clocks were striking thirteen. " * (size // 70 + 1))[:size],
        "zeros": lambda size: b"\0" * size,
        "random": lambda size: rng.randbytes(size),
        "repeats at the window's edge": lambda size: (rng.randbytes(min(size, 32768)) * (size // 32768 + 1))[:size],
    }
    for offer in ("permessage-deflate", "permessage-deflate; client_no_context_takeover", "permessage-deflate; server_max_window_bits=9"):
        for kind, make in kinds.items():
            for size in (16, 64, 256, 1024, 4096, 16384, 65536, 131072):

                async def run(target: Target, make=make, size=size, offer=offer):
                    async with await target.open(EXTENSION + offer) as c:
                        expect(c.deflate is not None, "permessage-deflate was not agreed")
                        sender = Sender(c.deflate)
                        for _ in range(40 if size <= 4096 else 8):
                            payload = make(size)
                            await c.send(frame(BINARY, sender.deflate(payload), rsv=4))
                            await c.expect_message(BINARY, payload)
                        await c.finish()

                table.add(f"{kind} of {size} bytes, {offer}", "RFC 7692 7.2", (75, 76, 77), run)
    return table.rows


def blocks() -> list[Case]:
    """Every way RFC 7692 7.2.3 lets a client write a message."""
    table = Table("8.5")

    def squeeze(payload: bytes, level: int, strategy: int, flush: int) -> bytes:
        squeezer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
        return squeezer.compress(payload) + squeezer.flush(flush)

    def several(payload: bytes) -> bytes:
        squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
        parts = [squeezer.compress(payload[i : i + 10]) + squeezer.flush(zlib.Z_SYNC_FLUSH) for i in range(0, len(payload), 10)]
        return b"".join(parts)[:-4]

    text = b"Hello, Hello, Hello; a message in blocks. " * 4
    messages = {
        "the RFC's example (7.2.3.1)": (bytes.fromhex("f248cdc9c90700"), b"Hello"),
        "the RFC's stored block (7.2.3.3)": (bytes.fromhex("000500faff48656c6c6f00"), b"Hello"),
        "the RFC's BFINAL block (7.2.3.4)": (bytes.fromhex("f348cdc9c9070000"), b"Hello"),
        "the RFC's two blocks (7.2.3.5)": (bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", "")), b"Hello"),
        "an empty message as one zero byte (7.2.3.6)": (b"\0", b""),
        "several blocks": (several(text), text),
        "stored blocks only": (squeeze(text, 0, 0, zlib.Z_SYNC_FLUSH)[:-4], text),
        "Huffman only": (squeeze(text, 9, zlib.Z_HUFFMAN_ONLY, zlib.Z_SYNC_FLUSH)[:-4], text),
        "run lengths only": (squeeze(text, 9, zlib.Z_RLE, zlib.Z_SYNC_FLUSH)[:-4], text),
        "fixed codes": (squeeze(text, 9, zlib.Z_FIXED, zlib.Z_SYNC_FLUSH)[:-4], text),
        "full flush": (squeeze(text, 9, 0, zlib.Z_FULL_FLUSH)[:-4], text),
        "BFINAL with a zero byte after it": (squeeze(text, 9, 0, zlib.Z_FINISH) + b"\0", text),
    }
    for title, (data, payload) in messages.items():

        async def run(target: Target, data=data, payload=payload):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                expect(c.deflate is not None, "permessage-deflate was not agreed")
                await c.send(frame(TEXT, data, rsv=4))
                await c.expect_message(TEXT, payload)
                await c.send(frame(TEXT, bytes.fromhex("f248cdc9c90700"), rsv=4))
                await c.expect_message(TEXT, b"Hello")
                await c.finish()

        async def bytewise(target: Target, data=data, payload=payload):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                pieces = [data[i : i + 1] for i in range(len(data))] or [b""]
                await c.send(frame(TEXT, pieces[0], fin=False, rsv=4))
                for piece in pieces[1:]:
                    await c.send(frame(CONTINUATION, piece, fin=False))
                await c.send(frame(CONTINUATION, b""))
                await c.expect_message(TEXT, payload)
                await c.finish()

        table.add(title, "RFC 7692 7.2.2, 7.2.3", (77,), run)
        table.add(f"{title}, one byte a fragment, an empty last one", "RFC 7692 7.2.1, 7.2.3", (76, 77), bytewise)

    async def no_bytes(target: Target):
        """Not what 7.2.3.6 says a sender does, yet some do it."""
        async with await target.open(EXTENSION + "permessage-deflate") as c:
            await c.send(frame(TEXT, b"", rsv=4))
            try:
                opcode, payload = await c.read_message()
            except Failure as closed:
                raise Informational(f"a compressed message of no bytes: {closed}") from closed
            expect((opcode, payload) == (TEXT, b""), f"{payload!r} for an empty message")
            await c.finish()

    table.add("an empty message as an empty payload", "RFC 7692 7.2.3.6", (77,), no_bytes)

    async def ping_inside(target: Target):
        async with await target.open(EXTENSION + "permessage-deflate") as c:
            data = bytes.fromhex("f248cdc9c90700")
            await c.send(frame(TEXT, data[:3], fin=False, rsv=4) + frame(PING, b"p"))
            await c.expect_pong(b"p")
            await c.send(frame(0, data[3:]))
            await c.expect_message(TEXT, b"Hello")
            await c.finish()

    table.add("a ping inside a compressed message", "RFC 7692 6.1; RFC 6455 5.4", (39, 76), ping_inside)

    async def takeover(target: Target):
        async with await target.open(EXTENSION + "permessage-deflate") as c:
            if "client_no_context_takeover" in c.deflate:
                raise Informational("the server asks its clients not to keep the context")
            sender = Sender(c.deflate)
            for _ in range(3):
                await c.send(frame(TEXT, sender.deflate(text), rsv=4))
                await c.expect_message(TEXT, text)
            await c.finish()

    table.add("the client's context is kept over messages", "RFC 7692 7.1.1.2", (71, 77), takeover)
    return table.rows


def with_dictionary() -> bytes:
    """Refers to bytes that were never sent."""
    phrase = b"bytes that only the sender has seen"
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, 0, phrase)
    return (squeezer.compress(phrase) + squeezer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def misuse() -> list[Case]:
    table = Table("8.6")
    good = bytes.fromhex("f248cdc9c90700")
    frames = {
        "RSV1 on a continuation": frame(TEXT, good[:3], fin=False, rsv=4) + frame(0, good[3:], rsv=4),
        "RSV1 on the continuation of an uncompressed message": frame(TEXT, "a", fin=False) + frame(0, "b", rsv=4),
        "RSV1 on a ping": frame(PING, b"x", rsv=4),
        "RSV1 on a Close": frame(CLOSE, b"\x03\xe8", rsv=4),
        "RSV1 and RSV2": frame(TEXT, good, rsv=6),
        "RSV1 and RSV3": frame(TEXT, good, rsv=5),
        "RSV2": frame(TEXT, "x", rsv=2),
        "RSV3": frame(TEXT, "x", rsv=1),
        "RSV1 on opcode 3": frame(3, good, rsv=4),
        "unmasked and compressed": frame(TEXT, good, rsv=4, mask=None),
    }
    for title, data in frames.items():

        async def run(target: Target, data=data):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                expect(c.deflate is not None, "permessage-deflate was not agreed")
                await c.send(data)
                await c.expect_close(1002)

        table.add(title, "RFC 7692 6; RFC 6455 5.2", (27, 74), run)

    async def declined_rsv1(target: Target):
        async with await target.open(EXTENSION + "permessage-deflate; unknown") as c:
            await c.send(frame(TEXT, good, rsv=4))
            await c.expect_close(1002)

    table.add("RSV1 though the extension was declined", "RFC 6455 5.2", (27, 74), declined_rsv1)

    rng = random.Random(78)
    garbage = {
        "block of type 3": b"\x07\x00",
        "stored block with a wrong length": b"\x00\x05\x00\x00\x00Hello",
        "a distance before the window": with_dictionary(),
        "bytes of 0xFF": b"\xff" * 50,
        "random bytes": b"\x06" + rng.randbytes(200),
        "a zlib header": zlib.compress(b"Hello, Hello, Hello" * 10),
        "a gzip header": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + good,
    }
    for title, data in garbage.items():

        async def invalid(target: Target, data=data):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                await c.send(frame(BINARY, data, rsv=4))
                await c.expect_close(1007, 1002)
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                await exchange(c)  # nothing of the bad stream is left behind in shared state
                await c.finish()

        table.add(f"broken deflate data: {title}", "RFC 7692 7.2.2", (78,), invalid)

    def squeezed(payload: bytes) -> bytes:
        return Sender({}).deflate(payload)

    texts = {"0xFF": b"ok\xff", "a surrogate": b"\xed\xa0\x80", "cut off": b"caf\xc3", "overlong": b"\xc0\xaf" * 100}
    for title, payload in texts.items():

        async def not_utf8(target: Target, payload=payload):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                await c.send(frame(TEXT, squeezed(payload), rsv=4))
                await c.expect_close(1007)

        async def not_utf8_fragmented(target: Target, payload=payload):
            async with await target.open(EXTENSION + "permessage-deflate") as c:
                data = squeezed(payload)
                await c.send(frame(TEXT, data[:1], fin=False, rsv=4) + frame(0, data[1:]))
                await c.expect_close(1007)

        table.add(f"inflated text is not UTF-8: {title}", "RFC 7692 6.2; RFC 6455 8.1", (80,), not_utf8)
        table.add(f"inflated text is not UTF-8: {title}, fragmented", "RFC 7692 6.2", (80,), not_utf8_fragmented)

    async def binary_is_free(target: Target):
        async with await target.open(EXTENSION + "permessage-deflate") as c:
            await c.send(frame(BINARY, squeezed(b"\xff\xfe"), rsv=4))
            await c.expect_message(BINARY, b"\xff\xfe")
            await c.finish()

    table.add("inflated binary may hold anything", "RFC 6455 5.6", (80,), binary_is_free)
    return table.rows
