"""Asking judges about labelled rows: what report cards, comparisons and thresholds are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from judgekit.audit.report_card import Rated, length_group
from judgekit.judges import Judge, hold
from judgekit.judges.calibrate import Judged
from judgekit.judges.labelled import LabelledRow

AT_ONCE = 64

Watch = Callable[[int, int], None]
"""Told how many of how many rows are done."""


async def examine(
    judge: Judge, rows: Sequence[LabelledRow], watch: Watch | None = None
) -> list[Rated]:
    """The judge's verdict on every row, held to its claim, beside the label."""
    bound = asyncio.Semaphore(AT_ONCE)
    done = 0

    async def one(row: LabelledRow) -> Rated:
        nonlocal done
        async with bound:
            verdict = hold(await judge(row.case), row.case)
        done += 1
        if watch:
            watch(done, len(rows))
        groups = {
            "kind": row.case.kind,
            "length": length_group(row.case.response),
            "model": row.model,
        }
        return Rated(verdict, row.label, row.cluster, groups)

    return list(await asyncio.gather(*(one(row) for row in rows)))


def judged(rated: Sequence[Rated]) -> list[Judged]:
    """The rows as a threshold is calibrated on them; what is undecided has no confidence."""
    return [
        Judged(None if row.says is None else row.verdict.confidence, bool(row.agrees))
        for row in rated
    ]


def one_a_problem(rows: Sequence[LabelledRow]) -> list[LabelledRow]:
    """The first row of each problem: a guarantee is for rows independent of one another."""
    first: dict[str, LabelledRow] = {}
    for row in rows:
        first.setdefault(row.cluster, row)
    return list(first.values())
