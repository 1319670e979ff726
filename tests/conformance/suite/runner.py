"""Runs the cases, a bounded number at a time."""

from __future__ import annotations

import asyncio
import fnmatch
import time
import traceback

from .case import FAIL, INFORMATIONAL, NON_STRICT, PASS, Case, Failure, Informational, NonStrict, Result
from .cases import close, compression, control, fragmentation, framing, handshake, http, limits, sizes, utf8
from .connection import Target

MODULES = (framing, control, fragmentation, utf8, close, sizes, limits, compression, handshake, http)
CONCURRENT = 24


def all_cases(pattern: str = "*") -> list[Case]:
    found = [case for module in MODULES for case in module.cases()]
    return [case for case in found if fnmatch.fnmatch(case.id, pattern)]


async def run_case(case: Case, target: Target, transport: str) -> Result:
    started = time.monotonic()
    verdict, detail = PASS, ""
    try:
        async with asyncio.timeout(case.timeout_s):
            await case.run(target)
    except NonStrict as note:
        verdict, detail = NON_STRICT, str(note)
    except Informational as note:
        verdict, detail = INFORMATIONAL, str(note)
    except (Failure, EOFError) as error:
        verdict, detail = FAIL, str(error) or repr(error)
    except TimeoutError:
        verdict, detail = FAIL, f"not finished within {case.timeout_s} s"
    except Exception:  # a fault of the suite must not pass for a verdict
        verdict, detail = FAIL, traceback.format_exc(limit=-3).strip().replace("\n", " | ")
    return Result(case, transport, verdict, detail, time.monotonic() - started)


async def run_all(cases: list[Case], targets: dict[tuple[str, str], Target]) -> list[Result]:
    """Every case against its server over every transport. The long ones start first and the heavy
    ones run one by one, when the others are done."""
    several, alone = asyncio.Semaphore(CONCURRENT), asyncio.Semaphore(1)
    patient = [case for case in cases if case.timeout_s > 30 and case.server == "limited"]

    async def one(case: Case, transport: str, slots: asyncio.Semaphore | None) -> Result:
        target = targets[case.server, transport]
        if slots is None:
            return await run_case(case, target, transport)
        async with slots:
            return await run_case(case, target, transport)

    transports = sorted({transport for _, transport in targets})
    waiting = [asyncio.create_task(one(case, t, None)) for case in patient for t in transports]
    light = [case for case in cases if case not in patient and not case.heavy]
    results = await asyncio.gather(*(one(case, t, several) for case in light for t in transports))
    for case in (case for case in cases if case.heavy):
        for transport in transports:
            results.append(await one(case, transport, alone))
    return results + await asyncio.gather(*waiting)
