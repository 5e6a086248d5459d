"""Two judges on the same labelled rows: how often only one is right, and whether that is chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from judgekit.analysis.compare import difference_interval, sign_flip_p
from judgekit.analysis.intervals import mean_interval
from judgekit.audit.report_card import Rated


@dataclass(frozen=True, slots=True)
class Compared:
    """Two judges on the same rows: how often only one is right, the exact p over problems, and the
    difference in accuracy (first minus second) with its interval over problems."""

    rows: int
    only_first: int
    only_second: int
    p: float
    difference: float
    low: float
    high: float


def mcnemar(first: Sequence[Rated], second: Sequence[Rated]) -> Compared:
    """Compare two judges on rows in the same order, as McNemar (1947), by the exact binomial test.

    Where problems have several rows, which are not independent, the exact test is over the signs of
    the problems' sums. A verdict counts as right where it agrees with the label, so undecided is
    not right. Raises `ValueError` where the rows are not the same.
    """
    if [(r.cluster, r.label) for r in first] != [(r.cluster, r.label) for r in second]:
        raise ValueError("the two judges were not asked about the same rows")
    pairs = [(bool(a.agrees), bool(b.agrees)) for a, b in zip(first, second, strict=True)]
    only_first = sum(a and not b for a, b in pairs)
    only_second = sum(b and not a for a, b in pairs)
    differences = [float(a) - float(b) for a, b in pairs]
    clusters = [row.cluster for row in first]
    mean, low, high = mean_interval(differences, clusters)
    of_problem = dict.fromkeys(clusters, 0.0)
    for cluster, difference in zip(clusters, differences, strict=True):
        of_problem[cluster] += difference
    if len(of_problem) == len(pairs) or not any(of_problem.values()):
        low, high, _ = difference_interval(list(of_problem.values()), 1)
    p = sign_flip_p(list(of_problem.values()))
    return Compared(len(pairs), only_first, only_second, p, mean, low, high)


def each_pair(rated: Mapping[str, Sequence[Rated]]) -> dict[tuple[str, str], Compared]:
    """Every two judges, in the order in which they stand."""
    return {(a, b): mcnemar(rated[a], rated[b]) for a, b in combinations(rated, 2)}
