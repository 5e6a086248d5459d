"""Two runs over the same problems: the difference, whether it is more than chance, who flipped.

Everything is paired by problem, which is what makes small differences visible: most of the noise is
in which problems are hard, and both runs share it (Miller 2024, arXiv 2411.00640).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, gcd, lcm, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from judgekit.analysis.accuracy import OPEN
from judgekit.analysis.intervals import LEVEL, tango, tango_score

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[Any]

MAX_STEPS = 2_000_000
"""Largest table of the exact test; beyond it, `DRAWS` seeded sign flips are drawn."""
DRAWS = 20_000
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Comparison:
    """Run `b` against run `a` over the problems that both have.

    `difference` is accuracy b - a (shares), in [`low`, `high`] at `level`. `open` counts the
    responses of a and b that are undecided, failed or not graded and so count as wrong; however
    they turn out, the difference seen lies in `band`. `gained` and `lost` are the problems that b
    has right more or less often. `p` tests that there is no difference.
    `variance` is that of the difference of one problem: `between` problems, and `within` / k for k
    samples each (None where a run has one sample a problem, so that they cannot be told apart).
    """

    n: int
    only_a: int
    only_b: int
    samples: tuple[int, int]
    accuracy: tuple[float, float]
    difference: float
    low: float
    high: float
    level: float
    open: tuple[int, int]
    band: tuple[float, float]
    p: float
    test: str
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    variance: float
    between: float | None
    within: float | None

    def equivalent(self, margin: float) -> float:
        """p of two one-sided tests that the runs differ by at least `margin` (Schuirmann 1987).

        Small: they are the same within the margin.
        """
        return max(self.not_worse(margin), _tail(-self._score(margin)))

    def not_worse(self, margin: float) -> float:
        """p of the test that b is worse than a by at least `margin`. Small: it is not."""
        return _tail(self._score(-margin))

    def _score(self, difference: float) -> float:
        """z of the test that the true difference is `difference`: what the interval is made of."""
        if self.samples == (1, 1):
            return tango_score(len(self.gained), len(self.lost), self.n, difference)
        error = (self.high - self.low) / 2 / _z(self.level)
        return (self.difference - difference) / error

    def problems_needed(self, difference: float, samples: int | None = None) -> int | None:
        """Problems for a power of 80 % to see a difference, at so many samples each.

        None where `samples` is another number than was run and single samples cannot tell what
        more would bring.
        """
        variance = self.variance
        if samples is not None and self.samples != (samples, samples):
            if self.between is None or self.within is None:
                return None
            variance = self.between + self.within / samples
        z = NormalDist().inv_cdf((1 + self.level) / 2) + NormalDist().inv_cdf(POWER)
        return max(ceil(z * z * variance / difference**2), 2)

    @property
    def detectable(self) -> float:
        """The smallest difference seen with a power of 80 % at the present size."""
        z = NormalDist().inv_cdf((1 + self.level) / 2) + NormalDist().inv_cdf(POWER)
        return z * sqrt(self.variance / self.n) if self.n else float("nan")


def compare(a: pd.DataFrame, b: pd.DataFrame, level: float = LEVEL) -> Comparison:
    """Compare two analysis frames problem by problem; what is open counts as wrong.

    Raises `ValueError` where they share no problem.
    """
    import numpy as np

    right_a, right_b = _by_problem(a), _by_problem(b)
    common = right_a.index.intersection(right_b.index)
    if not len(common):
        raise ValueError("the runs have no problem in common")
    first, second = right_a.loc[common], right_b.loc[common]
    mean_a, mean_b = first["mean"].to_numpy(float), second["mean"].to_numpy(float)
    differences = mean_b - mean_a
    best_a, best_b = (_by_problem(each, ("correct", *OPEN)).loc[common] for each in (a, b))
    samples = int(first["count"].max()), int(second["count"].max())
    low, high, variance = difference_interval(differences, max(samples), level)
    between = within = None
    if min(samples) > 1:
        of_a, of_b = _within(first), _within(second)
        within = float((of_a + of_b).mean())
        noise = float((of_a / first["count"] + of_b / second["count"]).mean())
        between = max(variance - noise, 0.0)
    steps = lcm(*{int(n) for n in first["count"]}, *{int(n) for n in second["count"]})
    ids = np.asarray(common)
    return Comparison(
        n=len(common),
        only_a=len(right_a) - len(common),
        only_b=len(right_b) - len(common),
        samples=samples,
        accuracy=(float(mean_a.mean()), float(mean_b.mean())),
        difference=float(differences.mean()),
        low=low,
        high=high,
        level=level,
        open=(_more(best_a, first), _more(best_b, second)),
        band=(
            float(mean_b.mean() - best_a["mean"].mean()),
            float(best_b["mean"].mean() - mean_a.mean()),
        ),
        p=sign_flip_p(differences, steps),
        test="exact McNemar" if samples == (1, 1) else "paired permutation",
        gained=tuple(map(str, ids[differences > 0])),
        lost=tuple(map(str, ids[differences < 0])),
        variance=variance,
        between=between,
        within=within,
    )


def difference_interval(
    differences: Any, samples: int, level: float = LEVEL
) -> tuple[float, float, float]:
    """(low, high, variance of one problem's difference) of a mean of paired differences.

    With one sample each: Tango's score interval. With several: Student's. Where that would be a
    point, and for the variance of single samples, one more problem flips each way by one sample
    (Bonett and Price 2012). Never a point.
    """
    import numpy as np

    d = np.asarray(differences, dtype=float)
    n = d.size
    step = 1 / samples
    padded = np.concatenate([d, [step, -step]])
    variance = float(padded.var())
    if samples == 1:
        return *tango(int((d > 0).sum()), int((d < 0).sum()), n, level), variance
    if n < 2 or float(d.var()) == 0:
        centre, half = float(padded.mean()), _z(level) * sqrt(variance / (n + 2))
    else:
        from scipy.special import stdtrit

        variance = float(d.var(ddof=1))
        centre = float(d.mean())
        half = float(stdtrit(n - 1, (1 + level) / 2)) * sqrt(variance / n)
    mean = float(d.mean())
    low, high = max(min(centre - half, mean), -1.0), min(max(centre + half, mean), 1.0)
    return low, high, variance


def sign_flip_p(differences: Any, steps: int = 1) -> float:
    """Two-sided p that signs of paired differences are a coin's: exact where the table is small.

    The differences are multiples of 1 / `steps`. For differences of -1, 0 and 1 this is McNemar's
    exact test.
    """
    import numpy as np

    d = np.asarray(differences, dtype=float)
    sizes = np.rint(np.abs(d[np.abs(d) > 1e-12]) * steps).astype(np.int64)
    if not sizes.size:
        return 1.0
    shared = gcd(*sizes.tolist())
    sizes //= shared
    seen = abs(int(np.rint(d.sum() * steps / shared)))
    total = int(sizes.sum())
    if total * sizes.size > MAX_STEPS * 100 or total > MAX_STEPS:
        rng = np.random.default_rng(0)
        extreme = sum(
            abs(int((sizes * rng.choice((-1, 1), sizes.size)).sum())) >= seen for _ in range(DRAWS)
        )
        return (1 + extreme) / (1 + DRAWS)
    # chances[t]: the positive sizes sum to t; the signed sum is then 2 t - total.
    chances = np.zeros(total + 1)
    chances[0] = 1.0
    for size in sizes.tolist():
        chances[size:] = (chances[size:] + chances[:-size]) / 2
        chances[:size] /= 2
    sums = np.abs(2 * np.arange(total + 1) - total)
    return float(min(chances[sums >= seen].sum(), 1.0))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values of several tests, in their order (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, floor = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        floor = max(floor, min((len(p_values) - rank) * p_values[index], 1.0))
        adjusted[index] = floor
    return adjusted


def over_seeds(frame: pd.DataFrame) -> Mapping[str, float]:
    """Accuracy of each sample index by itself: mean, deviation, extremes, and how many there are.

    What "A Sober Look at Progress in Language Model Reasoning" (arXiv 2504.07086) asks to report
    beside a mean. The deviation is NaN for a single sample.
    """
    right = frame["reason"] == "correct"
    by_sample = right.groupby(frame["sample"]).mean()
    return {
        "mean": float(by_sample.mean()),
        "std": float(by_sample.std(ddof=1)),
        "lowest": float(by_sample.min()),
        "highest": float(by_sample.max()),
        "samples": float(len(by_sample)),
    }


def _by_problem(frame: pd.DataFrame, right: Sequence[str] = ("correct",)) -> pd.DataFrame:
    """For each problem, the share of rows with these reasons, and how many rows there are."""
    chosen = frame["reason"].isin(right)
    return chosen.groupby(frame["id"], sort=False).agg(["mean", "count"])


def _more(possible: pd.DataFrame, right: pd.DataFrame) -> int:
    """How many more rows are possibly right than are right."""
    return round(float(((possible["mean"] - right["mean"]) * right["count"]).sum()))


def _within(by_problem: pd.DataFrame) -> pd.Series[float]:
    """For each problem, the variance of one sample, unbiased (0 where there is only one)."""
    p, k = by_problem["mean"], by_problem["count"]
    return p * (1 - p) * k / (k - 1).clip(lower=1)


def _z(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _tail(z: float) -> float:
    return 1 - NormalDist().cdf(z)
