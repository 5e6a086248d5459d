"""From which confidence on a judge may decide, with a guarantee ("Trust or Escalate").

Selective judging after Jung, Brahman and Choi (arXiv 2407.18370): on rows with human labels find
the lowest threshold such that, with probability at least 1 - delta over the choice of those rows,
at most a share alpha of the verdicts above it disagree with people. Thresholds are tried in one
fixed order, from the highest down, and the first failure ends it (fixed-sequence testing), so that
trying many costs nothing in level. Each is tested by the exact binomial bound.

The guarantee is for rows drawn like the labelled ones, one independent of another: give one row a
problem where a problem has several.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.errors import UserError

ALPHA = 0.1
DELTA = 0.05
"""At most this share disagrees with people, except with this probability over the labelled rows."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled row: the judge's confidence (None where it decided nothing), and agreement."""

    confidence: float | None
    agrees: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold tried: the rows at or above it, how many disagree, the bound on their share."""

    threshold: float
    rows: int
    disagreements: int
    bound: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of it. `threshold` None: no confidence is enough; the sentence says why."""

    threshold: float | None
    alpha: float
    delta: float
    rows: int
    needed: int
    steps: tuple[Step, ...]
    sentence: str

    @property
    def decided(self) -> float:
        """The share of rows that the judge decides at the threshold."""
        passed = [step for step in self.steps if step.threshold == self.threshold]
        return passed[-1].rows / self.rows if passed and self.rows else 0.0


def calibrate(rows: Sequence[Judged], alpha: float = ALPHA, delta: float = DELTA) -> Calibration:
    """The lowest threshold that passes, in an unbroken row from the highest.

    It starts where enough rows stand above the threshold to pass with one disagreement among them
    (with all rows, if they are fewer): that depends on alpha, delta and the number of rows alone,
    so it is fixed before anything is looked at.
    """
    _check(alpha, delta)
    ranked = sorted(
        (row for row in rows if row.confidence is not None), key=lambda r: -(r.confidence or 0)
    )
    needed = labels_needed(alpha, delta)
    start = min(labels_needed(alpha, delta, disagreements=1), len(ranked))
    steps: list[Step] = []
    best: Step | None = None
    wrong = 0
    for number, row in enumerate(ranked, start=1):
        wrong += not row.agrees
        tied = number < len(ranked) and ranked[number].confidence == row.confidence
        if number < start or tied:
            continue
        step = Step(row.confidence or 0.0, number, wrong, upper_bound(wrong, number, delta))
        steps.append(step)
        if step.bound > alpha:
            break
        best = step
    threshold = best.threshold if best else None
    sentence = _sentence(best, steps, len(rows), len(ranked), needed, alpha, delta)
    return Calibration(threshold, alpha, delta, len(rows), needed, tuple(steps), sentence)


def calibrate_cascade(
    judges: Sequence[Sequence[Judged]], alpha: float = ALPHA, delta: float = DELTA
) -> list[Calibration]:
    """One threshold a judge, cheap judge first; each sees the rows that those before left open.

    The lists are parallel, one entry a row. delta is shared out evenly, so that the guarantee holds
    for all judges together; after the last of them a row is undecided.
    """
    if len({len(rows) for rows in judges}) > 1:
        raise UserError("every judge needs a verdict on every labelled row")
    open_rows = list(range(len(judges[0]))) if judges else []
    found = []
    for rows in judges:
        result = calibrate([rows[i] for i in open_rows], alpha, delta / len(judges))
        found.append(result)
        open_rows = [i for i in open_rows if not decides(rows[i], result.threshold)]
    return found


def decides(row: Judged, threshold: float | None) -> bool:
    """Whether the judge decides the row at this threshold."""
    return threshold is not None and row.confidence is not None and row.confidence >= threshold


def upper_bound(wrong: int, rows: int, delta: float) -> float:
    """The exact one-sided bound (Clopper and Pearson 1934) on a share; 1 for no rows.

    >>> round(upper_bound(0, 29, 0.05), 3)
    0.098
    """
    if rows == 0 or wrong >= rows:
        return 1.0
    if wrong == 0:
        return 1.0 - math.exp(math.log(delta) / rows)
    from scipy.special import betaincinv

    return float(betaincinv(wrong + 1, rows - wrong, 1 - delta))


def labels_needed(alpha: float, delta: float, disagreements: int = 0) -> int:
    """How many rows it takes for the bound to reach alpha with so many disagreements among them.

    >>> [labels_needed(alpha, 0.05) for alpha in (0.1, 0.05, 0.02)]
    [29, 59, 149]
    """
    rows = max(disagreements + 1, math.ceil(math.log(delta) / math.log1p(-alpha)))
    while upper_bound(disagreements, rows, delta) > alpha:
        rows += 1
    return rows


def _check(alpha: float, delta: float) -> None:
    for name, value in (("alpha", alpha), ("delta", delta)):
        if not 0 < value < 1:
            raise UserError(f"{name} = {value:g} must lie between 0 and 1")


def _sentence(
    best: Step | None,
    steps: Sequence[Step],
    rows: int,
    confident: int,
    needed: int,
    alpha: float,
    delta: float,
) -> str:
    promise = f"at most {alpha:.1%} of its verdicts disagree with people ({1 - delta:.1%} sure)"
    if best is not None:
        return (
            f"From confidence {best.threshold:.3g} on, {promise}: {best.disagreements} of "
            f"{best.rows} did; it decides {best.rows / rows:.0%} of the rows."
        )
    if confident == 0:
        return "No verdict has a confidence: ask for votes > 1, or a server with log-probabilities."
    if confident < needed:
        return (
            f"It takes at least {needed} labelled rows to say that {promise}; "
            f"{confident} have a verdict with a confidence."
        )
    first = steps[0]
    return (
        f"No threshold is enough: of its {first.rows} most confident verdicts "
        f"{first.disagreements} disagree with people, which leaves up to {first.bound:.1%}."
    )
