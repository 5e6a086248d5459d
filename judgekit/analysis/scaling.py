"""Accuracy against what it cost: s1's metrics, the Pareto frontier, curves of votes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from judgekit.analysis.accuracy import over_problems
from judgekit.analysis.intervals import LEVEL, Share

if TYPE_CHECKING:
    import pandas as pd


class Point(NamedTuple):
    """A run of a family: mean thinking tokens, and accuracy as a share."""

    tokens: float
    accuracy: float


def control(tokens: Sequence[float], limits: Sequence[tuple[float, float]]) -> float:
    """Share of runs whose mean thinking tokens keep within the limits that each was given.

    s1, arXiv 2501.19393. Raises `ValueError` without runs.
    """
    if not tokens:
        raise ValueError("no runs")
    pairs = zip(tokens, limits, strict=True)
    return sum(least <= each <= most for each, (least, most) in pairs) / len(tokens)


def scaling(points: Sequence[Point]) -> float | None:
    """Mean slope of accuracy against tokens over all pairs of runs (s1, arXiv 2501.19393).

    In shares a token: multiply by 100,000 for percentage points a thousand tokens. The unit of the
    published figures is not stated there. Pairs with equal tokens have no slope and are left out;
    None without a pair.

    >>> round(scaling([Point(1000, 0.3), Point(2000, 0.5)]) * 100_000, 6)
    20.0
    """
    pairs = combinations(sorted(points), 2)
    slopes = [
        (b.accuracy - a.accuracy) / (b.tokens - a.tokens) for a, b in pairs if b.tokens > a.tokens
    ]
    return sum(slopes) / len(slopes) if slopes else None


def performance(points: Sequence[Point]) -> float:
    """The best accuracy of a family (s1, arXiv 2501.19393). Raises `ValueError` without runs."""
    return max(point.accuracy for point in points)


def pareto(points: Sequence[Point]) -> list[int]:
    """Indices of the runs that no other beats: fewer tokens and at least as right, or more right
    for at most as many; by tokens. Of equal points the first stands for all."""
    best, frontier = float("-inf"), []
    order = sorted(range(len(points)), key=lambda i: (points[i].tokens, -points[i].accuracy, i))
    for index in order:
        if points[index].accuracy > best:
            best = points[index].accuracy
            frontier.append(index)
    return frontier


def vote_curve(
    frame: pd.DataFrame, sizes: Sequence[int] | None = None, level: float = LEVEL
) -> dict[int, dict[str, Share]]:
    """`pass@k`, `pass^k`, `maj@k` and `best@k` for growing k, from one run with many samples.

    By default k = 1, 2, 4, ... up to the fewest samples that a problem has.
    """
    most = int(frame.groupby("id").size().min()) if len(frame) else 0
    if sizes is None:
        sizes = [1 << power for power in range(most.bit_length())]
    return {k: over_problems(frame, k, level) for k in sizes if 1 <= k <= most}
