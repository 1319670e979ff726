"""Starts the real binary for the suite and finds out where it listens."""

from __future__ import annotations

import json
import re
import select
import signal
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from .connection import Target

SECRET = "conformance-secret-0123456789abcdef0123456789abcdef"
START_S = 20.0

# The engine is under test here, not its rate limits.
WIDE = [
    "--limits.messages_per_second=0",
    "--limits.bytes_per_second=0",
    "--limits.connects_per_address=0",
]
FLAGS = {
    "main": [*WIDE, "--limits.message_bytes=16777216", "--limits.queue_bytes=67108864"],
    "uncompressed": [*WIDE, "--limits.message_bytes=16777216", "--compression.enabled=false"],
    "limited": [*WIDE, "--limits.header_timeout=2s", "--origins.allowed=https://app.example"],
}


class Server:
    """One process; use as a context manager."""

    def __init__(self, binary: str, kind: str, folder: Path, tls: tuple[Path, Path] | None):
        command = [
            binary, "serve", "--listen.public=127.0.0.1:0", "--listen.internal=127.0.0.1:0", "--shards=2",
            "--debug.echo=true", f"--auth.hmac_secret={SECRET}", "--log.format=json", *FLAGS[kind],
        ]
        if tls is not None:
            command += [f"--tls.cert_file={tls[0]}", f"--tls.key_file={tls[1]}"]
        self.log_path = folder / f"server-{kind}-{'tls' if tls else 'plain'}.log"
        self.log = self.log_path.open("wb")
        self.tls = tls is not None
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.PIPE)
        self.host, self.port = self._wait_for_address()

    def _wait_for_address(self) -> tuple[str, int]:
        deadline = time.monotonic() + START_S
        pending = b""
        while time.monotonic() < deadline and self.process.poll() is None:
            ready, _, _ = select.select([self.process.stderr], [], [], 0.2)
            if not ready:
                continue
            pending += self.process.stderr.read1(65536)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                self.log.write(line + b"\n")
                if address := public_address(line.decode("utf-8", "replace")):
                    self._drain()
                    return address
        self.log.flush()
        raise RuntimeError(f"the server did not say where it listens; see {self.log_path}:\n{self.log_path.read_text()[-2000:]}")

    def _drain(self) -> None:
        """Keeps the pipe from filling up."""
        import threading

        def copy() -> None:
            while data := self.process.stderr.read1(65536):
                self.log.write(data)

        threading.Thread(target=copy, daemon=True).start()

    def target(self) -> Target:
        context = None
        if self.tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return Target(self.host, self.port, context, facts={"pid": self.process.pid})

    def __enter__(self) -> "Server":
        return self

    def alive(self) -> bool:
        return self.process.poll() is None

    def __exit__(self, *_) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def public_address(line: str) -> tuple[str, int] | None:
    """Host and port of the public listener, out of a JSON log line."""
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    for name, value in fields.items():
        found = re.fullmatch(r"(?:https?|wss?)://(.+):(\d+)/?", str(value))
        if found and "internal" not in name:
            return found[1].strip("[]"), int(found[2])
    return None


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )
    return certificate, key


def work_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="tidewire-conformance-")
