"""How far labellers agree, and their labels as `judgekit.corrected_accuracy` reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from judgekit.analysis.labels import Rule, by_key, settle
from judgekit.audit.agreement import Measured, cohen, krippendorff
from judgekit.records import Key, Label, Outcome

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far labellers agree on the responses that several of them labelled (unsure left out).

    `kappa` is Cohen's for two labellers and Krippendorff's alpha for more.
    """

    labellers: tuple[str, ...]
    rows: int
    agreed: int
    kappa: Measured
    divided: tuple[Key, ...]


def agreement(labels: Iterable[Label]) -> Agreement | None:
    """Agreement between labellers; None where no response has two sure labels."""
    said: dict[Key, dict[str, Outcome]] = {}
    for label in labels:
        if label.outcome != "undecided":
            said.setdefault(label.key, {})[label.by] = label.outcome
    shared = {key: by for key, by in said.items() if len(by) > 1}
    if not shared:
        return None
    people = tuple(sorted({name for by in shared.values() for name in by}))
    divided = tuple(key for key, by in shared.items() if len(set(by.values())) > 1)
    clusters = [key.id for key in shared]
    if len(people) == 2:
        first, second = ([by[name] == "correct" for by in shared.values()] for name in people)
        kappa = cohen(first, second, clusters)
    else:
        kappa = krippendorff(
            [[by.get(name) for name in people] for by in shared.values()], clusters
        )
    return Agreement(people, len(shared), len(shared) - len(divided), kappa, divided)


def label_frame(labels: Sequence[Label], rule: Rule = "majority") -> pd.DataFrame:
    """The labels as `judgekit.corrected_accuracy` reads them, one row a response.

    `label` is missing where the response has no word.
    """
    import pandas as pd

    words = settle(labels, rule).outcomes
    rows = []
    for key, said in by_key(labels).items():
        word = words[key]
        chances = [each.probability for each in said if each.probability is not None]
        rows.append(
            {
                **key._asdict(),
                "label": None if word == "undecided" else word == "correct",
                "design": said[-1].design,
                "probability": chances[-1] if chances else None,
            }
        )
    columns = [*Key._fields, "label", "design", "probability"]
    return pd.DataFrame(rows, columns=columns).astype({"label": object, "probability": float})
