"""Equations and inequalities in several variables, and names given to values.

A chain that begins with a name gives its value: `x = 5`, `f(x) = x^2`, `AB = 4`, `x = 1/2 = 0.5`.
Two equations are equal if one is a non-zero multiple of the other; two inequalities if it is a
positive one. Two linear equations that are no multiples of each other are proven different; all
other pairs that do not match are undecided. `y = g(x)` or an implicit equation linear in y is met
by the expression g(x) alone.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import NamedTuple

from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at, substitute
from judgekit.verifier.equivalence.witness import differ
from judgekit.verifier.reader.functions import KNOWN
from judgekit.verifier.reader.tree import (
    Approx,
    Call,
    Collection,
    Combined,
    Expr,
    Labelled,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Ratio,
    Relation,
    Sum,
    Symbol,
    Word,
    negate,
    symbols,
)

RUNG = "equation"
_TURNED = {">": "<", ">=": "<="}


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
        return True
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
    if isinstance(name, Product):
        return name.factors[0]
    return name


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


def _difference(relation: Relation) -> tuple[str, Expr] | None:
    """`left op right` as (op, left - right), the sign turned so that op is =, !=, < or <=."""
    if len(relation.ops) != 1:
        return None
    (op,), (left, right) = relation.ops, relation.members
    if any(isinstance(side, (Collection, Combined, Word, Quantity)) for side in (left, right)):
        return None
    if op in _TURNED:
        return _TURNED[op], Sum((right, negate(left)))
    if op in ("=", "!=", "<", "<="):
        return op, Sum((left, negate(right)))
    return None


_SAMPLES = tuple(Fraction(n, 7) for n in (9, -5, 17, 4, -11, 23, 2, -16, 31, 6, -3, 13))


def _sample(names: list[str], shift: int = 0) -> dict[str, Expr]:
    return {
        name: Number(_SAMPLES[(i + shift) % len(_SAMPLES)] + shift) for i, name in enumerate(names)
    }


def relations(gold: Relation, answer: Relation) -> Comparison:
    """Whether two equations or inequalities have the same solutions."""
    if _alike(gold, answer):
        return yes("the same chain, member by member", RUNG)
    mine, theirs = _difference(gold), _difference(answer)
    if mine is None or theirs is None:
        return _chains(gold, answer)
    names = sorted(symbols(gold) | symbols(answer))
    if not names or len(names) > 10:
        return unknown("no variables, or too many", RUNG)
    (op, left), (other, right) = mine, theirs
    for shift in range(3):
        point = _sample(names, shift)
        scale = substitute(left, point), substitute(right, point)
        at_gold, at_answer = number_at(scale[0]), number_at(scale[1])
        if at_gold and at_answer:
            break
    else:
        if _constant_zero(right) != _constant_zero(left):
            return no("one of them always holds", RUNG)
        return unknown("no point at which both could be evaluated", RUNG)
    found = equal(Product((left, scale[1])), Product((right, scale[0])))
    if found.correct:
        if op != other:
            return no("the same sides with another sign between them", RUNG)
        if op in ("=", "!=") or at_gold * at_answer > 0:
            return yes("one is a multiple of the other", RUNG)
        return no("the sign of the inequality is turned", RUNG)
    if symbols(gold) != symbols(answer):
        return unknown("they name different variables", RUNG)
    if op == other == "=" and _linear(left, names) and _linear(right, names):
        return no("two linear equations that are no multiples of each other", RUNG)
    if op == other != "!=" and differ(op, left, right, names):
        return no("some values solve one of them and not the other", RUNG)
    return unknown("not seen to have the same solutions", RUNG)


def _alike(gold: Relation, answer: Relation) -> bool:
    if gold.ops != answer.ops or len(gold.members) != len(answer.members):
        return False
    return all(
        equal(a, b).correct for a, b in zip(gold.members, answer.members, strict=True)
    )  # fmt: skip


def _chains(gold: Relation, answer: Relation) -> Comparison:
    """Longer chains, read from the other end too."""
    turn = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
    if all(op in turn for op in answer.ops):
        turned = Relation(tuple(turn[op] for op in answer.ops[::-1]), answer.members[::-1])
        if _alike(gold, turned):
            return yes("the same chain, read from its other end", RUNG)
        if set(gold.ops) in ({"<"}, {">"}):
            ordered = turned if turned.ops == gold.ops else answer
            if _permuted(gold, ordered):
                return no("the same members, in another order", RUNG)
    return unknown("two chains that do not match member by member", RUNG)


def _permuted(gold: Relation, answer: Relation) -> bool:
    """Whether two strict chains order the same members differently."""
    if gold.ops != answer.ops:
        return False
    left = list(answer.members)
    for member in gold.members:
        met = next((other for other in left if equal(member, other).correct), None)
        if met is None:
            return False
        left.remove(met)
    return True


def _constant_zero(expr: Expr) -> bool:
    return equal(expr, Number(Fraction(0))).correct


def _linear(expr: Expr, names: list[str]) -> bool:
    """Whether an expression is linear in these variables (checked at points, in high precision)."""
    zero = substitute(expr, {name: Number(Fraction(0)) for name in names})
    first, second = _sample(names, 1), _sample(names, 4)
    both: dict[str, Expr] = {name: Sum((first[name], second[name])) for name in names}
    left = Sum((substitute(expr, both), zero))
    right = Sum((substitute(expr, first), substitute(expr, second)))
    if not equal(left, right).correct:
        return False
    double: dict[str, Expr] = {name: Product((Number(Fraction(3)), first[name])) for name in names}
    tripled = Sum((substitute(expr, double), zero, zero))
    once = substitute(expr, first)
    return equal(tripled, Sum((once, once, once))).correct


def statement_against_value(gold: Relation, answer: Expr) -> Comparison:
    """An equation answered by an expression in all of its variables, which solves it for none."""
    found = _difference(gold)
    if found is None or found[0] != "=" or symbols(gold) != symbols(answer) or not symbols(answer):
        return unknown("an equation on one side only", RUNG)
    if relations(gold, Relation(("=",), (answer, Number(Fraction(0))))).correct:
        return unknown("the equation without its right side", RUNG)
    return no("it holds all variables of the equation and solves it for none of them", RUNG)


def solved_for(relation: Relation, answer: Expr) -> Comparison:
    """Whether the answer is what the equation gives for a variable that it is linear in."""
    found = _difference(relation)
    if found is None or found[0] != "=" or isinstance(answer, (Relation, Collection)):
        return unknown("not an equation and an expression", RUNG)
    gap = found[1]
    other: list[str] = []
    for name in sorted(symbols(gap) - symbols(answer)):
        rest = symbols(gap) - {name}
        if rest != symbols(answer):
            continue
        met = equal(substitute(gap, {name: answer}), Number(Fraction(0)))
        if not met.correct and not met.incorrect:
            continue
        at = [substitute(gap, {name: Number(Fraction(k))}) for k in (0, 1, 2, 5)]
        straight = equal(Sum((at[2], at[0])), Sum((at[1], at[1]))).correct
        if not straight or equal(at[0], at[1]).correct:
            continue
        if not equal(Sum((at[3], *[at[0]] * 4)), Sum((at[1],) * 5)).correct:
            continue
        if met.correct:
            return yes(f"it is what the equation gives for {name}", RUNG)
        other.append(name)
    if len(other) == 1:
        return no(f"the equation gives something else for {other[0]}", RUNG)
    return unknown("an equation on one side only", RUNG)
