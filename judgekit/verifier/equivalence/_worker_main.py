"""The SymPy worker's own process: reads trees as JSON lines, answers `true` or `unknown`.

Trees become SymPy objects through the constructors below and no other way: nothing is parsed or
evaluated as code. Two tasks: `equal` (is the difference of two expressions zero?) and `solutions`
(do two statements or sets in one real variable have the same solutions?).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from judgekit.verifier.reader.tree import (
    VALUES,
    Approx,
    Binder,
    Call,
    Collection,
    Combined,
    Constant,
    Expr,
    Number,
    Power,
    Product,
    Quantity,
    Quotient,
    Relation,
    SetBuilder,
    Sum,
    Symbol,
    Word,
    symbols,
)
from judgekit.verifier.reader.wire import load


class Untranslatable(Exception):
    """A node that has no SymPy twin here."""


_RAISED = (
    ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError,
    RuntimeError, TypeError, ValueError, Untranslatable,
)  # fmt: skip


def _limit(megabytes: int) -> None:
    """Bound this process's memory and the time that a runaway computation may burn."""
    try:
        import resource
    except ImportError:  # not on this platform: the parent's clock is the only bound
        return
    size = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Translator:
    """Trees -> SymPy objects; symbols are real where a set of reals is asked for."""

    def __init__(self, *, real: bool) -> None:
        import sympy

        self.sympy = sympy
        self.real = real
        self.functions: dict[str, Any] = {
            "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "cot": sympy.cot,
            "sec": sympy.sec, "csc": sympy.csc, "asin": sympy.asin, "acos": sympy.acos,
            "atan": sympy.atan, "acot": sympy.acot, "asec": sympy.asec, "acsc": sympy.acsc,
            "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh, "coth": sympy.coth,
            "asinh": sympy.asinh, "acosh": sympy.acosh, "atanh": sympy.atanh, "ln": sympy.log,
            "exp": sympy.exp, "sqrt": sympy.sqrt, "abs": sympy.Abs, "floor": sympy.floor,
            "ceil": sympy.ceiling, "factorial": sympy.factorial, "binom": sympy.binomial,
            "gamma": sympy.gamma, "min": sympy.Min, "max": sympy.Max, "re": sympy.re,
            "im": sympy.im, "conjugate": sympy.conjugate, "sign": sympy.sign,
            "cbrt": sympy.cbrt, "root": lambda x, n: sympy.root(x, n),
            "log": lambda x: sympy.log(x, 10), "log10": lambda x: sympy.log(x, 10),
            "logb": lambda x, b: sympy.log(x, b), "percent": lambda x: x / 100,
            "deg": lambda x: x * sympy.pi / 180,
        }  # fmt: skip

    def value(self, expr: Expr) -> Any:
        sympy = self.sympy
        match expr:
            case Number(value, _):
                return sympy.Rational(value.numerator, value.denominator)
            case Symbol(name):
                return sympy.Symbol(name, real=True) if self.real else sympy.Symbol(name)
            case Constant(name):
                return {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "inf": sympy.oo}[name]
            case Sum(terms):
                return sympy.Add(*map(self.value, terms))
            case Product(factors):
                return sympy.Mul(*map(self.value, factors))
            case Quotient(top, bottom):
                return self.value(top) / self.value(bottom)
            case Power(base, exponent):
                power = self.value(exponent)
                if power.is_number and not -1000 < power < 1000:
                    raise Untranslatable("a large power")
                return sympy.Pow(self.value(base), power)
            case Binder(op, name, bounds, body):
                return self.operator(op, name, bounds, body)
            case Call(name, args) if name in self.functions:
                values = [self.value(arg) for arg in args]
                if name in ("factorial", "binom", "gamma") and any(
                    value.is_number and not abs(value) < 200 for value in values
                ):
                    raise Untranslatable("a large factorial")
                return self.functions[name](*values)
        raise Untranslatable(type(expr).__name__)

    def operator(self, op: str, name: str, bounds: tuple[Expr, ...], body: Expr) -> Any:
        """A sum, product, integral or limit, worked out; raises `Untranslatable` where it stays."""
        sympy = self.sympy
        made = {"sum": sympy.Sum, "prod": sympy.Product, "int": sympy.Integral}
        variable, inner = self.value(Symbol(name)), self.value(body)
        ends = [self.value(bound) for bound in bounds]
        if op == "lim":
            found = sympy.limit(inner, variable, *ends, "+-" if ends[0].is_finite else "-")
        else:
            found = made[op](inner, (variable, *ends)).doit()
        if found.has(sympy.Sum, sympy.Product, sympy.Integral, sympy.Limit, sympy.nan):
            raise Untranslatable(op)
        return found

    def subset(self, expr: Expr, name: str) -> Any:
        """The set of reals that a set or a statement about the variable describes."""
        sympy = self.sympy
        match expr:
            case Collection("{}" | "  ", items) if all(map(_is_value, items)):
                return sympy.FiniteSet(*map(self.value, items))
            case Collection(brackets, (low, high)) if brackets in ("()", "[]", "(]", "[)"):
                ends = self.value(low), self.value(high)
                return sympy.Interval(*ends, brackets[0] == "(", brackets[1] == ")")
            case Word("set:R"):
                return sympy.S.Reals
            case Combined("union" | "or", parts):
                return sympy.Union(*(self.subset(part, name) for part in parts))
            case Combined("intersection" | "and", parts):
                return sympy.Intersection(*(self.subset(part, name) for part in parts))
            case Combined("minus", (whole, taken)):
                return sympy.Complement(self.subset(whole, name), self.subset(taken, name))
            case SetBuilder(_, condition):
                return self.subset(condition, name)
            case Relation(("in",), (_, members)):
                return self.subset(members, name)
            case Relation(ops, members):
                return self.chain(ops, members, name)
        if _is_value(expr) and not symbols(expr):
            return sympy.FiniteSet(self.value(expr))
        raise Untranslatable(type(expr).__name__)

    def chain(self, ops: tuple[str, ...], members: tuple[Expr, ...], name: str) -> Any:
        sympy = self.sympy
        variable = sympy.Symbol(name, real=True)
        makers = {
            "=": sympy.Eq, "!=": sympy.Ne, "<": sympy.Lt, "<=": sympy.Le, ">": sympy.Gt,
            ">=": sympy.Ge,
        }  # fmt: skip
        found = sympy.S.Reals
        for op, left, right in zip(ops, members, members[1:], strict=False):
            if op not in makers:
                raise Untranslatable(op)
            statement = makers[op](self.value(left), self.value(right))
            if statement in (sympy.true, sympy.false):
                raise Untranslatable("a statement without a variable")
            found &= sympy.solveset(statement, variable, sympy.S.Reals)
        return found


