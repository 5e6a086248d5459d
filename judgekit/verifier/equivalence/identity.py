"""Are two arithmetic expressions equal? Exact fractions first, then numeric identity testing.

Constants: both sides as balls, first in double precision (enough to prove most differences), then
at a precision that grows with the size of the numerals involved, so that 10^-20 and 10^-21 are told
apart however deep they hide. Balls that do not meet are a proof that the values differ; balls that
still meet at a radius below 2^-130 of the values are taken as equal.

Expressions with variables: exactly at seeded rational points where the values are rational, else as
balls again; positive points come first, so that branch cuts are avoided. Points where a side is
undefined or leaves the real line are passed over; absolute values, roots and extrema are looked at
far from the origin too. Sides that agree at every positive point but
differ at a negative one, or agree at all integers only, are left undecided: the domain is not known
here.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from judgekit.verifier.equivalence.balls import FLOATS, Ball, Undefined, precise
from judgekit.verifier.equivalence.effort import HIGH, size, spend
from judgekit.verifier.equivalence.exact import bits, rational, rational_at
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.numeric import Evaluator
from judgekit.verifier.reader.tree import (
    Call,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    children,
    has_decimal,
    has_i,
    rebuilt,
    symbols,
)

RUNG = "numeric identity"
_MOST_SYMBOLS = 12
_BASE_BITS = 200
_MOST_BITS = 4_000
_OFF_LINE = frozenset(("conjugate", "re", "im"))
"""Functions that tell a number from its conjugate."""
_COUNTING = frozenset(("factorial", "binom"))
"""Functions whose variables are whole."""
_NUMBERED = re.compile(r"[A-Za-z]_\{?\d{1,6}\}?")
_WHOLE_NAMES = frozenset("nkmjlN")


def equal(gold: Expr, answer: Expr) -> Comparison:
    """Whether the two expressions denote the same value or function."""
    if gold == answer:
        return yes("both are the same expression", "normal form")
    left, right = rational(gold), rational(answer)
    if left is not None and right is not None:
        if left == right:
            return yes("they are equal as exact rationals", "exact rational")
        return no("they differ as exact rationals", "exact rational")
    gold, answer = _off_the_line(gold, answer)
    names = symbols(gold) | symbols(answer)
    if not names:
        return constants(gold, answer)
    if len(names) > _MOST_SYMBOLS:
        return unknown("too many variables", RUNG)
    return functions(gold, answer, sorted(names))


def constants(gold: Expr, answer: Expr) -> Comparison:
    """Whether two expressions without variables have the same value."""
    logs = ("10", "e") if _has(gold, "log") or _has(answer, "log") else ("10",)
    found = [_constants(gold, answer, log) for log in logs]
    return next((each for each in found if each.correct), None) or (
        found[0] if all(each.incorrect for each in found) else found[0]
        if len(found) == 1 else unknown("the base of a logarithm is not known", RUNG)
    )  # fmt: skip


def _constants(gold: Expr, answer: Expr, log: str) -> Comparison:
    try:
        evaluate = Evaluator(FLOATS, {}, log=log)
        left, right = evaluate(gold), evaluate(answer)
        if apart(left, right):
            return no("they differ numerically", RUNG)
    except Undefined:
        pass
    extra = min(_weight(gold) + _weight(answer), _MOST_BITS)
    for working in (_BASE_BITS + extra, 2 * _BASE_BITS + 2 * extra):
        spend(HIGH * (size(gold) + size(answer)))
        try:
            field = _field(working)
            evaluate = Evaluator(field, {}, log=log)
            left, right = evaluate(gold), evaluate(answer)
        except Undefined as fault:
            return unknown(f"their values cannot be compared, {fault}", RUNG)
        if apart(left, right):
            return no("they differ numerically, with proven error bounds", RUNG)
        if extra >= _MOST_BITS:
            return unknown("too large to tell a difference from none", RUNG)
        scale = max(1, abs(left.mid))
        if left.rad + right.rad <= scale * field.real(2) ** -(130 + extra):
            return yes(f"their values agree to {int((130 + extra) * 0.301)} digits", RUNG)
    return unknown("too close to tell apart", RUNG)


def functions(gold: Expr, answer: Expr, names: list[str]) -> Comparison:
    """Whether two expressions in these variables are the same function."""
    log = "e" if _has(gold, "ln") or _has(answer, "ln") else "10"
    complex_allowed = has_i(gold) or has_i(answer)
    agreed: list[dict[str, Fraction]] = []
    differed: list[dict[str, Fraction]] = []
    near = has_decimal(gold) or has_decimal(answer)
    exact = True
    ranges = _RANGES + _FAR if _in_pieces(gold) or _in_pieces(answer) else _RANGES
    spend(len(ranges) * (size(gold) + size(answer)))
    for point in _points(names, len(ranges)):
        both = _exactly(gold, answer, point) if exact else None
        exact = both is not None
        try:
            left, right = both or _roughly(gold, answer, point, log)
        except Undefined:
            continue
        if apart(left, right):
            if complex_allowed or not isinstance(left.mid + right.mid, complex):
                differed.append(point)
                near = near and bool(abs(left.mid - right.mid) <= 0.02 * abs(left.mid))
                if len(differed) == 2 and not near:
                    break  # two positive points settle it
            continue
        if not _tight(left) or not _tight(right):
            continue
        agreed.append(point)
    if differed and near:
        return unknown("their decimal coefficients are near each other", RUNG)
    if differed:
        return _different(gold, answer, names, agreed, differed, log)
    if len(agreed) < 3:
        whole = _WHOLE_NAMES | _under(_COUNTING, gold, answer)
        met = _agree_at_integers(gold, answer, names, log) if whole.issuperset(names) else None
        if met:
            return yes("they agree at all integers tried", RUNG)
        some, others = sorted((symbols(gold), symbols(answer)), key=len)
        if met is False and some <= others:
            return no("they differ at an integer", RUNG)
        return unknown("too few points at which both sides are defined", RUNG)
    if exact:
        return yes(f"they agree exactly at {len(agreed)} points", RUNG)
    return _confirm(gold, answer, agreed, log)


def _off_the_line(gold: Expr, answer: Expr) -> tuple[Expr, Expr]:
    """Both with x + iy for each variable whose conjugate, real or imaginary part is taken: on the
    real line every number is its own conjugate."""
    names = _under(_OFF_LINE, gold, answer)
    if not names:
        return gold, answer
    spread: dict[str, Expr] = {
        name: Sum((Symbol(name), Product((Constant("i"), Symbol(f"{name} imaginary")))))
        for name in names
    }
    return substitute(gold, spread), substitute(answer, spread)


def _under(calls: frozenset[str], *exprs: Expr) -> frozenset[str]:
    """Variables under a call of one of these names."""
    found = [
        symbols(expr)
        if isinstance(expr, Call) and expr.name in calls
        else _under(calls, *children(expr))
        for expr in exprs
    ]
    return frozenset().union(*found)


def _exactly(gold: Expr, answer: Expr, point: Mapping[str, Fraction]) -> tuple[Ball, Ball] | None:
    """The exact values of both sides at a point, where they are rational and not too long."""
    left = rational_at(gold, point)
    right = None if left is None else rational_at(answer, point)
    return None if left is None or right is None else (Ball(left, 0), Ball(right, 0))


def _roughly(
    gold: Expr, answer: Expr, point: Mapping[str, Fraction], log: str
) -> tuple[Ball, Ball]:
    """The values in machine floats, with their errors; raises `Undefined`."""
    evaluate = Evaluator(FLOATS, point, log=log)
    return evaluate(gold), evaluate(answer)


def _confirm(gold: Expr, answer: Expr, points: list[dict[str, Fraction]], log: str) -> Comparison:
    """Look again in high precision at points where the floats agreed."""
    extra = min(_weight(gold) + _weight(answer), _MOST_BITS)
    if extra >= _MOST_BITS:
        return unknown("too large to tell a difference from none", RUNG)
    field = _field(_BASE_BITS + extra)
    spend(2 * HIGH * (size(gold) + size(answer)))
    held = 0
    for point in points:
        if held == 2:
            break
        evaluate = Evaluator(field, point, log=log)
        try:
            left, right = evaluate(gold), evaluate(answer)
        except Undefined:
            continue
        if apart(left, right):
            if has_decimal(gold) or has_decimal(answer):
                return unknown("their decimal coefficients are near each other", RUNG)
            return no("they differ numerically, with proven error bounds", RUNG)
        if left.rad + right.rad <= max(1, abs(left.mid)) * field.real(2) ** -(110 + extra):
            held += 1
    if held >= 2:
        return yes(f"they agree at {len(points)} points, to 33 digits and more", RUNG)
    return unknown("agreement could not be confirmed in high precision", RUNG)


def _different(
    gold: Expr,
    answer: Expr,
    names: list[str],
    agreed: list[dict[str, Fraction]],
    differed: list[dict[str, Fraction]],
    log: str,
) -> Comparison:
    positive = [p for p in differed if all(value > 0 for value in p.values())]
    if not positive and agreed:
        return unknown("they agree for positive variables only", RUNG)
    if _agree_at_integers(gold, answer, names, log):
        if set(names) <= _WHOLE_NAMES:
            return yes("they agree at all integers tried", RUNG)
        return unknown("they agree at integers only", RUNG)
    left, right = symbols(gold), symbols(answer)
    if isinstance(gold, Symbol) and isinstance(answer, Symbol):
        if gold.name.lower() == answer.name.lower():
            return unknown("the same letter in another case", RUNG)
        return no("they are different names", RUNG)
    if not left or not right:
        # "4.00 g O": letters may be what is counted, or constants of physics with a value.
        ones = dict.fromkeys(names, Number(Fraction(1)))
        if equal(substitute(gold, ones), substitute(answer, ones)).correct or has_decimal(
            answer if left else gold
        ):
            return unknown("a number on one side, letters on the other", RUNG)
        if all(map(_NUMBERED.fullmatch, names)):
            return unknown("numbered names, to which the question may give values", RUNG)
    if left == right:
        return no("they differ at a point where both are defined", RUNG)
    if (not left and _bare(answer)) or (not right and _bare(gold)):
        return unknown("a name on one side, a value on the other", RUNG)
    if left < right or right < left:
        return no("they differ at a point where both are defined", RUNG)
    return unknown("the two sides name different variables", RUNG)


def _bare(expr: Expr) -> bool:
    """Letters alone, which may be a name or a word rather than a formula."""
    if isinstance(expr, Product):
        return all(isinstance(factor, (Symbol, Constant)) for factor in expr.factors)
    return isinstance(expr, (Symbol, Constant))


def _agree_at_integers(gold: Expr, answer: Expr, names: list[str], log: str) -> bool | None:
    """Whether they agree at some small integers; None where too few have a value."""
    met = 0
    rising = [{name: Fraction(k + 2 * i) for i, name in enumerate(names)} for k in range(1, 8)]
    falling = [dict(zip(names, reversed(point.values()), strict=True)) for point in rising]
    for point in rising + falling if len(names) > 1 else rising:
        try:
            left, right = _exactly(gold, answer, point) or _roughly(gold, answer, point, log)
        except Undefined:
            continue
        if apart(left, right):
            return False
        met += 1
    return True if met >= 3 else None


def apart(left: Ball, right: Ball) -> bool:
    """Whether two balls do not meet."""
    return bool(abs(left.mid - right.mid) > 2 * (left.rad + right.rad))


def _tight(ball: Ball) -> bool:
    return bool(ball.rad <= 1e-6 * max(1.0, abs(ball.mid)))


_RANGES = (
    (0.2, 0.9), (1.1, 2.9), (0.1, 0.5), (0.5, 0.95), (3.1, 7.9), (-0.9, -0.1), (-2.9, 2.9),
    (11.0, 29.0),
)  # fmt: skip
_FAR = (
    (-29.0, -11.0), (101.0, 290.0), (-290.0, -101.0), (1.1e3, 2.9e3), (-2.9e3, -1.1e3),
    (1.1e6, 2.9e6), (-2.9e6, -1.1e6),
)  # fmt: skip
"""Where a function that is made of pieces is looked at, too: |x + 5| is x + 5 near the origin."""
_PIECES = frozenset(("abs", "sqrt", "root", "floor", "ceil", "max", "min", "sign"))
_DRAWS: dict[str, list[Fraction]] = {}


def _in_pieces(expr: Expr) -> bool:
    """Whether a function of a variable may be another formula elsewhere: |x|, sqrt(x^2)."""
    if isinstance(expr, Call) and expr.name in _PIECES and symbols(expr):
        return True
    if isinstance(expr, Power) and isinstance(expr.base, Power) and symbols(expr):
        return True
    return any(map(_in_pieces, children(expr)))


def _points(names: list[str], count: int) -> Iterator[dict[str, Fraction]]:
    """Seeded rational points, the same for a variable wherever it occurs."""
    for i in range(count):
        yield {name: _draw(name)[i] for name in names}


def _draw(name: str) -> list[Fraction]:
    found = _DRAWS.get(name)
    if found is None:
        generator = random.Random(f"judgekit {name}")
        found = [
            Fraction(round(generator.uniform(low, high) * 997), 997) or Fraction(1, 3)
            for low, high in _RANGES + _FAR
        ]
        if len(_DRAWS) < 4096:
            _DRAWS[name] = found
    return found


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with variables replaced."""
    if isinstance(expr, Symbol):
        return values.get(expr.name, expr)
    return rebuilt(expr, lambda inner: substitute(inner, values))


