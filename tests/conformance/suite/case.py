"""What a case is, and the ways it can end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Awaitable, Callable

PASS = "pass"
NON_STRICT = "non-strict"  # departs from a SHOULD, or from the canonical of several allowed ways
FAIL = "fail"  # breaks a MUST
INFORMATIONAL = "informational"  # the specification leaves it open


class Failure(Exception):
    """The server broke the rule of this case."""


class NonStrict(Exception):
    """The server did something allowed, but not the strict thing."""


class Informational(Exception):
    """Nothing to judge; the text says what was observed."""


@dataclass(frozen=True)
class Case:
    """One rule, tried once against one server.

    `server` names the configuration it needs: "main" (message limit above 16 MiB) or "limited"
    (limits at their defaults, short deadlines, an origin allow-list).
    """

    id: str
    title: str
    section: str  # "RFC 6455 5.2"
    rows: tuple[int, ...]  # of the checklist
    run: Callable[["Target"], Awaitable[None]]  # noqa: F821
    server: str = "main"
    timeout_s: float = 30.0
    heavy: bool = False  # runs alone among the heavy ones, so that timings stay meaningful


@dataclass
class Result:
    case: Case
    transport: str
    verdict: str
    detail: str = ""
    seconds: float = 0.0


@dataclass
class Table:
    """Collects the cases of one module and numbers them within their group."""

    group: str
    rows: list[Case] = field(default_factory=list)

    def add(self, title, section, rows, run, **options) -> None:
        number = f"{self.group}.{len(self.rows) + 1}"
        self.rows.append(Case(number, title, section, tuple(rows), run, **options))


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise Failure(message)
