"""Names given to values, and the value that a statement gives.

A chain that begins with a name gives its value: `x = 5`, `f(x) = x^2`, `AB = 4`, `x = 1/2 = 0.5`,
`A(1, 2)`, `dy/dx = 2x`. Two names agree if one is missing, if they have the same head (`f(x)` and
`f(t)`), or if one is `y` and the other `f(x)`.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import NamedTuple

from judgekit.verifier.equivalence.identity import number_at, substitute
from judgekit.verifier.reader.functions import KNOWN
from judgekit.verifier.reader.tree import (
    Approx,
    Call,
    Collection,
    Expr,
    Labelled,
    Power,
    Product,
    Quotient,
    Ratio,
    Relation,
    Symbol,
    Word,
    symbols,
)


class Named(NamedTuple):
    """A value, the name that the text gave it, and the other values of its chain."""

    value: Expr
    name: Expr | None = None
    others: tuple[Expr, ...] = ()
    contradictory: bool = False


def is_name(expr: Expr) -> bool:
    """A symbol, f(x), AB, W(n), (a, b, c), or words."""
    if isinstance(expr, (Symbol, Word)):
        return True
    if isinstance(expr, Call):
        return expr.name not in KNOWN or (expr.name == "abs" and is_name(expr.args[0]))
    if isinstance(expr, Ratio):
        return all(map(is_name, expr.parts))
    if isinstance(expr, Quotient):
        return _is_differential(expr.top) and _is_differential(expr.bottom)
    if isinstance(expr, Product) and 2 <= len(expr.factors) <= 4:
        first, *rest = expr.factors
        return _is_proper(first) and all(map(is_name, rest))
    if isinstance(expr, Collection):
        return expr.brackets == "()" and len(expr.items) > 1 and all(map(is_name, expr.items))
    return False


def _is_point(expr: Expr) -> bool:
    """A(1, 2): a point with its name."""
    if not isinstance(expr, Product) or len(expr.factors) != 2:
        return False
    name, place = expr.factors
    capital = isinstance(name, Symbol) and name.name[0].isupper()
    pair = isinstance(place, Collection) and place.brackets == "()" and len(place.items) > 1
    return capital and pair


def _is_differential(expr: Expr) -> bool:
    """dy, d^2y, dx^2, \\partial f: half of a derivative."""
    first = expr.factors[0] if isinstance(expr, Product) and len(expr.factors) > 1 else None
    base = first.base if isinstance(first, Power) else first
    return base in (Symbol("d"), Symbol("partial"))


def _is_proper(expr: Expr) -> bool:
    """What a name of several letters may begin with: a capital, a word, `\\min`."""
    if isinstance(expr, Symbol):
        return expr.name[0].isupper() or (len(expr.name) > 1 and expr.name.isalpha())
    return isinstance(expr, Word)


def named(expr: Expr) -> Named:
    """The value that a statement gives, with its name; an expression gives itself."""
    if _is_point(expr):
        return Named(expr.factors[1], expr.factors[0])  # type: ignore[union-attr]
    if isinstance(expr, Labelled):
        inner = named(expr.value)
        return Named(expr) if inner.name is None else inner
    if not isinstance(expr, Relation) or not set(expr.ops) <= {"=", "~"}:
        finite = isinstance(expr, Relation) and expr.ops == ("in",) and _is_finite(expr.members[1])
        return Named(expr.members[1], expr.members[0]) if finite else Named(expr)  # type: ignore[union-attr]
    first, *rest = expr.members
    ops = expr.ops
    name: Expr | None = None
    if is_name(first):
        name = first
        while len(rest) > 1 and ops[0] == "=" and is_name(rest[0]):
            rest, ops = rest[1:], ops[1:]
    elif is_name(rest[-1]) and len(rest) == 1 and not symbols(first):
        return Named(first, rest[-1])
    elif not symbols(expr):
        rest, ops = [first, *rest], ("=", *ops)
    elif isinstance(first, (Call, Quotient)) and len(rest) == 1 and not symbols(rest[0]):
        name = first  # \\tan A = 2, a/b = 2
    elif len(rest) > 1 and all(not symbols(member) for member in rest[-1:]):
        name, rest, ops = first, rest[-1:], ops[-1:]
    else:
        return Named(expr)
    exact = [member for op, member in zip(ops, rest, strict=True) if op == "="]
    rounded = [Approx(member) for op, member in zip(ops, rest, strict=True) if op == "~"]
    value = exact[-1] if exact else rounded[-1]
    others = tuple(member for member in (*exact, *rounded) if member is not value)
    return Named(value, name, others, _contradictory(exact))


def _is_finite(expr: Expr) -> bool:
    """A set whose members are listed: x in {1, 2} says x = 1 or x = 2."""
    return isinstance(expr, Collection) and expr.brackets == "{}"


def _contradictory(chain: list[Expr]) -> bool:
    """Whether two members of a chain are numbers that differ by more than a rounding."""
    if len(chain) < 2:
        return False
    values = [number_at(member) for member in chain if not symbols(member)]
    known = [value for value in values if value is not None]
    return any(abs(a - b) > Fraction(1, 100) * max(abs(a), abs(b)) for a in known for b in known)


def same_name(gold: Expr | None, answer: Expr | None) -> bool:
    """Whether two names may be of the same thing: one of them is missing, or they agree."""
    if gold is None or answer is None or gold == answer:
        return True
    gold, answer = _canonical(gold), _canonical(answer)
    if _head(gold) == _head(answer):
        mine, theirs = _arguments(gold), _arguments(answer)
        return mine == theirs or all(map(_is_variable, mine + theirs))
    return any(
        one == Symbol("y") and _is_graph(other) for one, other in permutations((gold, answer))
    )


def _is_graph(name: Expr) -> bool:
    """f(x), which y may be called too."""
    return isinstance(name, Call) and name.name in ("f", "g", "h") and name.args == (Symbol("x"),)


def _canonical(name: Expr) -> Expr:
    """a : b as a / b, and dy/dx as y'."""
    if isinstance(name, Ratio) and len(name.parts) == 2:
        return Quotient(*name.parts)
    if isinstance(name, Product) and _is_segment(name):
        return Product(tuple(sorted(name.factors, key=repr)))
    if isinstance(name, Quotient) and is_name(name):
        function = name.top.factors[1] if isinstance(name.top, Product) else None
        first = name.top.factors[0] if isinstance(name.top, Product) else None
        if first == Symbol("d") and isinstance(function, Symbol):
            return Symbol(function.name + "'")
    return name


