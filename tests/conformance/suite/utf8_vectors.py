"""UTF-8 texts, good and bad, in the order of Markus Kuhn's stress test; the bytes are made here from
the definition in RFC 3629."""

from __future__ import annotations


def encoded(code_point: int, size: int) -> bytes:
    """The pattern of `size` bytes for that number, however wrong it may be to use it."""
    if size == 1:
        return bytes([code_point])
    leads = {2: 0xC0, 3: 0xE0, 4: 0xF0, 5: 0xF8, 6: 0xFC}
    tail = [0x80 | code_point >> 6 * i & 0x3F for i in reversed(range(size - 1))]
    return bytes([leads[size] | code_point >> 6 * (size - 1), *tail])


def good() -> list[tuple[str, bytes]]:
    texts = [
        ("ASCII", b"Hello, World"),
        ("Greek", "\u03ba\u1f79\u03c3\u03bc\u03b5".encode()),
        ("German", "\u00dcberm\u00e4\u00dfig".encode()),
        ("Japanese", "\u6771\u4eac\u3078\u3088\u3046\u3053\u305d".encode()),
        ("emoji joined", "\U0001f469\u200d\U0001f4bb\U0001f1ea\U0001f1fa".encode()),
        ("combining marks", "e\u0301\u0323\u0302".encode()),
        ("right to left", "\u202e\u05e9\u05dc\u05d5\u05dd".encode()),
        ("byte order mark", b"\xef\xbb\xbfx"),
        ("NUL and controls", b"\x00\x01\x1f\x7f"),
        ("all of two lengths", "".join(map(chr, range(0x7E, 0x100))).encode()),
    ]
    firsts = [(0x00, 1), (0x80, 2), (0x800, 3), (0x10000, 4)]
    lasts = [(0x7F, 1), (0x7FF, 2), (0xFFFF, 3), (0x10FFFF, 4)]
    edges = [(0xD7FF, 3), (0xE000, 3), (0xFFFD, 3), (0x3FFFF, 4), (0x40000, 4), (0xFFFFF, 4), (0x100000, 4)]
    texts += [(f"first of {size} bytes", encoded(point, size)) for point, size in firsts]
    texts += [(f"last of {size} bytes", encoded(point, size)) for point, size in lasts]
    texts += [(f"U+{point:04X}, beside a limit", encoded(point, size)) for point, size in edges]
    noncharacters = [0xFFFE, 0xFFFF, 0xFDD0, 0xFDEF]
    noncharacters += [plane << 16 | 0xFFFE | last for plane in (1, 2, 8, 15, 16) for last in (0, 1)]
    texts += [
        (f"noncharacter U+{point:04X}", encoded(point, 3 if point < 0x10000 else 4)) for point in noncharacters
    ]
    return texts


def bad() -> list[tuple[str, bytes]]:
    texts = [
        ("surrogate in the middle", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"),
        ("too large in the middle", b"\xce\xba\xe1\xbd\xb9\xcf\x83\xf4\x90\x80\x80edited"),
        ("0xFF at the end", b"text\xff"),
        ("0xFF at the start", b"\xfftext"),
    ]
    texts += [(f"{n} continuation bytes alone", bytes([0x80 + i for i in range(n)])) for n in range(1, 8)]
    texts += [("the last continuation byte alone", b"\xbf"), ("first and last alone", b"\x80\xbf")]
    texts += [("all 64 continuation bytes", bytes(range(0x80, 0xC0)))]
    for low, high in ((0xC0, 0xE0), (0xE0, 0xF0), (0xF0, 0xF8), (0xF8, 0xFC), (0xFC, 0xFE)):
        lonely = b"".join(bytes([lead, 0x20]) for lead in range(low, high))
        texts.append((f"leads {low:#x} to {high - 1:#x}, each before a space", lonely))
    texts += [(f"{size} bytes long: first", encoded(first, size)) for size, first in ((5, 0x200000), (6, 0x4000000))]
    texts += [(f"{size} bytes long: last", encoded(last, size)) for size, last in ((4, 0x1FFFFF), (5, 0x3FFFFFF), (6, 0x7FFFFFFF))]
    texts += [(f"last byte of {size} missing", encoded(point, size)[:-1]) for point, size in ((0x7FF, 2), (0x800, 3), (0xFFFF, 3), (0x10000, 4), (0x10FFFF, 4))]
    texts += [(f"two bytes of {size} missing", encoded(point, size)[:-2]) for point, size in ((0xFFFF, 3), (0x10FFFF, 4))]
    texts += [("incomplete ones in a row", b"\xc3\xe0\xa0\xf0\x90\x80\xdf\xef\xbf\xf4\x8f\xbf")]
    texts += [(f"impossible byte {byte:#x}", bytes([byte])) for byte in (0xC0, 0xC1, 0xF5, 0xF8, 0xFC, 0xFE, 0xFF)]
    texts += [("0xFE 0xFE 0xFF 0xFF", b"\xfe\xfe\xff\xff")]
    for point, name in ((0x2F, "slash"), (0x00, "NUL"), (0x7F, "DEL")):
        texts += [(f"overlong {name} in {size} bytes", encoded(point, size)) for size in (2, 3, 4, 5, 6)]
    texts += [(f"overlong U+{point:X} in {size} bytes", encoded(point, size)) for point, size in ((0x7FF, 3), (0xFFFF, 4), (0x1FFFFF, 5), (0x3FFFFFF, 6))]
    surrogates = (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)
    texts += [(f"surrogate U+{point:X}", encoded(point, 3)) for point in surrogates]
    pairs = [(high, low) for high in (0xD800, 0xDB7F, 0xDB80, 0xDBFF) for low in (0xDC00, 0xDFFF)]
    texts += [(f"surrogates U+{high:X} U+{low:X}", encoded(high, 3) + encoded(low, 3)) for high, low in pairs]
    texts += [(f"U+{point:X}, above the last", encoded(point, 4)) for point in (0x110000, 0x13FFFF, 0x140000)]
    return texts


def first_bad_byte(data: bytes) -> int:
    """Where a decoder can know that the text is broken; len(data) when only the end shows it."""
    for size in range(1, len(data) + 1):
        try:
            data[:size].decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return size - 1
    return len(data)
