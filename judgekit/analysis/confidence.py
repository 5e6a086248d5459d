"""Does a confidence mean what it says? Calibration and discrimination.

For any numbers in [0, 1] beside rights and wrongs: what a model said of its answer, exp of its mean
log-probability, or what a judge said of its verdict (right: the verdict agrees with a label).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

BINS = 10

SAID_WINDOW = 1_000
"""Characters at the end of a response in which it may say how sure it is, or that it is not."""

_STATED = re.compile(
    r"onfidence\b(?! interval| level)[^\d\n%.]{0,40}"
    r"(?P<value>\d{1,3}(?:\.\d{1,6})?|\.\d{1,6})\s?\\?(?P<unit>%|/\s?100?\b|percent|out of 100?\b)?"
)
_SURE = re.compile(
    r"(?<![\d.])(?P<value>\d{1,3}(?:\.\d{1,6})?)\s?\\?(?P<unit>%|percent)"
    r" (?:confident|sure|certain)\b"
)
_UNKNOWN = ("don't know", "don\u2019t know", "do not know")
_DECLINED = re.compile(
    r"(?:(?:boxed\{|<answer>|####|nswer(?: is)?:?)[\s*$]*(?:\\text\w*\{)?\s*"
    r"I (?:don['\u2019]t|do not) know\b)"
    r"|(?:\A|\n)\s*I (?:don['\u2019]t|do not) know[.!\s]*\Z"
)


def said_confidence(text: str) -> float | None:
    """How sure a response says it is, in [0, 1]: "Confidence: 85%", "0.85", "8/10", "90% sure".

    The last statement within the last `SAID_WINDOW` characters, one that names confidence before
    one that does not. A number above 1 without a unit is out of 100; None where nothing is said, or
    nothing that is a share.
    """
    end = text[-SAID_WINDOW:]
    # A search costs ten times what these questions do, and most responses say nothing.
    said = list(_STATED.finditer(end)) if "onfidence" in end else []
    if not said and (" confident" in end or " sure" in end or " certain" in end):
        said = list(_SURE.finditer(end))
    if not said:
        return None
    value, unit = float(said[-1]["value"]), said[-1]["unit"] or ""
    if unit in ("%", "percent") or unit.endswith("100") or (not unit and value > 1):
        value /= 100
    elif unit:
        value /= 10
    return value if value <= 1 else None


def declines(text: str) -> bool:
    """The response gives "I don't know" as its answer, or ends with it."""
    end = text[-SAID_WINDOW:]
    return any(words in end for words in _UNKNOWN) and _DECLINED.search(end) is not None


@dataclass(frozen=True, slots=True)
class Confidence:
    """How well each kind of confidence of a set of responses foretells that they are right.

    `said` is what the responses state, `logprob` exp of the mean log-probability of the model's own
    tokens. Responses that are open, or say that they do not know, are in neither. `declined`
    counts the latter among `n`, all that did not fail.
    """

    n: int
    declined: int
    said: Calibration
    logprob: Calibration

    @property
    def known(self) -> bool:
        return bool(self.said.n or self.logprob.n or self.declined)


def confidence(frame: pd.DataFrame) -> Confidence:
    """Calibration of the confidences in an analysis frame."""
    import numpy as np

    decided = frame[frame["outcome"].isin(("correct", "incorrect")) & ~frame["declined"]]
    right = decided["reason"] == "correct"
    return Confidence(
        n=int((frame["reason"] != "failed").sum()),
        declined=int(frame["declined"].sum()),
        said=calibration(decided["said_confidence"], right),
        logprob=calibration(np.exp(decided["logprob"].to_numpy(float)), right),
    )


class Bin(NamedTuple):
    """One bar of a reliability diagram; `low` <= confidence < `high` (the last includes 1)."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`n` rows with a confidence, `missing` without one. None where a number has no meaning."""

    n: int
    missing: int
    mean_confidence: float | None
    accuracy: float | None
    ece: float | None
    brier: float | None
    auroc: float | None
    bins: tuple[Bin, ...]


def calibration(confidence: Any, right: Any, bins: int = BINS) -> Calibration:
    """Calibration of confidences (NaN or None: missing) against rights and wrongs.

    ECE: mean over bins of equal width of |accuracy - confidence|, weighted by their rows (Guo et
    al. 2017, arXiv 1706.04599). Brier: mean squared error (Brier 1950). AUROC: chance that a right
    row has more confidence than a wrong one, ties half (Hanley and McNeil 1982); None where all
    rows are alike. Raises `ValueError` for confidences outside [0, 1].
    """
    import numpy as np

    given, truth = np.asarray(confidence, dtype=float), np.asarray(right, dtype=float)
    known = ~np.isnan(given)
    missing = int((~known).sum())
    given, truth = given[known], truth[known]
    if not given.size:
        return Calibration(0, missing, None, None, None, None, None, ())
    if given.min() < 0 or given.max() > 1:
        raise ValueError("a confidence outside [0, 1]")
    filled = _bins(given, truth, bins)
    return Calibration(
        n=int(given.size),
        missing=missing,
        mean_confidence=float(given.mean()),
        accuracy=float(truth.mean()),
        ece=sum(each.n * abs(each.accuracy - each.confidence) for each in filled) / given.size,
        brier=float(np.mean((given - truth) ** 2)),
        auroc=auroc(given, truth),
        bins=filled,
    )


def auroc(score: Any, right: Any) -> float | None:
    """Area under the ROC curve by ranks (Mann and Whitney's U); None where all rows are alike."""
    import numpy as np
    from scipy.stats import rankdata

    given, truth = np.asarray(score, dtype=float), np.asarray(right, dtype=bool)
    positive = int(truth.sum())
    negative = truth.size - positive
    if not positive or not negative:
        return None
    ranks = float(rankdata(given)[truth].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def _bins(given: Any, truth: Any, bins: int) -> tuple[Bin, ...]:
    import numpy as np

    place = np.minimum((given * bins).astype(int), bins - 1)
    return tuple(
        Bin(
            *(k / bins, (k + 1) / bins, int(inside.sum())),
            confidence=float(given[inside].mean()),
            accuracy=float(truth[inside].mean()),
        )
        for k in range(bins)
        if (inside := place == k).any()
    )
