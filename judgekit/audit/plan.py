"""Which rows to label so that the corrected accuracy gets an interval of a given width.

The rows are drawn at random within each stage and outcome, as many as `analysis.planning` asks for,
or uniformly from all. A plan is written down before anybody labels: the rows, the chance with which
each was drawn, and the seed. A later plan of the same grading keeps the labels there are and draws
what is missing from the rest, which within a stratum is one draw at random of the larger size.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from judgekit.analysis.planning import expected_width, labels_needed
from judgekit.analysis.strata import Target
from judgekit.audit.labels import RANDOM, Rule, settle
from judgekit.audit.subject import Row, Subject
from judgekit.audit.triage import WEIGHT, guess
from judgekit.errors import UnknownName, UserError
from judgekit.lines import Lines, read_lines
from judgekit.records import Design, Key, Label, Outcome, from_row
from judgekit.runs import Writer

FILE = "plans.jsonl"
MOST_LOOKS = 5
"""Looks that a plan may foresee: each is an interval at level 1 - .05 / looks, so that all of them
hold together (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A row that the plan wants labelled, and the chance with which it was chosen."""

    id: str
    sample: int
    variant: str
    probability: float

    @property
    def key(self) -> Key:
        return Key(self.id, self.sample, self.variant)


@dataclass(frozen=True, slots=True)
class PlannedStratum:
    """The rows of one stage and outcome: how many, how many to label, the share of wrong verdicts
    guessed, and what is assumed where none is to be labelled."""

    stage: str
    outcome: Outcome
    size: int
    labels: int
    guess: float
    assumed: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is written down.

    `width` is what was asked for and `expected` what the labels give if the guesses hold; both are
    None for `uniform`. `rows` stand in the random order in which they are to be labelled.
    """

    design: Design
    grading: str
    seed: int
    at: str
    rows: tuple[Drawn, ...]
    strata: tuple[PlannedStratum, ...]
    target: Target = "benchmark"
    width: float | None = None
    expected: float | None = None
    looks: int = 1

    @property
    def level(self) -> float:
        """Of each look."""
        return 0.95 if self.looks == 1 else 1 - 0.05 / self.looks

    @property
    def assume(self) -> dict[str, float]:
        return {each.stage: each.assumed for each in self.strata if each.assumed is not None}


def plan_width(
    subject: Subject,
    width: float,
    *,
    target: Target = "benchmark",
    seed: int = 0,
    looks: int = 1,
    assume: Mapping[str, float] | None = None,
    rule: Rule = "majority",
) -> Plan:
    """The fewest labels that should give an interval of at most `width` (a share), and which.

    `assume` maps a stage to the largest share of its verdicts that may be wrong; nobody is asked to
    label its rows. Raises `UserError` for a width that no number of labels gives.
    """
    if not 0 < width < 1:
        raise UserError(f"a width of {width:g}: it must lie between 0 and 1", hint="such as 0.1")
    if not 1 <= looks <= MOST_LOOKS:
        raise UserError(f"{looks} looks: plan 1 to {MOST_LOOKS}")
    assume = dict(assume or {})
    stages = {row.grade.stage for row in subject.rows}
    for stage, share in assume.items():
        if stage not in stages:
            raise UnknownName("stage", stage, stages)
        if not 0 <= share <= 1:
            raise UserError(f"--assume {stage}={share:g}: a share lies between 0 and 1")
    strata = _strata(subject)
    names = list(strata)
    words = settle(subject.labels, rule).outcomes
    guesses = [_guess(name, strata[name], words) for name in names]
    assumed = {k: assume[stage] for k, (stage, _) in enumerate(names) if stage in assume}
    sizes = [len(strata[name]) for name in names]
    verdicts = [outcome == "correct" for _, outcome in names]
    level = 0.95 if looks == 1 else 1 - 0.05 / looks
    needed = labels_needed(sizes, verdicts, guesses, width, target, level, assumed)
    if needed is None:
        least = expected_width(
            sizes, verdicts, guesses, _most(sizes, assumed), target, level, assumed
        )
        raise UserError(
            f"no number of labels gives a width of {width:g}",
            hint=f"labels of all rows give {least:.3f}",
        )
    planned = tuple(
        PlannedStratum(*name, size, labels, share, assumed.get(k))
        for k, (name, size, labels, share) in enumerate(
            zip(names, sizes, needed, guesses, strict=True)
        )
    )
    rows = _draw(
        [(strata[each.stage, each.outcome], each.labels) for each in planned],
        _labelled(subject, "plan"),
        seed,
    )
    expected = expected_width(sizes, verdicts, guesses, needed, target, level, assumed)
    return Plan(
        "plan", subject.grading, seed, _now(), rows, planned, target, width, expected, looks
    )


def plan_uniform(subject: Subject, labels: int, *, seed: int = 0) -> Plan:
    """So many rows drawn uniformly from all."""
    if not 1 <= labels <= len(subject.rows):
        raise UserError(f"{labels} rows to label: there are {len(subject.rows)}")
    rows = _draw([(subject.rows, labels)], _labelled(subject, "uniform"), seed)
    return Plan("uniform", subject.grading, seed, _now(), rows, ())


def write_plan(subject: Subject, plan: Plan) -> Path:
    """Write the plan down beside the labels; from then on it is the one in force."""

    path = subject.folder / FILE
    with Writer(subject.folder):
        plans = Lines(path)
        plans.append(plan)
        plans.close()
    return path


def plan_in_force(folder: Path) -> Plan | None:
    """The last plan that was written down, if any."""
    path = folder / FILE
    rows = list(read_lines(path))
    return from_row(Plan, rows[-1][1], where=f"{path} line {rows[-1][0]}") if rows else None


def _strata(subject: Subject) -> dict[tuple[str, Outcome], list[Row]]:
    strata: dict[tuple[str, Outcome], list[Row]] = {}
    for row in subject.rows:
        strata.setdefault(row.stratum, []).append(row)
    return strata


def _guess(name: tuple[str, Outcome], rows: Sequence[Row], words: Mapping[Key, Outcome]) -> float:
    """The share of wrong verdicts: a guess by stage, corrected by the labels there are."""
    stage, outcome = name
    said = [words[row.key] for row in rows if words.get(row.key, "undecided") != "undecided"]
    reported = "correct" if outcome == "correct" else "incorrect"
    wrong = sum(word != reported for word in said)
    return (wrong + WEIGHT * guess(stage)) / (len(said) + WEIGHT)


def _labelled(subject: Subject, design: Design) -> set[Key]:
    """Rows of earlier draws of this design and grading that somebody has labelled."""
    plans = [
        from_row(Plan, row, where=f"{FILE} line {number}")
        for number, row in read_lines(subject.folder / FILE)
    ]
    drawn = {
        each.key
        for plan in plans
        if plan.design == design and plan.grading == subject.grading
        for each in plan.rows
    }
    return drawn & {label.key for label in subject.labels if label.design in RANDOM}


def _draw(
    wanted: Sequence[tuple[Sequence[Row], int]], kept: set[Key], seed: int
) -> tuple[Drawn, ...]:
    """So many rows of each group at random, those kept among them, in random order."""
    chooser = random.Random(seed)
    drawn: list[Drawn] = []
    for rows, labels in wanted:
        before = [row.key for row in rows if row.key in kept]
        rest = [row.key for row in rows if row.key not in kept]
        chosen = before + chooser.sample(rest, max(labels - len(before), 0))
        drawn += [Drawn(*key, len(chosen) / len(rows)) for key in chosen]
    chooser.shuffle(drawn)
    return tuple(drawn)


def _most(sizes: Sequence[int], assumed: Mapping[int, float]) -> list[int]:
    return [0 if k in assumed else size for k, size in enumerate(sizes)]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def constant_within_strata(labels: Sequence[Label], plan: Plan | None, grading: str) -> bool:
    """Whether labels were drawn with one chance in each stratum of this grading.

    Then their chances need not be known. They were not where the plan was made for another grading.
    """
    designs = {label.design for label in labels if label.design in RANDOM}
    return designs <= {"uniform"} or (
        designs == {"plan"} and plan is not None and plan.grading == grading
    )
