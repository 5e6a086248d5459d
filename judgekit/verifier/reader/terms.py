"""Small steps of the parser that need no tokens: numerals, flat products, sets joined."""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.reader.tokens import Unreadable
from judgekit.verifier.reader.tree import (
    Collection,
    Combined,
    Constant,
    Expr,
    Number,
    Product,
    Quantity,
    SetBuilder,
    Word,
)


def product(left: Expr, right: Expr) -> Expr:
    """Left times right, flat."""
    if isinstance(right, Quantity):
        return Quantity(product(left, right.value), right.unit)
    factors = (*left.factors,) if isinstance(left, Product) else (left,)
    return Product((*factors, right))


def is_set(expr: Expr) -> bool:
    """Whether a minus sign before this can only take members away: {1}, (0, 1], \\mathbb{Q}."""
    if isinstance(expr, Collection):
        return expr.brackets in ("{}", "(]", "[)") or Constant("inf") in expr.items
    return isinstance(expr, (Combined, SetBuilder)) or (
        isinstance(expr, Word) and expr.text.startswith("set:")
    )


def combined(op: str, left: Expr, right: Expr) -> Expr:
    parts = left.parts if isinstance(left, Combined) and left.op == op else (_braced(left),)
    return Combined(op, (*parts, _braced(right)))


def _braced(expr: Expr) -> Expr:
    """A list in a group as the set that it is where sets are joined: {1,3} \\cup {2,4}."""
    bare = isinstance(expr, Collection) and expr.brackets == "  "
    return Collection("{}", expr.items) if bare else expr  # type: ignore[union-attr]


def numeral(text: str) -> Number:
    """A numeral as the tokenizer found it: 12, 1{,}000, 0.50, .5, 1.5e-3.

    Raises `Unreadable` on more than 4000 digits or an exponent beyond a million.
    """
    if text.isdigit():
        if len(text) > 4000:
            raise Unreadable("a numeral of more than 4000 digits")
        return Number(Fraction(int(text)))
    mantissa, _, exponent = text.lower().partition("e")
    whole, point, part = mantissa.partition(".")
    whole = "".join(c for c in whole if c.isdigit())
    if len(whole) + len(part) > 4000 or abs(int(exponent or 0)) > 10_000:
        raise Unreadable("a numeral of more than 4000 digits")
    value = Fraction(int((whole + part) or "0"))
    places = len(part) - int(exponent or 0)
    value = value / 10**places if places > 0 else value * 10**-places
    return Number(value, places if point or exponent else None)
