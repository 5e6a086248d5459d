"""Exact rational values, with a bound on their size.

`rational` folds an expression of numerals, sums, products, quotients, whole powers, factorials and
binomials into one fraction; `rational_at` does so at a point, a fraction for each variable. Neither
computes a number of more than so many bits: the size of a power or factorial is estimated before it
is computed, and the answer is then None.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from judgekit.verifier.equivalence.effort import size, spend
from judgekit.verifier.reader.tree import (
    Binder,
    Call,
    Expr,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)

MOST_BITS = 60_000
MOST_BITS_AT_A_POINT = 3_000
LARGEST_FACTORIAL = 1_500
MOST_STEPS = 20_000
MOST_TERMS = 2_000
"""Terms of a finite sum or product that is evaluated."""


def rational(expr: Expr) -> Fraction | None:
    """The exact value, or None where it is irrational, too large, undefined or symbolic."""
    return expr.value if isinstance(expr, Number) else _value(expr, {}, MOST_BITS)


def rational_at(expr: Expr, point: Mapping[str, Fraction]) -> Fraction | None:
    """The exact value where the variables have these values, or None as for `rational`."""
    return _value(expr, point, MOST_BITS_AT_A_POINT)


def _value(expr: Expr, at: Mapping[str, Fraction], most: int) -> Fraction | None:
    match expr:
        case Number(value, _):
            return value
        case Symbol(name):
            return at.get(name)
        case Sum(terms):
            return _sum(terms, at, most)
        case Product(factors):
            return _product(factors, at, most)
        case Quotient(top, bottom):
            over, under = _value(top, at, most), _value(bottom, at, most)
            if over is None or not under:
                return None
            return _bounded(over / under, most)
        case Power(base, exponent):
            root, power = _value(base, at, most), _value(exponent, at, most)
            if root is None or power is None:
                return None
            return rational_power(root, power, most)
        case Binder("sum" | "prod"):
            return _folded(expr, at, most)
        case Call(name, args):
            values = [_value(arg, at, most) for arg in args]
            if any(value is None for value in values):
                return None
            return _call(name, [value for value in values if value is not None])
    return None


def steps(expr: Binder, low: Fraction | None, high: Fraction | None) -> range | None:
    """The whole numbers that the variable of a finite sum or product runs over, if not too many."""
    if low is None or high is None or low.denominator != 1 or high.denominator != 1:
        return None
    if high < low - 1 or high - low >= MOST_TERMS:
        return None
    found = range(int(low), int(high) + 1)
    spend(len(found) * size(expr.body))
    return found


def _folded(expr: Binder, at: Mapping[str, Fraction], most: int) -> Fraction | None:
    """A finite sum or product, term by term."""
    values = steps(expr, *(_value(bound, at, most) for bound in expr.bounds))
    if values is None:
        return None
    total = Fraction(expr.op == "prod")
    for k in values:
        term = _value(expr.body, {**at, expr.name: Fraction(k)}, most)
        if term is None:
            return None
        total = total + term if expr.op == "sum" else total * term
        if bits(total) > most:
            return None
    return total


def _sum(terms: tuple[Expr, ...], at: Mapping[str, Fraction], most: int) -> Fraction | None:
    total = Fraction(0)
    for term in terms:
        value = _value(term, at, most)
        if value is None:
            return None
        total += value
    return _bounded(total, most)


def _product(factors: tuple[Expr, ...], at: Mapping[str, Fraction], most: int) -> Fraction | None:
    total = Fraction(1)
    for factor in factors:
        value = _value(factor, at, most)
        if value is None:
            return None
        total *= value
        if bits(total) > most:
            return None
    return total


def bits(value: Fraction) -> int:
    """The size of a fraction in memory."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def _bounded(value: Fraction, most: int = MOST_BITS) -> Fraction | None:
    return value if bits(value) <= most else None


def rational_power(base: Fraction, exponent: Fraction, most: int = MOST_BITS) -> Fraction | None:
    """base ** exponent, where that is rational and not too large (roots of perfect powers too)."""
    if exponent.denominator != 1:
        if base < 0 or exponent.denominator > 64 or exponent.numerator.bit_length() > 32:
            return None
        root = _root(base, exponent.denominator)
        return None if root is None else rational_power(root, Fraction(exponent.numerator), most)
    power = exponent.numerator
    if base == 0:
        return Fraction(0) if power > 0 else None
    if base in (1, -1):
        return Fraction(1) if base == 1 or power % 2 == 0 else Fraction(-1)
    if abs(power) > most or bits(base) * abs(power) > most:
        return None
    return base**power


def _root(value: Fraction, degree: int) -> Fraction | None:
    """The exact root of a non-negative fraction, or None."""
    top, bottom = integer_root(value.numerator, degree), integer_root(value.denominator, degree)
    return None if top is None or bottom is None else Fraction(top, bottom)


def integer_root(value: int, degree: int) -> int | None:
    """The integer whose power `degree` is `value`, or None (Newton's iteration on integers)."""
    if degree == 2:
        root = math.isqrt(value)
        return root if root * root == value else None
    if value < 2:
        return value
    if value.bit_length() > 4096:
        return None
    root = 1 << -(-value.bit_length() // degree)
    while True:
        better = ((degree - 1) * root + value // root ** (degree - 1)) // degree
        if better >= root:
            return root if root**degree == value else None
        root = better


def _call(name: str, args: list[Fraction]) -> Fraction | None:
    value = args[0]
    whole = all(arg.denominator == 1 for arg in args)
    if name == "sqrt":
        return None if value < 0 else _root(value, 2)
    if name == "root" and len(args) == 2 and args[1].denominator == 1 and 0 < args[1] <= 64:
        degree = int(args[1])
        if value < 0:
            opposite = _root(-value, degree) if degree % 2 else None
            return None if opposite is None else -opposite
        return _root(value, degree)
    if name == "cbrt":
        return _call("root", [value, Fraction(3)])
    if name == "abs":
        return abs(value)
    if name in ("floor", "ceil"):
        return Fraction(math.floor(value) if name == "floor" else math.ceil(value))
    if name == "percent":
        return value / 100
    if name in ("min", "max"):
        return min(args) if name == "min" else max(args)
    if name == "factorial" and whole and 0 <= value <= LARGEST_FACTORIAL:
        return Fraction(math.factorial(int(value)))
    if name == "binom" and whole and len(args) == 2:
        return _binomial(int(value), int(args[1]))
    if name in ("gcd", "lcm") and whole:
        integers = [int(arg) for arg in args]
        return _bounded(Fraction(math.gcd(*integers) if name == "gcd" else math.lcm(*integers)))
    if name == "sign":
        return Fraction((value > 0) - (value < 0))
    if name in ("re", "conjugate"):
        return value
    return None


def _binomial(n: int, k: int) -> Fraction | None:
    if n < 0 or k < 0:
        return None
    if k > n:
        return Fraction(0)
    k = min(k, n - k)
    if k * n.bit_length() > MOST_BITS or k > MOST_STEPS:
        return None
    return Fraction(math.comb(n, k))
