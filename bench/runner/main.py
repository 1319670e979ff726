"""Runs the scenarios, pair by pair."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from runner.report import Report
from runner.scenarios import Load, Sample, Scenario, Scenarios
from runner.servers import BENCH, PEERS, CannotRun, Servers
from runner.system import describe

ROOT = BENCH.parent
BUSY_CORES = 0.1  # of other people's work, above which a run is called disturbed
STOLEN_CORES = 0.02


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true",
                        help="two pairs, short windows, fewer scenarios: below two minutes")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"out of {', '.join(PEERS)}")
    parser.add_argument("--only", default="", help="scenarios by the beginning of their names")
    parser.add_argument("--pairs", type=int, help="runs of each side (5; quick: 2)")
    parser.add_argument("--seconds", type=float, help="measured per run (5; quick: 0.7)")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "release",
                        help="build folder with tidewire, tw_load and null_server")
    parser.add_argument("--ours", default="tidewire", choices=("tidewire", "null", "bun", "node"),
                        help="who is compared with the peers; another server checks the method")
    args = parser.parse_args(argv)
    args.peers = [name for name in args.peers.split(",") if name]
    for name in args.peers:
        if name not in PEERS:
            parser.error(f"unknown peer {name}; there are {', '.join(PEERS)}")
    args.pairs = args.pairs or (2 if args.quick else 5)
    args.seconds = args.seconds or (0.7 if args.quick else 5)
    args.warm = 0.2 if args.quick else 2
    return args


def build(args: argparse.Namespace) -> None:
    """Builds what is missing, so that a fresh clone needs no other command."""
    wanted = {"tw_load": "bench", "null_server": "bench"}
    if args.ours == "tidewire":
        wanted["tidewire"] = "server"
    missing = [t for t, folder in wanted.items() if not (args.build / folder / t).exists()]
    if not missing:
        return
    print("building", ", ".join(missing), flush=True)
    subprocess.run(["cmake", "-S", str(ROOT), "-B", str(args.build), "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=Release", "-DTIDEWIRE_BENCH=ON"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(args.build), "--target", *missing], check=True,
                   stdout=subprocess.DEVNULL)


class Bench:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        work = ROOT / "build" / "bench"
        work.mkdir(parents=True, exist_ok=True)
        self.servers = Servers(args.build, work, work / "servers.log")
        self.load = Load(args.build / "bench" / "tw_load", args.warm, args.seconds)
        self.scenarios = Scenarios(self.servers, self.load, args.quick, args.ours)
        self.broken: set[tuple[str, str]] = set()  # (scenario, server) that failed once

    def run(self) -> Report:
        present = self.servers.prepare([self.args.ours, *self.args.peers])
        if self.args.ours in self.servers.absent:
            sys.exit(f"bench: {self.args.ours}: {self.servers.absent[self.args.ours]}")
        peers = [name for name in present if name != self.args.ours]
        report = Report({"mode": "quick" if self.args.quick else "full",
                         "pairs": self.args.pairs, "seconds per run": self.args.seconds,
                         **describe(), **self.servers.versions}, self.args.ours)
        for name, why in self.servers.absent.items():
            report.note(f"{name} is absent: {why}")
        wanted = [prefix for prefix in self.args.only.split(",") if prefix]
        for scenario in self.scenarios.all(peers):
            if wanted and not any(scenario.name.startswith(prefix) for prefix in wanted):
                continue
            print(f"{scenario.title} ...", flush=True)
            began = time.monotonic()
            for peer, pairs in self.pairs(scenario, peers, report).items():
                report.add(scenario, peer, pairs)
            print(f"  {time.monotonic() - began:.0f} s", flush=True)
        return report

    def pairs(self, scenario: Scenario, peers: list[str],
              report: Report) -> dict[str, list[tuple[Sample, Sample]]]:
        """A-B-A-B: every peer's run has one of ours before it. In quick mode the peers of a round
        share that one."""
        if scenario.variants:
            return self.variants(scenario, report) if self.args.ours == "tidewire" else {}
        peers = [p for p in peers if scenario.peers is None or p in scenario.peers]
        pairs: dict[str, list[tuple[Sample, Sample]]] = {peer: [] for peer in peers}
        for _ in range(scenario.pairs or self.args.pairs):
            ours: Sample | None = None
            for peer in peers:
                if scenario.name == "latency" and not self.set_load(peer, report):
                    continue
                if ours is None or not self.args.quick or scenario.name == "latency":
                    ours = self.measure(scenario, self.args.ours, report)
                if ours is None:
                    return {}
                theirs = self.measure(scenario, peer, report)
                if theirs is not None:
                    pairs[peer].append((ours, theirs))
        return {peer: found for peer, found in pairs.items() if found}

    def variants(self, scenario: Scenario,
                 report: Report) -> dict[str, list[tuple[Sample, Sample]]]:
        """The same with variants of ours: each with a run of the first one before it."""
        reference, *others = scenario.variants or []
        pairs: dict[str, list[tuple[Sample, Sample]]] = {name: [] for name in others}
        for _ in range(scenario.pairs or self.args.pairs):
            first: Sample | None = None
            for name in others:
                if first is None or not self.args.quick:
                    first = self.measure(scenario, reference, report)
                sample = self.measure(scenario, name, report)
                if first is not None and sample is not None:
                    pairs[name].append((sample, first))
        return {name: found for name, found in pairs.items() if found}

    def set_load(self, peer: str, report: Report) -> bool:
        try:
            self.scenarios.set_latency_load(self.args.ours, peer)
            return True
        except CannotRun as why:
            report.note(f"latency: {peer}: {why}")
            return False

    def measure(self, scenario: Scenario, name: str, report: Report) -> Sample | None:
        if (scenario.name, name) in self.broken:
            return None
        try:
            sample = scenario.measure(name)
        except CannotRun as why:
            self.broken.add((scenario.name, name))
            report.note(f"{scenario.name}: {name}: {why}")
            return None
        self.check_machine(sample, report)
        return sample

    @staticmethod
    def check_machine(sample: Sample, report: Report) -> None:
        machine = sample.raw.get("machine")
        if machine is None:
            return
        phases = sample.raw.get("phases", [sample.raw])
        used = max(phase["server_cpu"] for phase in phases) + 1  # the client does not sleep
        if machine["busy_cores"] - used > BUSY_CORES or machine["stolen_cores"] > STOLEN_CORES:
            report.note("other programs used this machine during some runs: read CPU per delivery "
                        "rather than rates, and run again on an idle machine")


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    build(args)
    bench = Bench(args)
    began = time.monotonic()
    try:
        report = bench.run()
    finally:
        bench.servers.stop_all()
    report.header["duration"] = f"{time.monotonic() - began:.0f} s"
    if args.ours == "tidewire":
        report.write(BENCH / "results", "quick" if args.quick else "full")
    print("\n" + report.markdown())
    return 0
