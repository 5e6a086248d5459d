"""Juries: several judges, one verdict, and no more calls than it takes.

Members are asked in their order (put the cheap ones first), each is held to the answer that it
names (`judgekit.judges.claims`), and asking stops as soon as the outcome cannot change. A jury that
does not agree is undecided, so that the next stage is asked.

* `majority`: more than half of all members.
* `unanimity`: all of them; one that is undecided ends it.
* `weighted`: each member's weight is the log-odds of its balanced accuracy, as for independent
  witnesses; the sign of the sum decides (weights from labels or from agreement:
  `judgekit.judges.weights`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from judgekit.judges.claims import hold
from judgekit.judges.contract import Judge
from judgekit.records import Cost, Outcome, Verdict
from judgekit.runs import digest
from judgekit.verifier import Case

DECIDED: tuple[Outcome, ...] = ("correct", "incorrect")

Rule = Callable[[Sequence[Verdict], Sequence[float], Sequence[float]], Outcome | None]
"""From the verdicts so far, their members' weights and the weights of those not yet asked, to the
outcome, or None where asking on could change it."""


def majority(
    verdicts: Sequence[Verdict], weights: Sequence[float], to_come: Sequence[float]
) -> Outcome | None:
    """More than half of the members; undecided once neither outcome can reach that."""
    members = len(verdicts) + len(to_come)
    counts = Counter(verdict.outcome for verdict in verdicts)
    for outcome in DECIDED:
        if 2 * counts[outcome] > members:
            return outcome
    if all(2 * (counts[outcome] + len(to_come)) <= members for outcome in DECIDED):
        return "undecided"
    return None


def unanimity(
    verdicts: Sequence[Verdict], weights: Sequence[float], to_come: Sequence[float]
) -> Outcome | None:
    """All members give the same verdict."""
    said = {verdict.outcome for verdict in verdicts}
    if len(said) > 1 or "undecided" in said:
        return "undecided"
    return said.pop() if said and not to_come else None


def weighted(
    verdicts: Sequence[Verdict], weights: Sequence[float], to_come: Sequence[float]
) -> Outcome | None:
    """The sign of the sum of weights, once those not yet asked cannot turn it."""
    margin = _margin(verdicts, weights)
    if abs(margin) > sum(to_come):
        return "correct" if margin > 0 else "incorrect"
    return None if to_come else "undecided"


RULES: dict[str, Rule] = {"majority": majority, "unanimity": unanimity, "weighted": weighted}


class Jury:
    """A jury from `[juries.NAME]`, itself a judge like any other."""

    def __init__(
        self, name: str, members: Sequence[Judge], rule: str, weights: Sequence[float] = ()
    ) -> None:
        self.name = name
        self.members = tuple(members)
        # A judge that is no better than a coin has nothing to say; it does not vote the other way.
        self.weights = tuple(max(0.0, weight) for weight in weights) or (1.0,) * len(self.members)
        self._rule_name = rule
        self._rule = RULES[rule]
        self.identity = digest([rule, self.weights, [member.identity for member in self.members]])

    @property
    def down(self) -> str | None:
        """A jury is down when every member is."""
        faults = [member.down for member in self.members]
        return faults[0] if all(faults) else None

    def with_members(self, members: Sequence[Judge]) -> Jury:
        """The same jury with other members in their places."""
        return Jury(self.name, members, self._rule_name, self.weights)

    async def __call__(self, case: Case) -> Verdict:
        verdicts: list[Verdict] = []
        outcome: Outcome | None = None
        for position, member in enumerate(self.members, start=1):
            verdicts.append(hold(await member(case), case))
            outcome = self._rule(verdicts, self.weights[:position], self.weights[position:])
            if outcome is not None:
                break
        return self._verdict(outcome or "undecided", verdicts)

    async def aclose(self) -> None:
        for member in self.members:
            await member.aclose()

    def _verdict(self, outcome: Outcome, verdicts: Sequence[Verdict]) -> Verdict:
        confidence = None
        if outcome != "undecided":
            if self._rule_name == "weighted":
                confidence = certainty(_margin(verdicts, self.weights))
            else:
                confidence = sum(v.outcome == outcome for v in verdicts) / len(verdicts)
        return summed_up(self.name, outcome, verdicts, len(self.members), confidence)


def summed_up(
    name: str,
    outcome: Outcome,
    verdicts: Sequence[Verdict],
    members: int,
    confidence: float | None,
) -> Verdict:
    """The jury's verdict: who said what, the answer most of the agreeing read, the cost of all."""
    agreeing = [verdict for verdict in verdicts if verdict.outcome == outcome]
    read = Counter(verdict.extracted for verdict in agreeing if verdict.extracted)
    said = "; ".join(f"{v.stage} says {v.outcome}: {v.evidence:.200}" for v in verdicts)
    asked = f"{len(verdicts)} of {members} members asked"
    return Verdict(
        name,
        outcome,
        read.most_common(1)[0][0] if read and outcome != "undecided" else None,
        f"{len(agreeing)} say {outcome}, {asked}. {said}",
        confidence,
        total(verdict.cost for verdict in verdicts),
    )


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of several costs; seconds add up too, since members are asked in turn."""
    every = list(costs)
    return Cost(
        sum(cost.calls for cost in every),
        sum(cost.prompt_tokens for cost in every),
        sum(cost.completion_tokens for cost in every),
        round(sum(cost.seconds for cost in every), 3),
    )


def certainty(margin: float) -> float:
    """The probability behind a sum of log-odds."""
    return 1 / (1 + math.exp(-abs(margin)))


def _margin(verdicts: Sequence[Verdict], weights: Sequence[float]) -> float:
    sign = {"correct": 1.0, "incorrect": -1.0, "undecided": 0.0}
    return sum(sign[v.outcome] * weight for v, weight in zip(verdicts, weights, strict=False))
