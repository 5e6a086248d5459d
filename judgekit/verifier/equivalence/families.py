"""Solutions that come in rows: {a + k d | k an integer}, and unions of such rows.

Two unions are the same set if they have the same residues modulo a common multiple of their
periods: pi/4 + k pi/2 is (pi/4 + k pi or 3 pi/4 + k pi), whatever the letter of the integer. A term
like (-1)^k is read off at even and odd k apart.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from judgekit.verifier.equivalence.exact import rational
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at, substitute
from judgekit.verifier.equivalence.naming import named
from judgekit.verifier.equivalence.signs import both_signs
from judgekit.verifier.reader.tree import (
    VALUES,
    Call,
    Collection,
    Combined,
    Constant,
    Expr,
    Number,
    Product,
    Quotient,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Word,
    children,
    negate,
    symbols,
)

RUNG = "families"
INTEGERS = frozenset("kKnNmlj")
"""Letters that an integer parameter has."""
_UNKNOWNS = frozenset("xyztuvABCθ") | {"theta", "alpha", "beta", "phi", "gamma", "omega", "varphi"}
_NEAR = 1e-7
_MOST_ROWS = 120


class Row(NamedTuple):
    """start + k * step for all integers k, and both in units of the first step."""

    start: Expr
    step: Expr
    at: float
    period: Fraction


def families(gold: Expr, answer: Expr) -> Comparison | None:
    """Compare two families of solutions; None where the two are not both such.

    One of them has to say that its letter is an integer: by a range (`k \\in \\mathbb{Z}`), or as a
    multiple of pi or of degrees that an unknown is equal to.
    """
    said = in_range(gold) or in_range(answer)
    if not said and not (symbols(gold) & INTEGERS and symbols(answer) & INTEGERS):
        return None
    mine, theirs = _stripped(gold), _stripped(answer)
    if mine is None or theirs is None or not (mine[1] or theirs[1]):
        return None
    unit = next((step for _, step in _rows_of(mine[0]) or ()), None)
    left, right = _rows(mine[0], unit), _rows(theirs[0], unit)
    if left is None or right is None or not left or not right:
        return None
    whole = math.lcm(*(row.period.numerator for row in left + right))
    whole_period = Fraction(whole, math.gcd(*(row.period.denominator for row in left + right)))
    mine_rest, theirs_rest = _residues(left, whole_period), _residues(right, whole_period)
    if mine_rest is None or theirs_rest is None:
        return unknown("families of too many rows", RUNG)
    for some, others in ((mine_rest, theirs_rest), (theirs_rest, mine_rest)):
        for at, value in some:
            met = [other for near, other in others if _close(at, near, float(whole_period))]
            if not met:
                return no("a value of one family is not in the other", RUNG)
            if not any(_whole_steps(value, other, unit, whole_period) for other in met):
                return unknown("two families too close to tell apart", RUNG)
    return yes("they run through the same values", RUNG)


def _stripped(expr: Expr) -> tuple[list[Expr], bool] | None:
    """The values of a family without names and ranges, and whether it was said to be one."""
    said = False
    if isinstance(expr, SetBuilder):
        if _range(expr.condition) != "set:Z":
            return None
        expr, said = expr.head, True
    items: tuple[Expr, ...] = (expr,)
    if isinstance(expr, Combined) and expr.op in ("or", "and", "union"):
        items = expr.parts
    elif isinstance(expr, Collection) and _is_list(expr):
        items = expr.items
    values: list[Expr] = []
    for item in items:
        given = named(item)
        unknown_named = isinstance(given.name, Symbol) and given.name.name in _UNKNOWNS
        value = both_signs(given.value)
        if isinstance(value, SetBuilder) or _is_list(value):
            inner = _stripped(value)
            if inner is None:
                return None
            values += inner[0]
            said = said or inner[1] or (unknown_named and any(map(_turns, inner[0])))
            continue
        if not isinstance(value, VALUES):
            return None
        said = said or (unknown_named and _turns(value))
        values.append(value)
    return values, said


def _is_list(expr: Expr) -> bool:
    return isinstance(expr, Collection) and expr.brackets in ("  ", "{}")


def in_range(expr: Expr) -> bool:
    """Whether the expression is said of all integers, or all natural numbers, that a letter is."""
    return isinstance(expr, SetBuilder) and _range(expr.condition) in ("set:Z", "set:N")


def letter(expr: SetBuilder) -> str:
    """The letter that runs through the integers."""
    return next(iter(symbols(expr.condition)))


def _range(condition: Expr) -> str:
    """The set that a letter is said to be in."""
    if not isinstance(condition, Relation) or condition.ops != ("in",):
        return ""
    name, members = condition.members
    return members.text if isinstance(name, Symbol) and isinstance(members, Word) else ""


def _turns(value: Expr) -> bool:
    """Whether a value is a multiple of an angle, with an integer letter in it."""
    return bool(symbols(value) & INTEGERS) and _has_angle(value)


def _has_angle(expr: Expr) -> bool:
    angle = expr == Constant("pi") or (isinstance(expr, Call) and expr.name == "deg")
    return angle or any(map(_has_angle, children(expr)))


def _rows_of(values: list[Expr]) -> list[tuple[Expr, Expr]] | None:
    """(start, step) of every row that the values run through."""
    found: list[tuple[Expr, Expr]] = []
    for value in values:
        names = symbols(value)
        if len(names) != 1 or not names <= INTEGERS:
            return None
        (name,) = names
        rows = next((r for every in (1, 2) if (r := _linear(value, name, every))), None)
        if rows is None:
            return None
        found += rows
    return found


def _linear(value: Expr, name: str, every: int) -> list[tuple[Expr, Expr]] | None:
    """The rows of a value that is linear in k on each residue class modulo `every`."""
    rows: list[tuple[Expr, Expr]] = []
    for first in range(every):
        at = [substitute(value, {name: Number(Fraction(first + every * i))}) for i in range(4)]
        if any(number_at(each) is None for each in at):
            return None
        step = Sum((at[1], negate(at[0])))
        if not all(_same(Sum((at[i], step)), at[i + 1]) for i in (1, 2)):
            return None
        if not number_at(step):
            return None
        rows.append((at[0], step))
    return rows


def _rows(values: list[Expr], unit: Expr | None) -> list[Row] | None:
    one = None if unit is None else number_at(unit)
    pairs = _rows_of(values)
    if not one or pairs is None:
        return None
    rows = []
    for start, step in pairs:
        at, size = number_at(start), number_at(step)
        if at is None or size is None:
            return None
        ratio = abs(Fraction(size / one))
        period = ratio.limit_denominator(360)
        if not period or abs(period - ratio) > Fraction(1, 10**9):
            return None
        rows.append(Row(start, step, float(at / one), period))
    return rows


def _residues(rows: list[Row], whole: Fraction) -> list[tuple[float, Expr]] | None:
    """Every value modulo the whole period: as a float in units, and as an expression."""
    found: list[tuple[float, Expr]] = []
    for row in rows:
        count = whole / row.period
        if count > _MOST_ROWS or len(found) > _MOST_ROWS:
            return None
        for k in range(int(count)):
            value = Sum((row.start, Product((Number(Fraction(k)), row.step))))
            found.append(((row.at + float(k * row.period)) % float(whole), value))
    return found


def _close(one: float, other: float, whole: float) -> bool:
    gap = abs(one - other) % whole
    return min(gap, whole - gap) < _NEAR


def _whole_steps(value: Expr, other: Expr, unit: Expr | None, whole: Fraction) -> bool:
    """Whether two values are proven to differ by a multiple of the whole period."""
    assert unit is not None
    gap, one = Sum((value, negate(other))), number_at(unit)
    size = number_at(gap)
    if size is None or not one:
        return False
    times = round(float(size / one / whole))
    return _same(gap, Product((Number(times * whole), unit)))


def _same(one: Expr, other: Expr) -> bool:
    """Whether two values are equal; multiples of pi are compared exactly."""
    left, right = _multiple_of_pi(one), _multiple_of_pi(other)
    if left is not None and right is not None:
        return left == right
    return equal(one, other).correct


def _multiple_of_pi(expr: Expr) -> Fraction | None:
    """q, where the expression is q pi with a rational q."""
    match expr:
        case Constant("pi"):
            return Fraction(1)
        case Number(value, _):
            return None if value else value
        case Call("deg", (angle,)):
            degrees = rational(angle)
            return None if degrees is None else degrees / 180
        case Sum(terms):
            parts = [_multiple_of_pi(term) for term in terms]
            known = [part for part in parts if part is not None]
            return sum(known, Fraction(0)) if len(known) == len(parts) else None
        case Quotient(top, bottom):
            times, divisor = _multiple_of_pi(top), rational(bottom)
            return None if times is None or not divisor else times / divisor
        case Product(factors):
            return _product_of_pi(factors)
    return None


def _product_of_pi(factors: tuple[Expr, ...]) -> Fraction | None:
    """The multiple of pi that a product is: one factor is one, the others are rational."""
    scale = Fraction(1)
    turns: list[Fraction | None] = []
    for factor in factors:
        value = rational(factor)
        if value is None:
            turns.append(_multiple_of_pi(factor))
        else:
            scale *= value
    if not turns:
        return None if scale else scale
    return None if len(turns) > 1 or turns[0] is None else scale * turns[0]
