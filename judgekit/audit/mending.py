"""A judge alone beside the cascade around it: where they differ, who decided, and who was right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from judgekit.audit.subject import Row
from judgekit.records import Key, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Changed:
    """A row on which the cascade came to something else than the judge alone.

    `stage` decided it; `truth` is what people say, None where they have not.
    """

    key: Key
    alone: Outcome
    cascade: Outcome
    stage: str
    truth: bool | None
    evidence: str

    @property
    def mended(self) -> bool:
        """The judge alone was wrong, and the cascade is right."""
        return self.truth is not None and _right(self.cascade, self.truth)

    @property
    def spoiled(self) -> bool:
        """The judge alone was right, and the cascade is not."""
        return self.truth is not None and _right(self.alone, self.truth)


@dataclass(frozen=True, slots=True)
class Beside:
    """One judge on the rows that it was asked about.

    Of the `labelled` ones, `right_alone` and `right_in_cascade` are those that people bear out;
    undecided is not right.
    """

    judge: str
    rows: int
    labelled: int
    right_alone: int
    right_in_cascade: int
    changed: tuple[Changed, ...]

    @property
    def by_stage(self) -> dict[str, tuple[Changed, ...]]:
        """What was changed by each stage that decided otherwise, in order of appearance."""
        names = dict.fromkeys(each.stage for each in self.changed)
        return {name: tuple(c for c in self.changed if c.stage == name) for name in names}


def beside(rows: Sequence[Row], truth: Mapping[Key, bool]) -> list[Beside]:
    """Every judge that was asked, alone and in the cascade that graded the rows."""
    names = dict.fromkeys(name for row in rows for name in row.judges)
    return [_one(name, [row for row in rows if name in row.judges], truth) for name in names]


def alone(verdict: Verdict) -> Outcome:
    """What a judge said before its claim was checked or its confidence asked for."""
    return verdict.claim or verdict.outcome


def _one(name: str, rows: Sequence[Row], truth: Mapping[Key, bool]) -> Beside:
    known = [row for row in rows if row.key in truth]
    return Beside(
        *(name, len(rows), len(known)),
        sum(_right(alone(row.judges[name]), truth[row.key]) for row in known),
        sum(_right(row.grade.outcome, truth[row.key]) for row in known),
        tuple(_changed(name, rows, truth)),
    )


def _changed(name: str, rows: Iterable[Row], truth: Mapping[Key, bool]) -> Iterable[Changed]:
    for row in rows:
        said, grade = alone(row.judges[name]), row.grade
        if said != grade.outcome:
            yield Changed(
                *(row.key, said, grade.outcome, grade.stage, truth.get(row.key), grade.evidence)
            )


def _right(outcome: Outcome, truth: bool) -> bool:
    return outcome == ("correct" if truth else "incorrect")
