"""A point that solves one statement and not the other: the proof that two statements differ.

Inequalities are tried at seeded points. For equations all variables but one are set, the equation
is solved for the last by bisection between two points at which its sides differ in sign, and the
other equation is looked at there: if its sides are far apart at both ends of the last bracket, the
two curves differ. All values are positive, where unspoken domains mostly are, and two witnesses are
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

from judgekit.verifier.equivalence.balls import FLOATS, Undefined
from judgekit.verifier.equivalence.numeric import Evaluator
from judgekit.verifier.reader.tree import Expr

_ASKED = 2
_VALUES = tuple(Fraction(n, 12) for n in (5, 9, 13, 19, 26, 37, 55, 83, 3, 121))
_GRID = tuple(Fraction(n, 24) for n in (1, 5, 11, 17, 25, 37, 53, 77, 111, 163, 251, 401))
_BISECTIONS = 36
_ROOT, _APART = 1e-6, 1e-3

Point = Mapping[str, Fraction]


def differ(op: str, gold: Expr, answer: Expr, names: Sequence[str]) -> bool:
    """Whether `gold op 0` and `answer op 0` are seen to have different positive solutions."""
    if op == "=":
        ways = (_off_the_curve(gold, answer, names), _off_the_curve(answer, gold, names))
    else:
        ways = (_between(gold, answer, names), iter(()))
    return any(sum(1 for _, _ in zip(way, range(_ASKED), strict=False)) == _ASKED for way in ways)


def _between(gold: Expr, answer: Expr, names: Sequence[str]) -> Iterator[Point]:
    """Points at which one gap is clearly negative and the other clearly positive."""
    for shift in range(24):
        point = {
            name: _VALUES[(shift + 3 * i + shift // 10) % len(_VALUES)]
            for i, name in enumerate(names)
        }
        left, right = _at(gold, point), _at(answer, point)
        if left is not None and right is not None and left * right < 0:
            yield point


def _off_the_curve(curve: Expr, other: Expr, names: Sequence[str]) -> Iterator[Point]:
    """Points on one curve at which the other equation's sides are apart."""
    for solved in names:
        for shift in range(3):
            fixed = {
                name: _VALUES[(shift + 2 * i) % len(_VALUES)]
                for i, name in enumerate(names)
                if name != solved
            }

            def gap(value: Fraction, fixed: Point = fixed, solved: str = solved) -> float | None:
                return _at(curve, {**fixed, solved: value})

            for low, high in _roots(gap):
                ends = [_at(other, {**fixed, solved: end}) for end in (low, high)]
                if all(end is not None and abs(end) > _APART for end in ends):
                    yield {**fixed, solved: low}


def _roots(gap: Callable[[Fraction], float | None]) -> Iterator[tuple[Fraction, Fraction]]:
    """Brackets of simple roots on the grid."""
    values = [(at, gap(at)) for at in _GRID]
    for (low, below), (high, above) in pairwise(values):
        if below is None or above is None or below * above >= 0:
            continue
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            value = gap(middle)
            if value is None:
                break
            low, high = (middle, high) if value * below > 0 else (low, middle)
        end = gap(low)
        if end is not None and abs(end) < _ROOT:
            yield low, high


def _at(expr: Expr, point: Point) -> float | None:
    """The value at a point if it is real and its sign is certain."""
    evaluate = Evaluator(FLOATS, point)
    try:
        ball = evaluate(expr)
    except Undefined:
        return None
    if not evaluate.on.is_real(ball) or (ball.rad and abs(ball.mid) <= ball.rad):
        return None
    return float(ball.mid.real)
