"""Vectors and matrices, entry by entry; sums, multiples and products are folded first.

A vector may be written as a column, a row, a tuple or a list; a row matrix against a column matrix
is undecided. Entries are compared by the function that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from judgekit.verifier.equivalence.findings import Comparison, all_of, no, unknown
from judgekit.verifier.equivalence.identity import equal, substitute
from judgekit.verifier.equivalence.linear import power, product
from judgekit.verifier.reader.tree import (
    ONE,
    UNIT_VECTOR,
    VALUES,
    ZERO,
    Call,
    Collection,
    Expr,
    Matrix,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    symbols,
)

Compare = Callable[[Expr, Expr], Comparison]
_MOST_ENTRIES = 400
_LARGEST_DETERMINANT = 5
_TRANSPOSED = (Symbol("T"), Symbol("top"))


def folded(expr: Expr) -> Expr:
    """Sums, multiples, products as one matrix; a matrix of one entry as that entry."""
    if isinstance(expr, Matrix):
        single = len(expr.rows) == 1 == len(expr.rows[0])
        return expr.rows[0][0] if single else expr
    if isinstance(expr, Collection) and expr.brackets == "()" and len(expr.items) == 1:
        return folded(expr.items[0])
    if isinstance(expr, Power) and expr.exponent in _TRANSPOSED:
        turned = _rows(folded(expr.base))
        return expr if turned is None else Matrix(tuple(zip(*turned, strict=True)))
    if isinstance(expr, Call) and expr.name == "det" and isinstance(expr.args[0], Matrix):
        return _determinant(expr.args[0].rows) or expr
    if isinstance(expr, Quotient) and isinstance(expr.top, Matrix):
        return _scaled(expr.top, Quotient(Number(Fraction(1)), expr.bottom))
    if isinstance(expr, Power) and isinstance(expr.base, Matrix):
        raised = power(expr.base, expr.exponent)
        return expr if raised is None else folded(raised)
    if isinstance(expr, Product):
        factors = tuple(map(folded, expr.factors))
        grids = [factor for factor in factors if isinstance(factor, Matrix)]
        rest = tuple(factor for factor in factors if not isinstance(factor, Matrix))
        whole = product(grids) if grids else None
        if whole is None:
            return expr
        return folded(_scaled(whole, Product(rest)) if rest else whole)
    if isinstance(expr, Sum):
        grids = [grid for term in expr.terms if isinstance(grid := folded(term), Matrix)]
        shapes = {(len(grid.rows), len(grid.rows[0])) for grid in grids}
        if len(grids) == len(expr.terms) and len(shapes) == 1:
            rows = zip(*(grid.rows for grid in grids), strict=True)
            return Matrix(tuple(tuple(map(Sum, zip(*row, strict=True))) for row in rows))
    return expr


def _determinant(rows: tuple[tuple[Expr, ...], ...]) -> Expr | None:
    """Laplace's expansion along the first row, of a square matrix of at most five rows."""
    if len(rows) != len(rows[0]) or len(rows) > _LARGEST_DETERMINANT:
        return None
    if len(rows) == 1:
        return rows[0][0]
    terms = []
    for i, entry in enumerate(rows[0]):
        minor = _determinant(tuple(row[:i] + row[i + 1 :] for row in rows[1:]))
        assert minor is not None
        terms.append(Product((Number(Fraction((-1) ** i)), entry, minor)))
    return Sum(tuple(terms))


def components(expr: Expr, size: int) -> Expr:
    """2i + 3j, in unit vectors, as a vector of `size` components; anything else as it is."""
    names = [UNIT_VECTOR + letter for letter in "ijk"]
    if not symbols(expr) & set(names) or not isinstance(expr, VALUES):
        return expr
    if names[2] in symbols(expr):
        size = 3
    nothing = dict.fromkeys(names, ZERO)
    if not equal(substitute(expr, nothing), ZERO).correct:
        return expr
    return Collection(
        "()", tuple(substitute(expr, {**nothing, name: ONE}) for name in names[:size])
    )


def _scaled(grid: Matrix, factor: Expr) -> Matrix:
    return Matrix(tuple(tuple(Product((factor, entry)) for entry in row) for row in grid.rows))


def matrices(compare: Compare, gold: Expr, answer: Expr) -> Comparison:
    mine, theirs = _rows(gold), _rows(answer)
    if mine is None or theirs is None:
        return unknown("a matrix against something else", "matrix")
    if len(mine) != len(theirs) or len(mine[0]) != len(theirs[0]):
        flat = _flat(gold, mine), _flat(answer, theirs)
        if flat[0] is None or flat[1] is None:
            if _entries(compare, (_all(mine),), (_all(theirs),)).correct:
                return unknown("the same entries in rows of another length", "matrix")
            return no("matrices of different sizes", "matrix")
        if len(flat[0]) != len(flat[1]):
            if _names_values(flat[0], flat[1]) or _names_values(flat[1], flat[0]):
                return unknown("entries that may be names and their values", "matrix")
            return no("vectors of different lengths", "matrix")
        mine, theirs = (flat[0],), (flat[1],)
        if isinstance(gold, Matrix) and isinstance(answer, Matrix):
            found = _entries(compare, mine, theirs)
            return unknown("a row against a column", "matrix") if found.correct else found
    return _entries(compare, mine, theirs)


def _names_values(longer: tuple[Expr, ...], shorter: tuple[Expr, ...]) -> bool:
    """Whether every other entry is a letter, and the rest are as many as the shorter has."""
    letters = all(isinstance(name, Symbol) for name in longer[::2])
    return letters and len(longer) == 2 * len(shorter)


def _entries(
    compare: Compare, mine: tuple[tuple[Expr, ...], ...], theirs: tuple[tuple[Expr, ...], ...]
) -> Comparison:
    if len(mine) * len(mine[0]) > _MOST_ENTRIES:
        return unknown("a matrix too large", "matrix")
    if [len(row) for row in mine] != [len(row) for row in theirs]:
        return no("rows of different lengths", "matrix")
    found = []
    for row, other in zip(mine, theirs, strict=True):
        for a, b in zip(row, other, strict=True):
            each = compare(a, b)
            if each.incorrect:
                return each._replace(evidence="an entry differs", rung="matrix")
            found.append(each)
    return all_of(found, "matrix", "they agree entry by entry")


def _all(rows: tuple[tuple[Expr, ...], ...]) -> tuple[Expr, ...]:
    return tuple(entry for row in rows for entry in row)


def _rows(expr: Expr) -> tuple[tuple[Expr, ...], ...] | None:
    if isinstance(expr, Matrix):
        if len(expr.rows) == 1 == len(expr.rows[0]) and isinstance(expr.rows[0][0], Matrix):
            return expr.rows[0][0].rows
        return expr.rows
    if isinstance(expr, Collection) and expr.items:
        nested = [item for item in expr.items if isinstance(item, Collection) and item.items]
        if len(nested) == len(expr.items) and len({len(item.items) for item in nested}) == 1:
            return tuple(item.items for item in nested)
        return (expr.items,)
    return None


def _flat(expr: Expr, rows: tuple[tuple[Expr, ...], ...]) -> tuple[Expr, ...] | None:
    """The entries of a vector, or None for a matrix of several rows and columns."""
    if len(rows) == 1:
        return rows[0]
    return tuple(row[0] for row in rows) if len(rows[0]) == 1 else None
