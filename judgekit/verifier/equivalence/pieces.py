"""Pieces of the real line: intervals with two ends, and what is done with lists of them.

Ends are expressions; pieces are sorted and joined where all ends are plain numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from judgekit.verifier.equivalence.identity import number_at
from judgekit.verifier.reader.tree import (
    Expr,
)

MOST_PIECES = 60


class Piece(NamedTuple):
    """From `low` to `high`; None is infinite; `closed_*` says whether the end belongs to it."""

    low: Expr | None
    closed_low: bool
    high: Expr | None
    closed_high: bool


LINE = Piece(None, False, None, False)


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


def joined(pieces: list[Piece]) -> list[Piece]:
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


def intersected(left: list[Piece], right: list[Piece]) -> list[Piece]:
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
    return found[:MOST_PIECES]


def _bound_is_tighter(mine: Expr | None, other: Expr | None) -> bool:
    return mine is not None or other is None


def complement(pieces: list[Piece]) -> list[Piece]:
    found = [LINE]
    for piece in pieces:
        sides = []
        if piece.low is not None:
            sides.append(Piece(None, False, piece.low, not piece.closed_low))
        if piece.high is not None:
            sides.append(Piece(piece.high, not piece.closed_high, None, False))
        found = intersected(found, sides)
    return found
