"""Which rows to label so that the corrected accuracy gets an interval of a given width.

The rows are drawn at random within each stage and outcome, as many as `analysis.planning` asks for,
or uniformly from all. A plan is written down before anybody labels: the rows, the chance with which
each was drawn, and the seed. A later plan of the same grading keeps the rows that were begun and
draws what is missing from the rest, which within a stratum is one draw at random of the larger
size.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from judgekit.analysis.labels import RANDOM, Rule, settle
from judgekit.analysis.planning import Looked, expected_width, guess, labels_needed
from judgekit.analysis.strata import Target
from judgekit.audit.subject import Row, Subject
from judgekit.audit.triage import WEIGHT
from judgekit.errors import UnknownName, UserError
from judgekit.lines import Lines, read_lines
from judgekit.records import Design, Key, Label, Outcome
from judgekit.rows import from_row
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
    None for `uniform`. `rows` stand in the random order in which they are to be labelled. `looks`
    is how often the result may be looked at, `anytime` that it may be at every moment. `rule` makes
    one word of several labellers'.
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
    anytime: bool = False
    rule: Rule = "majority"

    @property
    def level(self) -> float:
        """Of each look."""
        return level_of(self.looks)

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
    anytime: bool = False,
    assume: Mapping[str, float] | None = None,
    rule: Rule = "majority",
) -> Plan:
    """The fewest labels that should give an interval of at most `width` (a share), and which.

    `assume` maps a stage to the largest share of its verdicts that may be wrong; nobody is asked to
    label its rows. Raises `UserError` for a width that no number of labels gives, and for an
    `anytime` plan with looks or for a population.
    """
    if not 0 < width < 1:
        raise UserError(f"a width of {width:g}: it must lie between 0 and 1", hint="such as 0.1")
    if not 1 <= looks <= MOST_LOOKS:
        raise UserError(f"{looks} looks: plan 1 to {MOST_LOOKS}")
    if anytime and looks > 1:
        raise UserError(
            "an any-time plan may be looked at as often as one likes: leave out --looks"
        )
    if anytime and target != "benchmark":
        raise UserError("an any-time interval holds for these very rows: leave out --target")
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
    how = Looked(target, level_of(looks), anytime)
    needed = labels_needed(sizes, verdicts, guesses, width, how, assumed)
    if needed is None:
        least = expected_width(sizes, verdicts, guesses, _most(sizes, assumed), how, assumed)
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
        _earlier(subject, "plan"),
        seed,
    )
    return Plan(
        *("plan", subject.grading, seed, _now(), rows, planned, target, width),
        expected=expected_width(sizes, verdicts, guesses, needed, how, assumed),
        looks=looks,
        anytime=anytime,
        rule=rule,
    )


def plan_uniform(subject: Subject, labels: int, *, seed: int = 0, rule: Rule = "majority") -> Plan:
    """So many rows drawn uniformly from all."""
    if not 1 <= labels <= len(subject.rows):
        raise UserError(f"{labels} rows to label: there are {len(subject.rows)}")
    rows = _draw([(subject.rows, labels)], _earlier(subject, "uniform"), seed)
    return Plan("uniform", subject.grading, seed, _now(), rows, (), rule=rule)


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


def level_of(looks: int) -> float:
    """Of each of so many looks, so that all hold together at 95 % (Bonferroni)."""
    return 0.95 if looks == 1 else 1 - 0.05 / looks


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


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The last draw of this design and grading, in its order, and which rows have labels."""

    order: tuple[Key, ...]
    labelled: frozenset[Key]

    def begun(self, rows: Sequence[Row]) -> list[Key]:
        """Of these rows, those drawn before as far as somebody has got: passed over ones too, so
        that what was passed over for what it says does not drop out."""
        here = {row.key for row in rows}
        order = [key for key in self.order if key in here]
        done = [number for number, key in enumerate(order, start=1) if key in self.labelled]
        return order[: max(done, default=0)]


def _earlier(subject: Subject, design: Design) -> _Earlier:
    plans = [
        from_row(Plan, row, where=f"{FILE} line {number}")
        for number, row in read_lines(subject.folder / FILE)
    ]
    same = [p for p in plans if p.design == design and p.grading == subject.grading]
    order = tuple(each.key for each in same[-1].rows) if same else ()
    done = frozenset(label.key for label in subject.labels if label.design in RANDOM)
    return _Earlier(order, done)


def _draw(
    wanted: Sequence[tuple[Sequence[Row], int]], earlier: _Earlier, seed: int
) -> tuple[Drawn, ...]:
    """So many rows of each group at random: those begun before first, the rest in random order."""
    chooser = random.Random(seed)
    before: dict[Key, Drawn] = {}
    fresh: list[Drawn] = []
    for rows, labels in wanted:
        begun = dict.fromkeys(earlier.begun(rows))
        rest = [row.key for row in rows if row.key not in begun]
        new = chooser.sample(rest, max(labels - len(begun), 0))
        chance = (len(begun) + len(new)) / len(rows)
        before |= {key: Drawn(*key, chance) for key in begun}
        fresh += [Drawn(*key, chance) for key in new]
    chooser.shuffle(fresh)
    return (*(before[key] for key in earlier.order if key in before), *fresh)


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
