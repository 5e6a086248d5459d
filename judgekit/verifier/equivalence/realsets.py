"""Subsets of the real line: intervals, unions, inequalities in one variable, finite sets.

    (a, b]   a < x <= b   x > a   x != a   {x | a < x}   x \\in A \\cup B   \\mathbb{R} \\setminus A

become a list of pieces, each with two ends that are expressions or infinite. Sets are equal if
their pieces are, end by end. Pieces are sorted and joined where all ends are plain numbers; with
letters in the ends they are matched in any order, and a difference is no proof.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at, substitute
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.reader.tree import (
    ONE,
    ZERO,
    Call,
    Collection,
    Combined,
    Constant,
    Expr,
    Number,
    Product,
    Quantity,
    Quotient,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Word,
    negate,
    symbols,
)

RUNG = "interval"
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
_MOST_PIECES = 60


class Piece(NamedTuple):
    """From `low` to `high`; None is infinite; `closed_*` says whether the end belongs to it."""

    low: Expr | None
    closed_low: bool
    high: Expr | None
    closed_high: bool


class RealSet(NamedTuple):
    """Pieces, the variable they are about (empty if unnamed), and whether all ends are numbers."""

    pieces: tuple[Piece, ...]
    variable: str
    numeric: bool


LINE = Piece(None, False, None, False)


def is_infinite(expr: Expr) -> int:
    """1 for infinity, -1 for minus infinity, 0 for everything else."""
    if expr == Constant("inf"):
        return 1
    if isinstance(expr, Product) and len(expr.factors) == 2:
        factor, rest = expr.factors
        if rest == Constant("inf") and factor == Number(Fraction(-1)):
            return -1
    return 0


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
    if pieces is None or len(pieces) > _MOST_PIECES:
        return None
    if not variable:
        variable = _variable(expr)
    numeric = all(
        end is None or number_at(end) is not None for p in pieces for end in (p.low, p.high)
    )
    if numeric:
        pieces = _joined(pieces)
    return RealSet(tuple(pieces), variable, numeric)


def _variable(expr: Expr) -> str:
    if isinstance(expr, SetBuilder):
        expr = expr.condition
    if isinstance(expr, Combined):
        return next((name for part in expr.parts if (name := _variable(part))), "")
    if isinstance(expr, Relation):
        names = [m.name for m in expr.members if isinstance(m, Symbol) or _applied(m)]  # type: ignore[union-attr]
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
        case Combined(("union" | "or"), parts):
            return _union(parts)
        case Combined(("intersection" | "and"), parts):
            sets = [_pieces(part) for part in parts]
            if any(each is None for each in sets):
                return None
            return reduce(_intersected, [each for each in sets if each is not None])
        case Combined("minus", (whole, taken)):
            left, right = _pieces(whole), _pieces(taken)
            if left is None or right is None:
                return None
            return _intersected(left, _complement(right))
        case SetBuilder(head, condition):
            if isinstance(head, Relation) and head.ops == ("in",):
                return _within(head.members[1], _pieces(condition))
            return _pieces(condition) if isinstance(head, Symbol) else None
        case Relation(("in",), (_, members)):
            return _pieces(members)
        case Relation(("notin",), (_, members)):
            found = _pieces(members)
            return None if found is None else _complement(found)
        case Relation():
            return _solved(expr)
        case Collection("  ", items) if items and all(isinstance(i, Relation) for i in items):
            if any(item.ops == ("=",) for item in items if isinstance(item, Relation)):
                return None
            sets = [_pieces(item) for item in items]
            if any(each is None for each in sets):
                return None
            met = reduce(_intersected, [each for each in sets if each is not None])
            return met or _union(items)
    return None


def _within(domain: Expr, pieces: list[Piece] | None) -> list[Piece] | None:
    """What a domain leaves of a set: the integers in it, if it is that of the integers."""
    if domain == Word("set:R") or pieces is None:
        return pieces
    if domain not in (Word("set:Z"), Word("set:N")):
        return None
    found: list[Piece] = []
    for low, closed_low, high, closed_high in pieces:
        first, last = (None if end is None else number_at(end) for end in (low, high))
        if first is None or last is None or last - first > _MOST_PIECES:
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


def _solved(relation: Relation) -> list[Piece] | None:
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
        elif _applied(left):
            found = _half(op, right)
        elif _applied(right):
            found = _half(_FLIPPED[op], left)
        elif len(names) == 1:
            found = _linear(op, left, right, next(iter(names)))
        if found is None:
            return None
        whole = _intersected(whole, found) if whole != [LINE] else found
    return whole


def _applied(expr: Expr) -> bool:
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
    at = [substitute(gap, {name: Number(Fraction(k))}) for k in range(4)]
    zero, one, two, three = at
    if any(number_at(each) is None for each in at):
        return None
    if not equal(Sum((two, zero)), Sum((one, one))).correct:
        return None
    if not equal(Sum((three, zero, zero)), Sum((one, one, one))).correct:
        return None
    slope = Sum((one, negate(zero)))
    steep = number_at(slope)
    if not steep:
        return None
    root = Quotient(negate(zero), slope)
    return _half(op if steep > 0 else _FLIPPED[op], root)


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


def _low(piece: Piece) -> tuple[float, bool]:
    if piece.low is None:
        return (float("-inf"), False)
    return (float(number_at(piece.low) or 0), not piece.closed_low)


def _high(piece: Piece) -> tuple[float, bool]:
    if piece.high is None:
        return (float("inf"), False)
    return (float(number_at(piece.high) or 0), piece.closed_high)


def _empty(piece: Piece) -> bool:
    if piece.low is None or piece.high is None:
        return False
    low, high = number_at(piece.low), number_at(piece.high)
    if low is None or high is None:
        return False
    return low > high or (low == high and not (piece.closed_low and piece.closed_high))


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Sorted, without empty pieces, overlapping and touching ones joined."""
    found: list[Piece] = []
    for piece in sorted((p for p in pieces if not _empty(p)), key=_low):
        if found and _touch(found[-1], piece):
            if _high(piece) > _high(found[-1]):
                found[-1] = found[-1]._replace(high=piece.high, closed_high=piece.closed_high)
        else:
            found.append(piece)
    return found


