"""Is the answer's text equal to the gold text? A ladder of rungs, cheapest first.

`same_form` is the lowest rung: the same text in normal form, or two plain exact numbers. `compare`
climbs on: both texts are read into trees (in every sense that the spelling allows), compared by
kind (`structures`, `realsets`, `relations`), value by value (`quantities`, `rounding`, `identity`),
and what is still open goes to SymPy in a bounded worker process (`worker`).

Every *incorrect* is a proven difference under the policies that `rounding`, `quantities` and
`structures` state, in all senses of both texts; all that is neither proven is *undecided*.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from judgekit.verifier.equivalence import worker
from judgekit.verifier.equivalence.effort import EFFORT, Exhausted, limited, size
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.naming import named
from judgekit.verifier.equivalence.normal import normal, plain
from judgekit.verifier.equivalence.parameters import CONSTANT_RENAMED, names_constants
from judgekit.verifier.equivalence.quantities import PERCENT_ADDED, PERCENT_LOST
from judgekit.verifier.equivalence.realsets import real_set
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.equivalence.signs import both_signs
from judgekit.verifier.equivalence.structures import OPEN_OR_POINT, whole_answers
from judgekit.verifier.reader import read, readings
from judgekit.verifier.reader.tokens import LAKHS
from judgekit.verifier.reader.tree import (
    VALUES,
    Binder,
    Call,
    Collection,
    Combined,
    Expr,
    Power,
    Product,
    Quotient,
    Relation,
    SetBuilder,
    Sum,
    children,
    has_decimal,
    symbols,
)

__all__ = ["Comparison", "compare", "read", "same_form"]

_MOST_SENSES = 4
_KEPT = 16
"""Texts whose reading is kept: the samples of one problem share its gold, and often an answer."""
_ABOUT_INTERVALS = re.compile(r"\b(?:interval|inequalit|domain|range|solution set)", re.IGNORECASE)
_ABOUT_MONOTONY = re.compile(r"monoton|\b(?:in|de)creasing\b|\b(?:in|de)creases\b", re.IGNORECASE)
_ABOUT_PERCENT = re.compile(r"per ?cent|%", re.IGNORECASE)
_ASKS_PERCENT = re.compile(r"\bpercentage\b|\b(?:what|how many|in|as a) per ?cent\b", re.IGNORECASE)
_NAME_RAISED = re.compile(r"(?<![\\A-Za-z])[a-z]{3,20}\s?\^")
"""plx^4 is of x alone, unless plx is one name."""

_DOLLAR = re.compile(r"(?<!\\)\$(?!\d[\d.,]*(?:\s|\Z))")
"""A dollar sign that delimits mathematics; `$5` alone is money."""
_LARGEST_FOR_SYMPY = 120
_VALUES = (Sum, Product, Quotient, Power, Call)


_MAY_MEAN_ANOTHER = (
    (_NAME_RAISED, "letters in a row may be one name"),
    (LAKHS, "digits in groups of two may be one number"),
    (re.compile(r"_\{[^{}]{0,40}(?:\\cdot|\\times|\*)"), "a subscript may be another spelling"),
)
"""Spellings with a second meaning that the reader does not follow, and the doubt in words."""


_POWER_OF_TEN = re.compile(
    r"(\d[\d.,]{0,40})\$?\s{0,3}(?:\\text\s?\{\s?)?(?:hundred|thousand|million|billion|trillion)\b",
    re.IGNORECASE,
)


def same_form(gold: str, answer: str) -> Comparison:
    """The cheapest rung: the same text, or two plain exact numbers.

    Two decimals, or a decimal and a fraction, that differ are left to the rounding policy.
    """
    if (form := normal(gold)) and (gold == answer or form == normal(answer)):
        return yes(f"{_shown(answer)} is the gold answer as written", "normal form")
    left, right = plain(gold), plain(answer)
    if left is None or right is None:
        return unknown("not two plain numbers", "exact rational")
    if left.value == right.value:
        return yes(f"{_shown(answer)} equals {_shown(gold)} as exact rationals", "exact rational")
    if left.places is not None or right.places is not None:
        return unknown(f"{_shown(answer)} is not exactly {_shown(gold)}", "exact rational")
    return no(f"{_shown(answer)} differs from {_shown(gold)} as exact rationals", "exact rational")


def compare(
    gold: str, answer: str, *, question: str | None = None, use_sympy: bool = True
) -> Comparison:
    """Whether the answer is equal to the gold answer, by the whole ladder.

    `question` may settle a spelling that is ambiguous (is (1, 2) a point or an
    interval? is 20% meant as 20?); `use_sympy=False` stops below the worker. Never raises on any
    text.
    """
    found = same_form(gold, answer)
    if found.outcome != "undecided":
        return found
    if "," not in gold + answer and (left := plain(gold)) and (right := plain(answer)):
        return _told(numbers(left, right), gold, answer)
    golds, answers = _distinct(gold), _distinct(answer)
    if not golds or not answers:
        side = "gold answer" if not golds else "answer"
        shown = _shown(answer if golds else gold)
        return unknown(f"The {side} could not be read as mathematics: {shown}", "reader")
    try:
        with limited():
            found = _senses(golds, answers)
    except Exhausted:
        found = unknown("to compare them would be too much work", EFFORT)
    if found.incorrect:
        for spelling, doubt in _MAY_MEAN_ANOTHER:
            if spelling.search(gold) or spelling.search(answer):
                found = unknown(doubt, found.rung)
        if _in_other_powers(gold, answer):
            found = unknown("as many of a power of ten that the question may ask for", found.rung)
    if use_sympy and found.outcome == "undecided" and found.rung != EFFORT:
        found = _by_sympy(golds[0], answers[0]) or found
    return _told(_in_context(found, question[:20_000]) if question else found, gold, answer)


@lru_cache(_KEPT)
def _distinct(text: str) -> tuple[Expr, ...]:
    """The senses of a text that differ, few enough to be compared two by two."""
    senses: list[Expr] = []
    for sense in islice(readings(text), _MOST_SENSES):
        if sense not in senses:
            senses.append(sense)
    return tuple(senses)


def _in_other_powers(gold: str, answer: str) -> bool:
    """Whether one says 5 million and the other says 5."""
    mine, theirs = _POWER_OF_TEN.search(gold), _POWER_OF_TEN.search(answer)
    if (mine is None) == (theirs is None):
        return False
    return same_form(mine[1] if mine else gold, theirs[1] if theirs else answer).correct


def _in_context(found: Comparison, question: str) -> Comparison:
    """What the question says about a sign or bracket that is ambiguous by itself."""
    if found.evidence == PERCENT_ADDED and not _ABOUT_PERCENT.search(question):
        return unknown("a percent sign that the question does not speak of", found.rung)
    if found.evidence == PERCENT_LOST and _ASKS_PERCENT.search(question):
        return yes("the same number, and the question asks for a percentage", found.rung)
    if found.evidence == CONSTANT_RENAMED and names_constants(question):
        return unknown("constants of other names, which the question speaks of", found.rung)
    if found.evidence == OPEN_OR_POINT and _ABOUT_MONOTONY.search(question):
        return unknown("an interval of monotony, to which its ends may belong or not", found.rung)
    if found.evidence == OPEN_OR_POINT and _ABOUT_INTERVALS.search(question):
        return no("the ends belong to one interval and not to the other", "interval")
    return found


def _by_sympy(gold: Expr, answer: Expr) -> Comparison | None:
    """What SymPy can prove of two statements in one variable, or two expressions."""
    names = symbols(gold) | symbols(answer)
    if len(names) > 3 or size(gold) + size(answer) > _LARGEST_FOR_SYMPY:
        return None
    if _has_operator(answer) and not _has_operator(gold):
        return None  # who answers with an integral has not worked it out, and may want to stall us
    values = VALUES if _has_operator(gold) else _VALUES
    if isinstance(gold, values) and isinstance(answer, values):
        if symbols(gold) != symbols(answer) or has_decimal(gold) or has_decimal(answer):
            return None
        proven = worker.ask("equal", gold, answer)
        return yes("SymPy simplifies their difference to zero", "sympy") if proven else None
    if len(names) != 1 or not (_is_open(gold) or _is_open(answer)):
        return None
    proven = worker.ask("solutions", _solutions(gold), _solutions(answer))
    return yes("SymPy finds the same solutions", "sympy") if proven else None


def _is_open(expr: Expr) -> bool:
    """A statement whose solutions are not plain to see."""
    if not isinstance(expr, (Relation, SetBuilder, Combined)):
        return False
    return named(expr).name is None and real_set(expr) is None


def _solutions(expr: Expr) -> Expr:
    """The values that x = 2, x = 3 or x = \\pm 2 give; other statements as they are."""
    given = named(expr)
    if given.name is not None:
        return both_signs(given.value)
    if isinstance(expr, Collection) and expr.brackets == "  ":
        each = [named(item) for item in expr.items]
        if len({one.name for one in each}) == 1 and each[0].name is not None:
            return Collection("  ", tuple(one.value for one in each))
    return expr


def _has_operator(expr: Expr) -> bool:
    """Whether a sum, integral or limit stands in it, which SymPy may work out."""
    return isinstance(expr, Binder) or any(map(_has_operator, children(expr)))


def _senses(golds: Sequence[Expr], answers: Sequence[Expr]) -> Comparison:
    """The comparison of the best pair of senses; incorrect only if every pair is."""
    found: list[Comparison] = []
    for g in golds:
        for a in answers:
            each = whole_answers(g, a)
            if each.correct:
                return each
            found.append(each)
    if all(each.incorrect for each in found):
        return found[0]
    return next(each for each in found if not each.incorrect)


def _told(found: Comparison, gold: str, answer: str) -> Comparison:
    """The finding as a sentence that names both texts."""
    verb = {"correct": "equals", "incorrect": "differs from", "undecided": "may or may not equal"}
    sentence = f"{_shown(answer)} {verb[found.outcome]} {_shown(gold)}"
    short = found.evidence.removeprefix("they are equal ").removeprefix("they differ ")
    sentence += f" {short}" if short == "as exact rationals" else f": {found.evidence}"
    return Comparison(found.outcome, sentence, found.rung)


def _shown(text: str) -> str:
    """The text on one line, without control characters, cut to sixty characters."""
    clean = text[:200]
    if clean.isalnum() and len(clean) <= 60:
        return clean
    if not clean.isprintable():
        clean = "".join(c if c.isprintable() else " " for c in clean)
    if "$" in clean:
        clean = _DOLLAR.sub("", clean)
    clean = " ".join(clean.split())
    return clean if len(clean) <= 60 else clean[:57] + "..."
