"""How many labels, and where: the plan behind `judgekit audit --plan WIDTH`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from judgekit.analysis.anytime import anytime_interval
from judgekit.analysis.strata import Stratum, Target, stratified_interval

GUESSES: Mapping[str, float] = {"exact": 0.01, "symbolic": 0.02, "no-answer": 0.05, "none": 0.5}
"""How often a stage is wrong before anybody has looked; a judge is anything not named here."""
JUDGE = 0.15

MINIMUM = 3
"""Labels that every stratum gets, as far as it has rows."""

LEAST_GUESS, MOST_GUESS = 0.10, 0.50
"""Guesses of the share of wrong verdicts are clipped to these before allocation: with the floor the
intervals were narrower than with Neyman's own allocation in all 24 cells that were simulated."""


def guess(stage: str) -> float:
    """The share of a stage's verdicts that are wrong, before anybody has looked."""
    return GUESSES.get(stage, JUDGE)


@dataclass(frozen=True, slots=True)
class Looked:
    """How the labels will be looked at: for which target, at which level, and whether at any time
    (`judgekit.analysis.anytime`, for the benchmark only)."""

    target: Target = "benchmark"
    level: float = 0.95
    anytime: bool = False


def allocate(sizes: Sequence[int], wrong: Sequence[float], labels: int) -> list[int]:
    """Labels for each stratum: in proportion to N_k sqrt(g (1 - g)) (Neyman 1934).

    `wrong` guesses the share of wrong verdicts in each. Every stratum gets `MINIMUM` labels and
    none more than it has rows, so that the sum may exceed `labels`; remainders go to the largest.

    >>> allocate([310, 40, 22, 98, 30], [0.0, 0.02, 0.15, 0.06, 0.01], 80)
    [49, 6, 4, 16, 5]
    """
    clipped = [min(max(guess, LEAST_GUESS), MOST_GUESS) for guess in wrong]
    weight = [size * sqrt(g * (1 - g)) for size, g in zip(sizes, clipped, strict=True)]
    fixed: dict[int, int] = {}
    while True:
        free = [k for k in range(len(sizes)) if k not in fixed]
        left = max(labels - sum(fixed.values()), 0)
        whole = sum(weight[k] for k in free)
        ideal = {k: left * weight[k] / whole if whole else 0.0 for k in free}
        low = {k: min(MINIMUM, sizes[k]) for k in free if ideal[k] < min(MINIMUM, sizes[k])}
        high = {k: sizes[k] for k in free if ideal[k] > sizes[k]}
        if not (low or high):
            break
        # Too little first: raising these leaves less for the others, lowering leaves more.
        fixed |= low or high
    given = {k: int(share) for k, share in ideal.items()}
    remainders = sorted(ideal, key=lambda k: given[k] - ideal[k])
    for k in remainders[: left - sum(given.values())]:
        given[k] += 1
    return [(fixed | given)[k] for k in range(len(sizes))]


def expected_width(
    sizes: Sequence[int],
    verdicts: Sequence[bool],
    wrong: Sequence[float],
    labels: Sequence[int],
    how: Looked = Looked(),
    assumed: Mapping[int, float] | None = None,
) -> float:
    """Width of the interval if each stratum shows just the guessed share of wrong verdicts.

    `assumed` maps the number of a stratum that nobody labels to the largest share of its verdicts
    that may be wrong.
    """
    assumed = assumed or {}
    strata = [
        Stratum(
            *(size, n, n * (1 - guess) if verdict else n * guess, verdict),
            assumed=assumed.get(k),
        )
        for k, (size, verdict, guess, n) in enumerate(
            zip(sizes, verdicts, wrong, labels, strict=True)
        )
    ]
    if how.anytime:
        _, low, high = anytime_interval(strata, how.level, wrong)
    else:
        _, low, high = stratified_interval(strata, how.target, how.level)
    return high - low


def labels_needed(
    sizes: Sequence[int],
    verdicts: Sequence[bool],
    wrong: Sequence[float],
    width: float,
    how: Looked = Looked(),
    assumed: Mapping[int, float] | None = None,
) -> list[int] | None:
    """The smallest allocation with an expected width of at most `width`; None if none has it.

    Strata in `assumed` (see `expected_width`) get no labels.

    Labels of the whole benchmark leave no width for the benchmark, but the chance of which problems
    were drawn remains for the population.
    """
    free = [k for k in range(len(sizes)) if k not in (assumed or {})]

    def plan(labels: int) -> list[int]:
        shares = allocate([sizes[k] for k in free], [wrong[k] for k in free], labels)
        given = dict(zip(free, shares, strict=True))
        return [given.get(k, 0) for k in range(len(sizes))]

    def wide(labels: int) -> bool:
        return expected_width(sizes, verdicts, wrong, plan(labels), how, assumed) > width

    low, high = 0, sum(sizes[k] for k in free)
    if wide(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wide(middle) else (low, middle)
    return plan(high)
