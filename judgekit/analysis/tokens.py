"""What the answers cost in tokens: mean, median, quantiles; what was cut off; what looped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def at_limit(frame: pd.DataFrame) -> dict[str, int]:
    """Responses that the token limit ended, by what became of them (`frames.REASONS`)."""
    ended = frame["reason"][frame["finish_reason"] == "length"]
    return {str(name): int(count) for name, count in ended.value_counts().items()}


def loops(frame: pd.DataFrame) -> dict[str, int]:
    """Responses with a loop, by kind, the gravest first."""
    counts = frame["loop"].value_counts()
    kinds = ("terminal", "numeric", "recovered", "near")
    return {kind: int(counts[kind]) for kind in kinds if kind in counts}


def ends_looping(frame: pd.DataFrame) -> pd.Series[bool]:
    """Whether each response has a loop that it did not leave."""
    return frame["loop"].notna() & (frame["loop"] != "recovered")
