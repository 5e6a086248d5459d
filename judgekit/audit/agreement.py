"""Agreement between raters: Cohen's and Fleiss' kappa, Krippendorff's alpha, with intervals.

Each statistic is a function of counts that add up over problems, so that a bootstrap over problems
(rows of one problem stay together) only has to add counts. A value is NaN where it is not defined,
such as kappa where everybody always says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

LEVEL = 0.95
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Measured:
    """A statistic and its interval; NaN where it is not defined."""

    value: float
    low: float
    high: float
    level: float = LEVEL


def bootstrap(
    counts: Any,
    clusters: Sequence[Any],
    statistic: Callable[[Any], Any],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
) -> Measured:
    """A statistic of summed counts, with the percentile interval of a bootstrap over clusters.

    `counts` has one row an observation; `statistic` takes an array whose last axis is the summed
    counts, and reduces that axis. Draws in which it is not defined are left out.
    """
    import numpy as np

    counts = np.asarray(counts, dtype=float)
    names, index = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    if len(names) == 0:
        return Measured(float("nan"), float("nan"), float("nan"), level)
    sums = np.zeros((len(names), counts.shape[1]))
    np.add.at(sums, index, counts)
    value = float(statistic(sums.sum(axis=0)))
    times = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=draws
    )
    drawn = np.asarray(statistic(times @ sums))
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) == 0:
        return Measured(value, float("nan"), float("nan"), level)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Measured(value, float(low), float(high), level)


def kappa(cells: Any) -> Any:
    """Cohen's kappa (1960) of two raters from [both yes, only first, only second, both no]."""
    import numpy as np

    both, first, second, neither = np.moveaxis(np.asarray(cells, dtype=float), -1, 0)
    with np.errstate(all="ignore"):
        total = both + first + second + neither
        observed = (both + neither) / total
        yes = (both + first) * (both + second) / total**2
        no = (neither + first) * (neither + second) / total**2
        return (observed - yes - no) / (1 - yes - no)


def cohen(a: Sequence[bool], b: Sequence[bool], clusters: Sequence[Any]) -> Measured:
    """Cohen's kappa of two raters who rated the same rows."""
    import numpy as np

    x, y = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    cells = np.stack([x & y, x & ~y, ~x & y, ~x & ~y], axis=-1)
    return bootstrap(cells.reshape(-1, 4), clusters, kappa)


def krippendorff(ratings: Sequence[Sequence[Any]], clusters: Sequence[Any]) -> Measured:
    """Krippendorff's alpha for nominal ratings; `ratings[row]` holds each rater's, None is missing.

    Computed from coincidences (Krippendorff 2011): a row with m ratings contributes its ordered
    pairs, each with weight 1 / (m - 1); rows with fewer than two ratings contribute nothing.
    """
    import numpy as np

    values = sorted({value for row in ratings for value in row if value is not None}, key=str)
    place = {value: number for number, value in enumerate(values)}
    size = len(values)
    counts = np.zeros((len(ratings), size * size))
    for number, row in enumerate(ratings):
        given = np.bincount([place[v] for v in row if v is not None], minlength=size)
        if given.sum() >= 2:
            pairs = np.outer(given, given) - np.diag(given)
            counts[number] = pairs.ravel() / (given.sum() - 1)

    def alpha(cells: Any) -> Any:
        table = np.asarray(cells).reshape(*np.shape(cells)[:-1], size, size)
        marginal = table.sum(axis=-1)
        total = marginal.sum(axis=-1)
        agreed = np.trace(table, axis1=-2, axis2=-1)
        with np.errstate(all="ignore"):
            expected = total**2 - (marginal**2).sum(axis=-1)
            return 1 - (total - 1) * (total - agreed) / expected

    return bootstrap(counts, clusters, alpha)


def fleiss(ratings: Sequence[Sequence[Any]], clusters: Sequence[Any]) -> Measured:
    """Fleiss' kappa (1971); every row needs the same number of ratings, at least two.

    Raises `ValueError` otherwise: Krippendorff's alpha allows missing ones.
    """
    import numpy as np

    sizes = {len([value for value in row if value is not None]) for row in ratings}
    if len(sizes) > 1 or (sizes and min(sizes) < 2):
        raise ValueError("Fleiss' kappa needs the same number of ratings, at least 2, on every row")
    values = sorted({value for row in ratings for value in row}, key=str)
    table = np.array([[sum(v == value for v in row) for value in values] for row in ratings])
    raters = sizes.pop() if sizes else 0
    if raters == 0:
        return bootstrap(np.zeros((0, 1)), [], lambda cells: np.nan)
    agreed = (table * (table - 1)).sum(axis=1) / (raters * (raters - 1))
    counts = np.column_stack([np.ones(len(table)), agreed, table])

    def statistic(cells: Any) -> Any:
        with np.errstate(all="ignore"):
            rows, observed = cells[..., 0], cells[..., 1] / cells[..., 0]
            shares = cells[..., 2:] / (rows[..., None] * raters)
            expected = (shares**2).sum(axis=-1)
            return (observed - expected) / (1 - expected)

    return bootstrap(counts, clusters, statistic)
