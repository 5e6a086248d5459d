"""Which rows to label first: those whose label would change a reported number most.

A row's chance of being right is put together from every verdict on it, each weighed by how often
its stage is wrong (the log-odds of independent witnesses, as in naive Bayes). Rates are measured on
the labels there are, and begin at guesses (`judgekit.analysis.planning`). A label that contradicts
the reported verdict moves the accuracy by one row of all: with p the chance that the verdict is
wrong, by p / N rows on average. A judge's error rate is p / J from each of its J rows on average,
and a label makes that 0 or 1 / J: it moves by 2 p (1 - p) / J. Rows are ranked by the larger of the
two.

Rows that are labelled because they stand high here estimate nothing (`design="triage"`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from judgekit.analysis.planning import GUESSES, guess
from judgekit.audit.disagreements import disagreeing
from judgekit.audit.subject import NOT_JUDGES, Row
from judgekit.records import Key, Verdict

DOUBT = 0.20
"""At least this much for a verdict that carries a reason to send the row on (`Verdict.flags`)."""
WEIGHT = 10.0
"""A guess counts like this many labelled verdicts."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row and what its label may change.

    `wrong` is the chance that the reported verdict is wrong, `accuracy` and `judge` the expected
    change of the reported accuracy and of a judge's error rate (shares), `why` the reasons in
    words.
    """

    row: Row
    wrong: float
    accuracy: float
    judge: float
    why: tuple[str, ...]

    @property
    def change(self) -> float:
        return max(self.accuracy, self.judge)


def ranked(rows: Sequence[Row], truth: Mapping[Key, bool]) -> list[Ranked]:
    """The unlabelled rows, those whose label would change most first."""
    rates = error_rates(rows, truth)
    judged: dict[str, int] = {}
    for row in rows:
        for name, verdict in row.judges.items():
            judged[name] = judged.get(name, 0) + (verdict.outcome != "undecided")
    open_rows = [row for row in rows if row.key not in truth]
    found = [_ranked(row, len(rows), rates, judged) for row in open_rows]
    return sorted(found, key=lambda each: -each.change)


def error_rates(rows: Iterable[Row], truth: Mapping[Key, bool]) -> dict[str, float]:
    """How often each stage's verdicts are wrong: its guess, corrected by the labels there are."""
    asked: dict[str, int] = {}
    wrong: dict[str, int] = {}
    for row in rows:
        for name, (verdict, *_) in row.verdicts.items():
            asked.setdefault(name, 0)
            if verdict.outcome != "undecided" and row.key in truth:
                asked[name] += 1
                missed = (verdict.outcome == "correct") != truth[row.key]
                wrong[name] = wrong.get(name, 0) + missed
    return {
        name: (wrong.get(name, 0) + WEIGHT * guess(name)) / (labelled + WEIGHT)
        for name, labelled in asked.items()
    }


def chance_right(row: Row, rates: Mapping[str, float]) -> float:
    """The chance that a response is right, given all verdicts on it."""
    odds = 0.0
    for name, several in row.verdicts.items():
        odds += sum(_witness(verdict, rates[name]) for verdict in several) / len(several)
    return 1 / (1 + exp(-odds))


def _witness(verdict: Verdict, rate: float) -> float:
    """The log-odds that one verdict lends to "right"."""
    if verdict.stage in NOT_JUDGES and verdict.flags:
        rate = max(rate, DOUBT)
    if verdict.confidence is not None:
        rate = (rate + 1 - verdict.confidence) / 2
    rate = min(max(rate, 0.005), 0.5)
    weight = log((1 - rate) / rate)
    for_it = {"correct": weight, "incorrect": -weight, "undecided": 0.0}
    if verdict.claim is None:
        return for_it[verdict.outcome]
    proof = {"correct": 1.0, "incorrect": -1.0, "undecided": 0.0}[verdict.outcome]
    return for_it[verdict.claim] + proof * log((1 - GUESSES["symbolic"]) / GUESSES["symbolic"])


def _ranked(row: Row, total: int, rates: Mapping[str, float], judged: Mapping[str, int]) -> Ranked:
    right = chance_right(row, rates)
    wrong = 1 - right if row.grade.outcome == "correct" else right
    moves = [
        2 * right * (1 - right) / judged[name]
        for name, verdict in row.judges.items()
        if verdict.outcome != "undecided"
    ]
    return Ranked(row, wrong, wrong / total, max(moves, default=0.0), tuple(_why(row)))


def _why(row: Row) -> list[str]:
    reasons = disagreeing(row)
    if row.grade.outcome == "undecided":
        reasons.append("nobody could decide")
    flags = {
        flag for name, each in row.verdicts.items() for verdict in each for flag in verdict.flags
    }
    reasons += sorted(flags - {"overruled"})
    if "overruled" in flags and not reasons:
        reasons.append("overruled")
    if not reasons:
        confidence = row.grade.confidence
        sure = "" if confidence is None else f", confidence {confidence:.2f}"
        reasons.append(f"decided by {row.grade.stage}{sure}")
    return reasons
