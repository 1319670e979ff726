"""What is measured. A scenario measures one server and returns one value per row of the table."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from runner.servers import CLIENT_CORE, CannotRun, Servers
from runner.system import CpuClock, pss_kib

MORE_IS_BETTER, LESS_IS_BETTER = "more", "less"
NOT_COMPARED = "none"  # each side had a load of its own


@dataclass
class Value:
    """One measured number. `limited`: the client was the bottleneck, so it says nothing."""

    number: float
    better: str
    unit: str
    limited: bool = False


@dataclass
class Sample:
    """What one run of one scenario against one server gave."""

    values: dict[str, Value] = field(default_factory=dict)
    faults: str = ""
    raw: dict = field(default_factory=dict)


class Load:
    """Runs tw_load on its own core."""

    def __init__(self, binary: Path, warm: float, seconds: float) -> None:
        self.binary, self.warm, self.seconds = binary, warm, seconds

    def command(self, mode: str, running, options: list[str]) -> list[str]:
        return ["taskset", "-c", CLIENT_CORE, str(self.binary), mode, "--port", str(running.port),
                "--server-pid", ",".join(map(str, running.pids())), *options]

    def run(self, mode: str, running, options: list[str],
            between: Callable[[], None] | None = None) -> dict:
        """`between` is called when tw_load pauses."""
        timing = ["--warm", str(self.warm), "--seconds", str(self.seconds)]
        clock, began = CpuClock(), time.monotonic()
        process = subprocess.Popen(self.command(mode, running, [*timing, *options]), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            if between and process.stdout.readline().startswith("filled"):
                between()
                clock, began = CpuClock(), time.monotonic()
            out, err = process.communicate("\n" if between else None, timeout=900)
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise CannotRun((err.strip() or "tw_load failed").splitlines()[0])
        result = json.loads(out.strip().splitlines()[-1])
        busy, stolen = clock.busy_and_stolen()
        elapsed = time.monotonic() - began
        result["machine"] = {"seconds": elapsed, "busy_cores": busy / elapsed,
                             "stolen_cores": stolen / elapsed}
        return result


def _client_limited(phase: dict) -> bool:
    return phase["client_cpu"] >= 0.9 and phase["server_cpu"] < 0.95


@dataclass
class Scenario:
    name: str
    title: str
    measure: Callable[[str], Sample]  # takes the server's name, or the variant's
    peers: set[str] | None = None     # None: every peer
    pairs: int | None = None          # None: as the command line says
    variants: list[str] | None = None  # of ours, which are compared with the first of them


def _rooms_sample(result: dict, latency: bool = False) -> Sample:
    sample = Sample(faults=result["faults"], raw=result)
    for phase in result["phases"]:
        name = phase["phase"]
        limited = _client_limited(phase)
        if latency:
            for key in ("p50", "p99", "p999"):
                sample.values[key] = Value(phase[f"{key}_us"] / 1000, LESS_IS_BETTER, "ms")
            continue
        if name == "half":
            sample.values["p99 at half of its own rate"] = Value(
                phase["p99_us"] / 1000, NOT_COMPARED, "ms")
            continue
        sample.values[f"{name} deliveries/s"] = Value(
            phase["deliveries_per_s"], MORE_IS_BETTER, "/s", limited)
        sample.values[f"{name} server CPU/delivery"] = Value(
            phase["server_us_per_delivery"], LESS_IS_BETTER, "us")
    return sample


class Scenarios:
    """Every scenario, bound to the servers and the load generator."""

    def __init__(self, servers: Servers, load: Load, quick: bool, ours: str) -> None:
        self.servers, self.load, self.quick, self._ours = servers, load, quick, ours
        self._envelope_bytes = 128
        self._latency_rate: float | None = None
        self._slow_rates: dict[str, float] = {}  # of each kind

    def all(self, present: list[str]) -> list[Scenario]:
        fanouts = [1000] if self.quick else [10, 1000, 10_000]
        windows = [1, 64] if self.quick else [1, 8, 64]
        rooms = 100 if self.quick else 1000
        held = 2_000 if self.quick else 10_000
        no_echo = set(present) - {"centrifugo"}
        no_null = set(present) - {"null"}
        once = 1 if self.quick else None
        # In quick mode the one peer that matters most.
        latency_peers = {"bun"} & set(present) or set(present) if self.quick else None
        return [
            Scenario("echo", "Echo 128 B, 200 connections, one in flight each", self.echo, no_echo),
            *[Scenario(f"fanout-{n}", f"Fan-out 128 B to {n:,} subscribers",
                       lambda name, n=n: self.fanout(name, n, windows)) for n in fanouts],
            *([] if self.quick else [
                Scenario("fanout-bytes", "Fan-out to 1,000, the peer sends as many bytes as our "
                                         "envelope of 128 B has", self.fanout_bytes,
                         {"null", "bun"}),
                Scenario("fanout-durable", "Fan-out 128 B to 1,000, ours with history and offsets",
                         lambda name: self.fanout(name, 1000, windows, "durable"))]),
            Scenario("rooms", f"{rooms * 10:,} connections in {rooms:,} rooms of 10",
                     lambda name: self.rooms(name, rooms), None, once),
            Scenario("latency", "Publish to delivery, 1,000 subscribers, half of the slower "
                                "one's uncoalesced load", self.latency, latency_peers),
            *self.own(),
            Scenario("connect", "Connect, upgrade, reset", self.connect, no_echo),
            *([] if self.quick else [
                Scenario("connect-join", "Connect, authenticate (ours), subscribe, reset",
                         lambda name: self.connect(name, kind="room"))]),
            Scenario("connect-tls", "Connect over TLS 1.3 (P-256, full handshake), upgrade, reset",
                     lambda name: self.connect(name, tls=True), no_echo & no_null),
            Scenario("idle", f"User-space memory a connection, {held:,} joined",
                     lambda name: self.idle(name, held), None, once),
            Scenario("idle-tls", f"User-space memory a TLS connection, {held:,} joined",
                     lambda name: self.idle(name, held, tls=True), no_null, once),
        ]

    def own(self) -> list[Scenario]:
        """Ours against itself: what a feature costs, or what it spares."""
        quick = self.quick
        streams = 500 if quick else 2000
        clients = 200 if quick else 1000
        windows = ["no roll-up", "40 ms"] if quick else ["no roll-up", "20 ms", "40 ms", "100 ms"]
        stores = ["memory", "file"] if quick else ["memory", "file", "file, sync off",
                                                   "file, sync always"]
        resumes = ["memory", "file, restarted"] if quick else ["memory", "file", "file, restarted"]
        scenarios = [
            Scenario("streams", f"{streams:,} growing messages of 60 pieces a second, "
                                "one subscriber each", lambda name: self.streams(name, streams), variants=windows),
            Scenario("publish", "Durable publish 128 B to ack, 64 publishers, 512 in flight",
                     self.publish, variants=stores),
            Scenario("resume", f"1,000 missed messages, {clients:,} clients at once",
                     lambda name: self.resume(name, clients), variants=resumes),
            Scenario("slow", "Fan-out to 1,000 at half of the uncoalesced load, "
                             "1 % more that do not read",
                     lambda name: self.slow(name, "room"), variants=["all read", "1 % stalled"]),
            *([] if quick else [
                Scenario("slow-durable", "The same with history; who does not read is spilled",
                         lambda name: self.slow(name, "durable"),
                         variants=["all read", "1 % stalled"])]),
            Scenario("priority", "Probes on a link that gets twice what it can carry",
                     self.priority, variants=["normal", "critical"]),
            Scenario("compressed", "Fan-out 1 KiB to 1,000 subscribers", self.compressed,
                     variants=["plain", "compressed"]),
        ]
        for scenario in scenarios:
            scenario.pairs = 1 if quick else None  # there is no time for more
        return scenarios

    def streams(self, name: str, count: int) -> Sample:
        running = self.servers.get("tidewire")
        window = 0 if name == "no roll-up" else int(name.split()[0])
        result = self.load.run("streams", running, [
            *running.dialect("room"), "--rooms", str(count),
            "--rollup", str(window)])
        phase = result["phases"][0]
        return Sample(faults=result["faults"], raw=result, values={
            "p50, due to delivered": Value(phase["p50_us"] / 1000, NOT_COMPARED, "ms"),
            "p99, due to delivered": Value(phase["p99_us"] / 1000, NOT_COMPARED, "ms"),
            "pieces/s delivered": Value(phase["pieces_per_s"], NOT_COMPARED, "/s"),
            "frames/piece": Value(phase["frames_per_piece"], LESS_IS_BETTER, ""),
            "server CPU/piece": Value(phase["server_us_per_piece"], LESS_IS_BETTER, "us")})

    def publish(self, name: str) -> Sample:
        running = self.servers.get("tidewire", flavour=name)
        result = self.load.run("rooms", running, [
            *running.dialect("acks"), "--rooms", "64", "--phase", "window:512", "--phase", "half"])
        full, half = result["phases"]
        return Sample(faults=result["faults"], raw=result, values={
            "publishes/s": Value(full["published_per_s"], MORE_IS_BETTER, "/s",
                                 _client_limited(full)),
            "server CPU/publish": Value(full["server_us_per_delivery"], LESS_IS_BETTER, "us"),
            "ack p99": Value(full["p99_us"] / 1000, LESS_IS_BETTER, "ms"),
            "ack p99 at half of its own rate": Value(half["p99_us"] / 1000, NOT_COMPARED, "ms")})

    def resume(self, name: str, clients: int) -> Sample:
        """A server of its own for each run, so that no channel is known before."""
        flavour = name.split(",")[0]
        running = self.servers.get("tidewire", fresh=True, flavour=flavour)
        rooms = clients // 10
        options = [*running.dialect("resume"), "--rooms", str(rooms), "--members", "10",
                   "--missed", "1000", "--alone", "20" if self.quick else "100", "--pause", "1"]
        again = name.endswith("restarted")

        def between() -> None:
            if again:
                self.servers.restart(flavour)

        result = self.load.run("resume", running, options, between)
        self.servers.end("tidewire", flavour=flavour)
        alone, crowd = result["phases"]
        return Sample(faults=result["faults"], raw=result, values={
            "one client p50": Value(alone["p50_us"] / 1000, LESS_IS_BETTER, "ms"),
            "one client p99": Value(alone["p99_us"] / 1000, LESS_IS_BETTER, "ms"),
            "all: until the last has everything": Value(crowd["seconds"], LESS_IS_BETTER, "s"),
            # A server that was restarted is another process than tw_load knows.
            "all: messages/s": Value(crowd["messages_per_s"], MORE_IS_BETTER, "/s",
                                     not again and _client_limited(crowd))})

    def slow(self, name: str, kind: str) -> Sample:
        """The load is set once, so that both variants have the same."""
        running = self.servers.get("tidewire", flavour="default queue")
        if kind not in self._slow_rates:
            result = self.load.run("rooms", running, [
                *running.dialect(kind), "--members", "1000", "--phase", "window:1"])
            self._slow_rates[kind] = result["phases"][0]["published_per_s"] / 2
        return _rooms_sample(self.load.run("rooms", running, [
            *running.dialect(kind), "--members", "1000",
            "--stalled", "0" if name == "all read" else "10",
            "--phase", f"rate:{self._slow_rates[kind]:.3f}"]), latency=True)

    def priority(self, name: str) -> Sample:
        running = self.servers.get("tidewire", flavour="queue of 8 MiB")
        result = self.load.run("priority", running, [
            *running.dialect("room"), "--size", "1024", "--priority", name])
        phase = result["phases"][0]
        return Sample(faults=result["faults"], raw=result, values={
            "probe p50": Value(phase["p50_us"] / 1000, LESS_IS_BETTER, "ms"),
            "probe p99": Value(phase["p99_us"] / 1000, LESS_IS_BETTER, "ms"),
            "flood p50": Value(phase["flood_p50_us"] / 1000, NOT_COMPARED, "ms")})

    def compressed(self, name: str) -> Sample:
        running = self.servers.get("tidewire")
        return _rooms_sample(self.load.run("rooms", running, [
            *running.dialect("room"), "--members", "1000", "--size", "1024",
            "--compress", str(int(name == "compressed")),
            "--phase", "window:1", "--phase", "window:64"]))

    def echo(self, name: str) -> Sample:
        running = self.servers.get(name)
        return _rooms_sample(self.load.run(
            "rooms", running,
            [*running.dialect("echo"), "--rooms", "200", "--phase", "each:1"]))

    def fanout(self, name: str, members: int, windows: list[int], kind: str = "room") -> Sample:
        running = self.servers.get(name)
        phases = [x for w in windows for x in ("--phase", f"window:{w}")]
        return _rooms_sample(self.load.run(
            "rooms", running, [*running.dialect(kind), "--members", str(members), *phases]))

    def fanout_bytes(self, name: str) -> Sample:
        """A peer's run comes after one of ours, whose size it takes over."""
        running = self.servers.get(name)
        size = 128 if name == self._ours else self._envelope_bytes
        sample = _rooms_sample(self.load.run("rooms", running, [
            *running.dialect("room"), "--members", "1000", "--size", str(size),
            "--phase", "window:1", "--phase", "window:64"]))
        if name == self._ours:
            self._envelope_bytes = round(sample.raw["phases"][0]["bytes_per_delivery"])
        return sample

    def rooms(self, name: str, rooms: int) -> Sample:
        running = self.servers.get(name)
        return _rooms_sample(self.load.run(
            "rooms", running, [*running.dialect("room"), "--rooms", str(rooms), "--members", "10",
                               "--phase", "window:64", "--phase", "half"]))

    def capacity(self, name: str) -> float:
        """Publications a second to 1,000 subscribers with one in flight."""
        running = self.servers.get(name)
        result = self.load.run("rooms", running, [*running.dialect("room"), "--members", "1000",
                                                  "--phase", "window:1"])
        return result["phases"][0]["published_per_s"]

    def set_latency_load(self, *names: str) -> None:
        """Both sides of a pair get the same load: half of what the slower one can carry."""
        self._latency_rate = min(self.capacity(name) for name in names) / 2

    def latency(self, name: str) -> Sample:
        running = self.servers.get(name)
        return _rooms_sample(self.load.run(
            "rooms", running, [*running.dialect("room"), "--members", "1000",
                               "--phase", f"rate:{self._latency_rate:.3f}"]), latency=True)

    def connect(self, name: str, kind: str = "echo", tls: bool = False) -> Sample:
        running = self.servers.get(name, tls)
        result = self.load.run("connects", running,
                               [*running.dialect(kind), "--tls", str(int(tls))])
        return Sample(faults=result["faults"], raw=result, values={
            "connects/s": Value(result["connects_per_s"], MORE_IS_BETTER, "/s",
                                _client_limited(result)),
            "server CPU/connect": Value(result["server_us_per_connect"], LESS_IS_BETTER, "us")})

    def idle(self, name: str, count: int, tls: bool = False) -> Sample:
        """The slope between a tenth of the connections and all, so that what a server needs
        without any connection does not count."""
        running = self.servers.get(name, tls, fresh=True)
        low = count // 10
        command = self.load.command("hold", running, [
            *running.dialect("room"), "--tls", str(int(tls)), "--steps", f"{low},{count}"])
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        held = []
        try:
            for _ in range(2):
                if not process.stdout.readline().startswith("held"):
                    raise CannotRun(process.stderr.read().strip() or "tw_load ended")
                time.sleep(0.5 if self.quick else 2)  # what is idle gives back what it can
                held.append(pss_kib(running.pids()))
                process.stdin.write("\n")
                process.stdin.flush()
            faults = json.loads(process.stdout.readline())["faults"]
            process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
        per_connection = max(held[1] - held[0], 0) * 1024 / (count - low)
        return Sample(faults=faults, raw={"pss_kib": held}, values={
            "bytes/connection": Value(per_connection, LESS_IS_BETTER, "B")})
