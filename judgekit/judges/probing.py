"""Asking a judge about perturbed copies, and counting how often it is moved or taken in.

Each probe is asked of rows on whose original the judge was asked too. `repeat` asks the same again,
past the cache; `swapped` asks with the response before the gold answer and `verdicts swapped` with
the verdicts named in the other order, where the judge's prompt has that variant. Every count stands
twice: of the judge alone, and after its claim was checked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.analysis.intervals import Share, share
from judgekit.errors import UnknownName
from judgekit.judges.claims import hold
from judgekit.judges.contract import Judge
from judgekit.judges.jury import Jury
from judgekit.judges.labelled import LabelledRow
from judgekit.judges.plain import PlainJudge
from judgekit.judges.probes import PROBES, Expected, Probe
from judgekit.judges.recorded import Recorded
from judgekit.prompt import load_prompt, prompt_names
from judgekit.records import Verdict
from judgekit.verifier import Case

ROWS = 50
"""How many rows each probe is made of, unless another number is asked for."""

AT_ONCE = 64

VARIANTS = {"swapped": "swapped", "verdicts swapped": "relabelled"}
"""Probes that change the judge's prompt, and what the name of the changed prompt ends in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One perturbed copy: the verdict on the original and that on the copy, each as the judge gave
    it and held to its claim."""

    row: LabelledRow
    before: Verdict
    before_held: Verdict
    alone: Verdict
    held: Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """How a judge did on one probe.

    `failed` is the share of copies on which it gave the verdict it may not give: another than on
    the original (`same`), correct (`incorrect`), incorrect (`correct`). `held` is the same after
    the check of its claim. Undecided is no failure, and counted.
    """

    name: str
    expect: Expected
    failed: Share
    held: Share
    undecided: int
    examples: tuple[Asked, ...]


async def probe(
    judge: Judge, rows: Sequence[LabelledRow], *, limit: int = ROWS, only: Sequence[str] = ()
) -> list[Result]:
    """Every probe that can be made of the rows, each of at most `limit` of them.

    `only` names the probes wanted. Probes that no row allows are left out; a judge that repeats a
    column has no word on a copy, so that there is none at all for it. Raises `UnknownName`.
    """
    for name in only:
        if name not in probe_names():
            raise UnknownName("probe", name, probe_names())
    if not hears(judge):
        return []
    bound = asyncio.Semaphore(AT_ONCE)

    async def ask(asked: Judge, case: Case) -> Verdict:
        async with bound:
            return await asked(case)

    async def one(probing: Judge, row: LabelledRow, case: Case) -> Asked:
        before, alone = await asyncio.gather(ask(judge, row.case), ask(probing, case))
        return Asked(row, before, hold(before, row.case), alone, hold(alone, case))

    results = []
    for name, expect, asked, cases in _plan(judge, rows, limit):
        if (only and name not in only) or not cases:
            continue
        answers = await asyncio.gather(*(one(asked, row, case) for row, case in cases))
        results.append(_result(name, expect, answers))
    return results


def probe_names() -> list[str]:
    """What `only` may name."""
    return ["repeat", *VARIANTS, *(each.name for each in PROBES)]


def hears(judge: Judge) -> bool:
    """Whether a judge can be asked about another response than the recorded one."""
    if isinstance(judge, Jury):
        return all(hears(member) for member in judge.members)
    return not isinstance(judge, Recorded)


def uncached(judge: Judge) -> Judge:
    """The same judge, asked anew for everything: for the repeat, which a cache would answer."""
    if isinstance(judge, PlainJudge):
        return judge.uncached()
    if isinstance(judge, Jury):
        members = [uncached(member) for member in judge.members]
        return judge.with_members(members)
    return judge


def variant(judge: Judge, suffix: str) -> Judge | None:
    """The judge asked by a variant of its prompt, where there is that one."""
    if not isinstance(judge, PlainJudge):
        return None
    name = f"{judge.config.prompt}-{suffix}"
    return judge.with_prompt(load_prompt(name)) if name in prompt_names() else None


_Cases = list[tuple[LabelledRow, Case]]


def _plan(
    judge: Judge, rows: Sequence[LabelledRow], limit: int
) -> list[tuple[str, Expected, Judge, _Cases]]:
    unchanged = [(row, row.case) for row in rows[:limit]]
    plan: list[tuple[str, Expected, Judge, _Cases]] = [
        ("repeat", "same", uncached(judge), unchanged)
    ]
    for name, suffix in VARIANTS.items():
        if (other := variant(judge, suffix)) is not None:
            plan.append((name, "same", other, unchanged))
    plan += [(each.name, each.expect, judge, _copies(each, rows, limit)) for each in PROBES]
    return plan


def _copies(probe: Probe, rows: Sequence[LabelledRow], limit: int) -> _Cases:
    made: _Cases = []
    for row in rows:
        if len(made) == limit:
            break
        if (case := probe.perturb(row)) is not None:
            made.append((row, case))
    return made


def _result(name: str, expect: Expected, answers: Sequence[Asked]) -> Result:
    clusters = [each.row.cluster for each in answers]
    failed = [_fails(expect, each.before, each.alone) for each in answers]
    held = [_fails(expect, each.before_held, each.held) for each in answers]
    return Result(
        name,
        expect,
        share(failed, clusters),
        share(held, clusters),
        sum(each.alone.outcome == "undecided" for each in answers),
        tuple(each for each, bad in zip(answers, failed, strict=True) if bad)[:5],
    )


def _fails(expect: Expected, first: Verdict, second: Verdict) -> bool:
    before, after = first.outcome, second.outcome
    if expect == "same":
        return after != before and "undecided" not in (after, before)
    return after == ("correct" if expect == "incorrect" else "incorrect")