def _is_value(expr: Expr) -> bool:
    return isinstance(expr, VALUES) and not isinstance(expr, (Quantity, Approx))


def decide(task: str, gold: Expr, answer: Expr) -> bool:
    """Whether SymPy proves the two equal; False where it does not."""
    names = sorted(symbols(gold) | symbols(answer))
    translator = Translator(real=task == "solutions")
    if task == "equal":
        gap = translator.value(gold) - translator.value(answer)
        return bool(translator.sympy.simplify(gap) == 0)
    if task == "solutions" and len(names) == 1:
        left = translator.subset(gold, names[0])
        right = translator.subset(answer, names[0])
        if isinstance(left, translator.sympy.ConditionSet) or left.has(translator.sympy.Dummy):
            return False
        return bool(
            left == right or left.symmetric_difference(right) == translator.sympy.S.EmptySet
        )
    return False


def main() -> None:
    """Serve until the parent closes the pipe."""
    _limit(int(sys.argv[1]))
    import sympy

    sympy.simplify(sympy.Symbol("x") - 1)  # loads what the first question would wait for
    out = sys.stdout
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        try:
            task, gold, answer = json.loads(line)
            proven = decide(task, load(gold), load(answer))
        except MemoryError:
            return
        except _RAISED:  # whatever SymPy raises, it has not proven anything
            proven = False
        out.write("true\n" if proven else "unknown\n")
        out.flush()


if __name__ == "__main__":
    main()
