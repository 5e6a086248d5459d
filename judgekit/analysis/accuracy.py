"""How many are right, how sure that is, and what became of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from judgekit.analysis.intervals import LEVEL, Share, mean_score, share

if TYPE_CHECKING:
    import pandas as pd

OPEN = ("undecided", "failed", "ungraded")
"""Reasons that leave open whether the response is right."""

MAX_SUBSETS = 5_000


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The accuracy of a set of responses; `value` and `best` are None where nothing is graded.

    `value` counts what is open as wrong; `best` would be the accuracy if all of it were right, so
    that [value, best] is the band, and `low`, `high` bound both ends of it at `level`. `reasons`
    counts every response, `correct` included.
    """

    n: int
    problems: int
    value: float | None
    best: float | None
    low: float
    high: float
    se: float | None
    level: float
    reasons: dict[str, int]

    @property
    def open(self) -> int:
        return sum(self.reasons.get(name, 0) for name in OPEN)

    @property
    def graded(self) -> bool:
        return self.value is not None

    @property
    def correct(self) -> int:
        return self.reasons.get("correct", 0)


def accuracy(frame: pd.DataFrame, level: float = LEVEL) -> Accuracy:
    """Mean over all rows of a frame, with an interval clustered by `id`.

    For one sample a problem the interval is Wilson's, for several see `intervals.share`. With open
    rows its low end supposes that all of them are wrong, its high end that all are right.
    """
    graded = not frame["reason"].isin(("ungraded", "failed")).all()
    correct = frame["reason"] == "correct"
    possible = correct | frame["reason"].isin(OPEN)
    worst = share(correct.to_numpy(float), frame["id"], level)
    best = share(possible.to_numpy(float), frame["id"], level) if possible.sum() else worst
    return Accuracy(
        n=len(frame),
        problems=worst.clusters,
        value=worst.value if graded else None,
        best=best.value if graded else None,
        low=worst.low if graded else 0.0,
        high=best.high if graded else 1.0,
        se=worst.se,
        level=level,
        reasons={str(name): int(count) for name, count in frame["reason"].value_counts().items()},
    )


def accuracy_by(
    frame: pd.DataFrame, field: str, level: float = LEVEL
) -> list[tuple[Hashable, Accuracy]]:
    """The accuracy of each slice, in the order of its values; rows without the field come last."""
    groups = dict(iter(frame.groupby(field, dropna=False, sort=False, observed=True)))
    ordered = sorted(groups, key=lambda value: (value != value or value is None, _natural(value)))
    return [(value, accuracy(groups[value], level)) for value in ordered]


def pass_at_k(n: int, correct: int, k: int) -> float:
    """Chance that at least one of k samples is right, from `correct` of n: unbiased.

    1 - C(n - c, k) / C(n, k), equation 1 of Chen et al. 2021 (arXiv 2107.03374). Raises
    `ValueError` for k outside 1 ... n.

    >>> pass_at_k(5, 1, 2)
    0.4
    """
    _check_k(n, k)
    return 1.0 - comb(n - correct, k) / comb(n, k)


def pass_hat_k(n: int, correct: int, k: int) -> float:
    """Chance that all of k samples are right: C(c, k) / C(n, k) (Yao et al. 2024, 2406.12045)."""
    _check_k(n, k)
    return comb(correct, k) / comb(n, k)


def majority_at_k(answers: Sequence[Hashable | None], correct: Hashable, k: int) -> float:
    """Chance that the majority of k of these answers is `correct`; ties are broken at random.

    None is no vote; where nobody votes the majority is wrong. The mean over all subsets of size k,
    or over `MAX_SUBSETS` seeded draws where there are more. (Self-consistency: Wang et al. 2022,
    arXiv 2203.11171.)
    """
    import random

    n = len(answers)
    _check_k(n, k)
    if comb(n, k) <= MAX_SUBSETS:
        subsets = list(combinations(answers, k))
    else:
        rng = random.Random(0)
        subsets = [tuple(rng.sample(answers, k)) for _ in range(MAX_SUBSETS)]
    return sum(_vote(subset, correct) for subset in subsets) / len(subsets)


def over_problems(frame: pd.DataFrame, k: int, level: float = LEVEL) -> dict[str, Share]:
    """`pass@k`, `pass^k` and `maj@k`, each the mean over problems with at least k samples.

    Two answers are one vote where both are correct or both were read as the same string. The
    interval is that of `intervals.mean_score`.
    """
    scores: dict[str, list[float]] = {f"pass@{k}": [], f"pass^{k}": [], f"maj@{k}": []}
    for _, rows in frame.groupby("id", sort=False):
        n = len(rows)
        if n < k:
            continue
        right = (rows["reason"] == "correct").to_numpy()
        correct = int(right.sum())
        votes = [
            True if ok else (answer if isinstance(answer, str) else None)
            for ok, answer in zip(right, rows["extracted"], strict=True)
        ]
        scores[f"pass@{k}"].append(pass_at_k(n, correct, k))
        scores[f"pass^{k}"].append(pass_hat_k(n, correct, k))
        scores[f"maj@{k}"].append(majority_at_k(votes, True, k))
    return {name: mean_score(values, level) for name, values in scores.items()}


def _vote(answers: Sequence[Hashable | None], correct: Hashable) -> float:
    votes = Counter(answer for answer in answers if answer is not None)
    if not votes:
        return 0.0
    most = max(votes.values())
    return (votes[correct] == most) / sum(count == most for count in votes.values())


def _check_k(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k = {k} of {n} samples")


def _natural(value: object) -> tuple[int, float, str]:
    """Numbers by size, before words by letter."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    text = str(value)
    return (0, float(text), text) if text.isdecimal() else (1, 0.0, text)
