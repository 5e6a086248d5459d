"""Values with units, percent signs, degrees and currencies.

Policy:

* Two units of the same kind are converted exactly: 10 m is 1000 cm, 2.6e5 GeV is 2.6e14 eV.
* A unit on one side only is passed over if the numbers agree: "10" meets "10 cm". If they do not
  agree, but their ratio might be that of two units (a power of ten, 12, 24, 60, ...), *undecided*.
* Units of different kinds: *undecided* if the numbers agree, else *incorrect*.
* x% is x/100. The answer may also have dropped the gold's percent sign: the gold 20% is met by 20
  and by 0.2; 0.5 and 0.5% are *undecided*, unless the question asks for a percentage: then 0.5
  meets the gold 0.5%. The gold 20 is met by 20% too, unless there is a question that does not
  speak of per cent (see `equivalence.compare`): then *undecided*.
* Degrees: 45° meets 45, and pi/4 (radians).
"""

from __future__ import annotations

from fractions import Fraction

from judgekit.verifier.equivalence.coefficients import by_coefficient
from judgekit.verifier.equivalence.findings import Comparison, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal, number_at
from judgekit.verifier.equivalence.rounding import numbers
from judgekit.verifier.reader import units
from judgekit.verifier.reader.tree import Approx, Call, Expr, Number, Product, Quantity

RUNG = "units"
Unit = tuple[tuple[str, int], ...]
_TEMPERATURES = frozenset(("celsius", "fahrenheit", "K"))
_RATIOS = frozenset(
    Fraction(n) for n in (7, 12, 24, 60, 3600, 1440, 86400, 36, 144, 3, 16, 5280, 365, 30, 52, 2, 4)
)
PERCENT_ADDED = "the same number, with a percent sign added"
PERCENT_DROPPED = "the same number, its percent sign dropped"
PERCENT_LOST = "the same number, the gold's percent sign lost"
PERCENT: Unit = (("percent", 1),)
_MONEY = frozenset(units.MONEY.values()) | {"dollar", "cent", "euro", "GBP", "yuan", "CNY"}
DOZEN: Unit = (("dozen", 1),)
_TWELVE = Number(Fraction(12))
RADIAN: Unit = (("rad", 1),)
DEGREE: Unit = (("deg", 1),)


def measure(expr: Expr) -> tuple[Expr, Unit]:
    """The number of a quantity and its unit (empty where there is none)."""
    if isinstance(expr, Approx):
        value, unit = measure(expr.value)
        return Approx(value), unit
    if isinstance(expr, Quantity):
        return expr.value, expr.unit
    if isinstance(expr, Call) and expr.name == "percent":
        return expr.args[0], PERCENT
    if isinstance(expr, Call) and expr.name == "deg":
        return expr.args[0], DEGREE
    return expr, ()


def values(gold: Expr, answer: Expr) -> Comparison:
    """Compare two values, with or without units."""
    (g, of_gold), (a, of_answer) = measure(gold), measure(answer)
    if _is_percent(g, of_gold) and _is_percent(a, of_answer):  # 5% per year is met by 5%
        (g, of_gold), (a, of_answer) = _per_cent(g, of_gold), _per_cent(a, of_answer)
    if of_gold == of_answer:
        physical = bool(of_gold) and of_gold not in (PERCENT, DEGREE) and not _is_money(of_gold)
        return by_coefficient(g, a) or numbers(g, a, unit=physical)
    if PERCENT in (of_gold, of_answer) and () in (of_gold, of_answer):
        return _percent(g, a, of_gold == PERCENT)
    if DEGREE in (of_gold, of_answer) and () in (of_gold, of_answer):
        return _degrees(g, a, of_gold == DEGREE)
    if {of_gold, of_answer} == {DEGREE, RADIAN}:
        turned = of_gold == DEGREE
        left, right = (
            (Call("deg", (_bare(g),)), _bare(a)) if turned else (_bare(g), Call("deg", (_bare(a),)))
        )
        return equal(left, right)._replace(rung=RUNG)
    if DOZEN in (of_gold, of_answer) and () in (of_gold, of_answer):
        left, right = (
            Product((_TWELVE, _bare(side))) if unit == DOZEN else side
            for side, unit in ((g, of_gold), (a, of_answer))
        )
        counted = equal(left, right)
        return counted if counted.correct else unknown("dozens on one side only", RUNG)
    if not of_gold or not of_answer:
        plain = {name for name, _ in of_gold + of_answer} == {"unit"}
        return numbers(g, a, unit=True) if plain else _one_unit(g, a)
    return _converted(g, a, of_gold, of_answer)


