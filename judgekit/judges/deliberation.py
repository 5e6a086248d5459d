"""Deliberation: judges with different profiles see one another's reasons, and may revise.

After JudgeBoard's multi-agent judging: all judge alone; while they differ, each is shown what the
others said and judges again, for at most `rounds` rounds or until nobody changes; then the majority
decides. Prompts and the number of rounds are ours (profiles: prompts/judge/profile-*.toml).

What the others said is text of models that have read the response: it is fenced and neutralised
like the response itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from judgekit.judges.claims import hold
from judgekit.judges.contract import Judge
from judgekit.judges.jury import majority, summed_up, total
from judgekit.records import Cost, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case


@runtime_checkable
class Deliberating(Protocol):
    """A judge that can be shown what others said."""

    async def reconsider(self, case: Case, others: Sequence[Verdict]) -> Verdict: ...


class Deliberation:
    """A jury of the rule `deliberation`, itself a judge like any other."""

    def __init__(self, name: str, members: Sequence[Judge], rounds: int) -> None:
        self.name = name
        self.members = tuple(members)
        self.rounds = rounds
        identities = [member.identity for member in self.members]
        self.identity = digest(["deliberation", rounds, identities])

    @property
    def down(self) -> str | None:
        """It is down when every member is."""
        faults = [member.down for member in self.members]
        return faults[0] if all(faults) else None

    async def __call__(self, case: Case) -> Verdict:
        verdicts = [
            hold(verdict, case)
            for verdict in await asyncio.gather(*(member(case) for member in self.members))
        ]
        spent = [verdict.cost for verdict in verdicts]
        held = 0
        while held < self.rounds and len({verdict.outcome for verdict in verdicts}) > 1:
            revised = await self._revised(case, verdicts)
            spent += [verdict.cost for verdict in revised]
            held += 1
            unmoved = [v.outcome for v in revised] == [v.outcome for v in verdicts]
            verdicts = revised
            if unmoved:
                break
        outcome = majority(verdicts, [], []) or "undecided"
        agreeing = sum(verdict.outcome == outcome for verdict in verdicts)
        confidence = None if outcome == "undecided" else agreeing / len(verdicts)
        found = summed_up(self.name, outcome, verdicts, len(self.members), confidence)
        rounds = f"{held} round{'s' * (held != 1)} of deliberation. "
        return replace(found, evidence=rounds + found.evidence, cost=total(spent))

    async def aclose(self) -> None:
        for member in self.members:
            await member.aclose()

    async def _revised(self, case: Case, verdicts: Sequence[Verdict]) -> list[Verdict]:
        async def once(position: int, member: Judge) -> Verdict:
            others = [*verdicts[:position], *verdicts[position + 1 :]]
            if not isinstance(member, Deliberating):
                return replace(verdicts[position], cost=Cost())
            return hold(await member.reconsider(case, others), case)

        return list(await asyncio.gather(*(once(i, m) for i, m in enumerate(self.members))))
