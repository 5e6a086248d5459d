"""Ball arithmetic: a value with a proven bound on its error, in double or in high precision.

A ball is (middle, radius): the true value lies within `radius` of `middle`, which is a real or a
complex number. Balls that do not meet prove that two expressions differ; balls of a radius below
10^-40 of the values that do meet make two expressions equal, which is not a proof but a numerical
identity (Schwartz's and Zippel's argument, at several random points). The same code runs on machine
floats (fast, for the *no*) and on mpmath's (for the *yes*, and for what a float cannot tell apart).

Error bounds are those of first-year analysis: a function moves a radius by at most the largest
absolute value of its derivative over the ball, and each operation adds one rounding.
"""

from __future__ import annotations

import cmath
import math
from fractions import Fraction
from typing import Any, NamedTuple

LARGEST_EXPONENT = 1 << 40
"""Powers of two beyond this are not computed, in high precision either."""


class Undefined(Exception):
    """The expression has no value here, or none that can be bounded."""


class Ball(NamedTuple):
    mid: Any
    rad: Any


class Field(NamedTuple):
    """The functions of one kind of arithmetic; `rounding` bounds one operation's relative error."""

    real: Any
    complex: Any
    functions: Any
    complex_functions: Any
    rounding: Any
    largest: Any


FLOATS = Field(float, complex, math, cmath, 2.0**-44, 1e300)
_EXACT = 1 << 40
"""Integers below this are exact in every field."""


def precise(bits: int) -> tuple[Field, Any]:
    """Arithmetic of that many bits, in an mpmath context of its own (safe from threads)."""
    import mpmath

    context = mpmath.MPContext()
    context.prec = bits
    rounding = context.ldexp(context.mpf(1), 16 - bits)
    return Field(
        context.mpf, context.mpc, context, context, rounding, context.ldexp(1, LARGEST_EXPONENT)
    ), context


