"""Arbitrary constants: x^2 + C is x^2 + c, for the name of a constant does not matter.

Only names that arbitrary constants have (C, c, K, k, with or without a subscript; A and B for C_1
and C_2) are exchanged, and only where each side has as many of them that the other has not.
"""

from __future__ import annotations

import re

from judgekit.verifier.equivalence.identity import substitute
from judgekit.verifier.reader.tree import Expr, Symbol, symbols

CONSTANT_RENAMED = "the same but for the name of an arbitrary constant"
_CONSTANT = re.compile(r"[CcKk](?:_?\d)?")
_IN_QUESTION = re.compile(r"(?<![A-Za-z\\])[CcKk](?![A-Za-z])")
_NUMBERED = re.compile(r"[Cc]_?\d")
_LETTERED = re.compile(r"[AB]")


def names_constants(question: str) -> bool:
    """Whether a question itself speaks of two such letters, which are then no matter of taste."""
    return len(set(_IN_QUESTION.findall(question))) > 1


def constants_renamed(gold: Expr, answer: Expr) -> Expr | None:
    """The answer with its arbitrary constants called as the gold calls them, or None."""
    mine, theirs = symbols(gold), symbols(answer)
    new, old = sorted(mine - theirs), sorted(theirs - mine)
    if not new or len(new) != len(old):
        return None
    same_kind = all(_CONSTANT.fullmatch(name) for name in (*new, *old))
    if not same_kind and not any(
        all(map(_NUMBERED.fullmatch, some)) and all(map(_LETTERED.fullmatch, others))
        for some, others in ((new, old), (old, new))
    ):
        return None
    return substitute(answer, {a: Symbol(b) for a, b in zip(old, new, strict=True)})
