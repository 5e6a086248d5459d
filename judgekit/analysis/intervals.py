"""Intervals: Wilson for a share, Tango for a difference of pairs, a clustered one for several rows.

Every number that a report shows has one. Neither collapses to a point when all rows agree: three
right of three is an interval from 44 % to 100 %, not 100 % with a standard error of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import copysign, inf, sqrt
from typing import Any

LEVEL = 0.95
BISECTIONS = 50
"""To the last digit of a share."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share in [0, 1] with its interval; `n` rows of `clusters` problems.

    `value` is None where there are no rows; the interval is then [0, 1]. `se` is the clustered
    standard error where there are several rows a problem and it says something, else None.
    """

    value: float | None
    low: float
    high: float
    n: int
    clusters: int
    se: float | None = None
    level: float = LEVEL


def wilson(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001); [0, 1] for n = 0.

    >>> [round(limit, 4) for limit in wilson(3, 3)]
    [0.4385, 1.0]
    """
    if n <= 0:
        return 0.0, 1.0
    z2 = _z(level) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At the ends the limit is 0 or 1 exactly, which rounding would miss.
    return (0.0 if p == 0 else max(centre - half, 0.0)), (1.0 if p == 1 else min(centre + half, 1))


def clopper_pearson(successes: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval (Clopper and Pearson 1934), never below its level; [0, 1] for n = 0."""
    from scipy.special import betaincinv

    if n == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def tango(gained: int, lost: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """The score interval of a difference of paired shares, (gained - lost) / n (Tango 1998).

    All differences that `tango_score` does not reject; [-1, 1] for n = 0. Never a point: Wilson's
    sibling for pairs.

    >>> [round(limit, 3) for limit in tango(1, 7, 21)]
    [-0.517, -0.026]
    """
    if n == 0:
        return -1.0, 1.0
    z = _z(level)

    def limit(outside: float) -> float:
        inside = (gained - lost) / n
        for _ in range(BISECTIONS):
            middle = (inside + outside) / 2
            if abs(tango_score(gained, lost, n, middle)) <= z:
                inside = middle
            else:
                outside = middle
        return inside

    return limit(-1.0), limit(1.0)


def tango_score(gained: int, lost: int, n: int, difference: float) -> float:
    """z of the score test that a true difference of `difference`, in (-1, 1), gave these n pairs.

    The variance is the maximum likelihood's at that difference (Tango 1998). At 0, z squared is
    McNemar's statistic.
    """
    b = (2 * n - gained + lost) * difference - gained - lost
    c = -lost * difference * (1 - difference)
    chance_lost = (sqrt(max(b * b - 8 * n * c, 0.0)) - b) / (4 * n)
    variance = n * (2 * chance_lost + difference * (1 - difference))
    excess = gained - lost - n * difference
    return excess / sqrt(variance) if variance > 0 else copysign(inf, excess) if excess else 0.0


def share(values: Any, clusters: Any, level: float = LEVEL) -> Share:
    """The mean of values in [0, 1], knowing that rows of one problem belong together.

    One row a problem: Wilson. Several: Wilson at the effective sample size p (1 - p) / se^2, at
    most the number of rows, where se is the standard error clustered by problem (Miller 2024,
    arXiv 2411.00640).
    """
    import numpy as np

    y = np.asarray(values, dtype=float)
    if y.size == 0:
        return Share(None, 0.0, 1.0, 0, 0, None, level)
    index = _numbered(clusters)
    m, n, p = int(index.max()) + 1, int(y.size), float(y.mean())
    if m == n:
        return Share(p, *wilson(p * n, n, level), n, m, None, level)
    se = clustered_se(y, index)
    return Share(p, *_effective_wilson(p, se, m, n, level), n, m, se, level)


def mean_score(values: Any, level: float = LEVEL, *, rows: int | None = None) -> Share:
    """The mean over problems of one score in [0, 1] each, such as pass@k; Wilson as in `share`.

    Scores between 0 and 1 vary less than rights and wrongs, so that the effective size may exceed
    the number of problems, but not that of the `rows` behind them.
    """
    import numpy as np

    y = np.asarray(values, dtype=float)
    if y.size == 0:
        return Share(None, 0.0, 1.0, 0, 0, None, level)
    m, p = int(y.size), float(y.mean())
    if rows == m:
        return Share(p, *wilson(p * m, m, level), m, m, None, level)
    se = clustered_se(y, np.arange(m))
    return Share(p, *_effective_wilson(p, se, m, rows, level), m, m, se, level)


def _effective_wilson(
    p: float, se: float | None, m: int, most: int | None, level: float
) -> tuple[float, float]:
    """Wilson at the size that the standard error of m problems amounts to.

    Made smaller by the ratio of the normal to Student's quantile, squared (Korn and Graubard 1998);
    where the problems do not vary at all, the size is their number.
    """
    size = float(m) if se is None else p * (1 - p) / se**2
    if most is not None:
        size = min(size, float(most))
    if m > 1:
        size *= (_z(level) / _t(level, m - 1)) ** 2
    return wilson(p * size, size, level)


def clustered_se(values: Any, clusters: Any) -> float | None:
    """Standard error of a mean whose rows come in clusters; None where it could only be 0.

    sqrt(m / (m - 1) * sum over clusters of (sum of residuals)^2) / n: Liang and Zeger's, with the
    usual correction for m clusters.
    """
    import numpy as np

    y = np.asarray(values, dtype=float)
    index = _numbered(clusters)
    m = int(index.max()) + 1 if y.size else 0
    if m < 2:
        return None
    sums = np.bincount(index, weights=y - y.mean(), minlength=m)
    se = float(np.sqrt(m / (m - 1) * np.sum(sums**2)) / y.size)
    return se if se > 1e-12 else None


def mean_interval(values: Any, clusters: Any, level: float = LEVEL) -> tuple[float, float, float]:
    """Mean of any quantity and its t interval clustered by problem; (mean, low, high).

    The limits are NaN where there are fewer than two problems, and no values give NaN throughout.
    """
    import numpy as np

    y = np.asarray(values, dtype=float)
    if y.size == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(y.mean())
    m = int(_numbered(clusters).max()) + 1
    if m < 2:
        return mean, float("nan"), float("nan")
    half = _t(level, m - 1) * (clustered_se(y, clusters) or 0.0)
    return mean, mean - half, mean + half


def _numbered(clusters: Any) -> Any:
    """Clusters as 0, 1, ... in order of appearance."""
    import numpy as np
    import pandas as pd

    return pd.factorize(np.asarray(clusters))[0]


def _z(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2)


def _t(level: float, freedom: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2))
