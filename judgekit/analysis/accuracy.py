"""How many are right, how sure that is, and what became of the others."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, groupby
from math import comb
from typing import TYPE_CHECKING, Any

from judgekit.analysis.intervals import LEVEL, Share, mean_score, share

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OPEN = ("undecided", "failed", "ungraded")
"""Reasons that leave open whether the response is right."""

MAX_SUBSETS = 5_000
"""Subsets of a problem's samples up to which votes are counted over every one."""
DRAWS = 2_000
"""... and how many are drawn, with a fixed seed, where there are more."""


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
        high=max(worst.high, best.high) if graded else 1.0,
        se=worst.se,
        level=level,
        reasons={str(name): int(count) for name, count in frame["reason"].value_counts().items()},
    )


def accuracy_by(
    frame: pd.DataFrame, field: str, level: float = LEVEL
) -> list[tuple[Hashable, Accuracy]]:
    """The accuracy of each slice, in the order of its values; rows without the field come last."""
    column = frame[field]
    groups = dict(iter(frame.groupby(field, dropna=False, sort=False, observed=True)))
    rank = (
        {each: i for i, each in enumerate(column.cat.categories)} if hasattr(column, "cat") else {}
    )
    ordered = sorted(
        groups,
        key=lambda value: (
            value != value or value is None,
            rank.get(value, 0),
            _natural(value),
        ),
    )
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
    or over `DRAWS` seeded ones where there are more than `MAX_SUBSETS`. (Self-consistency: Wang et
    al. 2022, arXiv 2203.11171.)
    """
    import numpy as np

    n = len(answers)
    _check_k(n, k)
    # Column 0 is no vote, column 1 the correct answer, the others are answers in order.
    column = {None: 0, correct: 1}
    votes = np.array([column.setdefault(answer, len(column)) for answer in answers])
    subsets = _subsets(n, k)
    places = votes[subsets] + len(column) * np.arange(len(subsets))[:, None]
    cast = np.bincount(places.ravel(), minlength=len(subsets) * len(column))
    cast = cast.reshape(len(subsets), len(column))
    most = cast[:, 1:].max(axis=1)
    ties = (cast[:, 1:] == most[:, None]).sum(axis=1)
    won = (cast[:, 1] == most) & (most > 0)
    return float((won / ties).mean())


@lru_cache(maxsize=8)
def _subsets(n: int, k: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A row for each subset of size k of 0 ... n - 1, or for each of `DRAWS` random ones."""
    import numpy as np

    if comb(n, k) <= MAX_SUBSETS:
        return np.array(list(combinations(range(n), k)))
    return np.random.default_rng(0).random((DRAWS, n)).argsort(axis=1)[:, :k]


def best_at_k(scores: Sequence[float], right: Sequence[bool], k: int) -> float:
    """Chance that the best of k samples by score is right, from all n of them: unbiased.

    Sample i in descending order of score is the best of C(n - i, k - 1) of the C(n, k) subsets
    (i = 1 ... n); equal scores share their chances. (Best of n: Cobbe et al. 2021, arXiv
    2110.14168; the estimator is that of pass@k for a ranked choice.)
    """
    n = len(scores)
    _check_k(n, k)
    order = sorted(range(n), key=lambda i: -scores[i])
    total, rank = 0.0, 0
    for _, tied in groupby(order, key=lambda i: scores[i]):
        same = list(tied)
        chances = sum(comb(n - 1 - each, k - 1) for each in range(rank, rank + len(same)))
        total += chances * sum(right[i] for i in same) / len(same)
        rank += len(same)
    return total / comb(n, k)


def over_problems(frame: pd.DataFrame, k: int, level: float = LEVEL) -> dict[str, Share]:
    """`pass@k`, `pass^k`, `maj@k` and `best@k`: means over the problems with at least k samples.

    Two answers are one vote where both are correct or both were read as the same string. The best
    is the one with the highest mean log-probability; without them it is left out. The interval is
    that of `intervals.mean_score`; its high end supposes that all open rows are right.
    """
    right = frame["reason"] == "correct"
    possible = right | frame["reason"].isin(OPEN)
    found = _over_problems(frame, right, k, level)
    if int(possible.sum()) == int(right.sum()):
        return found
    best = _over_problems(frame, possible, k, level)
    return {
        name: replace(each, high=max(each.high, best[name].high)) for name, each in found.items()
    }


def _over_problems(
    frame: pd.DataFrame, right: pd.Series[bool], k: int, level: float
) -> dict[str, Share]:
    """`over_problems` where it is given which rows are right."""
    names = (f"pass@{k}", f"pass^{k}", f"maj@{k}", f"best@{k}")
    scores: dict[str, list[float]] = {name: [] for name in names}
    counted = 0
    ranked = "logprob" in frame and bool(frame["logprob"].notna().all())
    for _, rows in frame.assign(right=right).groupby("id", sort=False):
        n = len(rows)
        if n < k:
            continue
        counted += n
        correct = int(rows["right"].sum())
        votes = [
            True if ok else (answer if isinstance(answer, str) else None)
            for ok, answer in zip(rows["right"], rows["extracted"], strict=True)
        ]
        values = [
            pass_at_k(n, correct, k),
            pass_hat_k(n, correct, k),
            majority_at_k(votes, True, k),
        ]
        if ranked:
            values.append(best_at_k(rows["logprob"].tolist(), rows["right"].tolist(), k))
        for name, value in zip(names, values, strict=False):
            scores[name].append(value)
    return {name: mean_score(each, level, rows=counted) for name, each in scores.items() if each}


def _check_k(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k = {k} of {n} samples")


def _natural(value: object) -> tuple[int, float, str]:
    """Numbers by size, before words by letter."""
    if isinstance(value, int | float):
        return 0, float(value), ""
    text = str(value)
    return (0, float(text), text) if text.isdecimal() else (1, 0.0, text)
