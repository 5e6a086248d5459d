"""A judge's report card against human labels, every number with an interval.

Rates carry Wilson's interval, clustered by problem (`judgekit.analysis.intervals`); F1, kappa and
alpha a bootstrap over problems. What a judge left undecided is counted, and is in no rate: a judge
that decides little and well is another judge than one that decides all.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judgekit.analysis.cost import MILLION, Price
from judgekit.analysis.intervals import Share, share
from judgekit.audit.agreement import Measured, bootstrap, cohen, krippendorff
from judgekit.records import Verdict

BINS = 10
LEAST_IN_BIN = 5


@dataclass(frozen=True, slots=True)
class Rated:
    """One labelled row and what the judge said of it.

    `verdict` is the judge's held to its claim; what it had said alone is `verdict.claim`, where it
    was overruled. `cluster` is the problem. `groups` are what the card is broken down by.
    """

    verdict: Verdict
    label: bool
    cluster: Hashable
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def says(self) -> bool | None:
        """Correct, incorrect, or None for undecided."""
        outcome = self.verdict.outcome
        return None if outcome == "undecided" else outcome == "correct"

    @property
    def agrees(self) -> bool | None:
        return None if self.says is None else self.says == self.label


@dataclass(frozen=True, slots=True)
class Bin:
    """Verdicts of similar confidence: its mean, and the share that agrees with people."""

    confidence: float
    agreeing: Share


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How far confidence can be believed.

    `ece` is the expected calibration error over equal-mass bins, `brier` the Brier score, `auroc`
    how well confidence ranks verdicts that agree above those that do not; all over verdicts with a
    confidence.
    """

    ece: float
    brier: float
    auroc: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """What the verdicts cost now: those from a cache, and recorded ones, cost nothing.

    `asked` rows took a call; `seconds` is the mean of those, `slowest` their 95th percentile, both
    NaN where there is none. `money` is None without a price.
    """

    asked: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    slowest: float
    money: float | None


@dataclass(frozen=True, slots=True)
class ReportCard:
    """All of it. `confusion` is (true correct, false correct, false incorrect, true incorrect).

    All rates are of the verdicts as held to their claims; `alone` is the accuracy of what the judge
    had said before.
    """

    rows: int
    undecided: int
    unparsed: int
    overruled: int
    overruled_rightly: int
    confusion: tuple[int, int, int, int]
    decided: Share
    alone: Share
    accuracy: Share
    precision: Share
    recall: Share
    specificity: Share
    balanced_accuracy: Measured
    f1: Measured
    kappa: Measured
    alpha: Measured
    calibration: Calibrated | None
    bill: Bill


def report_card(rated: Sequence[Rated], price: Price | None = None) -> ReportCard:
    """The report card of one judge over labelled rows; `price` is that of its tokens."""
    said = [row for row in rated if row.says is not None]
    overruled = [row for row in rated if "overruled" in row.verdict.flags]
    cells = [_cell(row) for row in said]
    clusters = [row.cluster for row in said]
    right, wrong = [r for r in said if r.label], [r for r in said if not r.label]
    claimed = [r for r in said if r.says]
    true_correct, false_correct, false_incorrect, true_incorrect = (
        sum(cell[i] for cell in cells) for i in range(4)
    )
    return ReportCard(
        rows=len(rated),
        undecided=len(rated) - len(said),
        unparsed=sum("unparsed" in row.verdict.flags for row in rated),
        overruled=len(overruled),
        overruled_rightly=sum(_claim(row) != row.label for row in overruled),
        confusion=(true_correct, false_correct, false_incorrect, true_incorrect),
        decided=share([row.says is not None for row in rated], [row.cluster for row in rated]),
        alone=_alone(rated),
        accuracy=share([row.agrees for row in said], clusters),
        precision=share([row.label for row in claimed], [row.cluster for row in claimed]),
        recall=share([row.says for row in right], [row.cluster for row in right]),
        specificity=share([not row.says for row in wrong], [row.cluster for row in wrong]),
        balanced_accuracy=_measured(cells, clusters, _balanced),
        f1=_measured(cells, clusters, _f1),
        kappa=cohen([bool(row.says) for row in said], [row.label for row in said], clusters),
        alpha=krippendorff(
            [(row.says, row.label) for row in rated], [row.cluster for row in rated]
        ),
        calibration=calibration(said),
        bill=bill([row.verdict for row in rated], price),
    )


