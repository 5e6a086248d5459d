"""What the answers cost in tokens: mean, median, quantiles; what was cut off; what looped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from judgekit.analysis.intervals import LEVEL, mean_interval

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.1, 0.25, 0.75, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Tokens:
    """One kind of tokens over a set of responses; NaN where there are none.

    `low` and `high` bound the mean (t interval clustered by problem).
    """

    n: int
    total: int
    mean: float
    low: float
    high: float
    median: float
    quantiles: dict[float, float]
    longest: int


def tokens(frame: pd.DataFrame, column: str = "completion_tokens", level: float = LEVEL) -> Tokens:
    """The distribution of one token column over all rows that did not fail."""
    rows = frame[frame["finish_reason"] != "error"]
    values = rows[column].to_numpy(float)
    if not len(values):
        nan = float("nan")
        return Tokens(0, 0, nan, nan, nan, nan, dict.fromkeys(QUANTILES, nan), 0)
    import numpy as np

    mean, low, high = mean_interval(values, rows["id"], level)
    return Tokens(
        n=len(values),
        total=int(values.sum()),
        mean=mean,
        low=low,
        high=high,
        median=float(np.median(values)),
        quantiles={q: float(np.quantile(values, q)) for q in QUANTILES},
        longest=int(values.max()),
    )


def truncated(frame: pd.DataFrame) -> int:
    """Responses cut off by the token limit."""
    return int((frame["finish_reason"] == "length").sum())


def loops(frame: pd.DataFrame) -> dict[str, int]:
    """Responses with a loop, by kind, the gravest first."""
    counts = frame["loop"].value_counts()
    kinds = ("terminal", "numeric", "recovered", "near")
    return {kind: int(counts[kind]) for kind in kinds if kind in counts}


def cost(frame: pd.DataFrame) -> dict[str, Any]:
    """Tokens by role, seconds, and completion tokens for each correct answer (None: none is)."""
    correct = int((frame["reason"] == "correct").sum())
    spent = int(frame["completion_tokens"].sum() + frame["discarded_tokens"].sum())
    return {
        "prompt": int(frame["prompt_tokens"].sum()),
        "own": int(frame["completion_tokens"].sum()),
        "forced": int(frame["forced_tokens"].sum()),
        "discarded": int(frame["discarded_tokens"].sum()),
        "wasted": int(frame["wasted_tokens"].sum()),
        "judge": int(frame["judge_tokens"].sum()),
        "seconds": float(frame["seconds"].sum()),
        "tokens_per_correct": spent / correct if correct else None,
    }
