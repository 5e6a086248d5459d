"""Answers of a notation of their own: words, times, dates, numerals with a base, ratios.

Policy: a year or am/pm may be left out on one side; a base may be left out if the digits agree;
the same number in another base is undecided; ratios are equal in proportion, and 3:4 is 3/4; a sum
with letters may be a ratio written out (0.6 AA + 0.4 aa for 3:2), and is undecided.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from judgekit.verifier.equivalence.exact import rational
from judgekit.verifier.equivalence.findings import Comparison, all_of, no, unknown, yes
from judgekit.verifier.equivalence.identity import equal
from judgekit.verifier.equivalence.rounding import numbers, written
from judgekit.verifier.reader.tree import (
    EMPTY,
    VALUES,
    Based,
    Call,
    Clock,
    Date,
    Expr,
    Number,
    Product,
    Quotient,
    Ratio,
    Sum,
    Symbol,
    Word,
    children,
    symbols,
)


def fixed(gold: Expr, answer: Expr) -> Comparison | None:
    """Yes and no, dates, times and words of a closed list."""
    if isinstance(gold, Word) and gold.text.startswith("set:"):
        return None
    if isinstance(answer, Word) and answer.text.startswith("set:"):
        return None
    if type(gold) is not type(answer):
        if isinstance(gold, Clock) and isinstance(answer, Ratio):
            return _clock_against_ratio(gold, answer)
        if isinstance(answer, Clock) and isinstance(gold, Ratio):
            return _clock_against_ratio(answer, gold)
        if {gold, answer} == {Word("none"), EMPTY}:
            return yes("there is none", "words")
        return unknown("a word against something else", "words")
    if isinstance(gold, Date) and isinstance(answer, Date) and 0 in (gold.year, answer.year):
        gold, answer = replace(gold, year=0), replace(answer, year=0)
    if isinstance(gold, Clock) and isinstance(answer, Clock) and "" in (gold.half, answer.half):
        gold, answer = (Clock(clock.seconds % 43200, "") for clock in (gold, answer))
    if gold == answer:
        return yes("the same date, time or word", "words")
    if isinstance(gold, Word) and isinstance(answer, Word) and _family(gold) != _family(answer):
        return unknown("two different words", "words")
    return no("a different date, time or word", "words")


def _family(word: Word) -> str:
    """What kind of word it is: of `month:3`, month."""
    return word.text.split(":")[0]


def _clock_against_ratio(clock: Clock, ratio: Ratio) -> Comparison:
    parts = [part.value for part in ratio.parts if isinstance(part, Number)]
    if len(parts) not in (2, 3) or len(parts) != len(ratio.parts):
        return unknown("a time against a ratio", "words")
    seconds = int(parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) == 3 else 0))
    if seconds % 43200 == clock.seconds % 43200:
        return yes("the same time of day", "words")
    return no("another time of day", "words")


def based(gold: Expr, answer: Expr) -> Comparison:
    """Numerals of a base: base and value have to agree; a base may be left out."""
    if isinstance(gold, Based) and isinstance(answer, Based):
        if gold.value == answer.value:
            if gold.base == answer.base:
                return yes("the same numeral in the same base", "exact rational")
            return unknown("the same number in another base", "exact rational")
        return no("they are different numbers", "exact rational")
    based, other = (gold, answer) if isinstance(gold, Based) else (answer, gold)
    assert isinstance(based, Based)
    if not isinstance(other, Number) or other.value.denominator != 1:
        return unknown("a numeral with a base against something else", "exact rational")
    if other.value == int(based.digits):
        return yes("the same digits, the base left out", "exact rational")
    if other.value == based.value:
        return unknown("the same number, not written in that base", "exact rational")
    return no("other digits, and another number", "exact rational")


def congruence(gold: Expr, answer: Expr) -> Comparison:
    """Residues of a modulus: 10 (mod 7) is 3 (mod 7); a plain number is met by its own residue."""
    mine, theirs = _residue(gold), _residue(answer)
    if mine is None or theirs is None:
        both = is_congruence(gold) and is_congruence(answer)
        if both and all(a.correct for a in map(equal, children(gold), children(answer))):
            return yes("the same residue of the same modulus", "congruence")
        return unknown("a residue against something else", "congruence")
    (value, modulus), (other, its) = mine, theirs
    if modulus and its and modulus != its:
        return no("residues of different moduli", "congruence")
    if (value - other) % (modulus or its):
        return no(f"they differ modulo {modulus or its}", "congruence")
    if modulus and its:
        return yes(f"they are congruent modulo {modulus}", "congruence")
    if modulus == 0 and value == other:
        return yes("the residue with its modulus", "congruence")
    return unknown("a residue without its modulus", "congruence")


def is_congruence(expr: Expr) -> bool:
    """Whether this is a value modulo another."""
    return isinstance(expr, Call) and expr.name == "mod"


def _residue(expr: Expr) -> tuple[int, int] | None:
    """(residue, modulus) of whole numbers; the modulus is 0 where there is none."""
    args = expr.args if isinstance(expr, Call) and expr.name == "mod" else (expr, None)
    value, modulus = (rational(arg) if arg is not None else Fraction(0) for arg in args)
    if value is None or modulus is None or value.denominator != 1 or modulus.denominator != 1:
        return None
    if len(args) == 2 and args[1] is not None and not modulus:
        return None  # modulo 0
    return int(value), abs(int(modulus))


def ratio(gold: Expr, answer: Expr) -> Comparison:
    mine, theirs = _parts(gold), _parts(answer)
    if mine is None or theirs is None:
        return unknown("a ratio against something else", "ratio")
    if any(isinstance(side, Sum) and symbols(side) for side in (gold, answer)):
        return unknown("a ratio against a sum, whose terms may be its parts", "ratio")
    if len(mine) != len(theirs):
        return no("ratios of different lengths", "ratio")
    if len(mine) == 2 and not (isinstance(gold, Ratio) and isinstance(answer, Ratio)):
        value = numbers(_quotient(gold), _quotient(answer))._replace(rung="ratio")
        if value.incorrect and any(_like_time(_parts(side) or ()) for side in (gold, answer)):
            return unknown("a ratio that may be a time of day", "ratio")
        return value
    if Symbol("...") in mine or Symbol("...") in theirs:
        mine = tuple(part for part in mine if part != Symbol("..."))
        theirs = tuple(part for part in theirs if part != Symbol("..."))
        if len(mine) != len(theirs):
            return unknown("an open ratio", "ratio")
    if mine != theirs and _like_time(mine) and _like_time(theirs):
        return unknown("two ratios that may be times of day", "ratio")
    found = [
        equal(Product((mine[0], b)), Product((theirs[0], a)))
        for a, b in zip(mine[1:], theirs[1:], strict=True)
    ]
    decided = all_of(found, "ratio", "the parts are in the same proportion")
    if decided.incorrect and any(written(part) for part in (*mine, *theirs)):
        return unknown("ratios of decimals that are not in exactly the same proportion", "ratio")
    return decided


def _quotient(expr: Expr) -> Expr:
    return Quotient(*expr.parts) if isinstance(expr, Ratio) else expr


def _like_time(parts: tuple[Expr, ...]) -> bool:
    """Whether 10:15 may mean a quarter past ten."""
    sizes = [part.value for part in parts if isinstance(part, Number)]
    return len(sizes) == len(parts) == 2 and sizes[0] <= 24 and 10 <= sizes[1] < 60


def _parts(expr: Expr) -> tuple[Expr, ...] | None:
    if isinstance(expr, Ratio):
        return expr.parts
    if isinstance(expr, VALUES):
        return (expr, Number(Fraction(1)))
    return None
