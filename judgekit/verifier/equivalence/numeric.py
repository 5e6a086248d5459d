"""Trees -> balls: the value of an expression at one assignment of its variables."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from judgekit.verifier.equivalence.balls import Arithmetic, Ball, Field, Undefined
from judgekit.verifier.equivalence.effort import HIGH, size, spend
from judgekit.verifier.equivalence.exact import steps
from judgekit.verifier.reader.tree import (
    Binder,
    Call,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)


class Evaluator:
    """Evaluates trees in one field, at one assignment of the variables."""

    def __init__(self, field: Field, values: Mapping[str, Fraction], *, log: str = "10") -> None:
        self.on = Arithmetic(field)
        self.largest = field.largest
        self.values = values
        self.log = log

    def __call__(self, expr: Expr) -> Ball:
        """The value of the expression; raises `Undefined`."""
        try:
            ball = self.evaluate(expr)
        except (OverflowError, ZeroDivisionError, ValueError, TypeError) as fault:
            raise Undefined(str(fault)) from None
        if not abs(ball.mid) <= self.largest or not ball.rad <= self.largest:
            raise Undefined("too large")
        return ball

    def evaluate(self, expr: Expr) -> Ball:
        match expr:
            case Number(value, _):
                return self.on.number(value)
            case Symbol(name):
                if name not in self.values:
                    raise Undefined(f"{name} has no value")
                return self.on.number(self.values[name])
            case Constant(name):
                return self.on.constant(name)
            case Sum(terms):
                return self.on.sum([self.evaluate(term) for term in terms])
            case Product(factors):
                result = self.evaluate(factors[0])
                for factor in factors[1:]:
                    result = self.on.multiply(result, self.evaluate(factor))
                return result
            case Quotient(top, bottom):
                return self.on.divide(self.evaluate(top), self.evaluate(bottom))
            case Power(base, exponent):
                return self.power(base, exponent)
            case Call(name, args):
                return self.call(name, args)
            case Binder("sum" | "prod"):
                return self.folded(expr)
            case Binder():
                raise Undefined("an integral or limit has no value here")
        raise Undefined(f"a {type(expr).__name__.lower()} is no number")

    def folded(self, expr: Binder) -> Ball:
        """A finite sum or product, term by term."""
        low, high = (self.on.exact(self.evaluate(bound)) for bound in expr.bounds)
        if low is None or high is None:
            raise Undefined("a sum without whole bounds")
        values = steps(expr, Fraction(low), Fraction(high))
        if values is None:
            raise Undefined("a sum of too many terms")
        if self.on.high:
            spend(HIGH * len(values) * size(expr.body))
        terms = []
        around = self.values
        for k in values:
            self.values = {**around, expr.name: Fraction(k)}
            terms.append(self.evaluate(expr.body))
        self.values = around
        if expr.op == "sum":
            return self.on.sum(terms or [self.on.number(Fraction(0))])
        return functools.reduce(self.on.multiply, terms, self.on.number(Fraction(1)))

    def power(self, base: Expr, exponent: Expr) -> Ball:
        raised = self.evaluate(exponent)
        if base == Constant("e"):
            return self.on.exp(raised)
        root = self.evaluate(base)
        whole = self.on.exact(raised)
        if whole is not None:
            return self.on.whole_power(root, whole % 4 if base == Constant("i") else whole)
        if isinstance(exponent, Quotient) and self.on.is_real(root) and root.mid + root.rad < 0:
            degree = self.on.exact(self.evaluate(exponent.bottom))
            if degree is not None and degree % 2:  # the real root, as in \sqrt[3]{-8}
                top = self.on.exact(self.evaluate(exponent.top))
                if top is not None:
                    return self.on.whole_power(self.on.root(root, degree), top)
        if root.mid == 0 and root.rad == 0:
            if self.on.is_real(raised) and raised.mid - raised.rad > 0:
                return root
            raise Undefined("a power of zero")
        return self.on.exp(self.on.multiply(raised, self.on.ln(root)))

    def call(self, name: str, args: tuple[Expr, ...]) -> Ball:
        balls = [self.evaluate(arg) for arg in args]
        x = balls[0]
        simple = _SIMPLE.get(name)
        if simple is not None and len(balls) == 1:
            found: Ball = simple(self.on, x)
            return found
        if name == "root" and len(balls) == 2:
            degree = self.on.exact(balls[1])
            if degree is None:
                return self.on.exp(self.on.divide(self.on.ln(x), balls[1]))
            return self.on.root(x, degree)
        if name == "log" and len(balls) == 1:
            return self.on.ln(x) if self.log == "e" else self.on.log10(x)
        if name == "logb" and len(balls) == 2:
            return self.on.divide(self.on.ln(x), self.on.ln(balls[1]))
        if name in ("min", "max"):
            return self.on.extremum(name, balls)
        if name == "binom" and len(balls) == 2:
            return self.on.binomial(x, balls[1])
        raise Undefined(f"no numeric meaning of {name}")


_SIMPLE: dict[str, Any] = {
    "sqrt": Arithmetic.sqrt,
    "cbrt": lambda self, x: self.root(x, 3),
    "abs": Arithmetic.absolute,
    "floor": lambda self, x: self.whole(x, False),
    "ceil": lambda self, x: self.whole(x, True),
    "percent": Arithmetic.percent,
    "deg": Arithmetic.degrees,
    "ln": Arithmetic.ln,
    "log10": Arithmetic.log10,
    "exp": Arithmetic.exp,
    "sin": Arithmetic.sin,
    "cos": Arithmetic.cos,
    "tan": Arithmetic.tan,
    "cot": lambda self, x: self.divide(self.cos(x), self.sin(x)),
    "sec": lambda self, x: self.reciprocal(self.cos(x)),
    "csc": lambda self, x: self.reciprocal(self.sin(x)),
    "asin": lambda self, x: self.arcsine("asin", x),
    "acos": lambda self, x: self.arcsine("acos", x),
    "atan": Arithmetic.atan,
    "acot": Arithmetic.acot,
    "asec": lambda self, x: self.arcsine("acos", self.reciprocal(x)),
    "acsc": lambda self, x: self.arcsine("asin", self.reciprocal(x)),
    "sinh": lambda self, x: self.hyperbolic(x, -1),
    "cosh": lambda self, x: self.hyperbolic(x, 1),
    "tanh": lambda self, x: self.divide(self.hyperbolic(x, -1), self.hyperbolic(x, 1)),
    "coth": lambda self, x: self.divide(self.hyperbolic(x, 1), self.hyperbolic(x, -1)),
    "sech": lambda self, x: self.reciprocal(self.hyperbolic(x, 1)),
    "csch": lambda self, x: self.reciprocal(self.hyperbolic(x, -1)),
    "asinh": Arithmetic.asinh,
    "acosh": Arithmetic.acosh,
    "atanh": Arithmetic.atanh,
    "arg": Arithmetic.argument,
    "re": Arithmetic.real_part,
    "im": Arithmetic.imaginary_part,
    "conjugate": Arithmetic.conjugate,
    "factorial": Arithmetic.factorial,
    "gamma": Arithmetic.gamma,
    "sign": Arithmetic.sign,
}