def _touch(first: Piece, second: Piece) -> bool:
    if first.high is None or second.low is None:
        return True
    end, start = number_at(first.high), number_at(second.low)
    if end is None or start is None:
        return False
    return start < end or (start == end and (first.closed_high or second.closed_low))


def _intersected(left: list[Piece], right: list[Piece]) -> list[Piece]:
    found = []
    for a in left:
        for b in right:
            low = a if _bound_is_tighter(a.low, b.low) and _low(a) >= _low(b) else b
            high = a if _bound_is_tighter(a.high, b.high) and _high(a) <= _high(b) else b
            if low.low is None:
                low = a if a.low is not None else b
            if high.high is None:
                high = a if a.high is not None else b
            piece = Piece(low.low, low.closed_low, high.high, high.closed_high)
            if not _empty(piece):
                found.append(piece)
    return found[:_MOST_PIECES]


def _bound_is_tighter(mine: Expr | None, other: Expr | None) -> bool:
    return mine is not None or other is None


def _complement(pieces: list[Piece]) -> list[Piece]:
    found = [LINE]
    for piece in pieces:
        sides = []
        if piece.low is not None:
            sides.append(Piece(None, False, piece.low, not piece.closed_low))
        if piece.high is not None:
            sides.append(Piece(piece.high, not piece.closed_high, None, False))
        found = _intersected(found, sides)
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
                return replace(found, rung=RUNG)
    if (gold.closed_low, gold.closed_high) != (answer.closed_low, answer.closed_high):
        return no("an end belongs to one of them and not to the other", RUNG)
    return yes("the ends agree", RUNG)


def _plain(expr: Expr) -> Expr:
    return expr.value if isinstance(expr, Quantity) else expr


__all__ = ["ONE", "ZERO", "RealSet", "is_infinite", "looks_like_interval", "real_set", "sets"]
