"""An interval that holds at every moment of labelling: for those who stop when they have seen
enough.

Labels are drawn one after another, at random without replacement within each stratum (the rows that
one stage gave one outcome). If K rows of a stratum of N are truly right, the chance of the labels
seen so far is hypergeometric in K. Under a prior on K that was fixed before anybody labelled, it is
beta-binomial. Their ratio, multiplied over the strata, is a martingale that begins at 1 whatever K
is (the prior-posterior ratio of Waudby-Smith and Ramdas 2020, arXiv 2006.04347), so that with
probability 1 - alpha it never passes 1 / alpha (Ville 1939). The set of all totals for which it has
not is the interval. The choice of the next stratum may depend on everything seen before, the choice
of the row within it may not.

It holds for these very rows: which problems were drawn is no part of it. That a total is possible
if some split of it over the strata is, is judgekit's own use of the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from judgekit.analysis.strata import Stratum

    Floats = NDArray[Any]

WEIGHT = 5.0
"""A guess of the share of wrong verdicts counts like this many labels in the prior, a Beta
distribution. Any prior that was fixed before labelling is valid; of 1, 2.5, 5 and 10 this one was
the narrowest on the whole over the scenarios of docs/correction.md."""
LEAST_GUESS, MOST_GUESS = 0.01, 0.5
"""Guesses are clipped to these, so that no number of wrong verdicts is ruled out."""


@dataclass(frozen=True, slots=True)
class _Profile:
    """How unlikely the labels of one stratum are for each number of right rows.

    `best` is the likeliest number; `up` and `down` what each further right row above it, or each
    fewer below it, costs in log-likelihood; costs never fall, the hypergeometric is log-concave.
    `slack` is how far the best stands above the mixture over the prior.
    """

    best: int
    up: Floats
    down: Floats
    slack: float


def anytime_interval(
    strata: Sequence[Stratum], level: float, guesses: Sequence[float]
) -> tuple[float, float, float]:
    """(value, low, high) of the share of these rows that are right, at whatever moment.

    `guesses` of the share of wrong verdicts in each stratum were made before anybody labelled; bad
    ones make the interval wide, not wrong. Strata whose rows were drawn with unequal chances are
    not allowed.
    """
    size = sum(stratum.size for stratum in strata)
    value = sum(stratum.estimate for stratum in strata) / size
    profiles = [_profile(*each) for each in zip(strata, guesses, strict=True)]
    allowed = log(1 / (1 - level)) + sum(each.slack for each in profiles)
    best = sum(each.best for each in profiles)
    high = (best + _steps([each.up for each in profiles], allowed)) / size
    low = (best - _steps([each.down for each in profiles], allowed)) / size
    return value, min(low, value), max(high, value)


def _steps(costs: Sequence[Floats], allowed: float) -> int:
    """How many single rows can be turned, the cheapest first, before the costs pass `allowed`."""
    import numpy as np

    paid = np.cumsum(np.sort(np.concatenate(costs)))
    return int(np.searchsorted(paid, allowed + 1e-9, side="right"))


def prior(guess: float) -> tuple[float, float]:
    """Parameters of the Beta prior of the share of wrong verdicts."""
    clipped = min(max(guess, LEAST_GUESS), MOST_GUESS)
    return WEIGHT * clipped, WEIGHT * (1 - clipped)


def _profile(stratum: Stratum, guess: float) -> _Profile:
    import numpy as np
    from scipy.special import betaln

    if not stratum.labelled:
        fewest, most = stratum.reach
        return _Profile(fewest, np.zeros(most - fewest), np.zeros(0), 0.0)
    right, wrong = round(stratum.right), round(stratum.labelled - stratum.right)
    possible = np.arange(right, stratum.size - wrong + 1)
    chance = _log_choose(possible, right) + _log_choose(stratum.size - possible, wrong)
    chance -= _log_choose(stratum.size, stratum.labelled)
    chance = np.asarray(chance, dtype=float)
    top = int(np.argmax(chance))
    wrongly, rightly = prior(guess)
    a, b = (rightly, wrongly) if stratum.verdict else (wrongly, rightly)
    mixture = _log_choose(stratum.labelled, right) + betaln(right + a, wrong + b) - betaln(a, b)
    drops = -np.diff(chance)
    return _Profile(
        int(possible[top]), drops[top:], -drops[:top][::-1], float(chance[top] - mixture)
    )


def _log_choose(n: Any, k: Any) -> Any:
    from scipy.special import gammaln

    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
