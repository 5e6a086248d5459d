"""When is a decimal as good as the number it stands for?

Policy (g is the gold number, a the answer, both without unit or in the same one):

* g exact (an integer, a fraction, a radical ...). A decimal answer is *correct* if it is g
  correctly rounded, to at least three significant digits where g is a fraction and to at least four
  where g is irrational (3.14 is not pi). An integer has to be met exactly. A decimal that is g
  rounded to fewer digits, or cut off instead of rounded, is *undecided*; so is one that rounds to
  an integer g and lies within 1 % of it (62.3 for 62: g may have been rounded without a sign).
* g approximate (marked with ~, \\approx or about; or a decimal or scientific number with a unit).
  Any answer that rounds to g at g's last digit is *correct*; one within 5 % is *undecided*, and so
  is one in another unit that meets fewer than three digits (1.93e20 N for 1.9e25 dyne: converted
  and rounded, a slip of some per cent would not show).
* g a bare decimal. An answer that rounds to g at its last digit is *correct* if g has at least
  three significant digits, else *undecided*; so is one within 1 %.
* In all cases a decimal answer of at least three significant digits which g rounds to is *correct*.
* Otherwise two numbers that differ are *incorrect*. Ties may be rounded either way.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from judgekit.verifier.equivalence.exact import rational
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at
from judgekit.verifier.reader.tree import Approx, Call, Expr, Number, Power, Product, symbols

RUNG = "rounding"
NEAR_APPROXIMATE = Fraction(5, 100)
NEAR_DECIMAL = Fraction(1, 100)
FRACTION_DIGITS = 3
IRRATIONAL_DIGITS = 4

_MANY_DIGITS = 40
_MANY = 10**_MANY_DIGITS


class Written(NamedTuple):
    """A decimal as written: its value, the size of its last digit, its significant digits."""

    value: Fraction
    ulp: Fraction
    digits: int


def written(expr: Expr) -> Written | None:
    """The decimal or scientific number that this is, or None for everything else."""
    if isinstance(expr, Number):
        if expr.places is None:
            return None
        return _decimal(expr.value, expr.places)
    if isinstance(expr, Product) and len(expr.factors) == 2:
        mantissa, scale = expr.factors
        if isinstance(mantissa, Number) and isinstance(scale, Power):
            if scale.base != Number(Fraction(10)):
                return None
            power = rational(scale)
            if power is None:
                return None
            found = _decimal(mantissa.value, mantissa.places or 0)
            return Written(found.value * power, found.ulp * power, found.digits)
        if mantissa == Number(Fraction(-1)):
            inner = written(scale)
            return inner and Written(-inner.value, inner.ulp, inner.digits)
    if isinstance(expr, Call) and expr.name == "percent":
        inner = written(expr.args[0])
        return inner and Written(inner.value / 100, inner.ulp / 100, inner.digits)
    return None


def _decimal(value: Fraction, places: int) -> Written:
    ulp = Fraction(1, 10**places) if places >= 0 else Fraction(10**-places)
    digits = abs(int(value / ulp))
    return Written(value, ulp, len(str(digits)) if digits < _MANY else _MANY_DIGITS)


def numbers(
    gold: Expr, answer: Expr, *, scale: Fraction = Fraction(1), unit: bool = False
) -> Comparison:
    """Compare two numbers or expressions, the answer's being multiplied by `scale` first."""
    marked = isinstance(gold, Approx)
    gold = gold.value if isinstance(gold, Approx) else gold
    vague = isinstance(answer, Approx)
    answer = answer.value if isinstance(answer, Approx) else answer
    scaled = answer if scale == 1 else Product((Number(scale), answer))
    found = equal(gold, scaled)
    if not found.incorrect or symbols(gold) or symbols(answer):
        return found
    g, a = number_at(gold), number_at(scaled)
    if g is None or a is None:
        return found
    of_gold, of_answer = written(gold), written(answer)
    if marked and isinstance(gold, Number) and of_gold is None and gold.value.denominator == 1:
        of_gold = _decimal(gold.value, 0)  # "about 12" was rounded to its last digit
    if of_answer is not None and scale != 1:
        of_answer = Written(of_answer.value * scale, of_answer.ulp * abs(scale), of_answer.digits)
    gap = abs(g - a)
    if of_gold is None:
        return _against_exact(gold, g, of_answer, gap, found, marked or unit or vague)
    if of_answer and of_answer.digits >= FRACTION_DIGITS and gap <= of_answer.ulp / 2:
        return yes(f"it is the gold rounded to {of_answer.digits} significant digits", RUNG)
    if gap <= of_gold.ulp / 2:
        if marked or (unit and scale == 1) or of_gold.digits >= FRACTION_DIGITS:
            return yes("it rounds to the gold at the gold's last digit", RUNG)
        return unknown("it rounds to a gold of fewer than three digits", RUNG)
    if of_answer and gap <= of_answer.ulp / 2:
        return unknown("it is the gold rounded to fewer than three digits", RUNG)
    near = NEAR_APPROXIMATE if marked or unit or vague else NEAR_DECIMAL
    if gap <= near * abs(g) or gap <= of_gold.ulp * Fraction(3, 2):
        return unknown("it is near the gold decimal without rounding to it", RUNG)
    return no(found.evidence, found.rung)


def _against_exact(
    gold: Expr,
    g: Fraction,
    of_answer: Written | None,
    gap: Fraction,
    found: Comparison,
    vague: bool,
) -> Comparison:
    """An exact gold against a number that is not equal to it."""
    exact = rational(gold)
    if exact is not None and exact.denominator == 1 and not vague:
        if of_answer and gap <= of_answer.ulp / 2:
            return unknown("it rounds an integer, which has to be met exactly", RUNG)
        if of_answer and (gap <= abs(g) / 500 or gap <= min(NEAR_DECIMAL * abs(g), Fraction(1, 2))):
            return unknown("it is a decimal near the integer", RUNG)
        return found
    if of_answer is not None:
        enough = FRACTION_DIGITS if exact is not None else IRRATIONAL_DIGITS
        if gap <= of_answer.ulp / 2:
            if of_answer.digits >= enough:
                digits = of_answer.digits
                return yes(f"it is the gold correctly rounded to {digits} significant digits", RUNG)
            return unknown(f"it is the gold rounded to fewer than {enough} digits", RUNG)
        if gap < of_answer.ulp or gap <= abs(g) / 500:
            return unknown("it is near the gold but not correctly rounded", RUNG)
    if vague and gap <= NEAR_APPROXIMATE * abs(g):
        return unknown("it is near a gold that may be approximate", RUNG)
    return found
