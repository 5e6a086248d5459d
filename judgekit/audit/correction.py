"""A run's accuracy as graded, and as its labels correct it, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from judgekit.analysis.corrected import Estimate, corrected_accuracy
from judgekit.audit.labels import Rule, label_frame, settle
from judgekit.audit.plan import Plan, constant_within_strata, plan_in_force
from judgekit.errors import DataError
from judgekit.records import Grade, Label


@dataclass(frozen=True, slots=True)
class Corrected:
    """Both numbers over the graded responses.

    `estimate` is None where the labels support no number; `refused` then says why. `unsure` counts
    responses whose labellers were all unsure, `divided` those on which labellers disagree.
    `assume` is what the plan assumes of stages that nobody labels, `looks` how many looks at the
    labels it foresees.
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

    @property
    def notes(self) -> tuple[str, ...]:
        """What the number rests on; belongs beside it."""
        notes = list(self.estimate.notes) if self.estimate else []
        if self.divided:
            notes.append(f"Labellers disagree on {self.divided} rows; the rule is {self.rule}.")
        if self.looks > 1:
            notes.append(f"One of {self.looks} planned looks: together they hold at 95 %.")
        return tuple(dict.fromkeys(notes))


def corrected(
    grades: Sequence[Grade],
    labels: Sequence[Label],
    folder: Path,
    *,
    rule: Rule = "majority",
    variant: str | None = None,
) -> Corrected | None:
    """The correction by the labels and plan of a folder; None where nobody has labelled.

    `variant` restricts both to one variant of the responses. The target is the one of the plan in
    force, else these very responses.
    """
    chosen = [g for g in grades if variant is None or g.variant == variant]
    said = [label for label in labels if variant is None or label.variant == variant]
    if not said or not chosen:
        return None
    plan = plan_in_force(folder)
    stages = {grade.stage for grade in chosen}
    assume = {k: v for k, v in plan.assume.items() if k in stages} if plan else {}
    settled = settle(said, rule)
    words = [word for word in settled.outcomes.values() if word != "undecided"]
    raw = sum(grade.outcome == "correct" for grade in chosen) / len(chosen)
    estimate, refused = _estimate(chosen, said, plan, assume, rule)
    return Corrected(
        *(raw, len(chosen), len(words), estimate, refused),
        *(settled.unsure, len(settled.divided), rule, assume, plan.looks if plan else 1),
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
    target, level = (plan.target, plan.level) if plan else ("benchmark", 0.95)
    try:
        return corrected_accuracy(graded, frame, target=target, level=level, assume=assume), ""
    except DataError as fault:
        return None, str(fault)
