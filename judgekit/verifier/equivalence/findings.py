"""What one comparison found: an outcome, the sentence that explains it, the rung that decided."""

from __future__ import annotations

from typing import NamedTuple

from judgekit.records import Outcome


class Comparison(NamedTuple):
    """`outcome` of one comparison, `evidence` as a person would write it, `rung` of the ladder."""

    outcome: Outcome
    evidence: str
    rung: str

    @property
    def correct(self) -> bool:
        return self.outcome == "correct"

    @property
    def incorrect(self) -> bool:
        return self.outcome == "incorrect"


def yes(evidence: str, rung: str) -> Comparison:
    return Comparison("correct", evidence, rung)


def no(evidence: str, rung: str) -> Comparison:
    return Comparison("incorrect", evidence, rung)


def unknown(evidence: str, rung: str) -> Comparison:
    return Comparison("undecided", evidence, rung)


def all_of(found: list[Comparison], rung: str, evidence: str) -> Comparison:
    """Correct if all are, incorrect if one is."""
    wrong = next((each for each in found if each.incorrect), None)
    if wrong is not None:
        return wrong._replace(rung=rung)
    open_ = next((each for each in found if not each.correct), None)
    return yes(evidence, rung) if open_ is None else open_._replace(rung=rung)
