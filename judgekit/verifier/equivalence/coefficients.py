"""Expressions with rounded coefficients: x + 1.414 i against x + sqrt(2) i.

Both sides are split into terms, each term into a constant and what it multiplies. Where both have
the same terms, the constants are compared two by two under the rounding policy.
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.equivalence.findings import Comparison, all_of
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.reader.tree import (
    ONE,
    Constant,
    Expr,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    has_decimal,
    has_i,
    symbols,
)

RUNG = "rounding"
IMAGINARY = Constant("i")


def by_coefficient(gold: Expr, answer: Expr) -> Comparison | None:
    """Compare term by term; None where there is no decimal or the terms are not the same."""
    if not (has_decimal(gold) or has_decimal(answer)):
        return None
    mine, theirs = _terms(gold), _terms(answer)
    if mine.keys() != theirs.keys() or len(mine) > 40 or set(mine) == {()}:
        return None
    found = [numbers(mine[key], theirs[key]) for key in mine]
    return all_of(found, RUNG, "their coefficients are the same when rounded")


def _terms(expr: Expr) -> dict[tuple[str, ...], Expr]:
    """What is multiplied -> its coefficient."""
    found: dict[tuple[str, ...], Expr] = {}
    for term in expr.terms if isinstance(expr, Sum) else (expr,):
        coefficient, key = _split(term)
        found[key] = Sum((found[key], coefficient)) if key in found else coefficient
    return found


def _split(term: Expr) -> tuple[Expr, tuple[str, ...]]:
    """A term as a constant and the written factors that hold letters or i, in order."""
    if isinstance(term, Quotient) and _constant(term.bottom):
        coefficient, key = _split(term.top)
        return Quotient(coefficient, term.bottom), key
    factors = _factors(term)
    constants = tuple(factor for factor in factors if _constant(factor))
    rest = tuple(sorted(repr(factor) for factor in factors if not _constant(factor)))
    coefficient = constants[0] if len(constants) == 1 else Product(constants) if constants else ONE
    if constants[:1] == (Number(Fraction(-1)),) and len(constants) == 2:
        value = constants[1]
        if isinstance(value, Number):
            coefficient = Number(-value.value, value.places)
    return coefficient, rest


def _factors(term: Expr) -> tuple[Expr, ...]:
    if not isinstance(term, Product):
        return (_as_i(term),)
    return tuple(factor for part in term.factors for factor in _factors(part))


def _as_i(factor: Expr) -> Expr:
    """A capital I is read as i where its neighbour is."""
    return IMAGINARY if factor == Symbol("I") else factor


def _constant(expr: Expr) -> bool:
    return not symbols(expr) and not has_i(expr)
