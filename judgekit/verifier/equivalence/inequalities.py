"""Inequalities in one variable -> pieces of the line.

The variable stands alone in a member (`-2 < x <= 3`), linearly (`2x < 4`), or in bars (`|x| < a`).
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.equivalence.identity import equal, number_at, substitute
from judgekit.verifier.equivalence.pieces import LINE, Piece, intersected
from judgekit.verifier.reader.tree import (
    Call,
    Constant,
    Expr,
    Number,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
    negate,
    symbols,
)

_SAMPLES = (Fraction(1), Fraction(2), Fraction(3), Fraction(-7, 3), Fraction(29, 2), Fraction(-31))
"""Where a difference of two sides is compared with the line through its values at 0 and 1."""
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def is_infinite(expr: Expr) -> int:
    """1 for infinity, -1 for minus infinity, 0 for everything else."""
    if expr == Constant("inf"):
        return 1
    if isinstance(expr, Product) and len(expr.factors) == 2:
        factor, rest = expr.factors
        if rest == Constant("inf") and factor == Number(Fraction(-1)):
            return -1
    return 0


def solved(relation: Relation) -> list[Piece] | None:
    """A chain of inequalities as pieces: the variable stands alone, or linearly, in one member."""
    names = set().union(*map(symbols, relation.members))
    alone = [i for i, member in enumerate(relation.members) if isinstance(member, Symbol)]
    if len(relation.members) > 3 or (len(relation.members) == 3 and 1 not in alone and alone):
        return None
    whole: list[Piece] = [LINE]
    for i, op in enumerate(relation.ops):
        left, right = relation.members[i], relation.members[i + 1]
        if op not in _FLIPPED:
            return None
        found = None
        if i in alone and (i + 1 not in alone or i == 1 or len(relation.members) == 2):
            if not isinstance(left, Symbol) or left.name in symbols(right):
                return None
            found = _half(op, right)
        elif i + 1 in alone:
            if not isinstance(right, Symbol) or right.name in symbols(left):
                return None
            found = _half(_FLIPPED[op], left)
        elif is_applied(left):
            found = _half(op, right)
        elif is_applied(right):
            found = _half(_FLIPPED[op], left)
        elif len(names) == 1:
            found = _linear(op, left, right, next(iter(names)))
        if found is None:
            return None
        whole = intersected(whole, found) if whole != [LINE] else found
    return whole


def is_applied(expr: Expr) -> bool:
    """f(x): a value that is talked about as one."""
    return isinstance(expr, Call) and expr.name in ("f", "g", "h")


def _half(op: str, bound: Expr) -> list[Piece] | None:
    """All x with `x op bound`."""
    infinite = is_infinite(bound)
    if infinite:
        return [LINE] if (op in ("<", "<=") and infinite > 0) or op in (">", ">=") else None
    if op == "<" or op == "<=":
        return [Piece(None, False, bound, op == "<=")]
    if op == ">" or op == ">=":
        return [Piece(bound, op == ">=", None, False)]
    if op == "=":
        return [Piece(bound, True, bound, True)]
    return [Piece(None, False, bound, False), Piece(bound, False, None, False)]


def _linear(op: str, left: Expr, right: Expr, name: str) -> list[Piece] | None:
    """The solutions of an inequality that is linear in its only variable; |x| < a as well."""
    if isinstance(left, Call) and left.name == "abs" and isinstance(left.args[0], Symbol):
        return _absolute(op, right) if not symbols(right) else None
    if isinstance(right, Call) and right.name == "abs" and isinstance(right.args[0], Symbol):
        return _absolute(_FLIPPED[op], left) if not symbols(left) else None
    gap = Sum((left, negate(right)))
    if applies_functions(gap):
        return None  # |x - 3| and floors are linear in pieces only
    zero, one, *others = (substitute(gap, {name: Number(x)}) for x in (Fraction(0), *_SAMPLES))
    if any(number_at(each) is None for each in (zero, one, *others)):
        return None
    slope = Sum((one, negate(zero)))
    for x, value in zip(_SAMPLES[1:], others, strict=True):
        if not equal(value, Sum((zero, Product((Number(x), slope))))).correct:
            return None
    steep = number_at(slope)
    if not steep:
        return None
    root = Quotient(negate(zero), slope)
    return _half(op if steep > 0 else _FLIPPED[op], root)


def applies_functions(expr: Expr) -> bool:
    """Whether a function is taken of the variable somewhere."""
    if isinstance(expr, Call) and symbols(expr):
        return True
    return any(map(applies_functions, children(expr)))


def _absolute(op: str, bound: Expr) -> list[Piece] | None:
    size = number_at(bound)
    if size is None or size < 0:
        return None
    below = negate(bound)
    if op in ("<", "<="):
        return [Piece(below, op == "<=", bound, op == "<=")]
    if op in (">", ">="):
        closed = op == ">="
        return [Piece(None, False, below, closed), Piece(bound, closed, None, False)]
    return [Piece(below, True, below, True), Piece(bound, True, bound, True)] if op == "=" else None