def _head(name: Expr) -> Expr | str:
    """The function's own name in f(x)."""
    if isinstance(name, Call):
        return name.name
    if isinstance(name, Product) and not _is_segment(name):
        return name.factors[0]
    return name


def _arguments(name: Expr) -> tuple[Expr, ...]:
    """What the function of f(x) is applied to."""
    return name.args if isinstance(name, Call) else ()


def _is_variable(expr: Expr) -> bool:
    """A letter that may be any other: f(x) is f(t), but f(2) is not f(3), nor P(A) P(B)."""
    return isinstance(expr, Symbol) and expr.name[0].islower()


def _is_segment(name: Product) -> bool:
    """AB, the distance of two points, and no function applied as in W(n)."""
    return all(isinstance(point, Symbol) and point.name[0].isupper() for point in name.factors)


def parameters(name: Expr | None) -> tuple[str, ...]:
    """The names of the variables of f(x, y)."""
    if isinstance(name, Call):
        return tuple(arg.name for arg in name.args if isinstance(arg, Symbol))
    if isinstance(name, Product) and len(name.factors) == 2:
        last = name.factors[1]
        return (last.name,) if isinstance(last, Symbol) else ()
    return ()


def renamed(answer: Named, gold: Named) -> Expr:
    """The answer's value with the variable of its f(x) called as the gold calls it."""
    mine, theirs = parameters(gold.name), parameters(answer.name)
    if not mine or len(mine) != len(theirs) or mine == theirs:
        return answer.value
    if set(mine) & symbols(answer.value):
        return answer.value
    return substitute(
        answer.value, {old: Symbol(new) for old, new in zip(theirs, mine, strict=True)}
    )