def bill(verdicts: Sequence[Verdict], price: Price | None = None) -> Bill:
    """What verdicts cost."""
    import numpy as np

    costs = [verdict.cost for verdict in verdicts]
    seconds = [cost.seconds for cost in costs if cost.calls]
    read = sum(cost.prompt_tokens for cost in costs)
    written = sum(cost.completion_tokens for cost in costs)
    return Bill(
        *(len(seconds), sum(cost.calls for cost in costs), read, written),
        seconds=float(np.mean(seconds)) if seconds else math.nan,
        slowest=float(np.quantile(seconds, 0.95)) if seconds else math.nan,
        money=price and (read * price.tokens_in + written * price.tokens_out) / MILLION,
    )


def by_group(
    rated: Sequence[Rated], name: str, price: Price | None = None
) -> dict[str, ReportCard]:
    """A card for each value of a group (answer kind, length, model graded); lengths ascend."""
    groups: dict[str, list[Rated]] = {}
    for row in rated:
        groups.setdefault(row.groups.get(name, ""), []).append(row)
    ordered = [v for v in LENGTHS if v in groups] if name == "length" else sorted(groups)
    return {value: report_card(groups[value], price) for value in ordered}


_LIMITS = (500, 1000, 2000, 4000)
LENGTHS = (*(f"under {limit}" for limit in _LIMITS), "4000 or more")


def length_group(response: str) -> str:
    """Which of `LENGTHS` a response counts to, in characters."""
    return LENGTHS[sum(len(response) >= limit for limit in _LIMITS)]


def calibration(said: Sequence[Rated], bins: int = BINS) -> Calibrated | None:
    """Calibration over verdicts that carry a confidence; None where none does.

    Bins hold equally many verdicts, at least `LEAST_IN_BIN`; equal confidences stay in one bin.
    """
    known = sorted(
        (row for row in said if row.verdict.confidence is not None),
        key=lambda row: row.verdict.confidence or 0.0,
    )
    if not known:
        return None
    bins = min(bins, max(1, len(known) // LEAST_IN_BIN))
    confidences = [row.verdict.confidence or 0.0 for row in known]
    agreeing = [bool(row.agrees) for row in known]
    found: list[Bin] = []
    ece = 0.0
    start = 0
    for number in range(1, bins + 1):
        end = max(start, round(number * len(known) / bins))
        while 0 < end < len(known) and confidences[end] == confidences[end - 1]:
            end += 1
        if end > start:
            part = slice(start, end)
            rate = share(agreeing[part], [row.cluster for row in known[part]])
            mean = sum(confidences[part]) / (end - start)
            found.append(Bin(mean, rate))
            ece += (end - start) / len(known) * abs(mean - (rate.value or 0.0))
        start = end
    brier = sum((c - a) ** 2 for c, a in zip(confidences, agreeing, strict=True)) / len(known)
    return Calibrated(ece, brier, auroc(confidences, agreeing), tuple(found))


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """The chance that a positive scores above a negative, ties half (Mann and Whitney); NaN where
    one of the two is missing."""
    from scipy.stats import rankdata

    n = sum(positive)
    if n == 0 or n == len(positive):
        return float("nan")
    ranks = rankdata(scores)
    total = float(sum(rank for rank, yes in zip(ranks, positive, strict=True) if yes))
    return float((total - n * (n + 1) / 2) / (n * (len(positive) - n)))


def _alone(rated: Sequence[Rated]) -> Share:
    first = [(row, row.verdict.claim or row.verdict.outcome) for row in rated]
    said = [(row, outcome) for row, outcome in first if outcome != "undecided"]
    return share(
        [(outcome == "correct") == row.label for row, outcome in said],
        [row.cluster for row, _ in said],
    )


def _claim(row: Rated) -> bool | None:
    claim = row.verdict.claim
    return None if claim is None or claim == "undecided" else claim == "correct"


def _cell(row: Rated) -> tuple[int, int, int, int]:
    says, label = bool(row.says), row.label
    return (
        int(says and label),
        int(says and not label),
        int(not says and label),
        int(not says and not label),
    )


def _measured(
    cells: Sequence[tuple[int, ...]], clusters: Sequence[Any], statistic: Any
) -> Measured:
    import numpy as np

    return bootstrap(np.array(cells, dtype=float).reshape(-1, 4), clusters, statistic)


def _f1(cells: Any) -> Any:
    import numpy as np

    true_correct, false_correct, false_incorrect, _ = np.moveaxis(np.asarray(cells), -1, 0)
    with np.errstate(all="ignore"):
        return 2 * true_correct / (2 * true_correct + false_correct + false_incorrect)


def _balanced(cells: Any) -> Any:
    import numpy as np

    true_correct, false_correct, false_incorrect, true_incorrect = np.moveaxis(
        np.asarray(cells), -1, 0
    )
    with np.errstate(all="ignore"):
        sensitivity = true_correct / (true_correct + false_incorrect)
        specificity = true_incorrect / (true_incorrect + false_correct)
        return (sensitivity + specificity) / 2
