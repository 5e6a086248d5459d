"""The expression tree that `reader.read` builds and every rung of `equivalence` looks at.

Nodes are small frozen dataclasses; a tree is bounded in depth and size by the reader, so that
recursion over it is safe. Arithmetic nodes (`Number` ... `Call`) denote a value; the others denote
answers with more structure (sets, relations, units, words).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Number:
    """A numeral. `places` counts its decimal places where it was written as a decimal.

    1.50 has two places, 1.5e3 has -2 (its last written digit counts hundreds), 15 has None: it is
    exact as written.
    """

    value: Fraction
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Symbol:
    """A variable, with its subscript in its name: `x`, `x_1`, `alpha`."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """`pi`, `e`, `i` or `inf`."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    top: Expr
    bottom: Expr


@dataclass(frozen=True, slots=True)
class Power:
    base: Expr
    exponent: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied: those of `functions.KNOWN`, `pm` for a plus-or-minus term, or any f."""

    name: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binder:
    """A `sum`, `prod` or `int` between two bounds, or a `lim` towards one.

    `name` is the variable that runs in `body`: `BOUND` and the depth, whatever it was called.
    """

    op: str
    name: str
    bounds: tuple[Expr, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Relation:
    """A chain: `members[0] ops[0] members[1] ops[1] ...`; ops are = != < <= > >= ~ in."""

    ops: tuple[str, ...]
    members: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Items between brackets: `()`, `[]`, `(]`, `[)`, `][`, `{}` or bare (two spaces)."""

    brackets: str
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class SetBuilder:
    """All `head` for which `condition` holds."""

    head: Expr
    condition: Expr


@dataclass(frozen=True, slots=True)
class Combined:
    """Sets or statements joined: op is `union`, `intersection`, `minus`, `and` or `or`."""

    op: str
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: tuple[tuple[Expr, ...], ...]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with a unit: `unit` is a product of (name, exponent), names as in `units.TABLE`."""

    value: Expr
    unit: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value with words around it that name no known unit: "40 candies", "15th day"."""

    value: Expr
    words: str


@dataclass(frozen=True, slots=True)
class Approx:
    """A value that its author marked as approximate: ~, ≈, about."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Ratio:
    """3:4 or 1:2:3."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Based:
    """A numeral with its base written as a subscript: 1011_2."""

    digits: str
    base: int
    value: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in seconds after midnight; `half` is `am`, `pm` or empty."""

    seconds: int
    half: str


@dataclass(frozen=True, slots=True)
class Date:
    """A date of the Gregorian calendar; `year` is 0 where none was written."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes, no, true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A word out of a closed list (`month:1`, `day:3`, `none`, `set:R`), or words as written."""

    text: str


Arithmetic = Number | Symbol | Constant | Sum | Product | Quotient | Power | Call | Binder
Expr = (
    Arithmetic
    | Relation
    | Collection
    | SetBuilder
    | Combined
    | Matrix
    | Quantity
    | Labelled
    | Approx
    | Ratio
    | Based
    | Clock
    | Date
    | Truth
    | Word
)

VALUES = (
    Number, Symbol, Constant, Sum, Product, Quotient, Power, Call, Binder, Quantity, Approx,
)  # fmt: skip
"""Nodes that denote one value: a number, an expression, a quantity."""

UNIT_VECTOR = "unit vector "
"""How the names of the unit vectors i, j and k begin (`\\hat{i}`, `\\mathbf{i}`)."""

BOUND = "bound "
"""How the names of bound variables begin; no variable of a text is called so."""

EMPTY = Collection("{}", ())
ZERO = Number(Fraction(0))
ONE = Number(Fraction(1))
MINUS_ONE = Number(Fraction(-1))


def children(expr: Expr) -> tuple[Expr, ...]:
    """The expressions directly inside this one."""
    match expr:
        case Sum(parts) | Product(parts) | Ratio(parts) | Combined(_, parts):
            return parts
        case Call(_, parts) | Collection(_, parts) | Relation(_, parts):
            return parts
        case Quotient(a, b) | Power(a, b) | SetBuilder(a, b):
            return (a, b)
        case Quantity(value, _) | Labelled(value, _) | Approx(value):
            return (value,)
        case Binder(_, _, bounds, body):
            return (*bounds, body)
        case Matrix(rows):
            return tuple(entry for row in rows for entry in row)
    return ()


def rebuilt(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The same node over changed children."""
    match expr:
        case Sum(parts) | Product(parts) | Ratio(parts):
            return type(expr)(tuple(map(change, parts)))
        case Combined(name, parts) | Call(name, parts) | Collection(name, parts):
            return type(expr)(name, tuple(map(change, parts)))
        case Relation(ops, parts):
            return Relation(ops, tuple(map(change, parts)))
        case Quotient(a, b) | Power(a, b) | SetBuilder(a, b):
            return type(expr)(change(a), change(b))
        case Quantity(value, unit):
            return Quantity(change(value), unit)
        case Labelled(value, words):
            return Labelled(change(value), words)
        case Approx(value):
            return Approx(change(value))
        case Binder(op, name, bounds, body):
            return Binder(op, name, tuple(map(change, bounds)), change(body))
        case Matrix(rows):
            return Matrix(tuple(tuple(map(change, row)) for row in rows))
    return expr


def symbols(expr: Expr) -> frozenset[str]:
    """Names of the variables that occur, but for those that an operator binds."""
    if isinstance(expr, Symbol):
        return frozenset((expr.name,))
    if isinstance(expr, Binder):
        return frozenset().union(*map(symbols, expr.bounds), symbols(expr.body) - {expr.name})
    inner = children(expr)
    if not inner:
        return frozenset()
    return frozenset().union(*map(symbols, inner))


def has_decimal(expr: Expr) -> bool:
    """Whether a number in it is written with decimal places."""
    return (isinstance(expr, Number) and expr.places is not None) or any(
        map(has_decimal, children(expr))
    )


def has_i(expr: Expr) -> bool:
    """Whether the imaginary unit stands in it."""
    return expr == Constant("i") or any(map(has_i, children(expr)))


def negate(expr: Expr) -> Expr:
    """Minus the expression; a numeral changes its sign and stays a numeral."""
    if isinstance(expr, Number):
        return Number(-expr.value, expr.places)
    if isinstance(expr, Quantity):
        return Quantity(negate(expr.value), expr.unit)
    if isinstance(expr, Call) and expr.name in ("deg", "percent"):
        return Call(expr.name, (negate(expr.args[0]),))
    if isinstance(expr, Product) and isinstance(expr.factors[0], Number):
        return Product((negate(expr.factors[0]), *expr.factors[1:]))
    return Product((MINUS_ONE, expr))