def _is_percent(value: Expr, unit: Unit) -> bool:
    return unit == PERCENT or (isinstance(value, Call) and value.name == "percent")


def _per_cent(value: Expr, unit: Unit) -> tuple[Expr, Unit]:
    """How many per cent, and per what."""
    return (value, ()) if unit == PERCENT else (value.args[0], unit)  # type: ignore[union-attr]


def _percent(gold: Expr, answer: Expr, gold_has_it: bool) -> Comparison:
    plain = numbers(gold, answer)
    scale = Fraction(100) if gold_has_it else Fraction(1, 100)
    scaled = numbers(gold, answer, scale=scale)
    if scaled.correct:
        return yes("a per cent is a hundredth", RUNG)
    if plain.correct:
        size = number_at(gold.value if isinstance(gold, Approx) else gold)
        if size is not None and abs(size) > 1:
            return yes(PERCENT_DROPPED if gold_has_it else PERCENT_ADDED, RUNG)
        only_one = "the same number, but only one of them in percent"
        return unknown(PERCENT_LOST if gold_has_it else only_one, RUNG)
    if plain.incorrect and scaled.incorrect:
        return no("they differ with and without the percent sign", RUNG)
    return unknown(scaled.evidence if not scaled.incorrect else plain.evidence, RUNG)


def _degrees(gold: Expr, answer: Expr, gold_has_it: bool) -> Comparison:
    plain = numbers(gold, answer)
    if plain.correct:
        return yes("the same number, one of them with a degree sign", RUNG)
    turned = (
        equal(Call("deg", (_bare(gold),)), _bare(answer))
        if gold_has_it
        else equal(_bare(gold), Call("deg", (_bare(answer),)))
    )
    if turned.correct:
        return yes("the same angle in degrees and in radians", RUNG)
    if plain.incorrect and turned.incorrect:
        return no("they differ in degrees and in radians", RUNG)
    return unknown(plain.evidence, RUNG)


def _bare(expr: Expr) -> Expr:
    return expr.value if isinstance(expr, Approx) else expr


def _is_money(unit: Unit) -> bool:
    """Amounts of money are counted, not measured: they are exact as written."""
    return {name for name, _ in unit} <= _MONEY


def _one_unit(gold: Expr, answer: Expr) -> Comparison:
    found = numbers(gold, answer, unit=True)
    if not found.incorrect:
        return found
    g, a = number_at(_bare(gold)), number_at(_bare(answer))
    if g and a and _may_be_units(g / a):
        return unknown("only one side has a unit, and the numbers differ by a usual factor", RUNG)
    return found


def _may_be_units(ratio: Fraction) -> bool:
    ratio = abs(ratio)
    ratio = ratio if ratio > 1 else 1 / ratio
    if ratio in _RATIOS:
        return True
    if ratio > 10**30:
        return True
    power = len(str(int(ratio))) - 1
    return power > 0 and abs(ratio / 10**power - 1) < Fraction(1, 100)


def _converted(gold: Expr, answer: Expr, of_gold: Unit, of_answer: Unit) -> Comparison:
    (size_gold, base_gold), (size_answer, base_answer) = units.size(of_gold), units.size(of_answer)
    if base_gold != base_answer:
        found = numbers(gold, answer, unit=True)
        both = {name for name, _ in base_gold + base_answer}
        if found.incorrect and not both <= _TEMPERATURES:
            return no(
                f"{units.shown(of_gold)} and {units.shown(of_answer)} measure different things",
                RUNG,
            )
        return unknown(f"{units.shown(of_gold)} against {units.shown(of_answer)}", RUNG)
    physical = not _is_money(of_gold)
    found = numbers(gold, answer, scale=size_answer / size_gold, unit=physical)
    if found.correct:
        same = f"{units.shown(of_answer)} converted to {units.shown(of_gold)}"
        return yes(f"{found.evidence}, {same}", RUNG)
    return found
