"""Sums, products and lists with dots: 1 + 2 + ... + n, {1, 3, ..., 2n - 1}.

The general term is read off the last item in the name n that it has: the items before the dots have
to be its values at s, s + 1, ... for some small s. Numbers on both sides of the dots have to be an
arithmetic or a geometric progression. Both answers are then written out for several n and
compared: a difference for one n is a proof, agreement for all of them is taken as equality.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

from judgekit.verifier.equivalence.exact import rational
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal
from judgekit.verifier.reader.tree import (
    Call,
    Collection,
    Expr,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Sum,
    Symbol,
    children,
)

RUNG = "dots"
DOTS = Symbol("...")
SIZES = (4, 5, 6, 7)
"""The values of n for which both sides are written out."""
_STARTS = (1, 0, 2, 3, -1)
_MOST_ITEMS = 400
_INDEX = re.compile(r"_([A-Za-z])([+-]\d{1,2})?\Z")

Compare = Callable[[Expr, Expr], Comparison]


class _NoRule(Exception):
    """Dots of which no rule is seen."""


def has_dots(expr: Expr) -> bool:
    return expr == DOTS or any(map(has_dots, children(expr)))


def dotted(compare: Compare, gold: Expr, answer: Expr) -> Comparison:
    """Compare two answers of which at least one holds dots."""
    names = set(_last_names(gold)) | set(_last_names(answer))
    if len(names) > 1:
        return unknown("dots that run to several names", RUNG)
    name = names.pop() if names else ""
    try:
        for size in SIZES if name else SIZES[:1]:
            found = compare(_written_out(gold, name, size), _written_out(answer, name, size))
            if found.incorrect:
                return no(f"they differ for {name} = {size}" if name else found.evidence, RUNG)
            if not found.correct:
                return unknown("written out, they are not seen to be equal", RUNG)
    except _NoRule:
        return unknown("dots whose rule is not seen", RUNG)
    if not name:
        return yes("they are the same, written out", RUNG)
    return yes(f"written out for {name} = {SIZES[0]} to {SIZES[-1]}, they agree", RUNG)


def _last_names(expr: Expr) -> Iterator[str]:
    """Names that only one end of a row with dots has."""
    if isinstance(expr, (Sum, Product, Collection)) and DOTS in (items := children(expr)):
        at = items.index(DOTS)
        before, after = _names(items[:at]), _names(items[at + 1 :])
        yield from before ^ after
    else:
        for child in children(expr):
            yield from _last_names(child)


def _names(items: tuple[Expr, ...]) -> set[str]:
    """Names that may run: variables, and letters in subscripts."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, Symbol):
            index = _INDEX.search(item.name)
            found |= {index.group(1)} if index else {item.name} - {"..."}
            found -= {name for name in found if "_" in name}
        found |= _names(children(item))
    return found


def _put(expr: Expr, name: str, size: int) -> Expr:
    """The expression with `name` set, in subscripts too."""
    if isinstance(expr, Symbol):
        if expr.name == name:
            return Number(Fraction(size))
        index = _INDEX.search(expr.name)
        if index and index.group(1) == name:
            return Symbol(f"{expr.name[: index.start()]}_{size + int(index.group(2) or 0)}")
        return expr
    return _rebuilt(expr, tuple(_put(child, name, size) for child in children(expr)))


def _rebuilt(expr: Expr, parts: tuple[Expr, ...]) -> Expr:
    match expr:
        case Sum():
            return Sum(parts)
        case Product():
            return Product(parts)
        case Quotient():
            return Quotient(*parts)
        case Power():
            return Power(*parts)
        case Call(name):
            return Call(name, parts)
        case Collection(brackets):
            return Collection(brackets, parts)
        case Relation(ops):
            return Relation(ops, parts)
    if parts:
        raise _NoRule
    return expr


def _written_out(expr: Expr, name: str, size: int) -> Expr:
    """The expression with its dots filled in for one value of `name`."""
    if expr == DOTS:
        raise _NoRule
    items = children(expr)
    if DOTS not in items:
        parts = tuple(_written_out(item, name, size) for item in items)
        return _rebuilt(expr, parts) if items else _put(expr, name, size)
    if not isinstance(expr, (Sum, Product, Collection)) or items.count(DOTS) > 1:
        raise _NoRule
    filled = _filled(items, name, size)
    if filled is None:
        filled = _filled(items[::-1], name, size)
        if filled is None:
            raise _NoRule
        filled.reverse()
    return _rebuilt(expr, tuple(filled))


def _filled(items: tuple[Expr, ...], name: str, size: int) -> list[Expr] | None:
    at = items.index(DOTS)
    before, after = items[:at], items[at + 1 :]
    if not before or not after:
        return None
    if not name or name not in _names(after):
        return _progression(before, after)
    ends = [_put(item, name, size) for item in after]
    for last, skip, start in product(reversed(range(len(after))), range(len(before)), _STARTS):
        row = [_put(after[last], name, k) for k in range(start, size + 1)]
        head = before[skip:]
        if len(row) <= len(head) + last:
            continue
        if _same(row, head) and _same(row[len(row) - 1 - last : -1], ends[:last]):
            return [*before[:skip], *row, *ends[last + 1 :]]
    return None


def _same(row: list[Expr], items: tuple[Expr, ...] | list[Expr]) -> bool:
    return all(equal(a, b).correct for a, b in zip(row, items, strict=False))


def _progression(before: tuple[Expr, ...], after: tuple[Expr, ...]) -> list[Expr] | None:
    """Numbers on both sides of the dots: an arithmetic or geometric progression."""
    known = [rational(item) for item in (*before, *after)]
    values = [value for value in known if value is not None]
    if len(values) != len(known) or len(before) < 2:
        return None
    first, second = values[0], values[1]
    rules: list[Callable[[Fraction], Fraction]] = [lambda value: value + (second - first)]
    if first and second != first:
        rules.append(lambda value: value * (second / first))
    for rule in rules:
        row = [first]
        while row[-1] != values[-1] and len(row) < _MOST_ITEMS and row[-1].denominator < 10**9:
            row.append(rule(row[-1]))
        inside = row[: len(before)] == values[: len(before)] and row[-1] == values[-1]
        if inside and row[-len(after) :] == values[-len(after) :]:
            return [Number(value) for value in row]
    return None
