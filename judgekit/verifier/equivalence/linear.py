"""Products, powers and inverses of matrices whose entries are rational numbers."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import reduce

from judgekit.verifier.equivalence.effort import spend
from judgekit.verifier.equivalence.exact import MOST_BITS, bits, rational
from judgekit.verifier.reader.tree import Expr, Matrix, Number

_LARGEST_POWER = 20
Rows = list[list[Fraction]]


def product(grids: Iterable[Matrix]) -> Matrix | None:
    """The product of matrices; None if sizes do not fit or an entry is no rational number.

    One matrix is its own product, whatever its entries.
    """
    first, *others = grids
    if not others:
        return first
    rows = reduce(_times, (_rows(grid) for grid in others), _rows(first))
    return _matrix(rows)


def power(grid: Matrix, exponent: Expr) -> Matrix | None:
    """A whole power, positive or negative, of a square matrix; None where there is none."""
    times, rows = rational(exponent), _rows(grid)
    if times is None or times.denominator != 1 or not 0 < abs(times) <= _LARGEST_POWER:
        return None
    if times < 0:
        rows = _inverse(rows)
    return _matrix(reduce(_times, [rows] * abs(int(times))))


def _rows(grid: Matrix) -> Rows | None:
    rows = [[value for entry in row if (value := rational(entry)) is not None] for row in grid.rows]
    return rows if [*map(len, rows)] == [*map(len, grid.rows)] else None


def _matrix(rows: Rows | None) -> Matrix | None:
    return None if rows is None else Matrix(tuple(tuple(map(Number, row)) for row in rows))


def _times(left: Rows | None, right: Rows | None) -> Rows | None:
    if left is None or right is None or len(left[0]) != len(right):
        return None
    spend(len(left) * len(right) * len(right[0]))
    columns = list(zip(*right, strict=True))
    rows = [
        [sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in columns]
        for row in left
    ]
    return rows if all(bits(entry) <= MOST_BITS for row in rows for entry in row) else None


def _inverse(rows: Rows | None) -> Rows | None:
    """By Gauss and Jordan; None for a matrix that has no inverse."""
    size = len(rows) if rows else 0
    if not rows or len(rows[0]) != size:
        return None
    spend(size**3)
    work = [[*row, *(Fraction(i == j) for j in range(size))] for i, row in enumerate(rows)]
    for k in range(size):
        pivot = next((i for i in range(k, size) if work[i][k]), None)
        if pivot is None:
            return None
        work[k], work[pivot] = work[pivot], work[k]
        work[k] = [entry / work[k][k] for entry in work[k]]
        for i in range(size):
            if i != k:
                work[i] = [a - work[i][k] * b for a, b in zip(work[i], work[k], strict=True)]
    return [row[size:] for row in work]
