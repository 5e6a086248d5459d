"""A judge before and after tuning, on rows that the tuning has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.analysis.compare import difference_interval, sign_flip_p
from judgekit.analysis.intervals import mean_interval
from judgekit.judges.labelled import LabelledRow

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """The judge before and after on the rows held back; undecided is not right.

    `difference` is the accuracy after minus before, with its 95 % interval over problems.
    """

    rows: int
    problems: int
    before: int
    after: int
    mended: int
    spoiled: int
    difference: float
    low: float
    high: float
    p: float
    verdict: str
    """Gained, Worse, or No gain shown."""

    @property
    def sentence(self) -> str:
        points, low, high = (f"{100 * x:+.1f}" for x in (self.difference, self.low, self.high))
        return (
            f"{self.verdict}: of {self.rows} rows held back ({self.problems} problems), "
            f"{self.before} were judged as people did before and {self.after} after: {points} "
            f"points [{low}, {high}], p = {self.p:.3g}; {self.mended} mended, "
            f"{self.spoiled} spoiled."
        )


def compare(
    rows: Sequence[LabelledRow], before: Sequence[bool], after: Sequence[bool]
) -> Comparison:
    """Which of the rows were judged rightly before and after, paired.

    The interval is Tango's for one row a problem, else clustered by problem; p is exact
    over the signs of the problems' differences, which is McNemar's test for one row a problem.
    """
    changes = [float(b) - float(a) for a, b in zip(before, after, strict=True)]
    clusters = [row.cluster for row in rows]
    of_problem = dict.fromkeys(clusters, 0.0)
    for cluster, change in zip(clusters, changes, strict=True):
        of_problem[cluster] += change
    mean, low, high = mean_interval(changes, clusters)
    if len(of_problem) == len(rows) or not any(of_problem.values()):
        low, high, _ = difference_interval(list(of_problem.values()), 1)
    p = sign_flip_p(list(of_problem.values()))
    shown = p <= LEVEL
    return Comparison(
        len(rows),
        len(of_problem),
        sum(before),
        sum(after),
        sum(change > 0 for change in changes),
        sum(change < 0 for change in changes),
        mean,
        low,
        high,
        p,
        "Gained" if shown and mean > 0 else "Worse" if shown and mean < 0 else "No gain shown",
    )
