"""Subsets of the real line: intervals, unions, inequalities in one variable, finite sets.

    (a, b]   a < x <= b   x > a   x != a   {x | a < x}   x \\in A \\cup B   \\mathbb{R} \\setminus A

become a list of pieces, each with two ends that are expressions or infinite. Sets are equal if
their pieces are, end by end. Pieces are sorted and joined where all ends are plain numbers; with
letters in the ends they are matched in any order, and a difference is no proof.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import number_at
from judgekit.verifier.equivalence.inequalities import is_applied, is_infinite, solved
from judgekit.verifier.equivalence.pieces import (
    LINE,
    MOST_PIECES,
    Piece,
    complement,
    intersected,
    joined,
)
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.equivalence.signs import has_signs, signed
from judgekit.verifier.reader.tree import (
    ONE,
    ZERO,
    Collection,
    Combined,
    Expr,
    Number,
    Product,
    Quantity,
    Relation,
    SetBuilder,
    Symbol,
    Word,
    symbols,
)

RUNG = "interval"


class RealSet(NamedTuple):
    """Pieces, the variable they are about (empty if unnamed), and whether all ends are numbers."""

    pieces: tuple[Piece, ...]
    variable: str
    numeric: bool


def _end(expr: Expr) -> Expr | None:
    return None if is_infinite(expr) else expr


def looks_like_interval(expr: Expr) -> bool:
    """Whether brackets can only mean an interval: mixed ones, or an infinite end."""
    if not isinstance(expr, Collection) or len(expr.items) != 2:
        return False
    return expr.brackets in ("(]", "[)", "][", "]]") or any(map(is_infinite, expr.items))


def real_set(expr: Expr) -> RealSet | None:
    """The set that an expression describes, or None if it describes none."""
    variable = ""
    if isinstance(expr, Relation) and expr.ops == ("in",):
        head, expr = expr.members
        variable = head.name if isinstance(head, Symbol) else "?"
    pieces = _pieces(expr)
    if pieces is None or len(pieces) > MOST_PIECES:
        return None
    if not variable:
        variable = _variable(expr)
    numeric = all(
        end is None or number_at(end) is not None for p in pieces for end in (p.low, p.high)
    )
    if numeric:
        pieces = joined(pieces)
    return RealSet(tuple(pieces), variable, numeric)


def _variable(expr: Expr) -> str:
    if isinstance(expr, SetBuilder):
        expr = expr.condition
    if isinstance(expr, Combined):
        return next((name for part in expr.parts if (name := _variable(part))), "")
    if isinstance(expr, Relation):
        names = [m.name for m in expr.members if isinstance(m, Symbol) or is_applied(m)]  # type: ignore[union-attr]
        return names[0] if names else ""
    return ""


def _pieces(expr: Expr) -> list[Piece] | None:
    match expr:
        case Collection(brackets, (low, high)) if brackets in ("()", "[]", "(]", "[)", "][", "]]"):
            if isinstance(low, (Collection, Relation)) or isinstance(high, (Collection, Relation)):
                return None
            return [Piece(_end(low), brackets[0] == "[", _end(high), brackets[1] == "]")]
        case Collection("{}", items):
            if any(not _is_value(item) for item in items):
                return None
            return [Piece(item, True, item, True) for item in items]
        case Word("set:R"):
            return [LINE]
        case Product((factor, Collection() as inside)):
            return _multiplied(factor, inside)
        case Combined(("union" | "or" | "intersection" | "and"), parts) if not _of_one_line(parts):
            return None
        case Combined(("union" | "or"), parts):
            return _union(parts)
        case Combined(("intersection" | "and"), parts):
            sets = [_pieces(part) for part in parts]
            if any(each is None for each in sets):
                return None
            return reduce(intersected, [each for each in sets if each is not None])
        case Combined("minus", (whole, taken)):
            left, right = _pieces(whole), _pieces(taken)
            if left is None or right is None:
                return None
            return intersected(left, complement(right))
        case SetBuilder(head, condition):
            if isinstance(head, Relation) and head.ops == ("in",):
                return _within(head.members[1], _pieces(condition))
            return _pieces(condition) if isinstance(head, Symbol) else None
        case Relation(("in",), (_, members)):
            return _pieces(members)
        case Relation(("notin",), (_, members)):
            found = _pieces(members)
            return None if found is None else complement(found)
        case Relation(("!=",), (_, value)) if has_signs(value):
            return complement(_union((signed(value, True), signed(value, False))) or [])
        case Relation():
            return solved(expr)
        case Collection("  ", items) if items and all(isinstance(i, Relation) for i in items):
            if any(item.ops == ("=",) for item in items if isinstance(item, Relation)):
                return None
            if not _of_one_line(items):
                return None
            sets = [_pieces(item) for item in items]
            if any(each is None for each in sets):
                return None
            met = reduce(intersected, [each for each in sets if each is not None])
            return met or _union(items)
    return None


def _of_one_line(parts: tuple[Expr, ...]) -> bool:
    """Whether the parts may be about the same variable: x > 3 and y > 2 are not."""
    names = [found for part in parts if (found := symbols(part))]
    if not names:
        return True
    common = frozenset.intersection(*names)
    bounded = {name for part in parts if (name := _variable(part))}
    return bool(common & bounded if bounded else common)


def _within(domain: Expr, pieces: list[Piece] | None) -> list[Piece] | None:
    """What a domain leaves of a set: the integers in it, if it is that of the integers."""
    if domain == Word("set:R") or pieces is None:
        return pieces
    if domain not in (Word("set:Z"), Word("set:N")):
        return None
    found: list[Piece] = []
    for low, closed_low, high, closed_high in pieces:
        first, last = (None if end is None else number_at(end) for end in (low, high))
        if first is None or last is None or last - first > MOST_PIECES:
            return None
        lowest, highest = math.ceil(first), math.floor(last)
        for n in range(lowest + (lowest == first and not closed_low), highest + 1):
            if domain == Word("set:N") and n < 1:
                return None
            if n < last or closed_high:
                number = Number(Fraction(n))
                found.append(Piece(number, True, number, True))
    return found


def _multiplied(factor: Expr, inside: Collection) -> list[Piece] | None:
    """A number times an interval."""
    size, pieces = number_at(factor), _pieces(inside)
    if not size or pieces is None or inside.brackets in ("()", "[]"):
        return None

    def scaled(end: Expr | None) -> Expr | None:
        return None if end is None else Product((factor, end))

    if size > 0:
        return [p._replace(low=scaled(p.low), high=scaled(p.high)) for p in pieces]
    return [Piece(scaled(p.high), p.closed_high, scaled(p.low), p.closed_low) for p in pieces]


def _is_value(expr: Expr) -> bool:
    return not isinstance(expr, (Collection, Relation, Combined, SetBuilder, Word))


def _union(parts: tuple[Expr, ...]) -> list[Piece] | None:
    found: list[Piece] = []
    for part in parts:
        pieces = _pieces(part)
        if pieces is None:
            if not _is_value(part):
                return None
            pieces = [Piece(part, True, part, True)]
        found += pieces
    return found


def sets(gold: RealSet, answer: RealSet) -> Comparison:
    """Whether two subsets of the line are equal."""
    named = gold.variable and answer.variable and gold.variable != answer.variable
    if len(gold.pieces) != len(answer.pieces):
        if gold.numeric and answer.numeric:
            return no("they have different numbers of pieces", RUNG)
        return unknown("sets whose ends hold letters", RUNG)
    if gold.numeric and answer.numeric:
        for one, other in zip(gold.pieces, answer.pieces, strict=True):
            found = _same(one, other)
            if not found.correct:
                return found
    elif not _matched(gold.pieces, answer.pieces):
        return unknown("sets whose ends hold letters, not seen to be equal", RUNG)
    if named:
        return unknown(f"the same set, of {answer.variable} and not of {gold.variable}", RUNG)
    return yes("they describe the same set of numbers", RUNG)


def _matched(gold: tuple[Piece, ...], answer: tuple[Piece, ...]) -> bool:
    if len(gold) > 6:
        return False
    left = list(answer)
    for piece in gold:
        met = next((other for other in left if _same(piece, other).correct), None)
        if met is None:
            return False
        left.remove(met)
    return True


def _same(gold: Piece, answer: Piece) -> Comparison:
    for mine, theirs in ((gold.low, answer.low), (gold.high, answer.high)):
        if (mine is None) != (theirs is None):
            return no("one of them is bounded where the other is not", RUNG)
        if mine is not None and theirs is not None:
            found = numbers(_plain(mine), _plain(theirs))
            if not found.correct:
                return found._replace(rung=RUNG)
    if (gold.closed_low, gold.closed_high) != (answer.closed_low, answer.closed_high):
        return no("an end belongs to one of them and not to the other", RUNG)
    return yes("the ends agree", RUNG)


def _plain(expr: Expr) -> Expr:
    return expr.value if isinstance(expr, Quantity) else expr


__all__ = ["ONE", "ZERO", "RealSet", "is_infinite", "looks_like_interval", "real_set", "sets"]
