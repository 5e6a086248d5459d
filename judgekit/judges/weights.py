"""What each member of a jury is worth: from labels, or from agreement alone.

With labels a member's weight is the log-odds of its balanced accuracy, the right weight for a
witness that errs independently of the others (Nitzan and Paroush 1982; Weaver: on verifiers).
Without labels the accuracies are estimated from how the members agree, by expectation-maximisation
(Dawid and Skene 1979).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.errors import UserError

MAX_STEPS = 200
TOLERANCE = 1e-7
LEAST_MEMBERS = 3
"""Two members' accuracies cannot be told apart from their agreement."""


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often a member finds right answers right, and wrong ones wrong."""

    sensitivity: float
    specificity: float

    @property
    def balanced_accuracy(self) -> float:
        return (self.sensitivity + self.specificity) / 2

    @property
    def weight(self) -> float:
        """Log-odds of the balanced accuracy."""
        return math.log(self.balanced_accuracy / (1 - self.balanced_accuracy))


def from_labels(verdicts: Sequence[bool | None], labels: Sequence[bool]) -> Reliability:
    """A member's reliability on labelled rows; undecided rows (None) do not count.

    Half a row is added to each cell, so that a member that was never wrong on few rows is not
    believed without limit.
    """
    said = [(v, label) for v, label in zip(verdicts, labels, strict=True) if v is not None]
    right = sum(v for v, label in said if label)
    wrong = sum(not v for v, label in said if not label)
    positives = sum(label for _, label in said)
    negatives = len(said) - positives
    return Reliability((right + 0.5) / (positives + 1), (wrong + 0.5) / (negatives + 1))


@dataclass(frozen=True, slots=True)
class Agreement:
    """What agreement alone says: each member's reliability, the share of right rows, and each row's
    probability of being right."""

    members: tuple[Reliability, ...]
    prevalence: float
    posterior: tuple[float, ...]


def dawid_skene(verdicts: Sequence[Sequence[bool | None]]) -> Agreement:
    """Reliabilities from agreement; `verdicts[member][row]`, None where undecided.

    It starts from the majority, so it takes members that are better than a coin on the whole. Each
    estimate carries half a row in every cell, as with labels. Raises `UserError` for fewer than
    three members.
    """
    import numpy as np

    if len(verdicts) < LEAST_MEMBERS:
        raise UserError(
            f"weights without labels take at least {LEAST_MEMBERS} members, these are "
            f"{len(verdicts)}"
        )
    said = np.array(
        [[np.nan if v is None else float(v) for v in member] for member in verdicts], dtype=float
    )
    spoke, yes = ~np.isnan(said), np.nan_to_num(said)
    votes = spoke.sum(axis=0)
    posterior = np.where(votes > 0, (yes.sum(axis=0) + 0.5) / (votes + 1), 0.5)
    for _ in range(MAX_STEPS):
        sensitivity, specificity, prevalence = _maximise(yes, spoke, posterior)
        updated = _expect(yes, spoke, sensitivity, specificity, prevalence)
        change = float(np.max(np.abs(updated - posterior), initial=0.0))
        posterior = updated
        if change < TOLERANCE:
            break
    members = tuple(
        Reliability(float(a), float(b)) for a, b in zip(sensitivity, specificity, strict=True)
    )
    return Agreement(members, float(prevalence), tuple(map(float, posterior)))


def _maximise(yes: Any, spoke: Any, posterior: Any) -> tuple[Any, Any, float]:
    right, wrong = spoke * posterior, spoke * (1 - posterior)
    sensitivity = ((yes * right).sum(axis=1) + 0.5) / (right.sum(axis=1) + 1)
    specificity = (((1 - yes) * wrong).sum(axis=1) + 0.5) / (wrong.sum(axis=1) + 1)
    prevalence = float((posterior.sum() + 0.5) / (len(posterior) + 1))
    return sensitivity, specificity, prevalence


def _expect(yes: Any, spoke: Any, sensitivity: Any, specificity: Any, prevalence: float) -> Any:
    """Each row's probability of being right, by Bayes' rule over independent members."""
    import numpy as np

    if_right = yes * np.log(sensitivity)[:, None] + (1 - yes) * np.log1p(-sensitivity)[:, None]
    if_wrong = yes * np.log1p(-specificity)[:, None] + (1 - yes) * np.log(specificity)[:, None]
    odds = (spoke * (if_right - if_wrong)).sum(axis=0) + math.log(prevalence / (1 - prevalence))
    return 1 / (1 + np.exp(-odds))
