"""The interval behind corrected accuracy: a few labels in each of several strata.

A stratum is the rows that one stage gave one outcome. Of its `size` rows, `labelled` were drawn at
random and `right` of these are truly right; the others are open. The number right among the open
rows of a stratum is taken as beta-binomial given its labels (the finite-population posterior of
Ericson 1969), the strata are convolved, and for each limit one stratum gets a shifted pseudo-label:
the one in which that moves the limit furthest (after Fay and Feuer's pseudo-event of 1997).

The size of the shift, the maximum over strata and the mixture for a population are this project's
own: there is no proof. Evidence by simulation: coverage at least .978 for the benchmark and .966
for the population over 40 cells at level .95, .944 in exact searches for the worst case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[Any]

Target = Literal["benchmark", "population"]

DELTA = 0.9
"""The shift at level .95, chosen by search for the worst case; at .75 and .85 coverage fell to .93.
Away from .95 it under-covers (.891 at level .90), so that there the shift is a whole label."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Rows with one verdict of one stage.

    `verdict` is whether that verdict is "correct". `right` is a count (in planning, an expected
    one). `effective` is (right, labelled) at effective
    size where rows were drawn with unequal probabilities. `assumed` bounds the share of its
    verdicts that are wrong, where nobody labelled any.
    """

    size: int
    labelled: int
    right: float
    verdict: bool
    effective: tuple[float, float] | None = None
    assumed: float | None = None

    @property
    def open(self) -> int:
        return self.size - self.labelled

    @property
    def counts(self) -> tuple[float, float]:
        """Labels that are right, and labels."""
        return self.effective or (self.right, float(self.labelled))

    @property
    def estimate(self) -> float:
        """How many rows are right."""
        if not self.labelled:
            return float(self.size * self.verdict)
        right, labelled = self.counts
        return self.right + self.open * right / labelled

    @property
    def reach(self) -> tuple[int, int]:
        """Fewest and most rows that may be right where nobody labelled any."""
        wrong = self.size if self.assumed is None else ceil(round(self.assumed * self.size, 9))
        return (self.size - wrong, self.size) if self.verdict else (0, wrong)

    def mirrored(self) -> Stratum:
        """The same stratum with right and wrong exchanged."""
        effective = self.effective and (self.effective[1] - self.effective[0], self.effective[1])
        return Stratum(
            *(self.size, self.labelled, self.labelled - self.right, not self.verdict),
            effective=effective,
            assumed=self.assumed,
        )


def stratified_interval(
    strata: Sequence[Stratum], target: Target, level: float, delta: float | None = None
) -> tuple[float, float, float]:
    """(value, low, high) of the share of rows that are right.

    `benchmark` is the share among these very rows, `population` among rows like them. `delta`
    defaults to `DELTA` at level .95 and to 1 at any other.
    """
    if delta is None:
        delta = DELTA if level == 0.95 else 1.0
    size = sum(stratum.size for stratum in strata)
    value = sum(stratum.estimate for stratum in strata) / size
    mirror = [stratum.mirrored() for stratum in strata]
    tail = (1 - level) / 2
    high = _upper(strata, target, tail, delta)
    low = 1 - _upper(mirror, target, tail, delta)
    return value, min(low, value), max(high, value)


def _upper(strata: Sequence[Stratum], target: Target, tail: float, delta: float) -> float:
    """The upper limit, as a share of all rows."""
    import numpy as np

    size = sum(stratum.size for stratum in strata)
    certain = sum(s.right if s.labelled else s.reach[1] for s in strata)
    drawn = [s for s in strata if 0 < s.labelled < s.size]
    plain = [_open_right(s, 0.0, 0.0) for s in drawn]
    shifted = [
        _convolved([*plain[:k], _open_right(s, delta, 1 - delta), *plain[k + 1 :]])
        for k, s in enumerate(drawn)
        if s.right < s.labelled
    ]
    candidates = shifted or [_convolved(plain)]
    limits = [
        (int(np.searchsorted(np.cumsum(total), 1 - tail - 1e-12)), _mean(total), index)
        for index, total in enumerate(candidates)
    ]
    limit, _, worst = max(limits)
    if target == "benchmark":
        return (certain + limit) / size
    return _population_upper(candidates[worst], certain, size, tail)


def _open_right(stratum: Stratum, more_right: float, more_wrong: float) -> Floats:
    """Distribution of the number right among the open rows: beta-binomial given the labels."""
    import numpy as np

    right, labelled = stratum.counts
    a, b = right + more_right, labelled - right + more_wrong
    chances = np.zeros(stratum.open + 1)
    if stratum.right == 0 and not more_right:
        chances[0] = 1.0
    elif (stratum.right == stratum.labelled and not more_wrong) or b <= 0:
        chances[-1] = 1.0
    else:
        from scipy.special import betaln

        k = np.arange(stratum.open + 1)
        n = stratum.open
        log_choose = -np.log1p(n) - betaln(n - k + 1, k + 1)
        chances = np.exp(log_choose + betaln(k + a, n - k + b) - betaln(a, b))
        chances /= chances.sum()
    return chances


def _convolved(distributions: Sequence[Floats]) -> Floats:
    """Distribution of the sum of independent counts."""
    import numpy as np
    from scipy.signal import fftconvolve

    total: Floats = np.ones(1)
    for each in distributions:
        if min(total.size, each.size) > 500:
            total = np.clip(fftconvolve(total, each), 0.0, None)
        else:
            total = np.convolve(total, each)
    return total


def _mean(chances: Floats) -> float:
    import numpy as np

    return float(np.arange(chances.size) @ chances)


def _population_upper(chances: Floats, certain: float, size: int, tail: float) -> float:
    """Where the mixture of Beta(T + 1/2, N - T + 1/2) over the number right T reaches 1 - tail."""
    import numpy as np
    from scipy.optimize import brentq
    from scipy.special import betainc

    likely = np.flatnonzero(chances > 1e-15)
    right, weights = certain + likely, chances[likely]

    def excess(z: float) -> float:
        return float(weights @ betainc(right + 0.5, size - right + 0.5, z)) - (1 - tail)

    return float(brentq(excess, 0.0, 1.0, xtol=1e-10)) if excess(1.0) > 0 else 1.0
