"""Plus-or-minus signs: `\\pm` stands for both values.

Within one value all signs are taken alike; each coordinate of a point chooses its own.
"""

from __future__ import annotations

from judgekit.verifier.reader.tree import (
    Approx,
    Call,
    Collection,
    Expr,
    Power,
    Product,
    Quantity,
    Quotient,
    Sum,
    children,
    negate,
)

_SIGNED = (Sum, Product, Quotient, Power, Call, Quantity, Approx)


def has_signs(expr: Expr) -> bool:
    if isinstance(expr, Call) and expr.name == "pm":
        return True
    return isinstance(expr, _SIGNED) and any(map(has_signs, children(expr)))


def points(expr: Expr) -> Expr:
    """A point with a plus-or-minus sign in a coordinate as the list of the points it stands for."""
    if isinstance(expr, Collection) and expr.brackets == "()" and any(map(has_signs, expr.items)):
        return Collection("  ", tuple(spread(expr)))
    return expr


def both_signs(expr: Expr) -> Expr:
    """Both values of an expression with a plus-or-minus sign, as a bare list."""
    if not has_signs(expr):
        return expr
    return Collection("  ", (signed(expr, True), signed(expr, False)))


def signed(expr: Expr, plus: bool) -> Expr:
    if isinstance(expr, Call) and expr.name == "pm":
        inner = signed(expr.args[0], plus)
        return inner if plus else negate(inner)
    match expr:
        case Sum(parts):
            return Sum(tuple(signed(part, plus) for part in parts))
        case Product(parts):
            return Product(tuple(signed(part, plus) for part in parts))
        case Quotient(top, bottom):
            return Quotient(signed(top, plus), signed(bottom, plus))
        case Power(base, exponent):
            return Power(signed(base, plus), signed(exponent, plus))
        case Call(name, args):
            return Call(name, tuple(signed(arg, plus) for arg in args))
        case Quantity(value, unit):
            return Quantity(signed(value, plus), unit)
        case Approx(value):
            return Approx(signed(value, plus))
    return expr


def spread(item: Collection) -> list[Expr]:
    """(±1, 2) as (1, 2) and (-1, 2); each entry chooses its sign by itself."""
    spread: list[tuple[Expr, ...]] = [()]
    for entry in item.items:
        signed = both_signs(entry)
        choices = (
            signed.items if signed is not entry and isinstance(signed, Collection) else (entry,)
        )
        spread = [(*done, choice) for done in spread for choice in choices][:64]
    return [Collection(item.brackets, done) for done in spread]
