"""The servers under test: how each is installed, started and stopped."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from runner.system import free_port, process_tree

BENCH = Path(__file__).resolve().parent.parent
SERVER_CORE, CLIENT_CORE = ("1", "0") if (os.cpu_count() or 1) > 1 else ("0", "0")
PEERS = ("null", "bun", "node", "fastapi", "centrifugo")

CONFIG = """\
shards = 1
[auth]
hmac_secret = "a secret that only the benchmark uses"
[debug]
echo = true
[log]
level = "warn"
[limits]
connections = 1000000
connects_per_address = 1000000
connects_per_address_burst = 10000000
messages_per_second = 0
bytes_per_second = 0
queue_bytes = 67108864
queue_messages = 1000000
[namespace.bench]
class = "ephemeral"
publish = true
subscribe = true
[namespace.benchdurable]
class = "durable"
publish = true
subscribe = true
overflow = "spill"
[namespace.benchresume]
class = "durable"
publish = true
subscribe = true
history_size = 1000
history_bytes = "4MiB"
history_ttl = "1h"
"""

# Of our server, beside CONFIG. {file} is a new file for each start.
FLAVOURS = {
    "": [],
    "memory": [],
    "file": ["--history.url=sqlite:{file}"],
    "file, sync off": ["--history.url=sqlite:{file}", "--history.sync=off"],
    "file, sync always": ["--history.url=sqlite:{file}", "--history.sync=always"],
    "default queue": ["--limits.queue_bytes=1MiB", "--limits.queue_messages=16384"],
    "queue of 8 MiB": ["--limits.queue_bytes=8MiB"],
}


class CannotRun(Exception):
    """A server that this machine does not have; says why."""


@dataclass
class Running:
    """A server that accepts connections."""

    name: str
    port: int
    process: subprocess.Popen
    token: str = ""
    files: list[Path] = field(default_factory=list)  # of its history

    def pids(self) -> list[int]:
        return process_tree(self.process.pid)

    def dialect(self, kind: str) -> list[str]:
        """The load generator's options for `kind`: echo or room; of ours also durable, acks, resume."""
        if self.name == "tidewire":
            if kind == "echo":
                return ["--dialect", "tidewire-echo"]
            dialect = "tidewire-acks" if kind == "acks" else "tidewire"
            space = {"durable": "benchdurable", "acks": "benchdurable", "resume": "benchresume"}
            return ["--dialect", dialect, "--token", self.token,
                    "--namespace", space.get(kind, "bench")]
        if self.name == "centrifugo":
            return ["--dialect", "centrifugo"]
        return ["--dialect", "echo" if kind == "echo" else "raw"]


