"""The verdicts as JSON, as text, and in one closing line."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from .case import FAIL, INFORMATIONAL, NON_STRICT, PASS, Case, Result

# Rows of the checklist that a server over HTTP/1.1 must keep; 68 is the client's.
ROWS = [row for row in range(1, 81) if row != 68]


def uncovered(cases: list[Case]) -> list[int]:
    covered = {row for case in cases for row in case.rows}
    return [row for row in ROWS if row not in covered]


def sort_key(result: Result) -> tuple:
    return [int(part) for part in result.case.id.split(".")], result.transport


def write(results: list[Result], folder: Path, cases: list[Case], seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(results, key=sort_key)
    counts = Counter(result.verdict for result in ordered)
    rows = {row: sorted({c.id for c in cases if row in c.rows}) for row in ROWS}
    document = {
        "counts": {verdict: counts[verdict] for verdict in (PASS, NON_STRICT, INFORMATIONAL, FAIL)},
        "seconds": round(seconds, 1),
        "rows": {str(row): ids for row, ids in rows.items()},
        "cases": [
            {"id": r.case.id, "title": r.case.title, "section": r.case.section, "rows": r.case.rows,
             "transport": r.transport, "verdict": r.verdict, "detail": r.detail, "ms": round(r.seconds * 1000)}
            for r in ordered
        ],
    }
    (folder / "conformance.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    lines = [f"{r.verdict:13} {r.case.id:8} {r.transport:5} {r.case.title} ({r.case.section})" + (f": {r.detail}" if r.detail else "") for r in ordered]
    (folder / "conformance.txt").write_text("\n".join([*lines, closing_line(results)]) + "\n")


def failures(results: list[Result]) -> int:
    return sum(result.verdict == FAIL for result in results)


def strictly(results: list[Result]) -> list[Result]:
    """With every non-strict verdict made a failure."""
    return [replace(r, verdict=FAIL, detail=f"non-strict: {r.detail}") if r.verdict == NON_STRICT else r for r in results]


def closing_line(results: list[Result]) -> str:
    return f"{len(results) - failures(results)} passed, {failures(results)} failed"


def print_summary(results: list[Result], missing: list[int], cases: list[Case], seconds: float) -> None:
    for result in sorted(results, key=sort_key):
        if result.verdict != PASS:
            print(f"{result.verdict:13} {result.case.id:8} {result.transport:5} {result.case.title}: {result.detail}")
    counts = Counter(result.verdict for result in results)
    if missing:
        print(f"checklist rows without a case: {missing}")
    print(
        f"{len(cases)} cases over {len({r.transport for r in results})} transports in {seconds:.0f} s: "
        + ", ".join(f"{counts[v]} {v}" for v in (PASS, NON_STRICT, INFORMATIONAL, FAIL))
    )
    print(closing_line(results))
