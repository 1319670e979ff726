"""Ratios from pairs of samples, as JSON and as a table."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from runner.scenarios import MORE_IS_BETTER, NOT_COMPARED, Sample, Scenario, Value

NAMES = {"tidewire": "tidewire", "null": "null server", "bun": "Bun", "node": "node ws", "fastapi": "FastAPI",
         "centrifugo": "Centrifugo"}


def advantage(ours: Value, theirs: Value) -> float | None:
    """How many times better ours is; None when the numbers cannot say."""
    if NOT_COMPARED in (ours.better, theirs.better):
        return None
    if ours.limited or theirs.limited or ours.number <= 0 or theirs.number <= 0:
        return None
    if ours.better == MORE_IS_BETTER:
        return ours.number / theirs.number
    return theirs.number / ours.number


class Report:
    def __init__(self, header: dict, ours: str) -> None:
        self.header, self.ours = header, NAMES[ours]
        self.rows: list[dict] = []
        self.notes: list[str] = []

    def add(self, scenario: Scenario, peer: str, pairs: list[tuple[Sample, Sample]]) -> None:
        names = scenario.variants and f"{peer} / {scenario.variants[0]}"
        for metric in pairs[0][0].values:
            both = [(a.values[metric], b.values[metric]) for a, b in pairs
                    if metric in a.values and metric in b.values]
            if not both:
                continue
            ratios = [r for r in (advantage(a, b) for a, b in both) if r is not None]
            self.rows.append({
                "scenario": scenario.name, "title": scenario.title, "metric": metric,
                "unit": both[0][0].unit, "peer": names or NAMES[peer],
                "own": scenario.variants is not None,
                "ours": statistics.median(a.number for a, _ in both),
                "theirs": statistics.median(b.number for _, b in both),
                "ratio": statistics.median(ratios) if ratios else None,
                "ratio_min": min(ratios, default=None), "ratio_max": max(ratios, default=None),
                "pairs": len(ratios), "client_limited": sum(a.limited or b.limited
                                                            for a, b in both)})
        whose = (peer, scenario.variants[0]) if scenario.variants else (self.ours, peer)
        for index, who in enumerate(whose):
            for fault in sorted({pair[index].faults for pair in pairs} - {""}):
                self.note(f"{scenario.name}: {who}: INVALID, {fault}")

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
            print(f"  ! {text}", flush=True)

    def markdown(self) -> str:
        lines = [f"# Benchmark, {self.header['mode']} mode", ""]
        lines += [f"- {key}: {value}" for key, value in self.header.items() if key != "mode"]
        lines += ["", f"`ratio` says how many times better {self.ours} is: above 1 it wins. Median of "
                      "the pairs, lowest and highest in brackets. In tables of variants, how many "
                      f"times better the first of the two variants of {self.ours} is.", ""]
        title = None
        for row in self.rows:
            if row["title"] != title:
                title = row["title"]
                heads = "variants | metric | first | second" if row["own"] else \
                    f"peer | metric | {self.ours} | peer"
                lines += ["", f"## {title}", "", f"| {heads} | ratio |", "|---|---|---:|---:|---:|"]
            lines.append(f"| {row['peer']} | {row['metric']} | {_number(row['ours'])} "
                         f"{row['unit']} | {_number(row['theirs'])} {row['unit']} "
                         f"| {_ratio(row)} |")
        if self.notes:
            lines += ["", "## Notes", "", *[f"- {note}" for note in self.notes]]
        return "\n".join(lines) + "\n"

    def write(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        whole = {"header": self.header, "rows": self.rows, "notes": self.notes}
        (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n")
        (folder / f"{name}.md").write_text(self.markdown())


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _ratio(row: dict) -> str:
    if row["ratio"] is None:
        return "client-limited" if row["client_limited"] else "-"
    return f"**{row['ratio']:.2f}** [{row['ratio_min']:.2f}-{row['ratio_max']:.2f}]"
