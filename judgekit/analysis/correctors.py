"""Other people's corrections of a judged accuracy, for comparison with `strata`.

All suppose labels drawn uniformly from all rows, and aim at a population of rows.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from judgekit.analysis.intervals import clopper_pearson
from judgekit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

Limits = tuple[float, float, float]
"""Value, low, high."""


def ppi(
    truth: Floats,
    judged: Floats,
    judged_open: Floats,
    level: float = 0.95,
    power: float | None = None,
) -> Limits:
    """PPI++ for a mean (Angelopoulos, Duchi and Zrnic 2023, arXiv 2311.01453), normal interval.

    `truth` and `judged` are labels and verdicts of the labelled rows, `judged_open` the verdicts of
    the others. `power` is the tuning parameter lambda, by default the one that minimises the
    variance, kept within [0, 1]. With one label the interval is [0, 1].
    """
    n, rest = len(truth), len(judged_open)
    if power is None:
        power = _best_power(truth, judged, judged_open)
    open_mean = judged_open.mean() if rest else 0.0
    power = power if rest else 0.0
    corrections = truth - power * judged
    value = float(power * open_mean + corrections.mean())
    if n < 2:
        return min(max(value, 0.0), 1.0), 0.0, 1.0
    variance = corrections.var(ddof=1) / n
    if rest > 1:
        variance += power**2 * judged_open.var(ddof=1) / rest
    return _normal(value, float(variance), level)


def rogan_gladen(truth: Floats, judged: Floats, judged_all: Floats, level: float = 0.95) -> Limits:
    """Rogan and Gladen 1978: (q + specificity - 1) / (sensitivity + specificity - 1).

    q is the share of rows judged correct; the interval is by the delta method (their equation for
    the variance). Raises `DataError` where labels of one kind are missing, or the judge is no
    better than chance on them.
    """
    right, wrong = judged[truth == 1], judged[truth == 0]
    if not len(right) or not len(wrong):
        raise DataError("rogan-gladen needs labels of right and of wrong responses")
    sensitivity, specificity = float(right.mean()), float(1 - wrong.mean())
    gain = sensitivity + specificity - 1
    if gain <= 0:
        raise DataError("rogan-gladen: on the labels the judge is no better than chance")
    share = float(judged_all.mean())
    value = (share + specificity - 1) / gain
    variance = (
        share * (1 - share) / len(judged_all)
        + value**2 * sensitivity * (1 - sensitivity) / len(right)
        + (1 - value) ** 2 * specificity * (1 - specificity) / len(wrong)
    ) / gain**2
    return _normal(value, variance, level)


def labels_only(truth: Floats, level: float = 0.95) -> Limits:
    """The share of right ones among the labels alone, with Clopper and Pearson's interval."""
    right = int(truth.sum())
    low, high = clopper_pearson(right, len(truth), level)
    return right / len(truth), low, high


def _best_power(truth: Floats, judged: Floats, judged_open: Floats) -> float:
    """Example 6.1 of the paper: cov(truth, judged) / ((1 + n / N) var(judged))."""
    import numpy as np

    n, rest = len(truth), len(judged_open)
    everything = np.concatenate([judged, judged_open])
    spread = float(everything.var(ddof=1)) if len(everything) > 1 else 0.0
    if n < 2 or not rest or spread == 0:
        return 0.0
    shared = float(np.cov(truth, judged)[0, 1])
    return min(max(shared / ((1 + n / rest) * spread), 0.0), 1.0)


def _normal(value: float, variance: float, level: float) -> Limits:
    half = NormalDist().inv_cdf((1 + level) / 2) * sqrt(variance)
    value = min(max(value, 0.0), 1.0)
    return value, max(value - half, 0.0), min(value + half, 1.0)
