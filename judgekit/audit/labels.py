"""What people said: several labellers reduced to one word by a named rule, and their agreement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from judgekit.audit.agreement import Measured, cohen, krippendorff
from judgekit.records import Key, Label, Outcome

if TYPE_CHECKING:
    import pandas as pd

Rule = Literal["majority", "unanimous", "first", "last"]
RULES: tuple[str, ...] = get_args(Rule)
"""How several labellers' words become one.

`majority`: what more of them say, nothing where they are divided; `unanimous`: nothing unless all
agree; `first`, `last`: the word that was given first, or last. *Unsure* is no word.
"""

RANDOM = ("uniform", "plan")
"""Designs whose labels estimate something."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One word a response; it is `undecided` where it has none: all unsure, or divided."""

    outcomes: dict[Key, Outcome]
    unsure: int
    divided: tuple[Key, ...]
    rule: Rule = "majority"


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


def settle(labels: Iterable[Label], rule: Rule = "majority") -> Settled:
    """Standing labels (`judgekit.runs.standing`) reduced to one word a response.

    Where a response has labels of a random design, only those count: who labelled it on another
    occasion saw that it was suspicious.
    """
    outcomes: dict[Key, Outcome] = {}
    unsure, divided = 0, []
    for key, said in _by_key(labels).items():
        words = [label.outcome for label in said if label.outcome != "undecided"]
        outcomes[key] = _reduced(words, rule)
        unsure += not words
        if len(set(words)) > 1:
            divided.append(key)
    return Settled(outcomes, unsure, tuple(divided), rule)


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
    for key, said in _by_key(labels).items():
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


def _by_key(labels: Iterable[Label]) -> dict[Key, list[Label]]:
    """Each response's labels that count, in the order in which they were given."""
    found: dict[Key, list[Label]] = {}
    for label in labels:
        found.setdefault(label.key, []).append(label)
    for key, said in found.items():
        found[key] = [each for each in said if each.design in RANDOM] or said
    return found


def _reduced(words: Sequence[Outcome], rule: Rule) -> Outcome:
    if not words:
        return "undecided"
    if rule in ("first", "last"):
        return words[0 if rule == "first" else -1]
    if rule == "unanimous":
        return words[0] if len(set(words)) == 1 else "undecided"
    counts = Counter(words)
    if counts["correct"] == counts["incorrect"]:
        return "undecided"
    return "correct" if counts["correct"] > counts["incorrect"] else "incorrect"
