"""A run's accuracy as graded, and as its labels correct it, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judgekit.analysis.corrected import Estimate, Method, corrected_accuracy
from judgekit.analysis.labels import RANDOM, Rule, settle
from judgekit.audit.labels import label_frame
from judgekit.audit.plan import Plan, constant_within_strata, plan_in_force
from judgekit.errors import DataError
from judgekit.records import Grade, Label, Outcome


@dataclass(frozen=True, slots=True)
class Corrected:
    """Both numbers over the graded responses.

    `estimate` is None where the labels support no number; `refused` then says why. `unsure` counts
    responses whose labellers were all unsure, `divided` those on which labellers disagree.
    `assume` is what the plan assumes of stages that nobody labels, `looks` how many looks at the
    labels it foresees; an `Estimate` by method `anytime` may be looked at always. `skipped` counts
    rows of the plan that were passed over for later ones of the same stage and outcome.
    """

    raw: float
    graded: int
    labelled: int
    estimate: Estimate | None
    refused: str = ""
    unsure: int = 0
    divided: int = 0
    rule: Rule = "majority"
    assume: Mapping[str, float] = field(default_factory=dict)
    looks: int = 1
    skipped: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What the number rests on; belongs beside it."""
        notes = list(self.estimate.notes) if self.estimate else []
        if self.divided:
            notes.append(f"Labellers disagree on {self.divided} rows; the rule is {self.rule}.")
        if self.looks > 1:
            notes.append(f"One of {self.looks} planned looks: together they hold at 95 %.")
        if self.estimate and self.estimate.method == "anytime":
            notes.append("Any-time: holds however often one looks, and whenever one stops.")
        if self.skipped:
            notes.append(
                f"{self.skipped} rows of the plan were passed over for later ones: if for what "
                "they say, the number is biased. Label them too."
            )
        return tuple(dict.fromkeys(notes))


def corrected(
    grades: Sequence[Grade],
    labels: Sequence[Label],
    folder: Path,
    *,
    rule: Rule | None = None,
    variant: str | None = None,
) -> Corrected | None:
    """The correction by the labels and plan of a folder; None where nobody has labelled.

    `variant` restricts both to one variant of the responses. Target, looks and (unless `rule` names
    one) the rule for several labellers are those of the plan in force, else these very responses,
    one look, and the majority.
    """
    chosen = [g for g in grades if variant is None or g.variant == variant]
    said = [label for label in labels if variant is None or label.variant == variant]
    if not said or not chosen:
        return None
    plan = plan_in_force(folder)
    stages = {grade.stage for grade in chosen}
    assume = {k: v for k, v in plan.assume.items() if k in stages} if plan else {}
    rule = rule or (plan.rule if plan else "majority")
    settled = settle(said, rule)
    words = [word for word in settled.outcomes.values() if word != "undecided"]
    raw = sum(grade.outcome == "correct" for grade in chosen) / len(chosen)
    estimate, refused = _estimate(chosen, said, plan, assume, rule)
    return Corrected(
        *(raw, len(chosen), len(words), estimate, refused),
        *(settled.unsure, len(settled.divided), rule, assume, plan.looks if plan else 1),
        skipped=_skipped(chosen, said, plan),
    )


def _estimate(
    grades: Sequence[Grade],
    labels: Sequence[Label],
    plan: Plan | None,
    assume: Mapping[str, float],
    rule: Rule,
) -> tuple[Estimate | None, str]:
    import pandas as pd

    graded = pd.DataFrame(
        [(*grade.key, grade.outcome, grade.stage) for grade in grades],
        columns=["id", "sample", "variant", "outcome", "stage"],
    )
    frame = label_frame(labels, rule)
    if constant_within_strata(labels, plan, grades[0].grading):
        frame = frame.drop(columns="probability")
    method: Method = "anytime" if plan and plan.anytime else "stratified"
    target, level = (plan.target, plan.level) if plan else ("benchmark", 0.95)
    try:
        return corrected_accuracy(graded, frame, method, target, level, assume), ""
    except DataError as fault:
        return None, str(fault)


def _skipped(grades: Sequence[Grade], labels: Sequence[Label], plan: Plan | None) -> int:
    """Rows of a plan without a label, though a later one of their stage and outcome has one.

    While labelling goes on, the labels are a sample at random only if they were made in the plan's
    order. A row that was labelled unsure is not passed over.
    """
    if plan is None:
        return 0
    seen = {label.key for label in labels if label.design in RANDOM}
    stratum = {grade.key: (grade.stage, grade.outcome) for grade in grades}
    begun: set[tuple[str, Outcome]] = set()
    skipped = 0
    for each in reversed(plan.rows):
        if (place := stratum.get(each.key)) is None:
            continue
        if each.key in seen:
            begun.add(place)
        else:
            skipped += place in begun
    return skipped
