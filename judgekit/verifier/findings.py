"""What one comparison found: an outcome, the sentence that explains it, the rung that decided."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.records import Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
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
