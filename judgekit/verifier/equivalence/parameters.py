"""Arbitrary constants: x^2 + C is x^2 + c, for the name of a constant does not matter.

Only names that arbitrary constants have (C, c, K, k, with or without a subscript) are exchanged,
and only where each side has as many of them that the other has not.
"""

from __future__ import annotations

import re

from judgekit.verifier.equivalence.identity import substitute
from judgekit.verifier.reader.tree import Expr, Symbol, symbols

CONSTANT_RENAMED = "the same but for the name of an arbitrary constant"
_CONSTANT = re.compile(r"[CcKk](?:_?\d)?")


def constants_renamed(gold: Expr, answer: Expr) -> Expr | None:
    """The answer with its arbitrary constants called as the gold calls them, or None."""
    mine, theirs = symbols(gold), symbols(answer)
    new, old = sorted(mine - theirs), sorted(theirs - mine)
    if not new or len(new) != len(old):
        return None
    if not all(_CONSTANT.fullmatch(name) for name in (*new, *old)):
        return None
    return substitute(answer, {a: Symbol(b) for a, b in zip(old, new, strict=True)})
