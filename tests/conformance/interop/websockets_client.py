"""Python's websockets: echo, fragments, pings, close."""

import asyncio
import ssl
import sys

import websockets

TEXTS = ["", "hello", "h\u00e9llo \u20ac", "\U0001f469\u200d\U0001f4bb", "x" * 125, "x" * 126, "lorem ipsum " * 10000]
SIZES = [0, 1, 126, 65535, 65536, 1000000]


async def main(url: str, deflate: bool) -> None:
    context = None
    if url.startswith("wss"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    messages = TEXTS + [bytes(i * 31 % 256 for i in range(size)) for size in SIZES]
    async with websockets.connect(url, ssl=context, max_size=None, compression="deflate") as socket:
        agreed = any(extension.name == "permessage-deflate" for extension in socket.extensions)
        assert agreed == deflate, f"agreed extensions: {socket.extensions}"
        for message in messages:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(["one ", "two ", "three"])  # one message in fragments
        assert await socket.recv() == "one two three"
        await asyncio.wait_for(await socket.ping(b"alive"), 5)
        await socket.close(4000, "done")
        assert socket.close_code == 4000, socket.close_code


asyncio.run(asyncio.wait_for(main(sys.argv[1], sys.argv[2] == "deflate"), 60))
