"""Does a confidence mean what it says? Calibration and discrimination.

For any numbers in [0, 1] beside rights and wrongs: what a model said of its answer, exp of its mean
log-probability, or what a judge said of its verdict (right: the verdict agrees with a label).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

BINS = 10


class Bin(NamedTuple):
    """One bar of a reliability diagram; `low` <= confidence < `high` (the last includes 1)."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`n` rows with a confidence, `missing` without one. None where a number has no meaning."""

    n: int
    missing: int
    mean_confidence: float | None
    accuracy: float | None
    ece: float | None
    brier: float | None
    auroc: float | None
    bins: tuple[Bin, ...]


def calibration(confidence: Any, right: Any, bins: int = BINS) -> Calibration:
    """Calibration of confidences (NaN or None: missing) against rights and wrongs.

    ECE: mean over bins of equal width of |accuracy - confidence|, weighted by their rows (Guo et
    al. 2017, arXiv 1706.04599). Brier: mean squared error (Brier 1950). AUROC: chance that a right
    row has more confidence than a wrong one, ties half (Hanley and McNeil 1982); None where all
    rows are alike. Raises `ValueError` for confidences outside [0, 1].
    """
    import numpy as np

    given, truth = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    known = ~np.isnan(given)
    missing = int((~known).sum())
    given, truth = given[known], truth[known]
    if not given.size:
        return Calibration(0, missing, None, None, None, None, None, ())
    if given.min() < 0 or given.max() > 1:
        raise ValueError("a confidence outside [0, 1]")
    filled = _bins(given, truth, bins)
    return Calibration(
        n=int(given.size),
        missing=missing,
        mean_confidence=float(given.mean()),
        accuracy=float(truth.mean()),
        ece=sum(each.n * abs(each.accuracy - each.confidence) for each in filled) / given.size,
        brier=float(np.mean((given - truth) ** 2)),
        auroc=auroc(given, truth),
        bins=filled,
    )


def auroc(score: Any, right: Any) -> float | None:
    """Area under the ROC curve by ranks (Mann and Whitney's U); None where all rows are alike."""
    import numpy as np
    from scipy.stats import rankdata

    given, truth = np.asarray(score, dtype=float), np.asarray(right, dtype=bool)
    positive = int(truth.sum())
    negative = truth.size - positive
    if not positive or not negative:
        return None
    ranks = float(rankdata(given)[truth].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def _bins(given: Any, truth: Any, bins: int) -> tuple[Bin, ...]:
    import numpy as np

    place = np.minimum((given * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            *(k / bins, (k + 1) / bins, int(inside.sum())),
            confidence=float(given[inside].mean()),
            accuracy=float(truth[inside].mean()),
        )
        for k in range(bins)
        if (inside := place == k).any()
    )
