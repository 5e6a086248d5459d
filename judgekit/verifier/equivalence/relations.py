"""Equations and inequalities in several variables.

Two equations are equal if one is a non-zero multiple of the other; two inequalities if it is a
positive one. Two linear equations that are no multiples of each other are proven different; all
other pairs that do not match are undecided. `y = g(x)` or an implicit equation linear in y is met
by the expression g(x) alone.
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.equivalence.coefficients import by_coefficient
from judgekit.verifier.equivalence.findings import Comparison, all_of, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at, substitute
from judgekit.verifier.equivalence.inequalities import applies_functions
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.equivalence.witness import differ
from judgekit.verifier.reader.tree import (
    Collection,
    Combined,
    Expr,
    Number,
    Product,
    Quantity,
    Relation,
    Sum,
    Word,
    has_decimal,
    negate,
    symbols,
)

RUNG = "equation"
_TURNED = {">": "<", ">=": "<="}


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
    alike = _alike(gold, answer)
    if alike is not None and not alike.incorrect:
        return alike
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
    if not found.incorrect and (has_decimal(gold) or has_decimal(answer)):
        return unknown("their decimal coefficients are near each other", RUNG)
    if op == other == "=" and _linear(left, names) and _linear(right, names):
        return no("two linear equations that are no multiples of each other", RUNG)
    if op == other != "!=" and differ(op, left, right, names):
        return no("some values solve one of them and not the other", RUNG)
    return unknown("not seen to have the same solutions", RUNG)


def _alike(gold: Relation, answer: Relation) -> Comparison | None:
    """The comparison member by member, decimals rounded; None for chains of another form."""
    if gold.ops != answer.ops or len(gold.members) != len(answer.members):
        return None
    found = []
    for a, b in zip(gold.members, answer.members, strict=True):
        found.append(by_coefficient(a, b) or numbers(a, b))
        if found[-1].incorrect:
            return found[-1]
    alike = all_of(found, RUNG, "the same chain, member by member")
    rounded = any(has_decimal(member) for member in (*gold.members, *answer.members))
    return alike if alike.correct or rounded else None


def _chains(gold: Relation, answer: Relation) -> Comparison:
    """Longer chains, read from the other end too."""
    turn = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}
    if all(op in turn for op in answer.ops):
        turned = Relation(tuple(turn[op] for op in answer.ops[::-1]), answer.members[::-1])
        alike = _alike(gold, turned)
        if alike is not None and alike.correct:
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
    if applies_functions(expr):
        return False
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
    if _constant_zero(found[1]):
        same = equal(gold.members[-1], answer)
        return yes("both sides of the identity are equal to it", RUNG) if same.correct else same
    point = _sample(sorted(symbols(answer)))
    if number_at(substitute(found[1], point)) is None:
        return unknown("an equation whose sides could not be evaluated", RUNG)
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