class Arithmetic:
    """Operations and functions on balls in one field."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.high = field is not FLOATS

    def number(self, value: Fraction) -> Ball:
        top, bottom = value.numerator, value.denominator
        if bottom == 1 and -_EXACT < top < _EXACT:
            return Ball(self.field.real(top), self.field.real(0))
        if not self.high:
            quotient = top / bottom
            return Ball(quotient, abs(quotient) * FLOATS.rounding)
        real = self.field.real
        return self.rounded(real(top) / real(bottom), real(0))

    def constant(self, name: str) -> Ball:
        functions = self.field.functions
        if name == "pi":
            return self.rounded(self.field.real(functions.pi), self.field.real(0))
        if name == "e":
            return self.rounded(self.field.real(functions.e), self.field.real(0))
        if name == "i":
            return Ball(self.field.complex(0, 1), self.field.real(0))
        raise Undefined("infinity is no number")

    def rounded(self, mid: Any, rad: Any) -> Ball:
        """The ball, widened by one rounding; a complex number stays complex."""
        return Ball(mid, rad + abs(mid) * self.field.rounding)

    def is_real(self, ball: Ball) -> bool:
        return not isinstance(ball.mid, self.field.complex)

    def sum(self, balls: list[Ball]) -> Ball:
        mid, rad, size = balls[0].mid, balls[0].rad, abs(balls[0].mid)
        for ball in balls[1:]:
            mid, rad = mid + ball.mid, rad + ball.rad
            size = max(size, abs(ball.mid))
        return Ball(mid, rad + size * self.field.rounding * len(balls))

    def multiply(self, a: Ball, b: Ball) -> Ball:
        return self.rounded(a.mid * b.mid, abs(a.mid) * b.rad + abs(b.mid) * a.rad + a.rad * b.rad)

    def divide(self, a: Ball, b: Ball) -> Ball:
        size = abs(b.mid)
        if size <= 2 * b.rad:
            raise Undefined("division by zero")
        quotient = a.mid / b.mid
        return self.rounded(quotient, (a.rad + abs(quotient) * b.rad) / (size - b.rad))

    def exact(self, ball: Ball) -> Any:
        """The middle of a ball as an integer, where the ball is exactly one."""
        if ball.rad != 0 or not self.is_real(ball) or abs(ball.mid) > 1 << 40:
            return None
        whole = int(ball.mid)
        return whole if whole == ball.mid else None

    def whole_power(self, base: Ball, exponent: int) -> Ball:
        if exponent == 0:
            return self.number(Fraction(1))
        size = abs(base.mid) + base.rad
        bits = abs(self.log2(size)) * abs(exponent)
        if bits > (LARGEST_EXPONENT if self.high else 1000):
            raise Undefined("too large")
        if exponent < 0:
            return self.divide(self.number(Fraction(1)), self.whole_power(base, -exponent))
        mid = base.mid**exponent
        rad = exponent * size ** (exponent - 1) * base.rad if base.rad else base.rad
        steps = exponent.bit_length() if self.is_real(base) else exponent
        return Ball(mid, rad + abs(mid) * self.field.rounding * (steps + 1))

    def log2(self, size: Any) -> float:
        if not size:
            return 0.0
        if self.high:
            return float(self.field.functions.log(size, 2))
        return math.log2(size)

    def exp(self, x: Ball) -> Ball:
        real_part = x.mid if self.is_real(x) else x.mid.real
        if abs(real_part) > (LARGEST_EXPONENT / 2 if self.high else 690):
            raise Undefined("too large")
        module = self.field.functions if self.is_real(x) else self.field.complex_functions
        mid = module.exp(x.mid)
        if x.rad > 1:
            raise Undefined("known too poorly")
        return self.rounded(mid, abs(mid) * 2 * x.rad + abs(mid) * abs(x.mid) * self.field.rounding)

    def ln(self, x: Ball) -> Ball:
        size = abs(x.mid)
        if size <= 2 * x.rad:
            raise Undefined("logarithm of zero")
        if self.is_real(x) and x.mid > 0:
            mid = self.field.functions.log(x.mid)
        elif self.is_real(x):
            mid = self.field.complex(self.field.functions.log(-x.mid), self.field.functions.pi)
        else:
            if x.mid.real <= 0 and abs(x.mid.imag) <= x.rad:
                raise Undefined("on a branch cut")
            mid = self.field.complex_functions.log(x.mid)
        return Ball(mid, x.rad / (size - x.rad) + (abs(mid) + 1) * self.field.rounding)

    def sqrt(self, x: Ball) -> Ball:
        size = abs(x.mid)
        if size == 0 and x.rad == 0:
            return x
        if size <= 2 * x.rad:
            if self.is_real(x):  # zero, as far as one can see
                return Ball(self.field.real(0), self.field.functions.sqrt(3 * x.rad))
            raise Undefined("root of nearly zero")
        if self.is_real(x):
            root = self.field.functions.sqrt(abs(x.mid))
            mid = root if x.mid > 0 else self.field.complex(0, root)
        else:
            if x.mid.real <= 0 and abs(x.mid.imag) <= x.rad:
                raise Undefined("on a branch cut")
            mid = self.field.complex_functions.sqrt(x.mid)
        return self.rounded(mid, x.rad / abs(mid))

    def root(self, x: Ball, degree: int) -> Ball:
        if degree == 2:
            return self.sqrt(x)
        if degree == 0 or abs(degree) > 1 << 30:
            raise Undefined("no such root")
        if self.is_real(x) and x.mid == 0 and x.rad == 0:
            return x
        if self.is_real(x) and x.mid < 0 and degree % 2:
            found = self.root(Ball(-x.mid, x.rad), degree)
            return Ball(-found.mid, found.rad)
        return self.exp(self.divide(self.ln(x), self.number(Fraction(degree))))

    def log10(self, x: Ball) -> Ball:
        return self.divide(self.ln(x), self.ln(self.number(Fraction(10))))

    def absolute(self, x: Ball) -> Ball:
        return Ball(abs(x.mid), x.rad + abs(x.mid) * self.field.rounding)

    def whole(self, x: Ball, up: bool) -> Ball:
        """Floor or ceiling; undefined where the ball holds an integer at an unknown side."""
        if not self.is_real(x):
            raise Undefined("floor of a complex number")
        functions = self.field.functions
        rounder = functions.ceil if up else functions.floor
        low, high = rounder(x.mid - x.rad), rounder(x.mid + x.rad)
        if low != high or abs(x.mid) > 2.0**500:
            raise Undefined("floor at a jump")
        return Ball(self.field.real(low), self.field.real(0))

    def percent(self, x: Ball) -> Ball:
        return self.divide(x, self.number(Fraction(100)))

    def degrees(self, x: Ball) -> Ball:
        turned = self.multiply(x, self.constant("pi"))
        return self.divide(turned, self.number(Fraction(180)))

    def trigonometric(self, name: str, x: Ball) -> Ball:
        if self.is_real(x):
            if abs(x.mid) > (1e15 if self.high else 1e5):
                raise Undefined("a large angle")
            mid = getattr(self.field.functions, name)(x.mid)
            return Ball(mid, x.rad + (1 + abs(x.mid)) * self.field.rounding)
        if abs(x.mid.imag) > 100 or abs(x.mid) > 1e5 or x.rad > 1:
            raise Undefined("a large angle")
        mid = getattr(self.field.complex_functions, name)(x.mid)
        growth = self.field.functions.exp(abs(x.mid.imag) + 1)
        return Ball(mid, growth * (x.rad + (1 + abs(x.mid)) * self.field.rounding))

    def sin(self, x: Ball) -> Ball:
        return self.trigonometric("sin", x)

    def cos(self, x: Ball) -> Ball:
        return self.trigonometric("cos", x)

    def tan(self, x: Ball) -> Ball:
        return self.divide(self.sin(x), self.cos(x))

    def reciprocal(self, x: Ball) -> Ball:
        return self.divide(self.number(Fraction(1)), x)

    def arcsine(self, name: str, x: Ball) -> Ball:
        """asin and acos on [-1, 1]; their derivative is 1 / sqrt(1 - x^2)."""
        if not self.is_real(x) or abs(x.mid) > 1 + x.rad:
            raise Undefined("an inverse sine outside [-1, 1]")
        mid = max(min(x.mid, self.field.real(1)), self.field.real(-1))
        found = getattr(self.field.functions, name)(mid)
        room = 1 - (abs(mid) + x.rad)
        functions = self.field.functions
        wide = x.rad + self.field.rounding
        moved = wide / functions.sqrt(room) if room > wide else 4 * functions.sqrt(wide)
        return Ball(found, moved + 4 * self.field.rounding)

    def atan(self, x: Ball) -> Ball:
        if not self.is_real(x):
            raise Undefined("an inverse tangent of a complex number")
        return self.rounded(self.field.functions.atan(x.mid), x.rad)

    def acot(self, x: Ball) -> Ball:
        """The inverse cotangent with values in (0, pi)."""
        half = self.divide(self.constant("pi"), self.number(Fraction(2)))
        turned = self.atan(x)
        return self.sum([half, Ball(-turned.mid, turned.rad)])

    def hyperbolic(self, x: Ball, sign: int) -> Ball:
        """(e^x + sign e^-x) / 2."""
        up, down = self.exp(x), self.exp(Ball(-x.mid, x.rad))
        total = self.sum([up, Ball(sign * down.mid, down.rad)])
        return Ball(total.mid / 2, total.rad)

    def asinh(self, x: Ball) -> Ball:
        square = self.sum([self.multiply(x, x), self.number(Fraction(1))])
        return self.ln(self.sum([x, self.sqrt(square)]))

    def acosh(self, x: Ball) -> Ball:
        square = self.sum([self.multiply(x, x), self.number(Fraction(-1))])
        return self.ln(self.sum([x, self.sqrt(square)]))

    def atanh(self, x: Ball) -> Ball:
        one = self.number(Fraction(1))
        ratio = self.divide(self.sum([one, x]), self.sum([one, Ball(-x.mid, x.rad)]))
        found = self.ln(ratio)
        return Ball(found.mid / 2, found.rad)

    def real_part(self, x: Ball) -> Ball:
        return x if self.is_real(x) else Ball(x.mid.real, x.rad)

    def imaginary_part(self, x: Ball) -> Ball:
        return self.number(Fraction(0)) if self.is_real(x) else Ball(x.mid.imag, x.rad)

    def argument(self, x: Ball) -> Ball:
        """The angle of a number that does not lie below the real axis, from 0 to pi.

        Below it some count from -pi to 0 and some from pi to two pi.
        """
        angle = self.imaginary_part(self.ln(x))
        if angle.mid < 0:
            raise Undefined("an argument below the real axis")
        return angle

    def conjugate(self, x: Ball) -> Ball:
        return x if self.is_real(x) else Ball(x.mid.conjugate(), x.rad)

    def extremum(self, name: str, balls: list[Ball]) -> Ball:
        if not all(map(self.is_real, balls)):
            raise Undefined("an extremum of complex numbers")
        best = max(balls) if name == "max" else min(balls)
        return Ball(best.mid, max(ball.rad for ball in balls))

    def factorial(self, x: Ball) -> Ball:
        """n! of a whole number up to 10^6, else the gamma function to its own precision."""
        whole = self.exact(x)
        if whole is None or not 0 <= whole <= (10_000 if self.high else 170):
            raise Undefined("a factorial too large, or of no whole number")
        if self.high:
            return self.rounded(self.field.functions.factorial(whole), self.field.real(0))
        return self.rounded(float(math.factorial(whole)), 0.0)

    def binomial(self, n: Ball, k: Ball) -> Ball:
        """n (n-1) ... (n-k+1) / k! for a whole k up to 400."""
        count = self.exact(k)
        if count is None or not 0 <= count <= 400:
            raise Undefined("a binomial of a large or broken number")
        result = self.number(Fraction(1))
        for j in range(count):
            result = self.multiply(result, self.sum([n, self.number(Fraction(-j))]))
            result = self.divide(result, self.number(Fraction(j + 1)))
        return result

    def gamma(self, x: Ball) -> Ball:
        whole = self.exact(x)
        if whole is None or whole < 1:
            raise Undefined("gamma of no whole number")
        return self.factorial(self.number(Fraction(whole - 1)))

    def sign(self, x: Ball) -> Ball:
        if not self.is_real(x) or (abs(x.mid) <= x.rad and x.rad):
            raise Undefined("a sign that is not known")
        return self.number(Fraction((x.mid > 0) - (x.mid < 0)))
