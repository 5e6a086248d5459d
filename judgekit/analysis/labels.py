"""What people said: several labellers' words on a response reduced to one by a named rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from judgekit.errors import UnknownName
from judgekit.records import Key, Label, Outcome

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


def settle(labels: Iterable[Label], rule: Rule = "majority") -> Settled:
    """Standing labels (`judgekit.runs.standing`) reduced to one word a response.

    Where a response has labels of a random design, only those count: who labelled it on another
    occasion saw that it was suspicious. Raises `UnknownName` for a rule that there is not.
    """
    if rule not in RULES:
        raise UnknownName("rule", rule, RULES)
    outcomes: dict[Key, Outcome] = {}
    unsure, divided = 0, []
    for key, said in by_key(labels).items():
        words = [label.outcome for label in said if label.outcome != "undecided"]
        outcomes[key] = _reduced(words, rule)
        unsure += not words
        if len(set(words)) > 1:
            divided.append(key)
    return Settled(outcomes, unsure, tuple(divided), rule)


def by_key(labels: Iterable[Label]) -> dict[Key, list[Label]]:
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