def number_at(expr: Expr) -> Fraction | None:
    """The value of an expression without variables, exact or to about 13 digits; None if none."""
    exact = rational(expr)
    if exact is not None:
        return exact
    try:
        ball = Evaluator(FLOATS, {})(expr)
    except Undefined:
        return None
    if isinstance(ball.mid, complex) or ball.rad > 1e-6 * max(1.0, abs(ball.mid)):
        return None
    return Fraction(ball.mid)


def _has(expr: Expr, name: str) -> bool:
    return (isinstance(expr, Call) and expr.name == name) or any(
        _has(child, name) for child in children(expr)
    )


def _weight(expr: Expr) -> int:
    """Bits of precision that the numerals of the expression may hide a difference behind."""
    if isinstance(expr, Number):
        return bits(expr.value)
    total = sum(map(_weight, children(expr)))
    if isinstance(expr, Power):
        exponent = rational(expr.exponent)
        turns = expr.base == Constant("i") and exponent is not None and exponent.denominator == 1
        if exponent is not None and not turns:  # a power of i is one of four
            size = abs(exponent) * (4 + _weight(expr.base))
            total += _MOST_BITS if size > _MOST_BITS else int(size)
    return min(total, _MOST_BITS)


_LOCAL = threading.local()


def _field(working: int) -> Any:
    """High precision arithmetic of at least that many bits, one context a thread and size."""
    rounded = -(-working // 128) * 128
    known: dict[int, Any] = _LOCAL.__dict__.setdefault("fields", {})
    if rounded not in known:
        known[rounded] = precise(rounded)[0]
    return known[rounded]
