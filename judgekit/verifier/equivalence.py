"""Is the answer's text equal to the gold text? A ladder of rungs, cheapest first."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from judgekit.records import Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison's outcome, the sentence that explains it, and the rung that decided."""

    outcome: Outcome
    evidence: str
    rung: str


_PLAIN = re.compile(r"[+-]?\d{1,400}(?:\.\d{1,400})?(?:/\d{1,400})?")


def _exact(text: str) -> Fraction | None:
    bare = text.strip().strip("$").strip().rstrip(".").replace(",", "")
    if not _PLAIN.fullmatch(bare) or ("." in bare and "/" in bare):
        return None
    try:
        return Fraction(bare)
    except ZeroDivisionError:
        return None


def same_form(gold: str, answer: str) -> Comparison:
    """The cheapest rung: the same text, or two plain exact numbers."""
    if gold.split() == answer.split() and gold.split():
        return Comparison("correct", f"{answer.strip()} is the gold answer as written", "normal form")
    left, right = _exact(gold), _exact(answer)
    if left is None or right is None:
        return Comparison("undecided", "not two plain numbers", "exact rational")
    if left == right:
        return Comparison("correct", f"{answer} equals {gold} as exact rationals", "exact rational")
    return Comparison("incorrect", f"{answer} is not {gold}", "exact rational")


def compare(
    gold: str, answer: str, *, question: str | None = None, use_sympy: bool = True
) -> Comparison:
    """The whole ladder."""
    return same_form(gold, answer)