class Servers:
    """Starts servers, keeps them for the next scenario, and ends them all."""

    def __init__(self, build: Path, work: Path, log: Path) -> None:
        self.build = build
        self.work = work
        self.log = log
        self.versions: dict[str, str] = {}
        self.absent: dict[str, str] = {}
        self._running: dict[tuple[str, bool, str], Running] = {}
        work.mkdir(parents=True, exist_ok=True)
        self._cert, self._key = work / "cert.pem", work / "key.pem"
        self._config = work / "tidewire.toml"
        self._config.write_text(CONFIG)

    # What is there.

    def prepare(self, names: list[str]) -> list[str]:
        """Installs what is missing; returns those that can run and notes why others cannot."""
        present = []
        for name in names:
            try:
                self.versions[name] = self._install(name)
                present.append(name)
            except CannotRun as why:
                self.absent[name] = str(why)
        return present

    def _install(self, name: str) -> str:
        if name in ("tidewire", "null"):
            binary = self._binary(name)
            if not binary.exists():
                raise CannotRun(f"{binary.name} is not built")
            if name == "null":
                return "hand-written epoll, fixed frames"
            return self._output([str(binary), "version"]).splitlines()[0]
        home = self.work / name
        marker = home / "installed"
        if not marker.exists():
            home.mkdir(parents=True, exist_ok=True)
            print(f"installing {name} ...", flush=True)
            version = self._output([str(BENCH / "peers" / name / "install"), str(home)])
            marker.write_text(version.splitlines()[-1] if version else "")
        return marker.read_text()

    @staticmethod
    def _output(command: list[str]) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        except (OSError, subprocess.TimeoutExpired) as fault:
            raise CannotRun(str(fault)) from fault
        if done.returncode != 0:
            lines = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
            raise CannotRun(lines[-1].strip())
        return done.stdout.strip()

    def _binary(self, name: str) -> Path:
        if name == "tidewire":
            return self.build / "server" / "tidewire"
        return self.build / "bench" / "null_server"

    # What runs.

    def get(self, name: str, tls: bool = False, fresh: bool = False,
            flavour: str = "") -> Running:
        key = (name, tls, flavour)
        if fresh:
            self.end(name, tls, flavour)
        if key not in self._running:
            self._running[key] = self._start(name, tls, flavour)
        return self._running[key]

    def end(self, name: str, tls: bool = False, flavour: str = "") -> None:
        running = self._running.pop((name, tls, flavour), None)
        if running is not None:
            self._stop(running)

    def restart(self, flavour: str) -> Running:
        """Ours, killed and started again on the same port and file."""
        old = self._running.pop(("tidewire", False, flavour))
        self._kill(old)
        new = self._start("tidewire", False, flavour, old)
        self._running["tidewire", False, flavour] = new
        return new

    def stop_all(self) -> None:
        for running in self._running.values():
            self._stop(running)
        self._running.clear()

    def _certificate(self) -> list[str]:
        if not self._cert.exists():
            self._output(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                 "-keyout", str(self._key), "-out", str(self._cert)])
        return [str(self._cert), str(self._key)]

    def _command(self, name: str, port: int, tls: bool) -> list[str]:
        files = self._certificate() if tls else []
        if name == "null":
            if tls:
                raise CannotRun("it has no TLS")
            return [str(self._binary(name)), str(port)]
        if name == "tidewire":
            command = [str(self._binary(name)), "serve", "--config", str(self._config),
                       f"--listen.public=127.0.0.1:{port}", "--listen.internal=127.0.0.1:0"]
            if tls:
                command += [f"--tls.cert_file={files[0]}", f"--tls.key_file={files[1]}"]
            return command
        start = BENCH / "peers" / name / "start"
        return [str(start), str(self.work / name), str(port), *files]

    def _start(self, name: str, tls: bool, flavour: str = "",
               old: Running | None = None) -> Running:
        port = old.port if old else free_port()
        file = old.files[0] if old else self.work / f"history-{port}.db"
        command = ["taskset", "-c", SERVER_CORE, *self._command(name, port, tls),
                   *(option.format(file=file) for option in FLAVOURS[flavour])]
        with self.log.open("ab") as log:
            log.write(f"\n--- {name}{' tls' if tls else ''}\n".encode())
            log.flush()
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_raise_fd_limit)
        running = Running(name, port, process, files=[
            file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))])
        try:
            self._wait_until_open(running)
            if name == "tidewire":
                running.token = self._output(
                    [str(self._binary(name)), "gentoken", "--config", str(self._config),
                     "--sub", "bench", "--ttl", "12h"]).splitlines()[-1]
        except BaseException:
            self._stop(running)
            raise
        return running

    def _wait_until_open(self, running: Running) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if running.process.poll() is not None:
                raise CannotRun(f"it ended at once; see {self.log.name}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", running.port), timeout=1).close()
                return
            time.sleep(0.05)
        raise CannotRun("it does not listen after 30 s")

    def _stop(self, running: Running) -> None:
        self._kill(running)
        for file in running.files:
            file.unlink(missing_ok=True)

    @staticmethod
    def _kill(running: Running) -> None:
        # The group that _start() made holds this server and its children only. A server that
        # closes its connections politely would take its time: the benchmark has its numbers.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


def _raise_fd_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
